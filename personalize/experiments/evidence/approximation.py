"""Choice probabilities taken as 1/K against estimated ones, by how strongly people prefer and by K."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from personalize.experiments.arms import Arm, by_strategy, uniform_gain, uniform_throughout
from personalize.experiments.bank import Bank, concept_bank
from personalize.experiments.figures import legend_beside, lines, named, panels
from personalize.experiments.people import Person, decided, oracle_of
from personalize.experiments.record import Experiment, GetParts, Table
from personalize.experiments.session import hold
from personalize.experiments.statistics import paired, said, signed, spread, verdict
from personalize.preference.estimate import TastePrior
from personalize.preference.logit import choice_information
from personalize.progress import OnProgress

ESTIMATED, UNIFORM, MIXED, RANDOM = "estimated p", "p = 1/K throughout", "p = 1/K in the gain only", "random"
ARMS = (ESTIMATED, UNIFORM, MIXED, RANDOM)


def run(settings: Mapping[str, Any], get_parts: GetParts, on_progress: OnProgress) -> dict[str, Any]:
    """Two sweeps over the same people and the same exam, which always has four options."""
    bank, taste, _ = concept_bank(settings["items"], settings["dimension"], 4, settings["seed"])
    by_strength = []
    for oracle in settings["oracles"]:
        told = f"approximation: oracle {oracle:.2f}"
        by_strength.append(
            {"oracle": oracle, **_compare(settings, bank, taste, oracle, 4, told, on_progress)}
        )
    by_options = []
    for options in settings["options"]:
        told = f"approximation: K = {options}"
        result = _compare(settings, bank, taste, settings["oracle"], options, told, on_progress)
        by_options.append({"options": options, **result})
    return {
        "answers": settings["at"],
        "chance": 0.25,
        "oracle": settings["oracle"],
        "by_strength": by_strength,
        "by_options": by_options,
    }


def _compare(
    settings: Mapping[str, Any],
    bank: Bank,
    taste: Any,
    oracle: float,
    options: int,
    told: str,
    on_progress: OnProgress,
) -> dict[str, Any]:
    prior = TastePrior(bank.covariance)
    rounds = settings["at"][-1]
    arms = {
        ESTIMATED: Arm(by_strategy("adaptive", options), prior),
        UNIFORM: Arm(uniform_throughout(options, prior, rounds), prior, blind=True),
        MIXED: Arm(uniform_gain(options), prior),
        RANDOM: Arm(by_strategy("random", options), prior, blind=True),
    }
    accuracy: dict[str, list[Tensor]] = {arm: [] for arm in ARMS}
    realised: dict[str, list[float]] = {arm: [] for arm in ARMS}
    spent: dict[str, list[float]] = {arm: [] for arm in ARMS}
    reached = []
    for number in range(settings["people"]):
        theta = taste(torch.Generator().manual_seed(1000 * settings["seed"] + number))
        person = Person(decided(bank.learned @ theta, bank.exam, oracle))
        reached.append(oracle_of(person, bank.exam))
        for name, arm in arms.items():
            session = hold(arm, person, bank, settings["at"], 50 + number)
            accuracy[name].append(session.scores[:, 0])
            spent[name].append(session.question_ms)
            shown = bank.learned[session.shown]
            alike = torch.full(shown.shape[:2], 1.0 / options, dtype=shown.dtype)
            claimed = choice_information(shown, alike).trace()
            true = choice_information(shown, person.utility[session.shown].softmax(dim=1)).trace()
            realised[name].append(float(true / claimed))
        on_progress(told, number + 1, settings["people"])
    scores = {name: torch.stack(rows) for name, rows in accuracy.items()}
    return {
        "oracle_reached": sum(reached) / len(reached),
        "accuracy": {name: spread(v) for name, v in scores.items()},
        "estimated_less": {
            name: paired(scores[ESTIMATED], v) for name, v in scores.items() if name != ESTIMATED
        },
        "uniform_less_random": paired(scores[UNIFORM], scores[RANDOM]),
        "mixed_less_random": paired(scores[MIXED], scores[RANDOM]),
        "realised_of_claimed": {
            name: spread(torch.tensor(v, dtype=torch.float64)) for name, v in realised.items()
        },
        "question_ms": {name: sum(v) / len(v) for name, v in spent.items()},
    }


def _place(numbers: dict[str, Any]) -> int:
    return len(numbers["answers"]) // 2


def _series(rows: list[dict[str, Any]], place: int, part: str, arms: tuple[str, ...]) -> dict[str, Any]:
    def at(value: Any) -> Any:
        return value[place] if isinstance(value, list) else value

    return {arm: {key: [at(row[part][arm][key]) for row in rows] for key in ("mean", "se")} for arm in arms}


def draw(numbers: dict[str, Any]) -> dict[str, tuple[Any, str]]:
    """Benefit and what is realised, by strength; accuracy by K."""
    place = _place(numbers)
    figure, (one, two, three) = panels(3)
    strengths, rows = [row["oracle"] for row in numbers["by_strength"]], numbers["by_strength"]
    others = (UNIFORM, MIXED, RANDOM)
    curves = _series(rows, place, "estimated_less", others)
    padded = {ESTIMATED: {"mean": [0.0] * len(rows)}, **curves}
    lines(one, strengths, padded, legend=False)
    named(
        one,
        "best possible accuracy of a person",
        "estimated p less this",
        f"after {numbers['answers'][place]} answers",
    )
    lines(two, strengths, _series(rows, place, "realised_of_claimed", ARMS), {"claimed": 1.0}, legend=False)
    named(
        two,
        "best possible accuracy of a person",
        "information, of that claimed at 1/K",
        "what 1/K overstates",
    )
    by = numbers["by_options"]
    lines(three, [row["options"] for row in by], _series(by, place, "accuracy", ARMS), legend=False)
    named(
        three, "options a question, K", "accuracy (exam of 4)", f"after {numbers['answers'][place]} answers"
    )
    legend_beside(figure, two)
    return {
        "approximation": (figure, "Uniform against estimated choice probabilities, by strength and by K.")
    }


def tables(numbers: dict[str, Any]) -> tuple[Table, ...]:
    """Both sweeps."""
    place = _place(numbers)

    def cells(row: dict[str, Any]) -> tuple[str, ...]:
        accuracy = [row["accuracy"][arm] for arm in ARMS]
        less = [row["estimated_less"][arm] for arm in (UNIFORM, MIXED, RANDOM)]
        return (
            *(said(v["mean"][place], v["se"][place]) for v in accuracy),
            *(signed(v["mean"][place], v["se"][place]) for v in less),
            f"{row['realised_of_claimed'][UNIFORM]['mean']:.2f}",
            f"{row['question_ms'][ESTIMATED]:.1f} / {row['question_ms'][UNIFORM]:.1f}",
        )

    heads = (
        *ARMS,
        *(f"estimated less {arm}" for arm in (UNIFORM, MIXED, RANDOM)),
        "realised of claimed",
        "ms",
    )
    note = f"after {numbers['answers'][place]} answers, chance {numbers['chance']:.2f}"
    strength = tuple((f"{row['oracle']:.2f}", *cells(row)) for row in numbers["by_strength"])
    options = tuple((str(row["options"]), *cells(row)) for row in numbers["by_options"])
    by_options = f"By K ({note}, best possible {numbers['oracle']:.2f}, exam of four)"
    return (
        Table(f"By strength of taste, K = 4 ({note})", ("Best possible", *heads), strength),
        Table(by_options, ("K", *heads), options),
    )


def findings(numbers: dict[str, Any]) -> tuple[str, ...]:
    """In words."""
    place, rows = _place(numbers), numbers["by_strength"]

    def less(row: dict[str, Any], arm: str) -> tuple[float, float]:
        value = row["estimated_less"][arm]
        return value["mean"][place], value["se"][place]

    weak, strong, by = rows[0], rows[-1], numbers["by_options"]
    usual = min(rows, key=lambda row: abs(row["oracle"] - numbers["oracle"]))
    word = verdict(*less(weak, UNIFORM), "already helps", "hurts", "makes no difference that shows")
    mixed = verdict(*_random_less(usual, place), "better than", "worse than", "not told apart from")
    return (
        f"After {numbers['answers'][place]} answers, estimating the choice probabilities {word} for people "
        f"of hardly any taste (best possible {weak['oracle']:.2f}: {signed(*less(weak, UNIFORM))} against "
        f"1/K throughout); the difference is {signed(*less(usual, UNIFORM))} at {usual['oracle']:.2f} and "
        f"{signed(*less(strong, UNIFORM))} at {strong['oracle']:.2f}.",
        "What 1/K overstates: of the information that it claims, "
        f"{usual['realised_of_claimed'][UNIFORM]['mean']:.2f} is there at {usual['oracle']:.2f} and "
        f"{strong['realised_of_claimed'][UNIFORM]['mean']:.2f} at {strong['oracle']:.2f}.",
        f"The estimated posterior with a gain at 1/K is {mixed} random questions "
        f"({signed(*_random_less(usual, place))} at {usual['oracle']:.2f}).",
        "By K, estimated against 1/K: "
        + "; ".join(f"K = {row['options']} {signed(*less(row, UNIFORM))}" for row in by)
        + f". A question costs {usual['question_ms'][ESTIMATED]:.1f} ms of one core.",
    )


def _random_less(row: dict[str, Any], place: int) -> tuple[float, float]:
    """The mixed arm less random, paired."""
    value = row["mixed_less_random"]
    return value["mean"][place], value["se"][place]


EXPERIMENT = Experiment(
    name="approximation",
    question="The paper takes every option to be picked with probability 1/K. When does that cost, and "
    "how much?",
    method="Items with concept-like features, people whose tastes are mixtures of five concepts, decided "
    "so that knowing them foresees the stated share of picks. Four ways to ask with one estimator: greedy "
    "D-optimal exchange with the estimate's choice probabilities; the same with 1/K in gain and "
    "covariance, which needs no answers; the posterior of the answers with 1/K in the gain only; random. "
    "The exam has four options whatever K is.",
    full={
        "seed": 0,
        "people": 24,
        "items": 600,
        "dimension": 32,
        "at": [10, 20, 40],
        "oracle": 0.75,
        "oracles": [0.3, 0.45, 0.6, 0.75, 0.9],
        "options": [2, 3, 4, 6, 9],
    },
    quick={
        "people": 2,
        "items": 150,
        "dimension": 8,
        "at": [5, 10],
        "oracles": [0.4, 0.75, 0.9],
        "options": [2, 4],
    },
    run=run,
    draw=draw,
    tables=tables,
    findings=findings,
)
