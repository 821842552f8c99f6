"""What many people a day need, by arithmetic: machines, cores, rows, bytes and money.

The figures and their sources are in `growth.toml`. `benchmark growth` prints the tables of
`assets/deploy/README.md`.
"""

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DAYS = (1_000, 100_000, 10_000_000)
"""People a day."""

DAY_S = 86_400.0

MONTH = 30.0
"""Days of a month."""

MONTH_H = 24.0 * MONTH


def read_figures() -> dict[str, Any]:
    """The figures of `growth.toml`."""
    with Path(__file__).with_name("growth.toml").open("rb") as file:
        return tomllib.load(file)


@dataclass(frozen=True)
class Day:
    """What people of a day ask for. Figures a second are those of the busiest hour.

    Attributes:
        people: visits a day.
        at_once: people on the page.
        picks_s: picks a second.
        least_s: pictures a second, without any that is drawn ahead.
        most_s: pictures a second, with all that are drawn ahead.
        cores: cores of web processes.
        calls_s: calls of the database a second.
        rows: rows a day.
        database_gb: bytes of rows that are kept, in GB.
        objects_gb: bytes of pictures that are kept, in GB.
        egress_gb: bytes sent in a month, in GB.
        egress_mbit: bits sent a second, in Mbit.
    """

    people: int
    at_once: float
    picks_s: float
    least_s: float
    most_s: float
    cores: float
    calls_s: float
    rows: float
    database_gb: float
    objects_gb: float
    egress_gb: float
    egress_mbit: float


def of_day(people: int, figures: dict[str, Any]) -> Day:
    """What so many people a day ask for."""
    visit, drawn, costs = figures["visit"], figures["round"], figures["costs"]
    answers, kept = visit["answers"], visit["kept_days"]
    visits_s = people / DAY_S * visit["peak"]
    picks_s = visits_s * answers
    least, most = pictures_of_visit(figures)
    sent = answers * (costs["reply_bytes"] + costs["pictures_loaded"] * costs["picture_bytes"])
    return Day(
        people=people,
        at_once=visits_s * (answers * visit["look_s"] + visit["personal_s"]),
        picks_s=picks_s,
        least_s=visits_s * least,
        most_s=visits_s * most,
        cores=picks_s * costs["pick_cpu_s"] / figures["machines"]["web_busy"],
        calls_s=picks_s * costs["calls_a_pick"],
        rows=people * costs["rows"],
        database_gb=people * kept * costs["row_bytes"] / 1e9,
        objects_gb=people * kept * (answers * drawn["drawn_ahead"]) * costs["picture_bytes"] / 1e9,
        egress_gb=people * MONTH * sent / 1e9,
        egress_mbit=visits_s * sent * 8 / 1e6,
    )


def pictures_of_visit(figures: dict[str, Any]) -> tuple[int, int]:
    """Pictures drawn for a visit: without any that is drawn ahead, and with all."""
    visit, drawn = figures["visit"], figures["round"]
    shown = visit["answers"] * drawn["pictures"]
    ahead = drawn["pictures"] + visit["answers"] * drawn["drawn_ahead"]
    return shown + visit["personal"], ahead + visit["personal"]


def machines(pictures_s: float, seconds: float, figures: dict[str, Any]) -> int:
    """Machines that draw so many pictures a second, each in so many seconds."""
    busy: float = figures["machines"]["busy"]
    return math.ceil(pictures_s * seconds / busy)


def people_carried(count: float, seconds: float, figures: dict[str, Any]) -> tuple[int, int]:
    """People at once and people a day that machines carry, if nothing is drawn ahead at the peak."""
    one = of_day(1, figures)
    people = count * figures["machines"]["busy"] / (one.least_s * seconds)
    return round(people * one.at_once), round(people)


def egress_cost(sent_gb: float, figures: dict[str, Any]) -> float:
    """Dollars for the bytes that are sent in a month, by steps of the price."""
    paid, below = 0.0, 0.0
    for tera, price in figures["prices"]["egress_gb"]:
        top = 1000.0 * tera if tera else math.inf
        paid += max(0.0, min(sent_gb, top) - below) * price
        below = top
    return paid


def growth_tables(figures: dict[str, Any] | None = None) -> str:
    """All tables in Markdown."""
    figures = figures or read_figures()
    parts = (_carried, _asked, _drawn, _money)
    return "\n\n".join(part(figures) for part in parts)


def _carried(figures: dict[str, Any]) -> str:
    rows = []
    for name, count, said in fleets(figures):
        model = figures["models"][name]
        at_once, people = people_carried(count, model["seconds"], figures)
        rows.append((said, name, short(at_once), short(people)))
    return markdown_table(("Machines", "Model", "People at once", "People a day"), rows)


def fleets(figures: dict[str, Any]) -> list[tuple[str, int, str]]:
    """Machines that are compared: the model that they draw with, their number, and what they are called."""
    gpus = [
        (name, count, f"{count} x {model['machine']}")
        for count in (1, 8)
        for name, model in figures["models"].items()
        if name != "mini"
    ]
    return [("mini", 4, "laptop, 4 cores"), *gpus]


def _asked(figures: dict[str, Any]) -> str:
    days = [of_day(people, figures) for people in DAYS]
    lines: tuple[tuple[str, Sequence[float]], ...] = (
        ("People on the page at the peak", [day.at_once for day in days]),
        ("Picks a second", [day.picks_s for day in days]),
        ("Pictures a second, none drawn ahead", [day.least_s for day in days]),
        ("Pictures a second, all drawn ahead", [day.most_s for day in days]),
        ("Cores of web processes", [day.cores for day in days]),
        ("Calls of the database a second", [day.calls_s for day in days]),
        ("Rows a day", [day.rows for day in days]),
        ("Rows kept, GB", [day.database_gb for day in days]),
        ("Pictures kept, GB", [day.objects_gb for day in days]),
        ("Sent in a month, GB", [day.egress_gb for day in days]),
        ("Sent at the peak, Mbit a second", [day.egress_mbit for day in days]),
    )
    head = ("At the busiest hour", *(f"{people:,} a day" for people in DAYS))
    return markdown_table(head, [(name, *map(short, values)) for name, values in lines])


def _drawn(figures: dict[str, Any]) -> str:
    rows = []
    for name, model in figures["models"].items():
        counts = []
        for people in DAYS:
            day = of_day(people, figures)
            least, most = (machines(rate, model["seconds"], figures) for rate in (day.least_s, day.most_s))
            counts.append(f"{short(least)} to {short(most)}" if least != most else short(least))
        rows.append((name, model["machine"], f"{model['seconds']:g}", *counts, model["source"]))
    head = ("Model", "Machine", "Seconds a picture", *(f"{people:,} a day" for people in DAYS), "Source")
    return markdown_table(head, rows)


def _money(figures: dict[str, Any]) -> str:
    prices, rows = figures["prices"], []
    days = [of_day(people, figures) for people in DAYS]
    for name, model in figures["models"].items():
        hour = prices[model["machine"]]
        paid = [machines(day.least_s, model["seconds"], figures) * hour * MONTH_H for day in days]
        rows.append((f"Machines for {name}", *map(_dollars, paid)))
    web = [math.ceil(day.cores) * prices["CPU core"] * MONTH_H for day in days]
    rows.append(("Web processes", *map(_dollars, web)))
    rows.append(("Rows", *(_dollars(day.database_gb * prices["database_gb"]) for day in days)))
    rows.append(("Pictures kept", *(_dollars(day.objects_gb * prices["object_gb"]) for day in days)))
    rows.append(("Bytes sent", *(_dollars(egress_cost(day.egress_gb, figures)) for day in days)))
    return markdown_table(("Dollars a month", *(f"{people:,} a day" for people in DAYS)), rows)


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def short(value: float) -> str:
    """Two digits that count, with commas: more would pretend to be known."""
    if value >= 100:
        digits = 1 - math.floor(math.log10(value))
        return f"{round(value, digits):,.0f}"
    return f"{value:.2g}" if value else "0"


def _dollars(value: float) -> str:
    return short(value) if value >= 1 else "under 1"
