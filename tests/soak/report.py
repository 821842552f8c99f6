"""The record of a soak, and its page."""

import json
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

COLUMNS = {
    "made": "made",
    "seed": "seed",
    "web_processes": "web processes",
    "proxy": "proxy",
    "visitors": "visitors",
    "seconds": "seconds",
    "sessions": "sessions",
    "acknowledged": "answers acknowledged",
    "lost": "lost",
    "doubled": "doubled",
    "different": "different",
    "refused": "refused",
    "given_up": "given up",
    "fuzzed": "fuzzed requests",
    "statuses_of_500_and_more": "statuses of 500 and more",
    "statuses_of_the_proxy": "of the proxy alone, for a killed process",
    "tracebacks": "tracebacks",
}

NOT_TRIED = ("a damaged database (a person must decide; `tests/session/test_damage.py` holds what is said)",)


def write(runs: list[dict[str, Any]], seed: int, out: Path, remark: str = "") -> None:
    """Write `reliability.json` and `README.md` into a folder. Runs of other databases stay in them."""
    out.mkdir(parents=True, exist_ok=True)
    file = out / "reliability.json"
    today, python = datetime.now(UTC).date().isoformat(), platform.python_version()
    made = {"made": today, "seed": seed, "python": python, "remark": remark}
    before = json.loads(file.read_text("utf-8"))["runs"] if file.exists() else []
    kept = {run["database"]: run for run in before}
    for run in runs:
        kept[run["database"]] = made | {key: value for key, value in run.items() if key != "log"}
    record = {"schema": 2, "command": "python -m tests.soak", "runs": list(kept.values())}
    file.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (out / "README.md").write_text(page(record), encoding="utf-8")


def page(record: dict[str, Any]) -> str:
    """The page of a record, in Markdown."""
    runs = record["runs"]
    lines = [
        "# What is lost when things go wrong",
        "",
        f"`{record['command']}` makes this page; `--help` names its runs and their lengths.",
        "Visitors pick through the endpoints, and write down every answer that was acknowledged.",
        "Faults happen in random order, and nobody repairs anything.",
        "The networks are stand-ins, except on Ray: there the mini models draw on a real cluster.",
        "*Lost*: an answer was acknowledged and is not in the session at the end.",
        "*Doubled*: a session has more answers than its visitor gave.",
        "*Different*: a round or a picture is not as at first sight.",
        "*Refused*: a visitor met a sentence instead of a round, and asked again.",
        "*A clock set back*: a web process gets the time of an hour ago for a while (`clock.c`).",
        "*Given up*: a visitor tried the same thing for 90 s.",
        "",
        "| | " + " | ".join(run["database"] for run in runs) + " |",
        "|---|" + "---|" * len(runs),
    ]
    for key, name in COLUMNS.items():
        lines.append(f"| {name} | " + " | ".join(f"{run[key]}" for run in runs) + " |")
    lines += ["", "| Fault | Database | Times | Recovery (s), median | longest |", "|---|---|---|---|---|"]
    for run in runs:
        for name, told in run["faults"].items():
            took = f"{told['median_recovery_s']} | {told['longest_recovery_s']}"
            lines.append(f"| {name} | {run['database']} | {told['times']} | {took} |")
    remarks = [f"{run['database']}: {run['remark']}" for run in runs if run["remark"]]
    lines += ["", *remarks] if remarks else []
    left_out = [*NOT_TRIED, *(f"{name} ({why})" for run in runs for name, why in run["left_out"].items())]
    lines += ["", "Not tried: " + "; ".join(left_out) + ".", ""]
    return "\n".join(lines)
