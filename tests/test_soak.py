"""Nothing is lost when processes are killed and disks misbehave: the soak in about a minute.

`python -m tests.soak` runs it for longer, and writes its report.
"""

import pytest

from tests.session.conftest import STORES
from tests.soak.hall import soak
from tests.soak.report import page


@pytest.mark.parametrize("database", [name for name in STORES if name in ("sqlite", "postgresql")])
def test_no_acknowledged_answer_is_lost_or_doubled_and_nothing_differs(database: str) -> None:
    lines: list[str] = []
    run = soak(database, 0.0, visitors=3, fuzzed=400, seed=1, told=lines.append)
    for what in ("lost", "doubled", "different", "given_up", "without_a_sentence"):
        assert run[what] == 0, (what, run["sentences"], lines)
    assert run["acknowledged"] > 0 and run["fuzzed"] > 0
    assert run["statuses_of_500_and_more"] == 0, run["sentences"]
    assert run["tracebacks"] == 0, run["log"][-6000:]
    assert all(told["times"] >= 1 for told in run["faults"].values())
    assert database in page({"command": "a test", "made": "today", "seed": 1, "runs": [run]})
