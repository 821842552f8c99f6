"""Many visitors at once through the real loop and the real render queue; only the drawing is a pause.

Each visitor picks, waits for the next round's pictures, looks at them for a while, and picks again. A fair
turn is the time in which the renderer draws one round for everybody.
"""

import random
import resource
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from personalize.errors import SettingsError
from personalize.experiments.benchmarks.stand_ins import HashEmbedder, TimedRenderer
from personalize.preparation.prepare import prepare
from personalize.progress import OnProgress, no_progress
from personalize.rounds.personalizer import Personalizer
from personalize.session.database_store import DatabaseStore
from personalize.settings import Settings
from personalize.vocabulary.vocabulary import Vocabulary

ROUND = 4
"""Pictures of a round, which one batch draws."""


@dataclass(frozen=True)
class Crowd:
    """What is simulated.

    Attributes:
        visitors: people who pick at once.
        lookers: people who only look at their first round; their next round is drawn ahead.
        picture_s: seconds of drawing a picture, where four are drawn at once.
        thinking_s: shortest and longest look at a round, in seconds.
        batch: most pictures in one batch.
        marginal: cost of each further round in a batch, as a share of the first.
        replicas: machines that draw, as on Ray; 0: the app's process draws, one batch at a time.
        seconds: how long everybody goes on.
        seed: of the picks and the looks.
    """

    visitors: int = 25
    lookers: int = 0
    picture_s: float = 0.1
    thinking_s: tuple[float, float] = (0.25, 0.75)
    batch: int = 4
    marginal: float = 0.5
    replicas: int = 0
    seconds: float = 60.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated.

        Raises:
            SettingsError: a number out of range.
        """
        low, high = self.thinking_s
        if self.replicas < 0:
            raise SettingsError(f"Expected --replicas of at least 0, found {self.replicas}. Choose another.")
        if self.visitors < 1 or self.picture_s <= 0.0 or not 0.0 <= low <= high or self.batch < 1:
            raise SettingsError(
                f"Expected at least 1 visitor, a positive time a picture, a look of A:B seconds with A <= B, "
                f"and a batch of at least 1, found {self.visitors}, {self.picture_s:g}, {low:g}:{high:g} and "
                f"{self.batch}. Correct the flags."
            )
        if not 0.0 <= self.marginal <= 1.0:
            raise SettingsError(
                f"Expected --marginal from 0 to 1, found {self.marginal:g}. Give the cost of each "
                "further round in a batch, as a share of the first."
            )

    @property
    def round_s(self) -> float:
        """Seconds of drawing one round."""
        return ROUND * self.picture_s

    @property
    def fair_turn_s(self) -> float:
        """Seconds in which everybody who picks gets one round, without batches of several sessions."""
        return self.visitors * self.round_s / max(1, self.replicas)

    def batch_s(self, pictures: int) -> float:
        """Seconds of drawing a batch of so many pictures."""
        rounds = pictures / ROUND
        return self.round_s * (rounds if rounds <= 1.0 else 1.0 + self.marginal * (rounds - 1.0))


@dataclass
class _Counted:
    """A store that counts its calls."""

    store: Any
    calls: Counter[str] = field(default_factory=Counter)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.store, name)
        if not callable(method):
            return method

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.calls[name] += 1
            return method(*args, **kwargs)

        return counted


def crowd_loop(
    crowd: Crowd, vocabulary: Vocabulary, settings: Settings, on_progress: OnProgress = no_progress
) -> Personalizer:
    """The real loop over a database that counts its calls; only the drawing is a pause.

    Args:
        crowd: how long drawing takes.
        vocabulary: the words.
        settings: the folder for everything is `data`.
        on_progress: of the preparation.
    """
    settings = replace(settings, database_url="", bank=0, feature_source="texts")
    renderer, embedder = TimedRenderer(crowd.batch_s, crowd.batch, crowd.replicas), HashEmbedder()
    preparation = prepare(vocabulary, renderer, embedder, settings, on_progress)
    store: Any = _Counted(DatabaseStore(settings.database, settings.picture_place))
    renderer.quick = False
    return Personalizer(preparation, store, renderer, embedder, settings)


def simulate_crowd(
    crowd: Crowd, vocabulary: Vocabulary, settings: Settings, on_progress: OnProgress = no_progress
) -> dict[str, Any]:
    """Seconds from pick to pictures, a newcomer's first round, and what the queue and the store did."""
    with tempfile.TemporaryDirectory() as folder:
        loop = crowd_loop(crowd, vocabulary, replace(settings, data=Path(folder)), on_progress)
        return _run(crowd, loop, loop.store, vocabulary, on_progress)


def _run(
    crowd: Crowd, loop: Personalizer, store: Any, vocabulary: Vocabulary, on_progress: OnProgress
) -> dict[str, Any]:
    waits: list[float] = []
    ready: list[bool] = []
    errors: list[BaseException] = []
    end = 0.0

    def visit(number: int) -> None:
        chance = random.Random(1_000_003 * crowd.seed + number)
        token = loop.start(vocabulary.subjects[number % len(vocabulary.subjects)], seed=number).token
        _shown(loop, token)
        while True:
            time.sleep(chance.uniform(*crowd.thinking_s))
            current = loop.session(token).current
            assert current is not None
            begun = time.monotonic()
            session = loop.answer(token, current.number, best=chance.randrange(current.options))
            ready.append(_shown(loop, token, session))
            waits.append(time.monotonic() - begun)
            if time.monotonic() > end:
                return

    def guarded(number: int) -> None:
        try:
            visit(number)
        except BaseException as error:  # noqa: BLE001 - told at the end
            errors.append(error)

    for number in range(crowd.lookers):
        token = loop.start(vocabulary.subjects[number % len(vocabulary.subjects)], seed=10**6 + number).token
        _shown(loop, token)
    begun_s, cpu_s = time.monotonic(), time.process_time()
    end = begun_s + crowd.seconds
    threads = [threading.Thread(target=guarded, args=(n,), daemon=True) for n in range(crowd.visitors)]
    newcomer = _Newcomer(loop, vocabulary, crowd)
    for thread in threads:
        thread.start()
    time.sleep(0.5 * crowd.seconds)
    newcomer.start()
    while any(thread.is_alive() for thread in threads):
        spent = min(crowd.seconds, time.monotonic() - begun_s)
        on_progress("visitors pick", int(spent), int(crowd.seconds))
        time.sleep(0.5)
    newcomer.join()
    if errors:
        raise errors[0]
    queue = loop.queue
    each_s = {size: round(spent_s, 3) for size, spent_s in queue.pace.seconds_a_picture.items()}
    rounds = len(waits)
    spent_s = time.monotonic() - begun_s
    found = {
        "visitors": crowd.visitors,
        "lookers": crowd.lookers,
        "batch": crowd.batch,
        "marginal": crowd.marginal,
        "replicas": crowd.replicas,
        "round_s": round(crowd.round_s, 3),
        "fair_turn_s": round(crowd.fair_turn_s, 3),
        **figures_of_waits(waits, sum(ready), spent_s),
        "newcomer_s": round(newcomer.took_s, 3),
        "drawings": queue.made,
        "drawings_a_second": round(queue.made / spent_s, 2),
        "drawings_wasted": queue.wasted,
        "drawings_shared": queue.shared,
        "seconds_a_picture": each_s,
        "store_calls_a_pick": round(sum(store.calls.values()) / max(1, rounds), 1),
        "cpu_s_a_pick": round((time.process_time() - cpu_s) / max(1, rounds), 3),
        "memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    found["p95_by_fair_turn"] = round(found["p95_s"] / crowd.fair_turn_s, 2)
    found["max_by_median"] = round(found["max_s"] / max(found["p50_s"], 1e-9), 2)
    queue.close(wait_s=60.0)
    return found


class _Newcomer(threading.Thread):
    """Somebody who arrives in the middle and waits for a first round."""

    def __init__(self, loop: Personalizer, vocabulary: Vocabulary, crowd: Crowd) -> None:
        super().__init__(daemon=True)
        self._loop, self._vocabulary, self.took_s = loop, vocabulary, float("nan")

    def run(self) -> None:
        """Start a session and wait for its pictures."""
        begun = time.monotonic()
        _shown(self._loop, self._loop.start(self._vocabulary.subjects[0], seed=10**7).token)
        self.took_s = time.monotonic() - begun


def _shown(loop: Personalizer, token: str, session: Any = None) -> bool:
    """Wait for the open round, and have the next one drawn ahead; whether the round was there at once."""
    snapshot = loop.open_round(token, session)
    current = snapshot.session.current
    assert current is not None
    at_once = current.rendered
    while not current.rendered:
        current = loop.request_round(token, current).result()
    loop.request_ahead(token, replace(snapshot.session, rounds=(*snapshot.session.rounds[:-1], current)))
    return at_once


def figures_of_waits(waits: Sequence[float], ready: int, spent_s: float) -> dict[str, Any]:
    """What every kind of crowd says of its rounds.

    Args:
        waits: seconds from pick to pictures, one for each round.
        ready: rounds whose pictures were there at the pick.
        spent_s: seconds in which the rounds were seen.
    """
    ordered = sorted(waits)
    return {
        "rounds": len(ordered),
        "rounds_a_second": round(len(ordered) / spent_s, 2),
        "ready_share": round(ready / max(1, len(ordered)), 3),
        "p50_s": quantile(ordered, 0.5),
        "p95_s": quantile(ordered, 0.95),
        "max_s": quantile(ordered, 1.0),
    }


def quantile(waits: Sequence[float], share: float) -> float:
    """The quantile of sorted numbers; NaN where there are none."""
    if not waits:
        return float("nan")
    return round(waits[min(len(waits) - 1, int(share * len(waits)))], 3)
