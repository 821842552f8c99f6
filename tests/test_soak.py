"""Nothing is lost when processes are killed and disks misbehave: the soak in about a minute.

`python -m tests.soak` runs it for longer, and writes its report.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.session.conftest import STORES
from tests.soak.report import write
from tests.soak.run import ON_RAY, soak


def nothing_is_lost(run: dict[str, Any], told: list[str]) -> None:
    """What every run must hold."""
    for what in ("lost", "doubled", "different", "given_up", "without_a_sentence"):
        assert run[what] == 0, (what, run["sentences"], told)
    assert run["acknowledged"] > 0 and run["fuzzed"] > 0
    assert run["statuses_of_500_and_more"] == 0, run["sentences"]
    assert run["tracebacks"] == 0, run["log"][-6000:]
    assert all(fault["times"] >= 1 for fault in run["faults"].values())


@pytest.mark.parametrize("database", [name for name in STORES if name in ("sqlite", "postgresql")])
def test_no_acknowledged_answer_is_lost_or_doubled_and_nothing_differs(database: str, tmp_path: Path) -> None:
    told: list[str] = []
    run = soak(database, 0.0, visitors=3, fuzzed=400, seed=1, told=told.append)
    nothing_is_lost(run, told)
    write([run | {"database": "another"}], 1, tmp_path)
    write([run], 2, tmp_path)
    kept = json.loads((tmp_path / "reliability.json").read_text("utf-8"))["runs"]
    assert [(one["database"], one["seed"]) for one in kept] == [("another", 1), (database, 2)]
    assert f"| | another | {database} |" in (tmp_path / "README.md").read_text("utf-8")


@pytest.mark.cluster
@pytest.mark.models
@pytest.mark.postgres
def test_a_killed_replica_or_node_costs_visitors_a_wait_and_no_sentence() -> None:
    told: list[str] = []
    run = soak(ON_RAY, 0.0, visitors=2, fuzzed=100, seed=1, told=told.append, kills=2)
    nothing_is_lost(run, told)
    assert run["refused"] == 0, run["sentences"]
