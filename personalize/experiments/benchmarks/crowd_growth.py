"""How a crowd grows with the machines: the most visitors for whom pictures come soon enough."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from personalize.errors import SettingsError
from personalize.experiments.benchmarks.crowd import Crowd
from personalize.progress import OnProgress, no_progress

CLOSE = 0.02
"""The search ends when it knows the number of visitors to this share."""

ACCEPTED = 0.85
"""Share of linear growth that is aimed at."""


@dataclass(frozen=True)
class Search:
    """What is searched.

    Attributes:
        replicas: numbers of machines.
        limit_s: p95 of the seconds from pick to pictures that is soon enough.
        seeds: seeds of the looks and picks; each is searched, and paired over the numbers of machines.
    """

    replicas: tuple[int, ...] = (1, 2, 4)
    limit_s: float = 1.0
    seeds: tuple[int, ...] = (0, 1, 2)

    def __post_init__(self) -> None:
        """Refuse what cannot be searched.

        Raises:
            SettingsError: a number out of range.
        """
        if not self.replicas or min(self.replicas) < 1 or self.limit_s <= 0.0 or not self.seeds:
            raise SettingsError(
                f"Expected replicas of at least 1, a positive --limit-s and a seed, found {self.replicas}, "
                f"{self.limit_s:g} and {self.seeds}. Correct the flags."
            )


def grow(
    crowd: Crowd,
    search: Search,
    run: Callable[[Crowd], dict[str, Any]],
    on_progress: OnProgress = no_progress,
) -> dict[str, Any]:
    """The largest crowd of every number of machines, and its share of linear growth from the first number.

    Args:
        crowd: times, batch and duration; visitors, replicas and seed are those of the search.
        search: machines, limit and seeds.
        run: simulates a crowd and gives its `p95_s`.
        on_progress: called for each search.
    """
    rows: list[dict[str, Any]] = []
    for place, count in enumerate(search.replicas):
        found = []
        for number, seed in enumerate(search.seeds):
            done = place * len(search.seeds) + number
            on_progress("largest crowds", done, len(search.replicas) * len(search.seeds))
            found.append(_largest(replace(crowd, replicas=count, seed=seed), search.limit_s, run))
        rows.append({"replicas": count, "visitors": found, "mean": round(sum(found) / len(found), 1)})
    first = rows[0]
    for row in rows:
        linear = row["replicas"] / first["replicas"]
        ratios = [now / (linear * then) for now, then in zip(row["visitors"], first["visitors"], strict=True)]
        row["of_linear"] = round(sum(ratios) / len(ratios), 3)
    return {
        "limit_s": search.limit_s,
        "round_s": round(crowd.round_s, 3),
        "thinking_s": list(crowd.thinking_s),
        "seconds": crowd.seconds,
        "rows": rows,
        "aim": ACCEPTED,
        "met": all(row["of_linear"] >= ACCEPTED for row in rows),
    }


def _largest(crowd: Crowd, limit_s: float, run: Callable[[Crowd], dict[str, Any]]) -> int:
    """Most visitors whose p95 is within the limit, by halving between one that fits and one that does not."""

    def fits(visitors: int) -> bool:
        return bool(run(replace(crowd, visitors=visitors))["p95_s"] <= limit_s)

    look_s = sum(crowd.thinking_s) / 2
    high = max(1, round(crowd.replicas * (look_s + limit_s) / crowd.round_s))  # all machines busy with rounds
    while fits(high):
        high *= 2
    low = 0
    while high - low > max(1, round(CLOSE * high)):
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def growth_table(found: dict[str, Any]) -> str:
    """The result for people."""
    low, high = found["thinking_s"]
    head = (
        f"Most visitors with a p95 of at most {found['limit_s']:g} s. A round is drawn in "
        f"{found['round_s']:g} s, and looked at for {low:g} to {high:g} s."
    )
    rows: Sequence[dict[str, Any]] = found["rows"]
    lines = [
        f"{row['replicas']:>8}  {row['mean']:>8g}  {row['of_linear']:>9.2f}  {row['visitors']}"
        for row in rows
    ]
    said = "met" if found["met"] else "missed"
    columns = "replicas  visitors  of linear  by seed"
    return "\n".join([head, columns, *lines, f"aim: {found['aim']:g} of linear, {said}"])
