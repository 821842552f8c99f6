"""The arithmetic of `growth` held against the simulated queue: the same machines and the same people."""

from typing import Any

from personalize.experiments.benchmarks.crowd import Crowd
from personalize.experiments.benchmarks.growth import fleets, markdown_table, people_carried, short
from personalize.experiments.benchmarks.simulated_crowd import Visit, simulate_in_time
from personalize.progress import OnProgress, no_progress

SECONDS = 600.0
"""Simulated time."""


def simulated_table(
    figures: dict[str, Any], most: float = float("inf"), on_progress: OnProgress = no_progress
) -> str:
    """A row for all machines that `growth` compares, in Markdown.

    The page has as many people as the arithmetic gives the machines. Only the next round is drawn ahead.
    Batches of several rounds save nothing.

    Args:
        figures: of `growth.toml`.
        most: people on the page, above which a row is left out; its time grows with their square.
        on_progress: called before every row.
    """
    visit, rows = figures["visit"], []
    carried = [
        (name, count, said, people_carried(count, figures["models"][name]["seconds"], figures)[0])
        for name, count, said in fleets(figures)
    ]
    chosen = [one for one in carried if one[3] <= most]
    for done, (name, count, said, people) in enumerate(chosen):
        on_progress("machines", done, len(chosen))
        crowd = Crowd(
            visitors=people,
            picture_s=figures["models"][name]["seconds"],
            thinking_s=(0.5 * visit["look_s"], 1.5 * visit["look_s"]),
            replicas=count,
            seconds=SECONDS,
            marginal=1.0,
        )
        stay = Visit(visit["answers"], visit["personal"], visit["personal_s"], drawn_ahead=0)
        found = simulate_in_time(crowd, stay)
        drawn = found["busy_share"] / figures["machines"]["busy"]
        waits = (f"{found['p50_s']:.1f} s", f"{found['p95_s']:.1f} s")
        rows.append((said, name, short(people), f"{found['busy_share']:.2f}", f"{drawn:.2f}", *waits))
    head = ("Machines", "Model", "People at once", "Busy", "Of the arithmetic", "Wait, median", "p95")
    return markdown_table(head, rows)
