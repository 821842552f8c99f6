"""What the learner's features are made of: bare words, words in context, whole prompts, or the pictures."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from personalize.experiments.arms import Arm, by_strategy
from personalize.experiments.bank import Bank
from personalize.experiments.figures import legend_beside, lines, named, panels
from personalize.experiments.people import kinds
from personalize.experiments.picture_bank import PictureBank, picture_bank
from personalize.experiments.record import Experiment, GetParts, Table
from personalize.experiments.session import hold
from personalize.experiments.statistics import last, paired, said, signed, spread, verdict
from personalize.mdp.features import token_effects
from personalize.preference.estimate import TastePrior
from personalize.preparation.effects import context_prompts, measured_effects
from personalize.preparation.parts import Parts
from personalize.progress import OnProgress

PICTURES = "the picture"
PROMPT = "the whole prompt's text"
JUDGES = ("linear in the learner's eye", "by another eye", "by rules about pixels")


def run(settings: Mapping[str, Any], get_parts: GetParts, on_progress: OnProgress) -> dict[str, Any]:
    """Random questions, so that nothing but what is seen of the answers differs."""
    parts = get_parts()
    pictures = picture_bank(parts, settings, on_progress)
    exam = pictures.exam(settings["exam"], settings["options"], settings["seed"])
    askable = torch.nonzero(~pictures.plain)[:, 0]
    effects = measured_effects(
        parts.vocabulary, parts.renderer, parts.embedder, parts.settings, on_progress, parts.shipped
    )[0]
    banks = {}
    for name, x in _features(parts, pictures, effects).items():
        kept = _principal(x, askable, settings["dimension"])
        banks[name] = Bank(kept, kept, askable, exam)
    arms = {
        name: Arm(by_strategy("random", settings["options"]), TastePrior(bank.covariance), blind=True)
        for name, bank in banks.items()
    }
    judges = kinds(pictures, effects, exam, settings["oracle"], settings["at"][-1] // 2)
    result = {}
    for kind in JUDGES:
        rows: dict[str, list[Tensor]] = {name: [] for name in banks}
        for number in range(settings["people"]):
            person = judges[kind](torch.Generator().manual_seed(1000 * settings["seed"] + number))
            own = pictures.of_subject(number % settings["subjects"], False)
            for name, bank in banks.items():
                session = hold(arms[name], person, bank.only(own), settings["at"], 50 + number)
                rows[name].append(session.scores[:, 0])
            on_progress(f"features: people, {kind}", number + 1, settings["people"])
        scores = {name: torch.stack(found) for name, found in rows.items()}
        result[kind] = {
            "accuracy": {name: spread(v) for name, v in scores.items()},
            "less_picture": {
                name: paired(v, scores[PICTURES]) for name, v in scores.items() if name != PICTURES
            },
        }
    return {
        "answers": settings["at"],
        "chance": 1.0 / settings["options"],
        "oracle": settings["oracle"],
        "dimensions": {name: bank.learned.shape[1] for name, bank in banks.items()},
        "kinds": result,
    }


def _features(parts: Parts, pictures: PictureBank, effects: Tensor) -> dict[str, Tensor]:
    """Float[N, D] of every picture of the bank, by what they are made of."""
    vocabulary, embedder = parts.vocabulary, parts.embedder
    contexts = parts.settings.contexts
    grid = embedder.embed_texts(context_prompts(vocabulary, contexts)).to(torch.float64)
    grid = grid.reshape(vocabulary.size, contexts, -1)
    in_context = token_effects(grid, grid[0])
    bare = embedder.embed_texts(list(vocabulary.tokens)).to(torch.float64)
    centred = bare - bare[1:].mean(dim=0)
    centred[0] = 0.0
    words = pictures.paths
    said = words > 0
    return {
        PICTURES: pictures.embeddings,
        "words, by what they do to pictures": effects[words].sum(dim=1),
        "words, by what they do to the text": in_context[words].sum(dim=1),
        "bare words, centred": centred[words].sum(dim=1),
        "bare words, as they are": (bare[words] * said[..., None]).sum(dim=1),
        PROMPT: embedder.embed_texts(list(pictures.prompts)).to(torch.float64),
    }


def _principal(x: Tensor, rows: Tensor, dimension: int) -> Tensor:
    """Float[N, d]: the principal directions of what is shown, 99 % of the variance, `dimension` at most."""
    mean = x[rows].mean(dim=0)
    values, vectors = torch.linalg.eigh(torch.cov(x[rows].T))
    values, vectors = values.flip(0).clamp(min=0.0), vectors.flip(1)
    enough = int((values.cumsum(0) / values.sum() < 0.99).sum()) + 1
    projected: Tensor = (x - mean) @ vectors[:, : max(2, min(dimension, enough))]
    return projected


def draw(numbers: dict[str, Any]) -> dict[str, tuple[Any, str]]:
    """Accuracy by kind of judge."""
    figure, axes = panels(len(numbers["kinds"]), share_y=True)
    levels = {"knowing the person": numbers["oracle"], "chance": numbers["chance"]}
    for axis, (kind, of) in zip(axes, numbers["kinds"].items(), strict=True):
        lines(axis, numbers["answers"], of["accuracy"], levels, legend=False)
        named(axis, "answers", "share of exam picks foreseen", kind)
    legend_beside(figure, axes[0], 3)
    return {"features": (figure, "Accuracy by what the learner's features are made of; random questions.")}


def tables(numbers: dict[str, Any]) -> tuple[Table, ...]:
    """At the end, by kind of judge."""
    found = numbers["kinds"]
    rows = []
    for name, size in numbers["dimensions"].items():
        cells = []
        for of in found.values():
            less = of["less_picture"].get(name)
            cells += [said(*last(of["accuracy"][name])), signed(*last(less)) if less else ""]
        rows.append((name, str(size), *cells))
    heads = [text for kind in found for text in (kind, "less the picture, paired")]
    note = f"chance {numbers['chance']:.2f}, knowing the person {numbers['oracle']:.2f}"
    title = f"Accuracy after {numbers['answers'][-1]} answers to random questions ({note})"
    return (Table(title, ("Features", "d", *heads), tuple(rows)),)


def findings(numbers: dict[str, Any]) -> tuple[str, ...]:
    """In words."""
    found = []
    for kind, of in numbers["kinds"].items():
        best = max(of["accuracy"], key=lambda name: last(of["accuracy"][name])[0])
        mean, error = last(of["less_picture"][PROMPT])
        word = verdict(mean, error, "better than", "worse than", "not told apart from")
        found.append(
            f"Judged {kind}: the best features are {best} ({said(*last(of['accuracy'][best]))}); the text "
            f"of the whole prompt, which the paper estimates with, is {word} the picture "
            f"({signed(mean, error)})."
        )
    return tuple(found)


EXPERIMENT = Experiment(
    name="features",
    question="Should taste be learned from the pictures that were judged, from what words do in context, "
    "or from bare words, as text or as pictures?",
    method="The bank and the people of `pictures`, random questions, one estimator, features reduced to "
    "the principal directions of what is shown. *Words in context* are mean differences with and without "
    "the word over a few subjects, summed over a prompt; *bare words* are text embeddings of the word "
    "alone; the *whole prompt's text* is what the paper estimates with. Utilities matter up to a "
    "constant, so centring can only act through the number of words in a prompt.",
    full={
        "seed": 0,
        "people": 32,
        "subjects": 8,
        "prompts": 180,
        "plain": 6,
        "words": 2,
        "exam": 120,
        "options": 4,
        "oracle": 0.75,
        "dimension": 64,
        "at": [2, 4, 8, 12, 16, 24],
    },
    quick={"people": 2, "subjects": 2, "prompts": 30, "plain": 2, "exam": 20, "at": [2, 6]},
    run=run,
    draw=draw,
    tables=tables,
    findings=findings,
    models=True,
)
