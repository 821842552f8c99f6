"""The loop on drawn pictures: what a pool of seen pictures and marks are worth, each alone and together."""

from collections.abc import Mapping
from typing import Any

import numpy
import torch
from scipy.stats import t as student
from torch import Tensor

from personalize.experiments.figures import legend_beside, lines, named, panels, points
from personalize.experiments.linear_people import APPROVED
from personalize.experiments.record import Experiment, GetParts, Table
from personalize.experiments.seen_sessions import (
    ARMS,
    KINDS,
    POOL,
    POOL_LIKED,
    POOL_WORST,
    RANDOM,
    SIX_LIKED,
    SIX_WORST,
    STATIC,
    WAYS,
    WORDS,
    WORDS_LIKED,
    Simulated,
    simulated,
)
from personalize.experiments.statistics import (
    CLEAR,
    last,
    paired,
    ratio_to_random,
    said,
    signed,
    spread,
    verdict,
)
from personalize.progress import OnProgress
from personalize.taste.readiness import FEWEST_ANSWERS, READY

THREE, EIGHT, POOLED, OTHER_THREE, OTHER_EIGHT = range(len(WAYS))

ALONE = {
    "liked ones marked, by words": (WORDS_LIKED, WORDS),
    "a pool instead of words": (POOL, WORDS),
    "the worst marked, with a pool": (POOL_WORST, POOL),
    "liked ones marked, with a pool": (POOL_LIKED, POOL),
    "six pictures instead of four, the worst marked": (SIX_WORST, POOL_WORST),
    "six pictures instead of four, liked ones marked": (SIX_LIKED, POOL_LIKED),
    "a static design instead of random questions": (STATIC, RANDOM),
    "words instead of random questions": (WORDS, RANDOM),
}
"""Pairs of arms that differ by one change."""

PERSONAL = {
    "eight drawn instead of three": ((WORDS, EIGHT), (WORDS, THREE)),
    "better questions and answers": ((POOL_LIKED, EIGHT), (WORDS, EIGHT)),
    "the pool of the session too": ((POOL_LIKED, POOLED), (POOL_LIKED, EIGHT)),
    "all three": ((POOL_LIKED, POOLED), (WORDS, THREE)),
    "all, on another subject": ((POOL_LIKED, OTHER_EIGHT), (WORDS, OTHER_THREE)),
}
"""Pairs of an arm and a way to the personal picture that differ by one change, and by all of them."""

ENOUGH = 48
"""People of each kind from which on small effects can be told from none."""

MIDDLE = 12
"""Answers of the middle column of the tables."""


def run(settings: Mapping[str, Any], get_parts: GetParts, on_progress: OnProgress) -> dict[str, Any]:
    """All kinds of people in all arms."""
    parts = get_parts()
    people, pictures = simulated(parts, settings, on_progress)
    at = settings["at"]
    return {
        "pictures": pictures,
        "model": parts.settings.model,
        "people": settings["people"],
        "answers": at,
        "middle": at.index(MIDDLE) if MIDDLE in at else 0,
        "chance": 1.0 / settings["options"],
        "oracle": settings["oracle"],
        "approved": APPROVED,
        "kinds": {kind: _summary(found, at) for kind, found in people.items()},
    }


def _summary(found: Simulated, at: list[int]) -> dict[str, Any]:
    place = {arm: number for number, arm in enumerate(ARMS)}
    accuracy = {arm: found.accuracy[:, row] for arm, row in place.items()}
    reached = {arm: found.reached[:, row] for arm, row in place.items()}
    won = {arm: found.won[:, row] for arm, row in place.items()}
    return {
        "accuracy": {arm: spread(rows) for arm, rows in accuracy.items()},
        "less_random": {arm: paired(rows, accuracy[RANDOM]) for arm, rows in accuracy.items()},
        "share_of_random": {arm: _share(at, accuracy[arm], accuracy[RANDOM]) for arm in ARMS[1:]},
        "alone": {change: paired(accuracy[a], accuracy[b]) for change, (a, b) in ALONE.items()},
        "reached": {
            arm: {way: spread(rows[..., w]) for w, way in enumerate(WAYS)} for arm, rows in reached.items()
        },
        "won": {arm: {way: spread(rows[..., w]) for w, way in enumerate(WAYS)} for arm, rows in won.items()},
        "personal": {
            change: paired(reached[a][..., v], reached[b][..., w])
            for change, ((a, v), (b, w)) in PERSONAL.items()
        },
        "taps": {arm: spread(found.taps[:, row]) for arm, row in place.items()},
        "best_linear": spread(found.ceiling),
        "ready_after": {arm: _ready_after(at, found.known[:, row]) for arm, row in place.items()},
    }


def _ready_after(at: list[int], known: Tensor) -> dict[str, float | None]:
    """Quartiles of the answers until a taste counts as ready; None for people who do not get there.

    Args:
        at: n numbers of answers.
        known: Float[people, n], the known share after each of them.
    """
    ready = every_answer(at, known) >= READY
    ready[:, : FEWEST_ANSWERS - 1] = False
    after = torch.where(ready.any(dim=1), ready.int().argmax(dim=1) + 1.0, torch.inf).double()
    quartiles = {"quarter": 0.25, "median": 0.5, "three quarters": 0.75}
    found = {name: float(after.quantile(q, interpolation="higher")) for name, q in quartiles.items()}
    return {name: value if value < float("inf") else None for name, value in found.items()}


def every_answer(at: list[int], rows: Tensor) -> Tensor:
    """Float[people, T] of Float[people, n]: straight between the measured answers."""
    turns = numpy.arange(1, at[-1] + 1)
    return torch.from_numpy(numpy.stack([numpy.interp(turns, at, row) for row in rows.numpy()]))


def _share(at: list[int], accuracy: Tensor, random: Tensor) -> dict[str, float | None]:
    """Answers to random's accuracy at the end, as a share of random's answers; no mean if never reached."""
    mean, error = ratio_to_random(every_answer(at, accuracy), every_answer(at, random))
    return {"mean": mean if mean < float("inf") else None, "se": error}


def said_share(share: Mapping[str, float | None]) -> str:
    """Such as "0.61 +- 0.04", or that it was not reached."""
    mean, error = share["mean"], share["se"]
    return "not reached" if mean is None or error is None else said(mean, error, 2)


def wider(freedom: int) -> float:
    """How much wider than CLEAR errors the 95 % interval of a mean of few people is, by Student's t."""
    return max(1.0, float(student.ppf(0.975, freedom)) / CLEAR)


def draw(numbers: dict[str, Any]) -> dict[str, tuple[Any, str]]:
    """Accuracy by kind of people, and shares of random's answers."""
    found = numbers["kinds"]
    figure, axes = panels(len(found), share_y=True, rows=2)
    for axis, (kind, of) in zip(axes, found.items(), strict=True):
        levels = {
            "knowing the person": numbers["oracle"],
            "best linear taste": of["best_linear"]["mean"],
            "chance": numbers["chance"],
        }
        lines(axis, numbers["answers"], of["accuracy"], levels, legend=False)
        named(axis, "answers", "share of exam picks foreseen", kind)
    legend_beside(figure, axes[0], 3)
    second, (axis,) = panels(1)
    second.set_size_inches(11, 4.2)
    shares = {arm: [of["share_of_random"][arm] for of in found.values()] for arm in ARMS[1:]}
    series = {
        arm: ([s["mean"] or float("nan") for s in rows], [s["se"] for s in rows])
        for arm, rows in shares.items()
    }
    points(axis, list(found), series, {"random, one pick": 1.0})
    named(axis, "", "answers, as a share of random's", "answers to the same accuracy")
    return {
        "accuracy": (figure, "Accuracy on common held-out questions, by kind of people and arm."),
        "shares": (second, "Answers to the accuracy of random questions, as a share of random's."),
    }


def tables(numbers: dict[str, Any]) -> tuple[Table, ...]:
    """Shares, accuracy, what each change gives alone, and personal pictures."""
    found, final, middle = numbers["kinds"], numbers["answers"][-1], numbers["middle"]
    after = numbers["answers"][middle]
    people = ("People", *ARMS)
    ways = ((WORDS, THREE), (WORDS, EIGHT), (POOL_LIKED, EIGHT), (POOL_LIKED, POOLED), (SIX_WORST, POOLED))
    others = ((WORDS, OTHER_THREE), (POOL_LIKED, OTHER_EIGHT))

    def personal(measure: str) -> tuple[tuple[str, ...], ...]:
        return tuple(
            (kind, *(said(*last(of[measure][arm][WAYS[w]], middle), 2) for arm, w in (*ways, *others)))
            for kind, of in found.items()
        )

    heads = ("People", *(f"{arm}; {WAYS[w]}" for arm, w in (*ways, *others)))
    return (
        Table(
            f"Answers to the same accuracy, as a share of random's {final}",
            ("People", *ARMS[1:]),
            tuple(
                (k, *(said_share(of["share_of_random"][arm]) for arm in ARMS[1:])) for k, of in found.items()
            ),
        ),
        *(
            Table(
                f"Accuracy after {number} answers (chance {numbers['chance']:.2f}, knowing the person "
                f"{numbers['oracle']:.2f})",
                ("People", "best linear taste", *ARMS),
                tuple(
                    (
                        k,
                        said(*_mean(of["best_linear"])),
                        *(said(*last(of["accuracy"][arm], p)) for arm in ARMS),
                    )
                    for k, of in found.items()
                ),
            )
            for number, p in ((after, middle), (final, -1))
        ),
        *(
            Table(
                f"What each change adds to the accuracy after {number} answers, paired",
                ("People", *ALONE),
                tuple((k, *(signed(*last(of["alone"][c], p)) for c in ALONE)) for k, of in found.items()),
            )
            for number, p in ((after, middle), (final, -1))
        ),
        Table(
            f"The way of the personal picture to the best one after {after} answers",
            heads,
            personal("reached"),
        ),
        Table(f"The personal picture preferred to a plain one after {after} answers", heads, personal("won")),
        Table(
            f"What each change adds to the way of the personal picture after {after} answers, paired",
            ("People", *PERSONAL),
            tuple(
                (k, *(signed(*last(of["personal"][c], middle)) for c in PERSONAL)) for k, of in found.items()
            ),
        ),
        Table(
            "Answers until the taste counts as ready (median, and three quarters of the people)",
            people,
            tuple((k, *(_said_ready(of["ready_after"][arm]) for arm in ARMS)) for k, of in found.items()),
        ),
        Table(
            "Taps an answer",
            people,
            tuple((k, *(said(*_mean(of["taps"][arm]), 2) for arm in ARMS)) for k, of in found.items()),
        ),
    )


def _said_ready(quartiles: Mapping[str, float | None]) -> str:
    median, most = (quartiles[name] for name in ("median", "three quarters"))
    if median is None:
        return "not reached"
    return f"{median:.0f} (not reached)" if most is None else f"{median:.0f} ({most:.0f})"


def _mean(value: dict[str, Any]) -> tuple[float, float]:
    return value["mean"], value["se"]


def findings(numbers: dict[str, Any]) -> tuple[str, ...]:
    """In words, one sentence for each thing that was compared."""
    found, final, middle = numbers["kinds"], numbers["answers"][-1], numbers["middle"]
    after = numbers["answers"][middle]
    sentences = [
        f"{counted(numbers['people'])} judged {numbers['pictures']} drawn pictures. A share is the answers "
        f"to the accuracy of {final} random questions with one pick, divided by {final}."
    ]
    if min(numbers["people"].values()) < ENOUGH:
        sentences.append(
            f"At least {ENOUGH} people of a kind are needed. With fewer only large effects show, and chance "
            "alone would call about one comparison in twenty clear."
        )
    for arm in ARMS[1:]:
        shares = [f"{kind} {said_share(of['share_of_random'][arm])}" for kind, of in found.items()]
        sentences.append(f"Share, {arm}: {', '.join(shares)}.")
    sentences += [
        _told(
            f"{change[0].upper()}{change[1:]}, accuracy after {after} answers", found, "alone", change, middle
        )
        for change in ALONE
    ]
    today = [f"{k} {said(*last(of['reached'][WORDS][WAYS[THREE]], middle), 2)}" for k, of in found.items()]
    best = [
        f"{k} {said(*last(of['reached'][POOL_LIKED][WAYS[POOLED]], middle), 2)}" for k, of in found.items()
    ]
    wins = [f"{k} {said(*last(of['won'][POOL_LIKED][WAYS[POOLED]], middle), 2)}" for k, of in found.items()]
    before = [f"{k} {said(*last(of['won'][WORDS][WAYS[THREE]], middle), 2)}" for k, of in found.items()]
    sentences += [
        f"After {after} answers by words, the best of three drawn pictures goes this far from the mean "
        f"picture to the person's best: {', '.join(today)}.",
        f"With a pool, liked ones marked, eight drawn and the pool: {', '.join(best)}.",
        f"It is preferred to a plain picture in this share of cases: {', '.join(wins)}. By words it was: "
        f"{', '.join(before)}.",
    ]
    sentences += [
        _told(f"The personal picture after {after} answers, {change}", found, "personal", change, middle)
        for change in PERSONAL
    ]
    for arm in (WORDS, POOL, POOL_LIKED):
        ready = [f"{kind} {_said_ready(of['ready_after'][arm])}" for kind, of in found.items()]
        sentences.append(
            f"Answers until the taste of the median person counts as ready (and of three quarters), {arm}: "
            f"{', '.join(ready)}."
        )
    return tuple(sentences)


def counted(people: Mapping[str, int]) -> str:
    """Such as "96 linear and 48 rules people"."""
    kinds = [f"{count} {kind}" for kind, count in people.items()]
    return f"{', '.join(kinds[:-1])} and {kinds[-1]} people" if len(kinds) > 1 else f"{kinds[0]} people"


def _told(what: str, found: dict[str, Any], measure: str, change: str, place: int) -> str:
    """One sentence: for whom a change helps, for whom it harms, and for whom neither can be told."""
    words: dict[str, list[str]] = {"helps": [], "harms": [], "not told apart": []}
    for kind, of in found.items():
        mean, error = last(of[measure][change], place)
        freedom = max(of[measure][change]["people"] - 1, 1)
        word = verdict(mean, error * wider(freedom), "helps", "harms", "not told apart")
        words[word].append(f"{kind} {signed(mean, error)}")
    parts = [f"{word}: {', '.join(those)}" for word, those in words.items() if those]
    return f"{what}: {'; '.join(parts)}."


EXPERIMENT = Experiment(
    name="pictures",
    question="With drawn pictures and people who do not judge as the learner sees: what is learned, what do "
    "marks and a choice among seen pictures save, and is the personal picture preferred?",
    method="A bank of pictures of three subjects is drawn once; a third is held out for the exam, which is "
    "about all subjects. A session shows one subject, and no picture twice, but for the static arms. *By "
    "words* chooses a question by what the calibrated words foresee, before the last answer is known. "
    "*Pool* chooses among "
    "pictures that were drawn, by their own features and all answers: eight exist at first, and 16 more "
    "are drawn in each round. The pool is the whole bank of the subject in the end. *Liked "
    "marked*: every other picture is marked by a logit between its utility and a level that 30 % of all "
    "pictures exceed. *Worst marked*: the least liked other picture. *Another eye* is random waves of "
    "colours and edges on a grid, which no learning has formed. *Rules* want or avoid warmth, brightness, "
    "colour, contrast, edges or a light middle. *Slips* pick blindly in 15 % of answers. A person who "
    "*wavers* has a taste that is drawn anew around its mean at every question. A person who *changes* has "
    "another taste in the second half, which the exam asks for. All are scaled so that knowing them "
    "foresees 0.75 of exam picks, before slips. *Best linear taste* is fitted to the utilities themselves. "
    "Personal pictures are chosen among all "
    "pictures of a subject: by words which three or eight are drawn, by the estimate from the pictures "
    "which one is kept, half a standard error less each. *The way* is 0 at the mean picture and 1 at "
    "the person's best. Answers are counted, not seconds; the experiment `cost` counts those. "
    "Everything is paired over people, and standard errors are over people, not over banks. The "
    "seconds of a run leave out sessions that were kept before.",
    full={
        "seed": 0,
        "people": {
            "linear": 120,
            "rules": 72,
            "another eye": 96,
            "slips": 48,
            "wavers": 48,
            "changes": 48,
        },
        "subjects": 3,
        "prompts": 420,
        "plain": 6,
        "words": 2,
        "exam": 150,
        "options": 4,
        "oracle": 0.75,
        "at": [1, 2, 4, 6, 8, 10, 12, 16, 20, 24],
        "drawn": 16,
    },
    quick={
        "people": dict.fromkeys(KINDS, 2),
        "subjects": 2,
        "prompts": 66,
        "plain": 2,
        "exam": 20,
        "at": [2, 6],
    },
    run=run,
    draw=draw,
    tables=tables,
    findings=findings,
    models=True,
)
