"""People of known taste through the real loop: how fast each strategy learns to foresee their picks.

All strategies meet the same people, the same held-out questions, and the same random numbers of the people's
answers, so their differences are paired_by_round.
"""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from personalize.errors import SettingsError
from personalize.experiments.linear_people import TOLD, HeldOut, person_of, score, told_by
from personalize.experiments.statistics import error_of, mean_of, paired_by_round
from personalize.preference.known_share import known_share
from personalize.preference.simulated_user import SimulatedUser
from personalize.preparation.effects import measured_effects
from personalize.preparation.prepare import Preparation, prepare
from personalize.progress import OnProgress
from personalize.rendering.png import open_picture
from personalize.rendering.protocols import Embedder, Renderer
from personalize.rounds.personalizer import Personalizer
from personalize.rounds.strategies import STRATEGIES
from personalize.seeds import LARGEST_SEED, derived_seed
from personalize.session.memory_store import MemoryStore
from personalize.session.record import PictureRecord, Round
from personalize.settings import Settings
from personalize.taste.readiness import is_ready
from personalize.vocabulary.vocabulary import Vocabulary

HELD_OUT = 60
"""Held-out questions, each about one subject, over the subjects in turn."""

ORACLE = 0.75
"""Share of a person's picks that knowing their taste exactly foresees."""


@dataclass(frozen=True)
class Simulation:
    """What to simulate.

    `judge` is "pictures" or "tokens", `answers` a name in TOLD; `people` and `rounds` are at least 1.
    """

    strategies: tuple[str, ...]
    people: int
    rounds: int
    judge: str
    seed: int
    oracle: float = ORACLE
    lapse: float = 0.0
    held_out: int = HELD_OUT
    answers: str = "best"

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated.

        Raises:
            SettingsError: which number or name does not fit.
        """
        numbers = {"people": self.people, "rounds": self.rounds, "held-out questions": self.held_out}
        for name, value in numbers.items():
            if not 1 <= value <= 10_000:
                raise SettingsError(f"Expected {name} from 1 to 10000, found {value}. Choose another number.")
        if self.judge not in ("pictures", "tokens"):
            raise SettingsError(
                f"Expected a judge out of pictures and tokens, found '{self.judge}'. Choose one."
            )
        if self.answers not in TOLD:
            raise SettingsError(
                f"Expected answers out of {', '.join(TOLD)}, found '{self.answers}'. Choose one."
            )
        if not 0.0 <= self.lapse < 1.0:
            raise SettingsError(f"Expected a lapse from 0 to below 1, found {self.lapse:g}. Choose another.")
        if len(set(self.strategies)) != len(self.strategies):
            raise SettingsError(
                f"Expected strategies that differ, found {','.join(self.strategies)}. Name each once."
            )
        for strategy in self.strategies:
            if strategy not in STRATEGIES:
                raise SettingsError(
                    f"Expected a strategy out of {', '.join(STRATEGIES)}, found '{strategy}'. "
                    "Choose from these."
                )


def simulate(
    simulation: Simulation,
    vocabulary: Vocabulary,
    renderer: Renderer,
    embedder: Embedder,
    settings: Settings,
    on_progress: OnProgress = lambda what, done, of: None,
    shipped: Path | None = None,
) -> dict[str, Any]:
    """Run it; the numbers to print.

    With the judge "pictures", every picture is rendered and people judge its embedding. What the app draws
    while a person looks is drawn to its end. With "tokens" nothing is drawn in the loop and people judge the
    sum of the tokens' features.
    """
    started = time.monotonic()
    settings = replace(settings, rounds=simulation.rounds, repeats=0).with_words()
    preparation = prepare(vocabulary, renderer, embedder, settings, on_progress, shipped)
    drawn = simulation.judge == "pictures"
    effects = preparation.mdp.features
    if drawn:
        effects = measured_effects(vocabulary, renderer, embedder, settings, on_progress, shipped)[0]
    generator = torch.Generator().manual_seed(derived_seed(simulation.seed, "held out"))
    held_out = _held_out(
        preparation, renderer, embedder, settings, simulation.held_out, drawn, generator, on_progress
    )
    accuracy: dict[str, Tensor] = {}
    correlation: dict[str, Tensor] = {}
    known: dict[str, Tensor] = {}
    seconds: dict[str, float] = {}
    oracle = []
    for strategy in simulation.strategies:
        begun = time.monotonic()
        rows = []
        for number in range(simulation.people):
            people = torch.Generator().manual_seed(derived_seed(simulation.seed, "person", number))
            person = person_of(effects, held_out, simulation.oracle, simulation.lapse, people)
            oracle.append(person.oracle_accuracy(held_out.judged))
            rows.append(
                _session(
                    simulation, strategy, number, person, preparation, renderer, embedder, settings, held_out
                )
            )
            on_progress(f"{strategy}: people", number + 1, simulation.people)
        scores = torch.tensor(rows, dtype=torch.float64)
        accuracy[strategy], correlation[strategy], known[strategy] = scores.unbind(dim=-1)
        seconds[strategy] = time.monotonic() - begun
    shared = {
        "people": simulation.people,
        "rounds": simulation.rounds,
        "options": settings.options,
        "judge": simulation.judge,
        "answers": simulation.answers,
        "seed": simulation.seed,
        "model": settings.model,
        "held_out_questions": simulation.held_out,
        "oracle": sum(oracle) / len(oracle),
        "chance": 1.0 / settings.options,
    }
    runs = {
        strategy: {
            "accuracy": mean_of(accuracy[strategy]),
            "accuracy_se": error_of(accuracy[strategy]),
            "utility_correlation": mean_of(correlation[strategy]),
            "known_share": mean_of(known[strategy]),
            "ready_after": _ready_after(known[strategy]),
            "seconds": round(seconds[strategy], 2),
        }
        for strategy in simulation.strategies
    }
    if len(runs) == 1:
        strategy = simulation.strategies[0]
        return {"strategy": strategy, **shared, **runs[strategy], "seconds_all": _since(started)}
    first, *others = simulation.strategies
    differences = [paired_by_round(first, other, accuracy[first] - accuracy[other]) for other in others]
    return {
        "strategy": ",".join(runs),
        **shared,
        "strategies": runs,
        "paired": differences,
        "seconds": _since(started),
    }


def _session(
    simulation: Simulation,
    strategy: str,
    number: int,
    person: SimulatedUser,
    preparation: Preparation,
    renderer: Renderer,
    embedder: Embedder,
    settings: Settings,
    held_out: HeldOut,
) -> list[tuple[float, float, float]]:
    """Accuracy, correlation and known share after each round of one person's session."""
    drawn = simulation.judge == "pictures"
    store, mdp = MemoryStore(), preparation.mdp

    def of_paths(round_: Round) -> Tensor:
        return mdp.path_features(torch.tensor(round_.paths))

    loop = Personalizer(preparation, store, renderer, embedder, settings, None if drawn else of_paths)
    subjects = preparation.vocabulary.subjects
    seed = derived_seed(simulation.seed, "session", number) % LARGEST_SEED
    token = loop.start(subjects[number % len(subjects)], seed=seed, strategy=strategy).token
    rows = []
    for turn in range(simulation.rounds):
        round_ = loop.propose(token)
        if drawn:
            round_ = loop.render(token, round_.number)
            kept = [store.embeddings(embedder.name, [picture]).get(picture) for picture in round_.pictures]
            if any(row is None for row in kept):
                kept = list(
                    embedder.embed_pictures([open_picture(store.read_picture(p)) for p in round_.pictures])
                )
                for picture, row in zip(round_.pictures, kept, strict=True):
                    assert row is not None
                    store.keep_embeddings(embedder.name, {picture: row})
            seen = torch.stack([row for row in kept if row is not None]).to(torch.float64)
            for job in loop.request_pool(token):  # what is drawn while a person looks
                if job is not None:
                    job.result()
        else:
            seen = of_paths(round_)
        chance = torch.Generator().manual_seed(derived_seed(simulation.seed, "pick", number, turn))
        loop.answer(token, round_.number, **told_by(person, simulation.answers, seen, held_out, chance))
        estimate = loop.estimate(token)
        result = score(person, estimate.utility, held_out)
        share = known_share(estimate, mdp.path_features(preparation.samples))
        rows.append((result.accuracy, result.correlation, share))
    return rows


def _ready_after(known: Tensor) -> list[int | None]:
    """Answers until the taste of each person counted as ready; None if it never did.

    Args:
        known: Float[people, rounds], the known shares.
    """
    return [
        next((turn for turn, share in enumerate(row, start=1) if is_ready(share, turn)), None)
        for row in known.tolist()
    ]


def _held_out(
    preparation: Preparation,
    renderer: Renderer,
    embedder: Embedder,
    settings: Settings,
    count: int,
    drawn: bool,
    generator: torch.Generator,
    on_progress: OnProgress,
) -> HeldOut:
    mdp, vocabulary = preparation.mdp, preparation.vocabulary
    options = settings.options
    paths = mdp.shortened(mdp.random_paths(count * options, generator), settings.max_tokens, generator)
    paths = paths.reshape(count, options, -1)
    if not drawn:
        features = mdp.path_features(paths)
        return HeldOut(features, features)
    rows = []
    for number, question in enumerate(paths):
        subject = vocabulary.subjects[number * 7 % len(vocabulary.subjects)]
        seed = 1_000_000 + number
        jobs = [PictureRecord(renderer.name, vocabulary.prompt(subject, path), "", seed) for path in question]
        rows.append(embedder.embed_pictures([open_picture(content) for content in renderer.render(jobs)]))
        on_progress("drawing held-out questions", number + 1, count)
    judged = torch.stack(rows).to(torch.float64)
    return HeldOut(judged, preparation.space.project(judged))


def _since(started: float) -> float:
    return round(time.monotonic() - started, 2)
