"""The record of a soak, and its page."""

import json
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

COLUMNS = {
    "web_processes": "web processes",
    "visitors": "visitors",
    "seconds": "seconds",
    "sessions": "sessions",
    "acknowledged": "answers acknowledged",
    "lost": "lost",
    "doubled": "doubled",
    "different": "different",
    "given_up": "given up",
    "fuzzed": "fuzzed requests",
    "statuses_of_500_and_more": "statuses of 500 and more",
    "tracebacks": "tracebacks",
}

NOT_TRIED = (
    "the clock set back (the clock of a running machine cannot be changed here)",
    "a damaged database (a person must decide; `tests/session/test_damage.py` holds what is said)",
)


def write(runs: list[dict[str, Any]], seed: int, out: Path) -> None:
    """Write `reliability.json` and `README.md` into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    kept = [{key: value for key, value in run.items() if key != "log"} for run in runs]
    record = {
        "schema": 1,
        "command": "python -m tests.soak",
        "seed": seed,
        "made": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "runs": kept,
    }
    (out / "reliability.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (out / "README.md").write_text(page(record), encoding="utf-8")


def page(record: dict[str, Any]) -> str:
    """The page of a record, in Markdown."""
    runs = record["runs"]
    lines = [
        "# What is lost when things go wrong",
        "",
        f"`{record['command']}` made this page ({record['made']}, seed {record['seed']}).",
        "Visitors pick through the endpoints, and write down every answer that was acknowledged.",
        "Faults happen in random order, and nobody repairs anything. Only the networks are stand-ins.",
        "*Lost*: an answer was acknowledged and is not in the session at the end.",
        "*Doubled*: a session has more answers than its visitor gave.",
        "*Different*: a round or a picture is not as at first sight.",
        "*Given up*: a visitor tried the same thing for 90 s.",
        "",
        "| | " + " | ".join(run["database"] for run in runs) + " |",
        "|---|" + "---|" * len(runs),
    ]
    for key, name in COLUMNS.items():
        lines.append(f"| {name} | " + " | ".join(f"{run[key]}" for run in runs) + " |")
    lines += ["", "| Fault | Database | Times | Longest recovery (s) |", "|---|---|---|---|"]
    for run in runs:
        for name, told in run["faults"].items():
            lines.append(f"| {name} | {run['database']} | {told['times']} | {told['longest_recovery_s']} |")
    left_out = [*NOT_TRIED, *(f"{name} ({why})" for run in runs for name, why in run["left_out"].items())]
    lines += ["", "Not tried: " + "; ".join(left_out) + ".", ""]
    return "\n".join(lines)
