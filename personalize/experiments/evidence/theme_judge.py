"""The paper's protocol: K policies write prompts, a theme judge answers at every prefix, top-1 by folds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from personalize.design.baseline import identical_policies
from personalize.design.criterion import VCriterion
from personalize.design.sampling import independent_question, random_question
from personalize.design.solve import solve_design
from personalize.experiments.figures import bars, named, panels
from personalize.experiments.people import decided
from personalize.experiments.record import Experiment, GetParts, Table
from personalize.experiments.statistics import paired, said, signed, spread, verdict
from personalize.experiments.tabular import Told, most_telling
from personalize.experiments.word_judge import THEMES, WordEye
from personalize.mdp.features import token_effects
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.preference.estimate import TasteEstimate, TastePrior
from personalize.preparation.effects import context_prompts
from personalize.preparation.parts import Parts
from personalize.progress import OnProgress

OURS, PAPER, RANDOM = "ours, adaptive", "static ED-PBRL (paper's estimate)", "random (paper's estimate)"
RANDOM_OURS = "random (our estimate)"
ARMS = (OURS, PAPER, RANDOM, RANDOM_OURS)
SLOTS = ("medium", "palette", "background", "light", "mood")
"""What follows the subject, so that H = 6 as in the paper."""

POOL = 96


@dataclass(frozen=True, eq=False)
class Stage:
    """What all sessions share.

    Attributes:
        parts: the networks.
        mdp: step 1 is the subject, then one token of each of SLOTS; features are what words add to a text.
        texts: S texts, subjects and tokens, by the MDP's index.
        basis: Float[D, d], of prompts' text embeddings.
        mean: Float[D].
        prior, ridge: ours, and the paper's.
        eye: the judge's.
        seen: text embeddings so far, by prompt.
    """

    parts: Parts
    mdp: PromptMDP
    texts: tuple[str, ...]
    basis: Tensor
    mean: Tensor
    prior: TastePrior
    ridge: TastePrior
    eye: WordEye
    seen: dict[str, Tensor]

    def prompts(self, path: Tensor) -> list[str]:
        """The H prefixes of Long[H], as prompts."""
        words = [self.texts[n] for n in path.tolist()]
        return [", ".join(w for w in words[: step + 1] if w) for step in range(len(words))]

    def features(self, prompts: list[str]) -> Tensor:
        """Float[N, d], of the learner's text tower."""
        new = list(dict.fromkeys(p for p in prompts if p not in self.seen))
        if new:
            self.seen.update(zip(new, self.parts.embedder.embed_texts(new).to(torch.float64), strict=True))
        return (torch.stack([self.seen[p] for p in prompts]) - self.mean) @ self.basis


def run(settings: Mapping[str, Any], get_parts: GetParts, on_progress: OnProgress) -> dict[str, Any]:
    """All themes and folds."""
    stage = _stage(get_parts(), settings)
    generator = torch.Generator().manual_seed(settings["seed"])
    common = [random_question(stage.mdp, settings["options"], generator) for _ in range(settings["common"])]
    design = solve_design(
        stage.mdp,
        VCriterion(stage.prior.contrast),
        options=settings["options"],
        rounds=settings["episodes"],
        regularisation=settings["regularisation"],
    )
    policies = identical_policies(design.policies)
    rows: dict[str, dict[str, list[list[float]]]] = {arm: {} for arm in ARMS}
    themes = list(THEMES)[: settings["themes"]]
    for number, theme in enumerate(themes):
        for arm in ARMS:
            rows[arm][theme] = [
                _fold(arm, settings, stage, theme, policies, common, fold)
                for fold in range(settings["folds"])
            ]
        on_progress("judge: themes", number + 1, len(themes))
    table = {arm: torch.tensor([rows[arm][t] for t in themes], dtype=torch.float64) for arm in ARMS}
    means = {arm: t.mean(dim=1) for arm, t in table.items()}  # Float[themes, 4]
    kinds = ("own", "common", "own_commonest_place", "oracle_own", "oracle_common")
    return {
        "themes": themes,
        "folds": settings["folds"],
        "episodes": settings["episodes"],
        "answers": settings["episodes"] * stage.mdp.horizon,
        "chance": 1.0 / settings["options"],
        "oracle": settings["oracle"],
        **{kind: {arm: spread(means[arm][:, n]) for arm in ARMS} for n, kind in enumerate(kinds)},
        "by_theme": {
            arm: {"own": means[arm][:, 0].tolist(), "common": means[arm][:, 1].tolist()} for arm in ARMS
        },
        "ours_less": {
            kind: {arm: paired(means[OURS][:, n], means[arm][:, n]) for arm in ARMS if arm != OURS}
            for n, kind in enumerate(("own", "common"))
        },
        "paper_less_random": {
            kind: paired(means[PAPER][:, n], means[RANDOM][:, n]) for n, kind in enumerate(("own", "common"))
        },
    }


def _stage(parts: Parts, settings: Mapping[str, Any]) -> Stage:
    vocabulary, embedder = parts.vocabulary, parts.embedder
    subjects = list(vocabulary.subjects)
    subjects = [subjects[n * len(subjects) // settings["subjects"]] for n in range(settings["subjects"])]
    chosen = [h for h, slot in enumerate(vocabulary.slots) if slot in SLOTS] or list(
        range(vocabulary.horizon)
    )
    tokens = [n for h in chosen for n in torch.nonzero(vocabulary.allowed[h])[:, 0].tolist() if n]
    texts = ("", *(vocabulary.tokens[n] for n in tokens), *subjects)
    S = len(texts)
    allowed = torch.zeros(1 + len(chosen), S, dtype=torch.bool)
    allowed[0, 1 + len(tokens) :] = True
    allowed[1:, 0] = True
    for step, h in enumerate(chosen):
        for place, n in enumerate(tokens):
            allowed[1 + step, 1 + place] = bool(vocabulary.allowed[h, n])
    contexts = parts.settings.contexts
    grid = embedder.embed_texts(context_prompts(vocabulary, contexts)).to(torch.float64)
    grid = grid.reshape(vocabulary.size, contexts, -1)
    effects = token_effects(grid, grid[0])[[0, *tokens]]
    alone = embedder.embed_texts(subjects).to(torch.float64)
    raw = torch.cat((effects, alone - alone.mean(dim=0)))
    generator = torch.Generator().manual_seed(1 + settings["seed"])
    bare = PromptMDP(raw, allowed)
    samples = bare.random_paths(settings["samples"], generator)
    said = [", ".join(texts[n] for n in path.tolist() if texts[n]) for path in samples]
    seen = embedder.embed_texts(said).to(torch.float64)
    mean = seen.mean(dim=0)
    _, vectors = torch.linalg.eigh(torch.cov(seen.T))
    basis = vectors.flip(1)[:, : settings["dimension"]]
    covariance = torch.cov(((seen - mean) @ basis).T)
    ridge = (float(covariance.trace()) / settings["regularisation"]) ** 0.5
    return Stage(
        parts,
        PromptMDP(raw @ basis, allowed),
        texts,
        basis,
        mean,
        TastePrior(covariance, gammas=(0.0, 0.5, 1.0)),
        TastePrior(covariance, gammas=(0.0,), scales=(ridge,)),
        WordEye(),
        {},
    )


def _fold(
    arm: str,
    settings: Mapping[str, Any],
    stage: Stage,
    theme: str,
    policies: Any,
    common: list[Tensor],
    fold: int,
) -> list[float]:
    """Accuracy on own and on common questions, the commonest place's, and the oracle's on both."""
    K, ours = settings["options"], arm in (OURS, RANDOM_OURS)
    seed = 1000 * settings["seed"] + 10 * fold
    asking = torch.Generator().manual_seed(seed + 1)
    answering = torch.Generator().manual_seed(seed + 2)
    direction = stage.eye.theme(theme)
    exam, exam_texts = _questions(stage, common)
    liked = stage.eye.look(exam_texts) @ direction
    rows = torch.arange(len(liked)).reshape(-1, K)
    scale = float(decided(liked, rows, settings["oracle"]).std() / liked.std())
    prior = stage.prior if ours else stage.ridge
    told = Told(exam.new_empty(0, K, exam.shape[-1]), torch.empty(0, dtype=torch.long))
    estimate = told.estimate(prior)
    own = []
    for episode in range(settings["episodes"] + settings["tested"]):
        if arm == OURS:
            paths = _adaptive(stage, estimate, K, asking)
        elif arm == PAPER:
            paths = independent_question(policies, stage.mdp, asking)
        else:
            paths = random_question(stage.mdp, K, asking)
        if episode >= settings["episodes"]:
            own.append(paths)
            continue
        options, texts = _questions(stage, [paths])
        utility = scale * (stage.eye.look(texts) @ direction).reshape(-1, K)
        picked = torch.multinomial(utility.softmax(dim=1), 1, generator=answering)[:, 0]
        told = Told(torch.cat((told.options, options)), torch.cat((told.picked, picked)))
        if arm == OURS or episode + 1 == settings["episodes"]:
            estimate = told.estimate(prior, lapse=0.05 if ours else 0.0)
    options, texts = _questions(stage, own)
    likes = (scale * (stage.eye.look(texts) @ direction).reshape(-1, K)).softmax(dim=1)
    common_likes = (scale * liked.reshape(-1, K)).softmax(dim=1)
    place = float(likes.mean(dim=0).max())
    return [
        _foreseen(estimate, options, likes),
        _foreseen(estimate, exam, common_likes),
        place,
        float(likes.amax(dim=1).mean()),
        float(common_likes.amax(dim=1).mean()),
    ]


def _foreseen(estimate: TasteEstimate, options: Tensor, likes: Tensor) -> float:
    guess = estimate.utility(options).argmax(dim=1, keepdim=True)
    return float(likes.gather(1, guess).mean())


def _questions(stage: Stage, episodes: list[Tensor]) -> tuple[Tensor, list[str]]:
    """Float[N, K, d] of all prefixes of episodes Long[K, H], and their N K prompts in the same order."""
    texts = []
    for paths in episodes:
        prefixes = [stage.prompts(path) for path in paths]
        texts += [prompt for step in zip(*prefixes, strict=True) for prompt in step]
    K = len(episodes[0])
    return stage.features(texts).reshape(len(texts) // K, K, -1), texts


def _adaptive(stage: Stage, estimate: TasteEstimate, options: int, generator: torch.Generator) -> Tensor:
    """Long[K, H]: of random prompts, the set whose prefixes are expected to tell most."""
    pool = stage.mdp.random_paths(POOL, generator)
    prefixes = stage.mdp.features[pool].cumsum(dim=1)
    return pool[most_telling(prefixes[None], estimate, options, generator)]


def draw(numbers: dict[str, Any]) -> dict[str, tuple[Any, str]]:
    """Both ways to report."""
    figure, (axis,) = panels(1)
    figure.set_size_inches(7, 3.6)
    series = {
        arm: (
            [numbers[kind][arm]["mean"] for kind in ("own", "common")],
            [numbers[kind][arm]["se"] for kind in ("own", "common")],
        )
        for arm in ARMS
    }
    levels = {"chance": numbers["chance"], "knowing the judge": numbers["oracle"]}
    bars(
        axis, ("each on its own questions\n(as the paper reports)", "all on common questions"), series, levels
    )
    named(axis, "", f"top-1 of {round(1 / numbers['chance'])}")
    return {"judge": (figure, "Accuracy with a theme judge, over themes; one standard error over themes.")}


def tables(numbers: dict[str, Any]) -> tuple[Table, ...]:
    """Arms, then themes."""
    rows = tuple(
        (
            arm,
            *(said(numbers[kind][arm]["mean"], numbers[kind][arm]["se"]) for kind in ("own", "common")),
            *(f"{numbers[kind][arm]['mean']:.3f}" for kind in ("own_commonest_place", "oracle_own")),
            *(
                signed(numbers["ours_less"][kind][arm]["mean"], numbers["ours_less"][kind][arm]["se"])
                if arm != OURS
                else ""
                for kind in ("own", "common")
            ),
        )
        for arm in ARMS
    )
    own = ("Arm", "own questions", "common questions", "commonest place, own", "oracle, own")
    heads = (*own, "ours less this, own", "ours less this, common")
    themes = tuple(
        (theme, *(f"{numbers['by_theme'][arm]['common'][n]:.3f}" for arm in ARMS))
        for n, theme in enumerate(numbers["themes"])
    )
    note = f"chance {numbers['chance']:.2f}, oracle on common questions {numbers['oracle']:.2f}"
    return (
        Table(f"After {numbers['answers']} answers ({note})", heads, rows),
        Table("Common questions, by theme", ("Theme", *ARMS), themes),
    )


def findings(numbers: dict[str, Any]) -> tuple[str, ...]:
    """In words."""

    def of(kind: str, arm: str) -> str:
        return said(numbers[kind][arm]["mean"], numbers[kind][arm]["se"])

    def less(kind: str, arm: str) -> str:
        value = numbers["ours_less"][kind][arm]
        word = verdict(value["mean"], value["se"], "better", "worse", "not told apart")
        return f"{signed(value['mean'], value['se'])}, {word}"

    paper = numbers["paper_less_random"]["common"]
    word = verdict(paper["mean"], paper["se"], "better than", "worse than", "not told apart from")
    return (
        f"Reported as the paper does, each arm on its own questions, over {len(numbers['themes'])} themes: "
        f"static {of('own', PAPER)}, random {of('own', RANDOM)}, ours {of('own', OURS)} (the paper, with a "
        "language model and real vocabulary: about 0.60 against 0.51).",
        f"On common questions (chance {numbers['chance']:.2f}, knowing the judge {numbers['oracle']:.2f}): "
        f"static {of('common', PAPER)}, random {of('common', RANDOM)}, ours {of('common', OURS)}, random "
        f"with our estimate {of('common', RANDOM_OURS)}. Ours less static {less('common', PAPER)}; less "
        f"random with the same estimate {less('common', RANDOM_OURS)}. Static is {word} random "
        f"({signed(paper['mean'], paper['se'])}).",
    )


EXPERIMENT = Experiment(
    name="judge",
    question="The paper's protocol with a theme judge in the place of its language model: what does it "
    "say when all arms are examined on the same questions?",
    method="K = 4 prompts grow word by word, a subject and one word of five slots (H = 6), and the judge "
    "answers at every prefix. A theme is eight sentences; the judge's eye is latent semantic analysis of "
    "them, which shares nothing with the learner's CLIP and is no person; the sentences were written by "
    "somebody who knew the vocabulary. Its decidedness is set so that knowing it foresees 0.75 of the "
    "common questions. The learner sees text embeddings, as in the paper. Static: V-criterion with ridge, "
    "K draws of one mixture; the paper's estimate is ridge with that lambda. Folds are other seeds of "
    "questions and answers. *Own* questions are further episodes of the same arm; *commonest place* is "
    "what always naming the likeliest place would score there.",
    full={
        "seed": 0,
        "themes": 10,
        "folds": 3,
        "episodes": 50,
        "tested": 10,
        "common": 40,
        "options": 4,
        "subjects": 40,
        "samples": 1500,
        "dimension": 32,
        "regularisation": 1.0,
        "oracle": 0.75,
    },
    quick={
        "themes": 2,
        "folds": 1,
        "episodes": 4,
        "tested": 2,
        "common": 8,
        "subjects": 8,
        "samples": 100,
        "dimension": 8,
    },
    run=run,
    draw=draw,
    tables=tables,
    findings=findings,
    models=True,
)
