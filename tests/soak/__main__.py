"""`python -m tests.soak --minutes 60`: let things go wrong, count what is lost, and write the report."""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.soak.clock import clocks
from tests.soak.report import write
from tests.soak.run import ON_RAY, soak

ROOT = Path(__file__).parents[2]
RUNS = ("sqlite", "postgresql", ON_RAY)


def main() -> int:
    """Run every database for its share of the time; 1 if anything was lost, doubled or different."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="for all runs together")
    parser.add_argument("--visitors", type=int, default=6)
    parser.add_argument("--fuzzed", type=int, default=10_000, help="most requests that no browser sends")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=ROOT / "assets" / "evidence" / "reliability")
    parser.add_argument("--logs", type=Path, help="a folder for what the web processes wrote")
    parser.add_argument("--proxy", action="store_true", help="the two web processes behind HAProxy")
    parser.add_argument(
        "--run", choices=RUNS, action="append", help="one of the runs; without it the first two"
    )
    parser.add_argument("--kills", type=int, default=50, help="how often a replica of Ray is killed")
    parser.add_argument("--remark", default="", help="a sentence about the machine, for the page")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="palate-clock-") as name, clocks(Path(name)):
        runs = _runs(chosen)
    if chosen.logs:
        chosen.logs.mkdir(parents=True, exist_ok=True)
        for run in runs:
            (chosen.logs / f"{run['database']}.log").write_text(run["log"], encoding="utf-8")
    write(runs, chosen.seed, chosen.out, chosen.remark)
    wrong = sum(run[what] for run in runs for what in ("lost", "doubled", "different"))
    _tell(f"{chosen.out / 'README.md'}: {wrong} answers lost or doubled, or rounds different")
    return 1 if wrong else 0


def _runs(chosen: argparse.Namespace) -> list[dict[str, Any]]:
    databases = chosen.run or RUNS[:2]
    return [
        soak(
            database,
            chosen.minutes / len(databases),
            chosen.visitors,
            chosen.fuzzed // len(databases),
            chosen.seed,
            _tell,
            proxied=chosen.proxy and database != "sqlite",
            kills=chosen.kills,
        )
        for database in databases
    ]


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
