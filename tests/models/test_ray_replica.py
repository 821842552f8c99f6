"""A replica without a cluster: the mini models draw what several requests of one batch want."""

import pytest

from models import ModelError, find_model
from models.jobs import Job
from models.ray_replica import Drawn, PictureReplica, Step, _Order


@pytest.fixture(scope="module")
def replica() -> PictureReplica:
    return PictureReplica(find_model("mini", changes={"steps": 2}), threads=1, compiled="", checked=True)


def job(prompt: str, seed: int = 1) -> Job:
    return Job(prompt, seed)


def test_requests_of_one_batch_get_their_own_pictures(replica: PictureReplica) -> None:
    one, other = _Order([job("a fox"), job("a boat")]), _Order([job("a cat")])
    steps: list[Step | None] = []
    answers = replica._draw_orders([one, other], steps.append)
    assert [len(answer.pictures) for answer in answers if isinstance(answer, Drawn)] == [2, 1]
    assert steps[-1] is None and len(steps) > 2


def test_a_request_that_cannot_be_drawn_and_one_that_nobody_wants_spoil_no_other(
    replica: PictureReplica,
) -> None:
    endless, left, waits = _Order([job("word " * 300)]), _Order([job("a fox")]), _Order([job("a cat")])
    left.given_up = True
    steps: list[Step | None] = []
    answers = replica._draw_orders([endless, left, waits], steps.append)
    refused, nobody, drawn = answers
    assert isinstance(refused, ModelError) and "word" in str(refused)
    assert isinstance(nobody, ModelError) and "Nobody waits" in str(nobody)
    assert isinstance(drawn, Drawn) and len(drawn.pictures) == 1
    assert steps[-1] is None
