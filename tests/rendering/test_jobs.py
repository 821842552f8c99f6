"""A job lasts as long as somebody wants it."""

import pytest

from personalize.errors import CancelledError
from personalize.rendering.jobs import ABANDONED_S
from tests.rendering.bench import AHEAD, PICTURES, ROUND, WAIT_S, Bench, done, pictures


def test_a_job_that_its_followers_left_is_dropped_after_a_while(bench: Bench) -> None:
    busy = bench.ask("z")
    bench.wait_for_batch()
    job = bench.queue.submit("a", ROUND, pictures("a"))
    with job.followed():
        assert job.purpose is ROUND
    assert job.purpose is AHEAD and not job.future.done()
    with job.followed():
        assert job.purpose is ROUND  # whoever comes back waits again
    bench.now += ABANDONED_S + 1
    bench.draw_all()
    done(busy)
    with pytest.raises(CancelledError):
        job.future.result(WAIT_S)
    assert bench.order() == ["z"]


def test_one_follower_leaving_does_not_trouble_the_others(bench: Bench) -> None:
    job = bench.queue.submit("a", ROUND, pictures("a"))
    with job.followed():
        with job.followed():
            pass
        assert job.purpose is ROUND and job.abandoned_s is None


def test_a_wait_ends_when_its_step_says_so(bench: Bench) -> None:
    job = bench.queue.submit("a", PICTURES, pictures("a"))

    def stop(done: int, total: int) -> None:
        raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        job.result(stop)
    assert job.abandoned_s is not None
