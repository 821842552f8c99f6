"""Health checks and metrics."""

import errno
import os
import shutil
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.testclient import TestClient

from personalize.errors import StalledError, StoreError
from personalize.preparation.prepare import prepare
from personalize.rounds.personalizer import Personalizer
from personalize.session.database_store import DatabaseStore
from personalize.session.memory_store import MemoryStore
from personalize.settings import Settings
from personalize.ui.http.health import health_routes
from personalize.ui.http.metrics import Metrics
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary


class Loop(Personalizer):
    """A loop whose store can be broken."""

    store_answers = True

    def session(self, token: str) -> Any:
        if not self.store_answers:
            raise StoreError("Gone.")
        return super().session(token)


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Loop:
    settings = Settings(data=tmp_path_factory.mktemp("data"), candidates=200, pool=64)
    preparation = prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)
    return Loop(preparation, MemoryStore(), FakeRenderer(), FakeEmbedder(), settings)


def test_readiness_asks_the_store(loop: Loop) -> None:
    client = TestClient(Starlette(routes=health_routes(loop, Metrics())))
    assert client.get("/readyz").status_code == 200
    loop.store_answers = False
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_the_log_says_once_why_the_app_is_not_ready_however_often_a_proxy_asks(
    loop: Loop, caplog: pytest.LogCaptureFixture
) -> None:
    client = TestClient(Starlette(routes=health_routes(loop, Metrics())))
    for _ in range(2):
        loop.store_answers = False
        assert {client.get("/readyz").status_code for _ in range(3)} == {503}
        loop.store_answers = True
        assert client.get("/readyz").status_code == 200
    assert [record.getMessage() for record in caplog.records] == [
        "not ready: the store does not answer. Gone."
    ] * 2
    assert not any(record.exc_info for record in caplog.records)  # a sentence that is foreseen


def test_readiness_says_that_the_renderer_stands_still_until_it_moves(loop: Loop) -> None:
    begun, hung, now = threading.Event(), threading.Event(), [0.0]

    class Hanging(FakeRenderer):
        def render(self, jobs: Any, on_step: Any = None) -> list[bytes]:
            begun.set()
            assert hung.wait(30)
            return super().render(jobs, on_step)

    settings = replace(loop.settings, stall_s=5.0)
    stuck = Personalizer(loop.preparation, MemoryStore(), Hanging(), FakeEmbedder(), settings)
    stuck.queue.clock = lambda: now[0]
    client = TestClient(Starlette(routes=health_routes(stuck, Metrics())))
    token = stuck.start("a fox", seed=1).token
    job = stuck.request_round(token, stuck.propose(token))
    assert begun.wait(30)
    now[0] = 4.0
    assert client.get("/readyz").status_code == 200
    now[0] = 6.0
    answer = client.get("/readyz")
    assert answer.status_code == 503 and answer.text == "the renderer has made no step for 6 s"
    assert isinstance(job.future.exception(30), StalledError)
    assert client.get("/healthz").status_code == 200
    hung.set()
    assert stuck.render(token, 1).rendered
    assert client.get("/readyz").status_code == 200


def test_readiness_needs_a_disk_with_space_and_a_folder(
    loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data=tmp_path, candidates=200, pool=64)
    store = DatabaseStore(settings.database, settings.picture_place)
    on_disk = Personalizer(loop.preparation, store, FakeRenderer(), FakeEmbedder(), settings)
    client = TestClient(Starlette(routes=health_routes(on_disk, Metrics())))
    assert client.get("/readyz").status_code == 200
    with monkeypatch.context() as full:

        def no_space(*_: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        full.setattr(os, "fsync", no_space)
        answer = client.get("/readyz")
        assert (answer.status_code, answer.text) == (503, "the store cannot be written")
    assert client.get("/readyz").status_code == 200
    database = settings.data / "palate.sqlite3"
    database.rename(settings.data / "moved away")
    assert client.get("/readyz").status_code == 503
    (settings.data / "moved away").rename(database)
    assert client.get("/readyz").status_code == 200
    pictures = settings.folder / "pictures"
    shutil.rmtree(pictures)
    assert client.get("/readyz").status_code == 200 and pictures.is_dir()
    pictures.rmdir()
    pictures.touch()
    assert client.get("/readyz").status_code == 503
    store.close()


def test_metrics_can_be_read_and_say_nothing_personal(loop: Loop) -> None:
    metrics = Metrics()
    metrics.session()
    metrics.answer("best")
    metrics.answer("none")
    metrics.begun("round")
    metrics.ended("round", 1.5, failed=False)
    metrics.begun("personal")
    metrics.ended("personal", 0.2, failed=True)
    metrics.begun("ahead")
    answer = TestClient(Starlette(routes=health_routes(loop, metrics))).get("/metrics")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["palate_sessions_total",] == 1.0
    assert samples["palate_answers_total", "best"] == samples["palate_answers_total", "none"] == 1.0
    assert samples["palate_drawing_seconds_count", "round"] == 1.0
    assert samples["palate_drawing_seconds_bucket", "round", "1.0"] == 0.0
    assert samples["palate_drawing_seconds_bucket", "round", "2.0"] == 1.0
    assert samples["palate_drawings_failed_total", "personal"] == 1.0
    assert samples["palate_drawings_under_way", "ahead"] == 1.0
    assert samples["palate_drawings_under_way", "round"] == 0.0
