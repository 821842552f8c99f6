"""The page of the experiment `pictures`: figures, tables and findings, made from its numbers alone."""

from collections.abc import Mapping
from typing import Any

from scipy.stats import t as student

from personalize.experiments.evidence.picture_numbers import (
    ALONE,
    EIGHT,
    ENOUGH,
    OTHER_EIGHT,
    OTHER_THREE,
    PERSONAL,
    POOLED,
    THREE,
)
from personalize.experiments.figures import legend_beside, lines, named, panels, points
from personalize.experiments.record import Table
from personalize.experiments.seen_sessions import (
    ARMS,
    POOL,
    POOL_LIKED,
    RANDOM,
    SIX_LIKED,
    SIX_WORST,
    WAYS,
    WORDS,
)
from personalize.experiments.statistics import CLEAR, last, said, signed, verdict


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
            "The personal picture preferred to a plain one, by known share (all arms with a pool)",
            ("Known share", *found),
            tuple(
                (share, *(_preferred(of["won_by_known"].get(share)) for of in found.values()))
                for share in next(iter(found.values()))["won_by_known"]
            ),
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


def _preferred(value: Mapping[str, Any] | None) -> str:
    return "-" if value is None else said(value["mean"], value["se"], 2)


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
    for arm in (RANDOM, WORDS, POOL, POOL_LIKED, SIX_LIKED):
        levels = [
            f"{kind} {said(*last(of['accuracy'][arm], middle))} (best linear {of['best_linear']['mean']:.3f})"
            for kind, of in found.items()
        ]
        sentences.append(f"Accuracy after {after} answers, {arm}: {', '.join(levels)}.")
    for arm in ARMS[1:]:
        shares = [f"{kind} {said_share(of['share_of_random'][arm])}" for kind, of in found.items()]
        sentences.append(f"Share, {arm}: {', '.join(shares)}.")
    sentences += [
        _told(
            f"{change[0].upper()}{change[1:]}, accuracy after {after} answers", found, "alone", change, middle
        )
        for change in ALONE
    ]

    def personal(measure: str, arm: str, way: int) -> str:
        rows = {kind: last(of[measure][arm][WAYS[way]], middle) for kind, of in found.items()}
        return ", ".join(f"{kind} {said(*row, 2)}" for kind, row in rows.items())

    sentences += [
        f"After {after} answers by words, the best of three drawn pictures goes this far from the mean "
        f"picture to the person's best: {personal('reached', WORDS, THREE)}.",
        "With a pool, liked ones marked, and the best of eight and the pool: "
        f"{personal('reached', POOL_LIKED, POOLED)}.",
        "It is preferred to a plain picture in this share of cases: "
        f"{personal('won', POOL_LIKED, POOLED)}. By words it was: {personal('won', WORDS, THREE)}.",
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
