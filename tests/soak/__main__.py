"""`python -m tests.soak --minutes 60`: let things go wrong, count what is lost, and write the report."""

import argparse
import sys
from pathlib import Path

from tests.soak.hall import soak
from tests.soak.report import write

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Run both databases for half of the time each; 1 if anything was lost, doubled or different."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="for both databases together")
    parser.add_argument("--visitors", type=int, default=6)
    parser.add_argument("--fuzzed", type=int, default=10_000, help="most requests that no browser sends")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=ROOT / "assets" / "evidence" / "reliability")
    parser.add_argument("--logs", type=Path, help="a folder for what the web processes wrote")
    chosen = parser.parse_args()
    runs = [
        soak(database, chosen.minutes / 2, chosen.visitors, chosen.fuzzed // 2, chosen.seed, _tell)
        for database in ("sqlite", "postgresql")
    ]
    if chosen.logs:
        chosen.logs.mkdir(parents=True, exist_ok=True)
        for run in runs:
            (chosen.logs / f"{run['database']}.log").write_text(run["log"], encoding="utf-8")
    write(runs, chosen.seed, chosen.out)
    wrong = sum(run[what] for run in runs for what in ("lost", "doubled", "different"))
    _tell(f"{chosen.out / 'README.md'}: {wrong} answers lost or doubled, or rounds different")
    return 1 if wrong else 0


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
