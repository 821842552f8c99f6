"""Long horizons: what is shown over 200 rounds, how it drifts, and what a floor on exploration changes."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from personalize.experiments.arms import Arm, by_strategy, floored, items_design
from personalize.experiments.bank import SPREAD, Bank
from personalize.experiments.figures import legend_beside, lines, named, panels
from personalize.experiments.linear_people import concept_taste
from personalize.experiments.people import Person, decided
from personalize.experiments.record import Experiment, GetParts, Table
from personalize.experiments.session import Session, examine, hold
from personalize.experiments.statistics import last, paired, said, signed, spread, verdict
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.preference.estimate import TastePrior
from personalize.progress import OnProgress

ADAPTIVE, APP, FLOOR, FLOOR_MORE = "adaptive", "adaptive, liked half", "floor 1/8", "floor 1/4"
STATIC, RANDOM, THOMPSON = "static, rounded", "random", "Thompson"
MEASURES = {
    "coverage": "share of tokens shown so far",
    "variety": "effective number of tokens, of the last window",
    "distance": "mean distance of the options of a question, in spreads",
    "liked": "mean utility of what is shown, in spreads",
    "drift": "total variation between the tokens of this window and the first",
}


SHORT = {
    "coverage": "share of tokens shown",
    "variety": "effective tokens, in a window",
    "distance": "between options, in spreads",
    "liked": "utility shown, in spreads",
    "drift": "from the first window",
}


def run(settings: Mapping[str, Any], get_parts: GetParts, on_progress: OnProgress) -> dict[str, Any]:
    """Everything, over the same people."""
    paths, bank, mdp = _prompts(settings)
    prior = TastePrior(bank.covariance)
    arms = _arms(settings, bank, prior)
    windows = settings["rounds"] // settings["window"]
    at = [settings["window"] * n for n in range(1, windows + 1)]
    measures: dict[str, dict[str, list[Tensor]]] = {arm: {name: [] for name in MEASURES} for arm in arms}
    accuracy: dict[str, list[Tensor]] = {arm: [] for arm in arms}
    regions: dict[str, list[Tensor]] = {arm: [] for arm in arms}
    for number in range(settings["people"]):
        chance = torch.Generator().manual_seed(1000 * settings["seed"] + number)
        utility = bank.learned @ concept_taste(mdp.features, chance)
        person = Person(decided(utility, bank.exam, settings["oracle"]))
        for name, arm in arms.items():
            session = hold(arm, person, bank, at, 77 + number, _refit)
            accuracy[name].append(session.scores[:, 0])
            regions[name].append(_by_liking(person, session, bank))
            for measure, values in _shown(session, person, bank, paths, mdp.size, settings["window"]).items():
                measures[name][measure].append(values)
        on_progress("diversity: people", number + 1, settings["people"])
    scores = {arm: torch.stack(rows) for arm, rows in accuracy.items()}
    both = {arm: torch.stack(rows) for arm, rows in regions.items()}
    stacked = {arm: {m: torch.stack(v) for m, v in of.items()} for arm, of in measures.items()}
    return {
        "rounds": at,
        "tokens": mdp.size - 1,
        "chance": 1.0 / settings["options"],
        "oracle": settings["oracle"],
        "what": MEASURES,
        "accuracy": {arm: spread(v) for arm, v in scores.items()},
        "accuracy_less_random": {arm: paired(v, scores[RANDOM]) for arm, v in scores.items()},
        "accuracy_less_app": {arm: paired(v, scores[APP]) for arm, v in scores.items()},
        "accuracy_liked_half": {arm: spread(v[:, 0]) for arm, v in both.items()},
        "accuracy_disliked_half": {arm: spread(v[:, 1]) for arm, v in both.items()},
        "disliked_less_random": {arm: paired(v[:, 1], both[RANDOM][:, 1]) for arm, v in both.items()},
        "measures": {m: {arm: spread(stacked[arm][m]) for arm in arms} for m in MEASURES},
        "variety_less_random": {
            arm: paired(of["variety"], stacked[RANDOM]["variety"]) for arm, of in stacked.items()
        },
    }


def _prompts(settings: Mapping[str, Any]) -> tuple[Tensor, Bank, PromptMDP]:
    """Prompts of a few words of a vocabulary in slots, and an exam of others."""
    generator = torch.Generator().manual_seed(settings["seed"])
    S, H, d = 1 + settings["slots"] * settings["tokens_a_slot"], settings["slots"], settings["dimension"]
    spectrum = torch.arange(1, d + 1, dtype=torch.float64).rsqrt()
    features = torch.randn(S, d, generator=generator, dtype=torch.float64) * spectrum
    features[0] = 0.0
    allowed = torch.zeros(H, S, dtype=torch.bool)
    allowed[:, 0] = True
    allowed[(torch.arange(S - 1) % H), torch.arange(1, S)] = True
    mdp = PromptMDP(features, allowed)
    count, exam = settings["prompts"], settings["exam"] * settings["options"]
    paths = mdp.shortened(mdp.random_paths(count + exam, generator), settings["words"], generator)
    x = mdp.path_features(paths)
    questions = torch.arange(count, count + exam).reshape(settings["exam"], settings["options"])
    return paths, Bank(x, x, torch.arange(count), questions), mdp


def _arms(settings: Mapping[str, Any], bank: Bank, prior: TastePrior) -> dict[str, Arm]:
    K = settings["options"]
    design = items_design(bank, K, settings["rounds"], prior.planning_precision(SPREAD))
    static = by_strategy("static-rounded", K, design=design, prior=prior)
    app = by_strategy("adaptive", K, liked_share=0.5)
    return {
        APP: Arm(app, prior),
        FLOOR: Arm(floored(app, K, 1 / 8), prior),
        FLOOR_MORE: Arm(floored(app, K, 1 / 4), prior),
        ADAPTIVE: Arm(by_strategy("adaptive", K), prior),
        THOMPSON: Arm(by_strategy("thompson", K), prior),
        STATIC: Arm(static, prior, blind=True),
        RANDOM: Arm(by_strategy("random", K), prior, blind=True),
    }


def _refit(turn: int) -> bool:
    """After every answer at first, then after every fifth: an estimate of 200 answers takes a while."""
    return turn <= 30 or turn % 5 == 0


def _shown(
    session: Session, person: Person, bank: Bank, paths: Tensor, size: int, window: int
) -> dict[str, Tensor]:
    """MEASURES of one session, each Float[windows]."""
    spreads = bank.learned[bank.askable].var(dim=0).sum().sqrt()
    utility = (person.utility - person.utility[bank.askable].mean()) / person.utility[bank.askable].std()
    seen: set[int] = set()
    rows: dict[str, list[float]] = {name: [] for name in MEASURES}
    first = None
    for shown in torch.split(session.shown, window):
        counts = torch.bincount(paths[shown].flatten(), minlength=size)[1:].to(torch.float64)
        seen |= set(counts.nonzero()[:, 0].tolist())
        p = counts / counts.sum()
        first = p if first is None else first
        x = bank.learned[shown]
        K = shown.shape[1]
        between = torch.cdist(x, x).sum(dim=(1, 2)) / (K * (K - 1))
        rows["coverage"].append(len(seen) / (size - 1))
        rows["variety"].append(float((-torch.xlogy(p, p).sum()).exp()))
        rows["distance"].append(float(between.mean() / spreads))
        rows["liked"].append(float(utility[shown].mean()))
        rows["drift"].append(0.5 * float((p - first).abs().sum()))
    return {name: torch.tensor(values, dtype=torch.float64) for name, values in rows.items()}


def _by_liking(person: Person, session: Session, bank: Bank) -> Tensor:
    """Float[2]: accuracy at the end on the exam questions liked more, and on those liked less."""
    order = person.utility[bank.exam].mean(dim=1).argsort(descending=True)
    half = len(order) // 2
    parts = (bank.exam[order[:half]], bank.exam[order[half:]])
    return torch.tensor([examine(person, session.estimate, bank, part)[0] for part in parts])


def draw(numbers: dict[str, Any]) -> dict[str, tuple[Any, str]]:
    """Accuracy and the measures over rounds."""
    figure, axes = panels(6, rows=2)
    levels = {"knowing the taste": numbers["oracle"]}
    lines(axes[0], numbers["rounds"], numbers["accuracy"], levels, legend=False)
    named(axes[0], "rounds", "share of exam picks foreseen", "accuracy")
    for axis, name in zip(axes[1:], MEASURES, strict=True):
        lines(axis, numbers["rounds"], numbers["measures"][name], legend=False)
        named(axis, "rounds", SHORT[name], name)
    legend_beside(figure, axes[0])
    return {"diversity": (figure, "Accuracy and what is shown, by windows of rounds; means over people.")}


def tables(numbers: dict[str, Any]) -> tuple[Table, ...]:
    """At the end, by arm."""
    rows = []
    for arm, curve in numbers["accuracy"].items():
        of = {name: numbers["measures"][name][arm]["mean"] for name in MEASURES}
        rows.append(
            (
                arm,
                said(*last(curve)),
                signed(*last(numbers["accuracy_less_random"][arm])) if arm != RANDOM else "",
                f"{numbers['accuracy_disliked_half'][arm]['mean']:.3f}",
                f"{of['coverage'][0]:.2f}",
                f"{of['variety'][0]:.1f}",
                f"{of['variety'][-1]:.1f}",
                f"{of['distance'][-1]:.2f}",
                f"{of['liked'][-1]:+.2f}",
                f"{of['drift'][-1]:.2f}",
            )
        )
    first, final = numbers["rounds"][0], numbers["rounds"][-1]
    heads = (
        "Arm",
        f"accuracy after {final}",
        "less random, paired",
        "on the disliked half",
        f"coverage after {first}",
        f"variety, first {first}",
        "variety, last window",
        "distance, last",
        "liked, last",
        "drift, last",
    )
    note = (
        f"chance {numbers['chance']:.2f}, best possible {numbers['oracle']:.2f}, {numbers['tokens']} tokens"
    )
    what = tuple((name, text) for name, text in numbers["what"].items())
    return Table(f"By arm ({note})", heads, tuple(rows)), Table("Measures", ("name", "what"), what)


def findings(numbers: dict[str, Any]) -> tuple[str, ...]:
    """In words."""
    variety, liked = numbers["measures"]["variety"], numbers["measures"]["liked"]
    final = numbers["rounds"][-1]
    less, disliked = numbers["accuracy_less_random"], numbers["disliked_less_random"][APP]
    word = verdict(disliked["mean"], disliked["se"], "still better", "worse", "not told apart")
    floor = last(numbers["accuracy_less_app"][FLOOR_MORE])
    floor_word = verdict(*floor, "gains accuracy", "costs accuracy", "changes accuracy by nothing that shows")
    return (
        f"After {final} rounds the app's questions (adaptive, of the half liked so far) show "
        f"{variety[APP]['mean'][-1]:.0f} effective tokens of {numbers['tokens']} a window, random ones "
        f"{variety[RANDOM]['mean'][-1]:.0f}: the loop does narrow what is seen (in the first window "
        f"{variety[APP]['mean'][0]:.0f} and {variety[RANDOM]['mean'][0]:.0f}), toward what is liked "
        f"({liked[APP]['mean'][-1]:+.2f} spreads; Thompson {liked[THOMPSON]['mean'][-1]:+.2f} with "
        f"{variety[THOMPSON]['mean'][-1]:.0f} tokens).",
        f"Accuracy less random's after {final} rounds: app {signed(*last(less[APP]))}, adaptive over "
        f"everything {signed(*last(less[ADAPTIVE]))}, Thompson {signed(*last(less[THOMPSON]))}, static "
        f"{signed(*last(less[STATIC]))}. On the questions a person likes least the app is {word} "
        f"({signed(disliked['mean'], disliked['se'])}).",
        f"A floor that draws a quarter of all options at random {floor_word} ({signed(*floor)}) and raises "
        f"variety to {variety[FLOOR_MORE]['mean'][-1]:.0f} effective tokens.",
    )


EXPERIMENT = Experiment(
    name="diversity",
    question="Over many rounds, does asking by what was learned narrow what people see, does that bias "
    "what is learned, and what does a floor on exploration change? (The paper's open question on feedback "
    "loops.)",
    method="Synthetic prompts of at most two tokens out of a vocabulary in slots, people whose tastes "
    "are mixtures of eight tokens, the app's own questions and estimate (refitted after every answer up "
    "to 30, then after every fifth). The floor replaces options of every question by random ones with the "
    "stated chance. The exam is about prompts at random, so what a person would never be shown counts "
    "too; the disliked half are the exam questions with the least mean utility.",
    full={
        "seed": 0,
        "people": 20,
        "rounds": 200,
        "window": 20,
        "options": 4,
        "slots": 8,
        "tokens_a_slot": 15,
        "words": 2,
        "dimension": 48,
        "prompts": 3000,
        "exam": 200,
        "oracle": 0.75,
    },
    quick={"people": 2, "rounds": 30, "window": 10, "dimension": 12, "prompts": 400, "exam": 60},
    run=run,
    draw=draw,
    tables=tables,
    findings=findings,
)
