"""Steps that go astray, and dynamics that have to be learned: what not knowing the transitions costs."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from personalize.experiments.figures import legend_beside, lines, named, panels
from personalize.experiments.record import Experiment, GetParts, Table
from personalize.experiments.statistics import last, paired, said, signed, spread, verdict
from personalize.experiments.tabular import (
    STRAYS,
    World,
    adaptive_policies,
    design,
    independent,
    nothing_told,
    random_policies,
    scored,
    walks,
)
from personalize.mdp.tabular_mdp import PolicyOracle, TabularMDP
from personalize.preference.simulated_user import SimulatedUser
from personalize.progress import OnProgress

KNOWN, LEARNED, WRONG = "adaptive, P known", "adaptive, P learned on the way", "adaptive, P wrong"
STATIC, RANDOM = "static, P known", "random"
ARMS = (KNOWN, LEARNED, WRONG, STATIC, RANDOM)


def run(settings: Mapping[str, Any], get_parts: GetParts, on_progress: OnProgress) -> dict[str, Any]:
    """Information of designs, and learning, by the share of steps that go astray."""
    by_noise = []
    for place, noise in enumerate(settings["noise"]):
        by_noise.append(
            {
                "noise": noise,
                "information": _information(settings, noise),
                "learning": _learning(settings, noise, on_progress),
            }
        )
        on_progress("dynamics: shares of stray steps", place + 1, len(settings["noise"]))
    return {
        "episodes": settings["at"],
        "chance": 1.0 / settings["options"],
        "oracle": settings["oracle"],
        "by_noise": by_noise,
    }


def wrong(mdp: TabularMDP) -> TabularMDP:
    """What is likely and what is not are mixed up: the usual successor is believed to be a stray one.

    Every other transition row is what the first was; without noise every action leads elsewhere.
    """
    shifted = mdp.probability.reshape(-1, 1 + STRAYS).roll(1, dims=1).flatten()
    return mdp.with_probability(shifted)


def observed(mdp: TabularMDP, episodes: int, options: int, generator: torch.Generator) -> Tensor:
    """Float[E]: counts of transitions in so many episodes of random walks."""
    counts = torch.zeros(len(mdp.state), dtype=torch.float64)
    if episodes:
        rows = walks(mdp, random_policies(mdp, episodes * options, generator), generator)[1].flatten()
        counts.index_add_(0, rows, torch.ones(len(rows), dtype=torch.float64))
    return counts


def _information(settings: Mapping[str, Any], noise: float) -> dict[str, Any]:
    """Efficiency of static designs by what they believe: the error that remains, known P over this one."""
    found: dict[str, list[float]] = {}
    for number in range(settings["worlds"]):
        world = World.numbered(settings, number, noise)
        generator = torch.Generator().manual_seed(90 + number)
        believed = {f"{n} episodes seen": n for n in settings["seen"]}
        candidates = {"known": world.mdp, "wrong": wrong(world.mdp)}
        for name, episodes in believed.items():
            counts = observed(world.mdp, episodes, settings["options"], generator)
            candidates[name] = world.mdp.estimated(counts, settings["pseudo_count"])
        objective = world.objective(settings["regularisation"])
        values = {}
        for name, mdp in candidates.items():
            mixture = design(world, mdp, settings["regularisation"], settings["steps"], False).mixture
            measure = PolicyOracle(world.mdp).visitation(mixture.vertices, mixture.weights)
            values[name] = objective.value(measure)
        blind = random_policies(world.mdp, 64, generator)
        measure = PolicyOracle(world.mdp).visitation(blind, torch.full((64,), 1 / 64, dtype=torch.float64))
        values["random"] = objective.value(measure)
        for name, value in values.items():
            found.setdefault(name, []).append(values["known"] / value)
    return {name: spread(torch.tensor(v, dtype=torch.float64)) for name, v in found.items()}


def _learning(settings: Mapping[str, Any], noise: float, on_progress: OnProgress) -> dict[str, Any]:
    rows: dict[str, list[Tensor]] = {arm: [] for arm in ARMS}
    for number in range(settings["people"]):
        world = World.numbered(settings, 500 + number, noise)
        person = world.person(settings["oracle"], torch.Generator().manual_seed(7 + number))
        for arm in ARMS:
            rows[arm].append(_session(arm, settings, world, person, number))
        on_progress(f"dynamics: people, {noise:.0%} stray", number + 1, settings["people"])
    accuracy = {arm: torch.stack(found) for arm, found in rows.items()}
    return {
        "accuracy": {arm: spread(v) for arm, v in accuracy.items()},
        "less_known": {arm: paired(v, accuracy[KNOWN]) for arm, v in accuracy.items() if arm != KNOWN},
        "less_random": {arm: paired(v, accuracy[RANDOM]) for arm, v in accuracy.items() if arm != RANDOM},
    }


def _session(
    arm: str, settings: Mapping[str, Any], world: World, person: SimulatedUser, number: int
) -> Tensor:
    """Float[len(at)]: accuracy of one person."""
    asking = torch.Generator().manual_seed(31 + 100 * number)
    answering = torch.Generator().manual_seed(32 + 100 * number)
    counts = torch.zeros(len(world.mdp.state), dtype=torch.float64)
    believed = world.mdp
    if arm == WRONG:
        believed = wrong(world.mdp)
    elif arm == LEARNED:
        believed = world.mdp.estimated(counts, settings["pseudo_count"])
    mixture = None
    if arm != RANDOM:
        mixture = design(world, believed, settings["regularisation"], settings["pool_steps"], False).mixture
    told, rows = nothing_told(world), []
    estimate = told.estimate(world.prior)
    for episode in range(1, settings["at"][-1] + 1):
        if mixture is None:
            policies = random_policies(world.mdp, world.options, asking)
        elif arm == STATIC:
            policies = independent(mixture, world.options, asking)
        else:
            policies = adaptive_policies(world, believed, mixture, estimate, asking)
        states, taken = walks(world.mdp, policies, asking)
        told = told.and_episode(person, world.mdp.features[states], answering)
        if arm == LEARNED:
            gone = taken.flatten()
            counts.index_add_(0, gone, torch.ones(len(gone), dtype=torch.float64))
            believed = world.mdp.estimated(counts, settings["pseudo_count"])
        if mixture is not None and arm != STATIC or episode in settings["at"]:
            estimate = told.estimate(world.prior)
        if episode in settings["at"]:
            rows.append(scored(person, estimate, world.exam)[1])
    return torch.tensor(rows, dtype=torch.float64)


def draw(numbers: dict[str, Any]) -> dict[str, tuple[Any, str]]:
    """Information by noise, and accuracy at the middle and the end."""
    figure, axes = panels(2 + len(numbers["by_noise"][1:3]), rows=2)
    noise = [row["noise"] for row in numbers["by_noise"]]
    names = [name for name in numbers["by_noise"][0]["information"] if name != "known"]
    curves = {
        name: {key: [row["information"][name][key] for row in numbers["by_noise"]] for key in ("mean", "se")}
        for name in names
    }
    lines(axes[0], noise, curves, {"known P": 1.0})
    named(axes[0], "share of stray steps", "efficiency", "static design by what it believes")
    ends = {
        arm: {
            key: [row["learning"]["accuracy"][arm][key][0] for row in numbers["by_noise"]]
            for key in ("mean", "se")
        }
        for arm in ARMS
    }
    lines(axes[1], noise, ends, legend=False)
    named(axes[1], "share of stray steps", "accuracy", f"after {numbers['episodes'][0]} episodes")
    for axis, row in zip(axes[2:], numbers["by_noise"][1:3], strict=True):
        levels = {"knowing the taste": numbers["oracle"]}
        lines(axis, numbers["episodes"], row["learning"]["accuracy"], levels, legend=False)
        named(axis, "episodes", "accuracy", f"{row['noise']:.0%} of steps stray")
    legend_beside(figure, axes[1], 3)
    return {"dynamics": (figure, "What it costs not to know the transitions: information and accuracy.")}


def tables(numbers: dict[str, Any]) -> tuple[Table, ...]:
    """Both parts."""
    rows = numbers["by_noise"]
    names = tuple(rows[0]["information"])
    information = tuple(
        (f"{row['noise']:.0%}", *(said(*_pair(row["information"][name])) for name in names)) for row in rows
    )
    place = numbers["episodes"][0]
    learning = tuple(
        (
            f"{row['noise']:.0%}",
            *(said(*last(row["learning"]["accuracy"][arm], 0)) for arm in ARMS),
            *(signed(*last(row["learning"]["less_known"][arm], 0)) for arm in (LEARNED, WRONG)),
        )
        for row in rows
    )
    note = f"chance {numbers['chance']:.2f}, best possible {numbers['oracle']:.2f}"
    return (
        Table("Efficiency of the static design by what it believes", ("Stray", *names), information),
        Table(
            f"Accuracy after {place} episodes ({note})",
            ("Stray", *ARMS, "learned less known, paired", "wrong less known, paired"),
            learning,
        ),
    )


def findings(numbers: dict[str, Any]) -> tuple[str, ...]:
    """In words."""
    rows = numbers["by_noise"]
    middle = rows[len(rows) // 2]
    seen = [name for name in middle["information"] if name.endswith("seen")]
    few, many = seen[0], seen[-1]
    place = numbers["episodes"][0]
    words = []
    for arm in (LEARNED, WRONG, STATIC, RANDOM):
        mean, error = last(middle["learning"]["less_known"][arm], 0)
        word = verdict(mean, error, "better", "worse", "not told apart")
        words.append(f"{arm}: {signed(mean, error)} ({word})")
    information, firm = middle["information"], rows[0]
    astray = last(firm["learning"]["less_known"][WRONG], 0)
    return (
        f"With {middle['noise']:.0%} of steps astray, a static design planned with wrong transitions keeps "
        f"{said(*_pair(information['wrong']), 2)} of the efficiency of one that knows them, with "
        f"transitions estimated from {few.split()[0]} episodes {said(*_pair(information[few]), 2)}, from "
        f"{many.split()[0]} {said(*_pair(information[many]), 2)}; random walks have "
        f"{said(*_pair(information['random']), 2)}.",
        f"Accuracy of adaptive questions after {place} episodes with known transitions is "
        f"{said(*last(middle['learning']['accuracy'][KNOWN], 0))} (chance {numbers['chance']:.2f}, best "
        f"possible {numbers['oracle']:.2f}); paired differences to it: {'; '.join(words)}.",
        f"With {firm['noise']:.0%} astray wrong transitions matter most: they keep "
        f"{said(*_pair(firm['information']['wrong']), 2)} of the efficiency, where random walks have "
        f"{said(*_pair(firm['information']['random']), 2)}, and change the accuracy of adaptive questions "
        f"by {signed(*astray)} ({verdict(*astray, 'better', 'worse', 'not told apart')}); learned on the "
        f"way {signed(*last(firm['learning']['less_known'][LEARNED], 0))}.",
        "Whatever is believed of the transitions, the estimate stays right: it is made of what was shown.",
    )


def _pair(value: dict[str, Any]) -> tuple[float, float]:
    return value["mean"], value["se"]


EXPERIMENT = Experiment(
    name="dynamics",
    question="What does it cost when steps go astray, or when transitions are estimated or wrong? (The "
    "paper's open question on unknown dynamics.)",
    method="The MDPs of `synthetic`, where a step goes astray to one of three other states with the "
    "stated chance. Planned with the true transitions, with counts from random episodes (smoothed), with "
    "counts gathered on the way, or with wrong ones (the usual successor is believed a stray one, and a "
    "stray one usual). Efficiency is the V-criterion's remaining error with known transitions over that "
    "with others, both under the true ones. Adaptive questions imagine four walks of each policy in the "
    "believed MDP.",
    full={
        "seed": 0,
        "people": 20,
        "worlds": 6,
        "noise": [0.0, 0.1, 0.3, 0.6],
        "seen": [0, 10, 100, 1000],
        "pseudo_count": 0.25,
        "states": 40,
        "actions": 4,
        "horizon": 5,
        "dimension": 8,
        "options": 4,
        "oracle": 0.75,
        "regularisation": 1.0,
        "steps": 40,
        "pool_steps": 20,
        "at": [5, 10, 20, 30],
    },
    quick={
        "people": 2,
        "worlds": 2,
        "noise": [0.0, 0.3, 0.6],
        "seen": [0, 20],
        "states": 16,
        "dimension": 4,
        "steps": 10,
        "pool_steps": 8,
        "at": [3, 6],
    },
    run=run,
    draw=draw,
    tables=tables,
    findings=findings,
)
