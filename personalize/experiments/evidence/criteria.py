"""What the design is optimal for, lambda, the prior's shape, centring: what each changes and breaks."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from personalize.design.criterion import ACriterion, Criterion, DCriterion, ECriterion, VCriterion
from personalize.design.result import DesignResult
from personalize.experiments.arms import Arm, by_strategy, items_design
from personalize.experiments.bank import SPREAD, Bank, concept_bank
from personalize.experiments.figures import legend_beside, lines, log_x, named, panels
from personalize.experiments.people import Person, decided
from personalize.experiments.record import Experiment, GetParts, Table
from personalize.experiments.session import hold
from personalize.experiments.statistics import last, paired, said, signed, spread, verdict
from personalize.preference.estimate import TastePrior
from personalize.progress import OnProgress

RANDOM = "random"
EVIDENCE = "by evidence"
WHITENED = "ridge on whitened features"


def run(settings: Mapping[str, Any], get_parts: GetParts, on_progress: OnProgress) -> dict[str, Any]:
    """The parts, over the same people."""
    bank, taste, _ = concept_bank(
        settings["items"], settings["dimension"], settings["options"], settings["seed"]
    )
    thetas = {
        "concepts": [taste(_of(settings, n)) for n in range(settings["people"])],
        "isotropic": [_isotropic(bank, _of(settings, n)) for n in range(settings["people"])],
    }
    people = {
        kind: [Person(decided(bank.learned @ theta, bank.exam, settings["oracle"])) for theta in rows]
        for kind, rows in thetas.items()
    }
    return {
        "answers": settings["at"],
        "chance": 1.0 / settings["options"],
        "oracle": settings["oracle"],
        "criteria": _criteria(settings, bank, people["concepts"], on_progress),
        "regularisation": _regularisation(settings, bank, people["concepts"], on_progress),
        "priors": {
            kind: _priors(settings, bank, those, f"criteria: priors, {kind} tastes", on_progress)
            for kind, those in people.items()
        },
        "centring": _centring(settings, bank, people["concepts"], on_progress),
    }


def _of(settings: Mapping[str, Any], number: int) -> torch.Generator:
    return torch.Generator().manual_seed(1000 * settings["seed"] + number)


def _isotropic(bank: Bank, chance: torch.Generator) -> Tensor:
    return torch.randn(bank.learned.shape[1], generator=chance, dtype=torch.float64)


def _accuracy(
    arms: Mapping[str, tuple[Arm, Bank]],
    people: list[Person],
    at: list[int],
    told: str,
    on_progress: OnProgress,
) -> dict[str, Tensor]:
    """Float[people, len(at)] of every arm."""
    rows: dict[str, list[Tensor]] = {name: [] for name in arms}
    for number, person in enumerate(people):
        for name, (arm, bank) in arms.items():
            rows[name].append(hold(arm, person, bank, at, 50 + number).scores[:, 0])
        on_progress(told, number + 1, len(people))
    return {name: torch.stack(found) for name, found in rows.items()}


def _against_random(scores: Mapping[str, Tensor]) -> dict[str, Any]:
    return {
        "accuracy": {name: spread(v) for name, v in scores.items()},
        "less_random": {name: paired(v, scores[RANDOM]) for name, v in scores.items() if name != RANDOM},
    }


def _criteria(
    settings: Mapping[str, Any], bank: Bank, people: list[Person], on_progress: OnProgress
) -> dict[str, Any]:
    """Static designs by four criteria with the prior's precision, rounded alike; and each under each."""
    prior, K, T = TastePrior(bank.covariance), settings["options"], settings["at"][-1]
    value, precision = prior.contrast, prior.planning_precision(SPREAD)
    given: dict[str, Criterion] = {
        "A": ACriterion(),
        "V": VCriterion(value),
        "D": DCriterion(),
        "E": ECriterion(beta=20.0 / float(torch.linalg.eigvalsh(precision)[0])),
    }
    designs = {
        name: items_design(bank, K, T, precision, criterion, settings["iterations"])
        for name, criterion in given.items()
    }
    arms = {}
    for name, design in designs.items():
        as_v = replace(design, criterion="V")  # the rounding depends on this name: all are rounded alike
        static = by_strategy("static-rounded", K, design=as_v, prior=prior)
        arms[name] = (Arm(static, prior, blind=True), bank)
    arms[RANDOM] = (Arm(by_strategy("random", K), prior, blind=True), bank)
    scores = _accuracy(arms, people, settings["at"], "criteria: A, V, D, E", on_progress)
    errors = {name: _v_error(design, value) for name, design in designs.items()}
    return {
        **_against_random(scores),
        "facts": {name: _facts(design) for name, design in designs.items()},
        "v_efficiency": {name: errors["V"] / error for name, error in errors.items()},
    }


def _v_error(design: DesignResult, value: Tensor) -> float:
    return -VCriterion(value).value(design.surrogate_information)


def _facts(design: DesignResult) -> dict[str, Any]:
    """Status and failure signatures of a design."""
    d = design.diagnostics
    return {
        "status": design.status.name.lower(),
        "relative_gap": design.relative_gap,
        "iterations": design.iterations,
        "effective_rank": d.effective_rank,
        "condition": d.condition,
        "smallest_eigenvalue": d.smallest_eigenvalue,
        "regularised_share": d.regularised_share,
        "items_in_use": d.tokens_in_use[0],
        "realised_ratio": design.realised_ratio,
        "warnings": list(d.warnings()),
    }


def _regularisation(
    settings: Mapping[str, Any], bank: Bank, people: list[Person], on_progress: OnProgress
) -> dict[str, Any]:
    """The paper's ridge lambda, in design and estimate, from too small to too large."""
    K, T = settings["options"], settings["at"][-1]
    trace = float(bank.covariance.trace())
    rows = []
    for lam in settings["lambdas"]:
        prior = TastePrior(bank.covariance, gammas=(0.0,), scales=((trace / lam) ** 0.5,))
        value = prior.contrast
        design = items_design(bank, K, T, lam, VCriterion(value), settings["iterations"])
        static = by_strategy("static-rounded", K, design=design, prior=prior, spread=prior.scales[0])
        arms = {
            "static, V": (Arm(static, prior, lapse=0.0, blind=True), bank),
            RANDOM: (Arm(by_strategy("random", K), prior, lapse=0.0, blind=True), bank),
        }
        told = f"criteria: lambda {lam:g}"
        scores = _accuracy(arms, people, settings["at"], told, on_progress)
        rows.append({"lambda": lam, **_against_random(scores), "facts": _facts(design)})
    ours = {RANDOM: (Arm(by_strategy("random", K), TastePrior(bank.covariance), blind=True), bank)}
    by_evidence = _accuracy(ours, people, settings["at"], "criteria: by evidence", on_progress)
    return {"rows": rows, EVIDENCE: spread(by_evidence[RANDOM])}


def _priors(
    settings: Mapping[str, Any], bank: Bank, people: list[Person], told: str, on_progress: OnProgress
) -> dict[str, Any]:
    """Adaptive questions under fixed shapes of the prior, and ridge on whitened features."""
    shapes = {f"gamma {g:g}": (float(g),) for g in settings["gammas"]} | {EVIDENCE: (0.0, 0.5, 1.0)}
    K = settings["options"]
    values, vectors = torch.linalg.eigh(bank.covariance)
    white = bank.learned @ (vectors * values.rsqrt())
    whitened = Bank(white, white, bank.askable, bank.exam)
    arms = {
        WHITENED: (Arm(by_strategy("adaptive", K), TastePrior(whitened.covariance, gammas=(0.0,))), whitened)
    }
    arms |= {
        name: (Arm(by_strategy("adaptive", K), TastePrior(bank.covariance, gammas=gammas)), bank)
        for name, gammas in shapes.items()
    }
    scores = _accuracy(arms, people, settings["at"], told, on_progress)
    return {
        "accuracy": {name: spread(v) for name, v in scores.items()},
        "less_evidence": {
            name: paired(v, scores[EVIDENCE]) for name, v in scores.items() if name != EVIDENCE
        },
    }


def _centring(
    settings: Mapping[str, Any], bank: Bank, people: list[Person], on_progress: OnProgress
) -> dict[str, Any]:
    """Features as they are or less their mean; the prior from covariance or from raw second moments."""
    mean = bank.learned[bank.askable].mean(dim=0)
    centred = Bank(bank.learned - mean, bank.asked - mean, bank.askable, bank.exam)
    raw = bank.learned[bank.askable]
    second = raw.T @ raw / len(raw)
    K = settings["options"]
    of_covariance, of_second = TastePrior(bank.covariance), TastePrior(second)
    arms = {
        "centred": (Arm(by_strategy("adaptive", K), of_covariance), centred),
        "not centred": (Arm(by_strategy("adaptive", K), of_covariance), bank),
        "not centred, prior from raw second moments": (Arm(by_strategy("adaptive", K), of_second), bank),
    }
    scores = _accuracy(arms, people, settings["at"], "criteria: centring", on_progress)
    first = scores["centred"]
    return {
        "accuracy": {name: spread(v) for name, v in scores.items()},
        "less_centred": {name: paired(v, first) for name, v in scores.items() if name != "centred"},
    }


def draw(numbers: dict[str, Any]) -> dict[str, tuple[Any, str]]:
    """Criteria, lambda and priors."""
    levels = {"knowing the taste": numbers["oracle"], "chance": numbers["chance"]}
    figure, (one, two, three) = panels(3)
    lines(one, numbers["answers"], numbers["criteria"]["accuracy"])
    named(one, "answers", "share of exam picks foreseen", "static designs by criterion")
    rows = numbers["regularisation"]["rows"]
    lams = [row["lambda"] for row in rows]
    curves = {
        name: {key: [row["accuracy"][name][key][-1] for row in rows] for key in ("mean", "se")}
        for name in ("static, V", RANDOM)
    }
    lines(two, lams, curves, {**levels, "prior by evidence": numbers["regularisation"][EVIDENCE]["mean"][-1]})
    log_x(two, lams)
    named(two, "lambda", f"accuracy after {numbers['answers'][-1]} answers", "the paper's ridge")
    share = [row["facts"]["regularised_share"] for row in rows]
    condition = [row["facts"]["condition"] for row in rows]
    lines(three, lams, {"share of regularisation": {"mean": share}}, legend=False)
    log_x(three, lams)
    named(three, "lambda", "share of the information's trace", "signatures")
    right = three.twinx()
    right.loglog(
        lams, condition, color="#D55E00", linestyle="--", marker="s", markersize=4.5, label="condition"
    )
    right.set_ylabel("condition number")
    three.annotate("solid: share; dashed: condition", (0.03, 0.5), xycoords="axes fraction", fontsize=7.5)
    prior, axes = panels(2, share_y=False)
    for axis, (kind, found) in zip(axes, numbers["priors"].items(), strict=True):
        lines(axis, numbers["answers"], found["accuracy"], legend=False)
        named(axis, "answers", "share of exam picks foreseen", f"{kind} tastes")
    legend_beside(prior, axes[0], 5)
    return {
        "criteria": (figure, "Criteria, the ridge's lambda, and the signatures of a bad one."),
        "priors": (prior, "Adaptive questions under fixed shapes of the prior, and averaged by evidence."),
    }


def tables(numbers: dict[str, Any]) -> tuple[Table, ...]:
    """All parts."""
    final = numbers["answers"][-1]
    note = f"after {final} answers, chance {numbers['chance']:.2f}, best possible {numbers['oracle']:.2f}"
    part = numbers["criteria"]
    criteria = tuple(
        (
            name,
            said(*last(curve)),
            signed(*last(part["less_random"][name])) if name != RANDOM else "",
            f"{part['v_efficiency'][name]:.2f}" if name != RANDOM else "",
            *(_fact_cells(part["facts"][name]) if name != RANDOM else ("",) * 5),
        )
        for name, curve in part["accuracy"].items()
    )
    heads = ("status", "gap", "effective rank", "condition", "regularised share")
    lam = tuple(
        (
            f"{row['lambda']:g}",
            said(*last(row["accuracy"]["static, V"])),
            said(*last(row["accuracy"][RANDOM])),
            signed(*last(row["less_random"]["static, V"])),
            *_fact_cells(row["facts"]),
            " ".join(row["facts"]["warnings"]),
        )
        for row in numbers["regularisation"]["rows"]
    )
    priors = tuple(
        (
            name,
            *(
                text
                for kind in numbers["priors"].values()
                for text in (
                    said(*last(kind["accuracy"][name])),
                    signed(*last(kind["less_evidence"][name])) if name != EVIDENCE else "",
                )
            ),
        )
        for name in numbers["priors"]["concepts"]["accuracy"]
    )
    centring = tuple(
        (
            name,
            said(*last(curve)),
            signed(*last(numbers["centring"]["less_centred"][name])) if name != "centred" else "",
        )
        for name, curve in numbers["centring"]["accuracy"].items()
    )
    less = "less evidence, paired"
    return (
        Table(
            f"Static designs by criterion ({note})",
            ("Criterion", "accuracy", "less random, paired", "V-efficiency", *heads),
            criteria,
        ),
        Table(
            f"The paper's ridge, in design and estimate ({note})",
            ("lambda", "static, V", "random", "difference, paired", *heads, "warning"),
            lam,
        ),
        Table(
            f"The prior's shape, adaptive questions ({note})",
            ("Prior", "concepts", less, "isotropic", less),
            priors,
        ),
        Table(f"Centring ({note})", ("Features", "accuracy", "less centred, paired"), centring),
    )


def _fact_cells(facts: dict[str, Any]) -> tuple[str, ...]:
    return (
        facts["status"],
        f"{facts['relative_gap']:.1e}",
        f"{facts['effective_rank']:.1f}",
        f"{facts['condition']:.1e}" if facts["condition"] else "infinite",
        f"{facts['regularised_share']:.3f}",
    )


def findings(numbers: dict[str, Any]) -> tuple[str, ...]:
    """In words."""
    final, part = numbers["answers"][-1], numbers["criteria"]
    words = []
    for name, less in part["less_random"].items():
        mean, error = last(less, 1 if len(numbers["answers"]) > 1 else 0)
        words.append(
            f"{name} {signed(mean, error)} ({verdict(mean, error, 'better', 'worse', 'not told apart')})"
        )
    early = numbers["answers"][1 if len(numbers["answers"]) > 1 else 0]
    rows = numbers["regularisation"]["rows"]
    best = max(rows, key=lambda row: last(row["accuracy"][RANDOM])[0])
    evidence = last(numbers["regularisation"][EVIDENCE])
    warned = [f"{row['lambda']:g}" for row in rows if row["facts"]["warnings"]]
    priors = numbers["priors"]
    raw = last(numbers["centring"]["less_centred"]["not centred, prior from raw second moments"])
    same = last(numbers["centring"]["less_centred"]["not centred"])
    lowest, highest = rows[0], rows[-1]
    return (
        f"Static designs less random questions after {early} answers, by criterion: {'; '.join(words)}.",
        f"The paper's ridge, random questions, after {final} answers: "
        f"{said(*last(lowest['accuracy'][RANDOM]))} with lambda {lowest['lambda']:g}, "
        f"{said(*last(best['accuracy'][RANDOM]))} with the best of those tried ({best['lambda']:g}), "
        f"{said(*last(highest['accuracy'][RANDOM]))} with {highest['lambda']:g}; a prior averaged by "
        f"evidence, with nothing to choose, {said(*evidence)}. Diagnostics warn at lambda "
        f"{', '.join(warned) or 'none of them'}.",
        "Prior shapes, less evidence: ridge on whitened features "
        f"{signed(*last(priors['concepts']['less_evidence'][WHITENED]))} for concept tastes and "
        f"{signed(*last(priors['isotropic']['less_evidence'][WHITENED]))} for tastes of any direction; "
        f"gamma 1 {signed(*last(priors['concepts']['less_evidence']['gamma 1']))} and "
        f"{signed(*last(priors['isotropic']['less_evidence']['gamma 1']))}.",
        f"Centring changes accuracy by {signed(*same)} (utilities matter up to a constant); a prior from "
        f"raw second moments by {signed(*raw)} ({verdict(*raw, 'better', 'worse', 'not told apart')}).",
    )


EXPERIMENT = Experiment(
    name="criteria",
    question="What should the design be optimal for, how large should lambda be, which prior, centred "
    "features or not, and which sign of failure appears when?",
    method="Items with concept-like features and people whose tastes are mixtures of five concepts (or, "
    "for the priors, of any direction). *Criteria*: static designs with the prior's precision, rounded "
    "alike, one estimator. *Lambda*: the paper's ridge in design and estimate, V-criterion. *Priors*: "
    "adaptive questions, theta ~ N(0, s^2 Sigma^gamma) with s by evidence; gamma 0 is ridge, and ridge on "
    "whitened features would be -1. *Centring*: features with their common mean or without it. What the "
    "features are made of (bare words, words in context, pictures) is the experiment `features`.",
    full={
        "seed": 0,
        "people": 24,
        "items": 600,
        "dimension": 32,
        "options": 4,
        "oracle": 0.75,
        "at": [5, 10, 20, 40],
        "iterations": 600,
        "lambdas": [1e-6, 1e-2, 0.1, 1.0, 10.0, 100.0, 1e4],
        "gammas": [0, 0.5, 1],
    },
    quick={
        "people": 2,
        "items": 120,
        "dimension": 6,
        "at": [4, 8],
        "iterations": 60,
        "lambdas": [1e-6, 1.0, 1e4],
        "gammas": [0, 1],
    },
    run=run,
    draw=draw,
    tables=tables,
    findings=findings,
)
