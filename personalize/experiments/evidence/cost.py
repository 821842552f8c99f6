"""What the same personal picture costs a person: answers, taps and seconds, by ways to ask and to answer."""

import math
from collections.abc import Mapping
from typing import Any

from personalize.experiments.evidence.picture_numbers import ENOUGH, every_answer
from personalize.experiments.evidence.picture_page import counted
from personalize.experiments.evidence.pictures import EXPERIMENT as PICTURES
from personalize.experiments.figures import named, panels, points
from personalize.experiments.record import Experiment, GetParts, Table
from personalize.experiments.seen_sessions import (
    ARMS,
    POOL,
    POOL_LIKED,
    POOL_WORST,
    RANDOM,
    SIX,
    WAYS,
    WORDS,
    WORDS_LIKED,
    Simulated,
    simulated,
)
from personalize.experiments.statistics import ratio, ratio_to_random, said
from personalize.progress import OnProgress

LOOK_S = 1.0
"""Seconds that a person looks at one picture of a question. Assumed, not measured."""

TAP_S = 1.0
"""Seconds of one tap, the decision included. Assumed, not measured."""

WAY = WAYS.index("eight drawn")
"""The same way to the personal picture in all arms, so that only questions and answers differ."""

UNMARKED = {WORDS_LIKED: WORDS, POOL_WORST: POOL, POOL_LIKED: POOL}
"""Arms with marks, and the same questions without."""


def run(settings: Mapping[str, Any], get_parts: GetParts, on_progress: OnProgress) -> dict[str, Any]:
    """All kinds of people in all arms; the sessions are those of the experiment `pictures`."""
    people, pictures = simulated(get_parts(), settings, on_progress)
    return {
        "pictures": pictures,
        "people": settings["people"],
        "answers": settings["at"][-1],
        "options": settings["options"],
        "chance": 1.0 / settings["options"],
        "oracle": settings["oracle"],
        "look_s": LOOK_S,
        "tap_s": TAP_S,
        "kinds": {kind: _summary(found, settings) for kind, found in people.items()},
    }


def _summary(found: Simulated, settings: Mapping[str, Any]) -> dict[str, Any]:
    at, final = settings["at"], settings["at"][-1]
    random = every_answer(at, found.reached[:, ARMS.index(RANDOM), :, WAY])
    words = every_answer(at, found.reached[:, ARMS.index(WORDS), :, WAY])
    words_each = settings["options"] * LOOK_S + TAP_S
    arms: dict[str, Any] = {}
    for row, arm in enumerate(ARMS):
        own = every_answer(at, found.reached[:, row, :, WAY])
        share, error = ratio_to_random(own, random)
        of_words, of_words_se = ratio(own, words, random)
        taps = float(found.taps[:, row].mean())
        options = SIX.get(arm, settings["options"])
        each = options * LOOK_S + taps * TAP_S
        reached = math.isfinite(share)
        arms[arm] = {
            "answers": share * final if reached else None,
            "answers_se": error * final,
            "taps_each": taps,
            "taps": share * final * taps if reached else None,
            "seconds_each": each,
            "seconds": share * final * each if reached else None,
            "seconds_se": error * final * each,
            "of_words": of_words * each / words_each if math.isfinite(of_words) else None,
            "of_words_se": of_words_se * each / words_each,
        }
    return {
        "target": float(random.mean(dim=0)[-1]),
        "arms": arms,
        "mark_may_take_s": {
            arm: seconds_a_mark_may_take(arms[arm], arms[plain], settings["options"])
            for arm, plain in UNMARKED.items()
        },
    }


def seconds_a_mark_may_take(
    marked: Mapping[str, Any], plain: Mapping[str, Any], options: int
) -> float | None:
    """Seconds a mark may take before the marks cost as much as they save; None if nothing is saved.

    Args:
        marked: "answers" (None if the aim is not reached) and "taps_each" of an arm with marks.
        plain: the same of the arm without marks.
        options: K, pictures of a question in both arms.
    """
    if marked["answers"] is None or plain["answers"] is None:
        return None
    base = options * LOOK_S + TAP_S
    marks = marked["answers"] * (marked["taps_each"] - 1.0)
    seconds = (plain["answers"] - marked["answers"]) * base / marks if marks > 0.0 else 0.0
    return seconds if seconds > 0.0 else None


def draw(numbers: dict[str, Any]) -> dict[str, tuple[Any, str]]:
    """Seconds by kind of people and arm."""
    found = numbers["kinds"]
    figure, (axis,) = panels(1)
    figure.set_size_inches(11, 4.2)
    series = {
        arm: (
            [of["arms"][arm]["seconds"] or float("nan") for of in found.values()],
            [of["arms"][arm]["seconds_se"] for of in found.values()],
        )
        for arm in ARMS
    }
    points(axis, list(found), series, {})
    named(axis, "", "seconds", "seconds of a person to the same personal picture")
    return {"seconds": (figure, "Seconds of a person to the personal picture after 24 random questions.")}


def tables(numbers: dict[str, Any]) -> tuple[Table, ...]:
    """Answers, taps and seconds by kind and arm, and what a mark may cost."""
    found = numbers["kinds"]

    def rows(what: str, digits: int) -> tuple[tuple[str, ...], ...]:
        return tuple(
            (kind, *(_said(of["arms"][arm], what, digits) for arm in ARMS)) for kind, of in found.items()
        )

    people = ("People", *ARMS)
    return (
        Table("Answers to the same personal picture", people, rows("answers", 1)),
        Table("Taps to the same personal picture", people, rows("taps", 0)),
        Table("Seconds to the same personal picture", people, rows("seconds", 0)),
        Table("The same seconds, as a share of those by words with one pick", people, rows("of_words", 2)),
        Table("Taps an answer", people, rows("taps_each", 2)),
        Table(
            "Seconds that a mark may take before it costs what it saves",
            ("People", *UNMARKED),
            tuple((kind, *(_seconds(of, arm) for arm in UNMARKED)) for kind, of in found.items()),
        ),
    )


def _said(of: Mapping[str, Any], what: str, digits: int) -> str:
    value, error = of[what], of.get(f"{what}_se")
    if value is None:
        return "not reached"
    return f"{value:.{digits}f}" if error is None else said(value, error, digits)


def _counted(of: Mapping[str, Any]) -> str:
    """Answers, taps and seconds of an arm."""
    if of["answers"] is None:
        return "not reached"
    return (
        f"{said(of['answers'], of['answers_se'], 1)} answers, {of['taps']:.0f} taps, "
        f"{said(of['seconds'], of['seconds_se'], 0)} s"
    )


def _seconds(of: Mapping[str, Any], arm: str) -> str:
    value = of["mark_may_take_s"][arm]
    return "saves nothing" if value is None else f"{value:.1f}"


def findings(numbers: dict[str, Any]) -> tuple[str, ...]:
    """In words: the model, and one sentence for each arm."""
    found, final = numbers["kinds"], numbers["answers"]
    targets = [f"{kind} {of['target']:.2f}" for kind, of in found.items()]
    sentences = [
        f"A person is taken to look {numbers['look_s']:.1f} s at a picture and {numbers['tap_s']:.1f} s at "
        "a tap. Both are assumed, not measured.",
        f"All arms are asked for the personal picture that {final} random questions with one pick lead to. "
        f"Its way to the person's best is: {', '.join(targets)}.",
    ]
    if min(numbers["people"].values()) < ENOUGH:
        sentences.append(
            f"Only {counted(numbers['people'])} were simulated, and {ENOUGH} of a kind are needed. Most "
            "arms cannot be told apart by their seconds."
        )
    for arm in ARMS:
        cells = [f"{kind} {_counted(of['arms'][arm])}" for kind, of in found.items()]
        sentences.append(f"{arm[0].upper()}{arm[1:]}: {'; '.join(cells)}.")
    for arm in ARMS[2:]:
        shares = [f"{kind} {_said(of['arms'][arm], 'of_words', 2)}" for kind, of in found.items()]
        sentences.append(f"Seconds as a share of those by words with one pick, {arm}: {', '.join(shares)}.")
    for arm in UNMARKED:
        seconds = [f"{kind} {_seconds(of, arm)}" for kind, of in found.items()]
        sentences.append(
            f"Seconds that a mark may take before it costs what it saves, {arm}: {', '.join(seconds)}."
        )
    return tuple(sentences)


EXPERIMENT = Experiment(
    name="cost",
    question="How many answers, taps and seconds of a person does the same personal picture cost?",
    method="The sessions are those of the experiment `pictures`. The aim is the personal picture that random "
    "questions with one pick lead to in the end, as a fraction of the way to the person's best, on "
    "average over people. In all arms the words foresee which eight pictures are drawn, and the "
    "estimate keeps one. An answer costs one second for every picture that is shown, and one for every "
    "tap: the pick, and each mark. A person may need more for a mark, so the seconds that a mark may "
    "take are given too. Seconds of drawing are not counted, since pictures are drawn while a person "
    "looks. Standard errors are by bootstrap over people. The "
    "seconds of a run leave out sessions that were kept before.",
    full=PICTURES.full,
    quick=PICTURES.quick,
    run=run,
    draw=draw,
    tables=tables,
    findings=findings,
    models=True,
)
