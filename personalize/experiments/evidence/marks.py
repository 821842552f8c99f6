"""What marks beside the favourite are worth, on drawn pictures: answers that are saved, by kind of people."""

from collections.abc import Mapping
from typing import Any

import numpy
import torch
from torch import Tensor

from personalize.experiments.arms import Arm, by_strategy
from personalize.experiments.bank import Bank
from personalize.experiments.evidence.pictures import effects_of
from personalize.experiments.figures import legend_beside, lines, named, panels
from personalize.experiments.people import APPROVED, kinds
from personalize.experiments.picture_bank import PictureBank, picture_bank
from personalize.experiments.record import Experiment, GetParts, Table
from personalize.experiments.session import hold
from personalize.experiments.statistics import last, paired, ratio_to_random, said, signed, spread
from personalize.progress import OnProgress

RANDOM, RANDOM_MARKED = "random, one pick", "random, liked and worst marked"
APP, APP_LIKED = "by words, one pick", "by words, liked ones marked"
APP_MARKED = "by words, liked and worst marked"
SEEN, SEEN_MARKED = "by what is seen, one pick", "by what is seen, liked and worst marked"
ARMS = (APP, APP_LIKED, APP_MARKED, SEEN, SEEN_MARKED, RANDOM_MARKED, RANDOM)

KINDS = ("linear in the learner's eye", "by another eye", "by rules about pixels")


def run(settings: Mapping[str, Any], get_parts: GetParts, on_progress: OnProgress) -> dict[str, Any]:
    """Three kinds of people in all arms."""
    parts = get_parts()
    pictures = picture_bank(parts, settings, on_progress)
    exam = pictures.exam(settings["exam"], settings["options"], settings["seed"])
    at = settings["at"]
    arms = [_arms(settings, pictures, exam, subject) for subject in range(settings["subjects"])]
    judges = kinds(pictures, effects_of(parts), exam, settings["oracle"], at[-1] // 2)
    result = {}
    for kind in KINDS:
        scores: dict[str, list[Tensor]] = {arm: [] for arm in ARMS}
        for number in range(settings["people"]):
            person = judges[kind](torch.Generator().manual_seed(1000 * settings["seed"] + number))
            for name, (arm, bank) in arms[number % settings["subjects"]].items():
                scores[name].append(hold(arm, person, bank, at, 50 + number).scores[:, 0])
            on_progress(f"marks: people, {kind}", number + 1, settings["people"])
        accuracy = {arm: torch.stack(rows) for arm, rows in scores.items()}
        result[kind] = {
            "accuracy": {arm: spread(rows) for arm, rows in accuracy.items()},
            "less_random": {arm: paired(accuracy[arm], accuracy[RANDOM]) for arm in ARMS[:-1]},
            "share_of_random": {arm: _share(at, accuracy[arm], accuracy[RANDOM]) for arm in ARMS[:-1]},
        }
    return {
        "pictures": len(pictures.prompts),
        "people": settings["people"],
        "answers": at,
        "chance": 1.0 / settings["options"],
        "oracle": settings["oracle"],
        "approved": APPROVED,
        "kinds": result,
    }


def _arms(
    settings: Mapping[str, Any], pictures: PictureBank, exam: Tensor, subject: int
) -> dict[str, tuple[Arm, Bank]]:
    """Sessions show one subject. Questions are chosen by words, by what is seen, or at random."""
    K, prior = settings["options"], pictures.preparation.prior
    own = Bank(pictures.learned, pictures.worded, pictures.of_subject(subject, False), exam)
    seen = Bank(own.learned, own.learned, own.askable, exam)
    ask, random = by_strategy("adaptive", K, liked_share=0.5), by_strategy("random", K)
    return {
        APP: (Arm(ask, prior), own),
        APP_LIKED: (Arm(ask, prior, tiers=True), own),
        APP_MARKED: (Arm(ask, prior, tiers=True, best_worst=True), own),
        SEEN: (Arm(ask, prior), seen),
        SEEN_MARKED: (Arm(ask, prior, tiers=True, best_worst=True), seen),
        RANDOM_MARKED: (Arm(random, prior, tiers=True, best_worst=True, blind=True), own),
        RANDOM: (Arm(random, prior, blind=True), own),
    }


def _share(at: list[int], accuracy: Tensor, random: Tensor) -> dict[str, float]:
    """Answers to random's accuracy at the end, as a share of random's answers.

    Between two measured answers the accuracy of a person is taken as straight.
    """
    turns = numpy.arange(1, at[-1] + 1)
    every = [
        torch.from_numpy(numpy.stack([numpy.interp(turns, at, row) for row in rows.numpy()]))
        for rows in (accuracy, random)
    ]
    mean, error = ratio_to_random(*every)
    return {"mean": mean, "se": error}


def draw(numbers: dict[str, Any]) -> dict[str, tuple[Any, str]]:
    """Accuracy by kind of people."""
    found = numbers["kinds"]
    figure, axes = panels(len(found), share_y=True)
    levels = {"knowing the person": numbers["oracle"], "chance": numbers["chance"]}
    for axis, (kind, of) in zip(axes, found.items(), strict=True):
        lines(axis, numbers["answers"], of["accuracy"], levels, legend=False)
        named(axis, "answers", "share of exam picks foreseen", kind)
    legend_beside(figure, axes[0], 3)
    return {"accuracy": (figure, "Accuracy on common held-out questions, by kind of people and arm.")}


def tables(numbers: dict[str, Any]) -> tuple[Table, ...]:
    """Accuracy, differences and shares by kind."""
    found, final = numbers["kinds"], numbers["answers"][-1]
    return (
        Table(
            f"Accuracy after {final} answers (chance {numbers['chance']:.2f}, knowing the person "
            f"{numbers['oracle']:.2f})",
            ("People", *ARMS),
            tuple((kind, *(said(*last(of["accuracy"][arm])) for arm in ARMS)) for kind, of in found.items()),
        ),
        Table(
            "Less random questions with one pick, paired",
            ("People", *ARMS[:-1]),
            tuple(
                (kind, *(signed(*last(of["less_random"][arm])) for arm in ARMS[:-1]))
                for kind, of in found.items()
            ),
        ),
        Table(
            f"Answers to the same accuracy, as a share of random's {final}",
            ("People", *ARMS[:-1]),
            tuple((kind, *(_said(of, arm) for arm in ARMS[:-1])) for kind, of in found.items()),
        ),
    )


def _said(of: dict[str, Any], arm: str) -> str:
    share = of["share_of_random"][arm]
    return said(share["mean"], share["se"], 2)


def findings(numbers: dict[str, Any]) -> tuple[str, ...]:
    """In words."""
    found, final = numbers["kinds"], numbers["answers"][-1]
    sentences = []
    for kind, of in found.items():
        sentences.append(
            f"People who judge {kind}: answers to reach what {final} random questions with one pick "
            f"reach, as a share of {final}."
        )
        sentences += [f"{arm[0].upper()}{arm[1:]}: {_said(of, arm)}." for arm in ARMS[:-1]]
        gains = [signed(*last(of["less_random"][arm])) for arm in (APP, APP_MARKED, SEEN, SEEN_MARKED)]
        sentences.append(
            f"Accuracy after {final} answers, less random questions with one pick: by words {gains[0]}, with "
            f"marks {gains[1]}; by what is seen {gains[2]}, with marks {gains[3]}."
        )
    return tuple(sentences)


EXPERIMENT = Experiment(
    name="marks",
    question="How many answers do marks of further pictures save, and choosing by what is seen?",
    method="A bank of pictures of three subjects is drawn once; a third is held out. A session shows one "
    "subject; the exam is about all. A person picks the favourite. *Liked ones marked*: every other picture "
    "is marked by a logit between its utility and a level that 30 % of all pictures exceed. *Worst marked*: "
    "the least liked of the rest is marked as disliked. *By words* chooses questions by the sum of the "
    "words' effects, as the app does. *By what is seen* chooses by the features of the pictures, which the "
    "app does not do yet. Answers are counted, not seconds: a mark is one more tap. Everything is paired "
    "over people.",
    full={
        "seed": 0,
        "people": 40,
        "subjects": 3,
        "prompts": 330,
        "plain": 6,
        "words": 2,
        "exam": 150,
        "options": 4,
        "oracle": 0.75,
        "at": [1, 2, 4, 6, 8, 10, 12, 16, 20, 24],
    },
    quick={"people": 2, "subjects": 2, "prompts": 30, "plain": 2, "exam": 20, "at": [2, 6]},
    run=run,
    draw=draw,
    tables=tables,
    findings=findings,
    models=True,
)
