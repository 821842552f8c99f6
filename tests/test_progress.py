"""Progress of slow work: what a person reads about the time left."""

import pytest

from personalize.progress import GapProgress


def test_a_solver_is_as_far_as_its_gap_on_a_log_scale() -> None:
    way = GapProgress(1e-4, 5000)
    done = [way.done(step, 1.0, 10.0**-step) for step in range(5)]
    assert done == pytest.approx([0, 25, 50, 75, 100], abs=1)


def test_progress_never_goes_back_and_begins_at_nothing() -> None:
    way = GapProgress(1e-3, 100)
    gaps = [float("inf"), 5.0, 0.1, 0.4, 0.02, 7.0]
    done = [way.done(step, -2.0, gap) for step, gap in enumerate(gaps)]
    assert done[0] == 0 and done == sorted(done) and 0 < done[2] < 100


def test_a_solver_that_ends_at_its_iterations_is_done_there() -> None:
    way = GapProgress(1e-3, 100)
    assert [way.done(step, 0.0, 1.0) for step in (0, 50, 100)] == [0, 50, 100]
