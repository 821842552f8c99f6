"""``benchmark crowd``: which kind of crowd the flags ask for, and what is printed."""

import argparse
from collections.abc import Callable
from typing import Any

from personalize.errors import SettingsError
from personalize.experiments.benchmarks.crowd import Crowd, simulate_crowd
from personalize.experiments.benchmarks.crowd_growth import Search, grow, growth_table
from personalize.experiments.benchmarks.queue_crowd import visit_queue
from personalize.experiments.benchmarks.simulated_crowd import simulate_in_time
from personalize.progress import ConsoleProgress, OnProgress, no_progress
from personalize.settings import Settings
from personalize.vocabulary.vocabulary import Vocabulary

VisitPage = Callable[[Crowd, Vocabulary, Settings], dict[str, Any]]
"""Lets a crowd visit the page of a server process, which this package knows nothing of."""


def run_crowd(
    chosen: argparse.Namespace, vocabulary: Vocabulary, settings: Settings, visit_page: VisitPage
) -> tuple[dict[str, Any], str]:
    """The result of the crowd that the flags ask for, and its text.

    Raises:
        SettingsError: a flag does not fit.
    """
    replicas = _numbers(chosen.replicas or "0", "--replicas")
    crowd = Crowd(
        chosen.visitors,
        chosen.lookers,
        chosen.picture_s,
        _span(chosen.thinking_s),
        chosen.batch,
        chosen.marginal,
        replicas[0],
        chosen.seconds,
        chosen.seed,
    )

    def run(one: Crowd, on_progress: OnProgress = no_progress) -> dict[str, Any]:
        if chosen.simulated:
            return simulate_in_time(one)
        if chosen.queue_only:
            return visit_queue(one, on_progress)
        return simulate_crowd(one, vocabulary, settings, on_progress)

    if len(replicas) > 1:
        seeds = tuple(range(chosen.seed, chosen.seed + chosen.seeds))
        grown = grow(crowd, Search(replicas, chosen.limit_s, seeds), run, ConsoleProgress())
        return grown, growth_table(grown)
    found = visit_page(crowd, vocabulary, settings) if chosen.http else run(crowd, ConsoleProgress())
    return found, "\n".join(f"{name:<20} {value}" for name, value in found.items())


def _span(text: str) -> tuple[float, float]:
    """Shortest and longest seconds; one number is both.

    Raises:
        SettingsError: something else.
    """
    low, _, high = text.partition(":")
    try:
        return float(low), float(high or low)
    except ValueError:
        raise SettingsError(f"Expected --thinking-s as A:B in seconds, found '{text}'. Correct it.") from None


def _numbers(text: str, flag: str) -> tuple[int, ...]:
    """Whole numbers between commas.

    Raises:
        SettingsError: something else.
    """
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise SettingsError(f"Expected {flag} such as 1,2,4, found '{text}'. Correct it.") from None
