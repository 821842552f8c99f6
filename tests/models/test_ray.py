"""Drawing on a real Ray cluster of this machine: the mini models, in one or two replicas of one thread."""

from __future__ import annotations

import io
import os
import signal
import threading
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

import pytest
import torch
from PIL import Image

from models import ModelError, load_embedder, load_on_ray, load_renderer
from models.clip import OpenClipEmbedder
from models.diffusion import DiffusersRenderer

if TYPE_CHECKING:  # Ray is imported by the door
    from models.ray_renderer import Connection, RayEmbedder, RayRenderer


@dataclass(frozen=True)
class Job:
    prompt: str
    seed: int
    negative_prompt: str = ""


ROUND = [Job("a fox, watercolor", 3), Job("a castle", 4), Job("an owl, night", 5), Job("a fox", 2**62)]
LONG = [Job("a fox", seed) for seed in range(200)]
LANGUAGES = Path(__file__).parents[2] / "personalize" / "ui" / "text" / "languages"
SENTENCES = tomllib.loads((LANGUAGES / "en.toml").read_text("utf-8"))["templates"]
STEPS = 8
"""Denoising steps of the mini model."""


class LeftError(Exception):
    """Whoever asked is gone."""


@pytest.fixture(scope="module")
def local() -> DiffusersRenderer:
    found = load_renderer("mini", 1)
    assert isinstance(found, DiffusersRenderer)
    return found


@pytest.fixture(scope="module")
def clip() -> OpenClipEmbedder:
    return load_embedder("mini", 1)


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RayRenderer, RayEmbedder]]:
    folder = tmp_path_factory.mktemp("ray")
    found = load_on_ray("mini", folder=folder, threads=1, least=1, most=2, queued=2, idle_s=3.0)
    yield found
    found[0].close()


@pytest.fixture
def renderer(networks: tuple[RayRenderer, RayEmbedder]) -> RayRenderer:
    return networks[0]


@pytest.fixture
def embedder(networks: tuple[RayRenderer, RayEmbedder]) -> RayEmbedder:
    return networks[1]


@pytest.fixture
def connection(renderer: RayRenderer) -> Connection:
    return renderer.connection


def opened(contents: list[bytes]) -> list[Image.Image]:
    return [Image.open(io.BytesIO(content)).convert("RGB") for content in contents]


def until(holds: Callable[[], bool], seconds: float = 300.0) -> None:
    """Wait for a condition, as long as a busy machine may need for the start of a replica."""
    end = monotonic() + seconds
    while not holds():
        assert monotonic() < end
        sleep(0.05)


def test_pictures_are_those_of_the_local_renderer_and_come_with_their_embeddings(
    renderer: RayRenderer, embedder: RayEmbedder, local: DiffusersRenderer, clip: OpenClipEmbedder
) -> None:
    assert (renderer.name, renderer.picture_px, renderer.batch) == (local.name, local.picture_px, local.batch)
    assert (embedder.name, embedder.dimension) == (clip.name, clip.dimension)
    drawn = renderer.render(ROUND)
    assert drawn == local.render(ROUND)
    asked = renderer.connection.calls.asked
    seen = embedder.embed_pictures(opened(drawn))
    assert renderer.connection.calls.asked == asked  # nobody was asked: the pictures brought them
    assert torch.equal(seen, clip.embed_pictures(opened(drawn)))


def test_texts_and_strange_pictures_are_embedded_as_by_the_local_clip(
    embedder: RayEmbedder, clip: OpenClipEmbedder
) -> None:
    pictures = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue", "red")]
    assert torch.equal(embedder.embed_pictures(pictures), clip.embed_pictures(pictures))
    assert torch.equal(embedder.embed_texts(["a fox", "night"]), clip.embed_texts(["a fox", "night"]))
    assert embedder.embed_texts([]).shape == embedder.embed_pictures([]).shape == (0, clip.dimension)


def test_steps_arrive_while_a_request_is_drawn(renderer: RayRenderer) -> None:
    steps: list[tuple[int, int]] = []
    renderer.render(ROUND[:2], lambda done, whole: steps.append((done, whole)))
    assert [step for step in steps if step[0]] == [(2 * step, 2 * STEPS) for step in range(1, STEPS + 1)]


def test_a_prompt_that_is_too_long_is_refused_as_by_the_local_renderer(
    renderer: RayRenderer, local: DiffusersRenderer
) -> None:
    endless = Job("a fox " * 200, 1)
    assert renderer.room(endless.prompt) == local.room(endless.prompt) < 0 < renderer.room("a fox")
    with pytest.raises(ModelError) as refused:
        local.render([endless])
    with pytest.raises(ModelError) as told:
        renderer.render([endless])
    assert str(told.value) == str(refused.value)
    assert renderer.warm_up("a castle") == local.warm_up("a castle")


def test_a_request_that_nobody_wants_stops_at_the_next_step(
    renderer: RayRenderer, connection: Connection
) -> None:
    def leave(done: int, whole: int) -> None:
        if done:
            raise LeftError

    before = connection.calls.ask("state")
    with pytest.raises(LeftError):
        renderer.render(LONG, leave)
    renderer.render(ROUND[:1])  # its turn comes when the other one is over
    after = connection.calls.ask("state")
    assert before[0] == after[0]
    assert after[1] - before[1] < STEPS * len(LONG) // renderer.batch


def test_more_requests_than_may_wait_get_a_sentence(renderer: RayRenderer) -> None:
    told, enough = [], threading.Event()

    def wait(done: int, whole: int) -> None:
        if enough.is_set():
            raise LeftError

    def ask(job: Job) -> None:
        try:
            renderer.render([job] * 20, wait)
        except LeftError:
            pass
        except ModelError as error:
            told.append(str(error))
            enough.set()

    with ThreadPoolExecutor(20) as visitors:
        list(visitors.map(ask, LONG[:20]))
    assert told and set(told) == {SENTENCES["machines_busy"]}


def test_a_second_replica_comes_under_load_and_goes_again_without_an_error(
    renderer: RayRenderer, connection: Connection, local: DiffusersRenderer
) -> None:
    grown, rounds = threading.Event(), []

    def visit(visitor: int) -> None:
        while not grown.is_set():
            jobs = [Job("a fox", 100 * visitor + seed) for seed in range(4)]
            rounds.append((jobs, renderer.render(jobs)))

    until(lambda: connection.count.now == 1)
    with ThreadPoolExecutor(2) as visitors:
        visits = [visitors.submit(visit, visitor) for visitor in range(2)]
        try:
            until(lambda: connection.count.now == 2, 600.0)
            assert renderer.capacity == 3
        finally:
            grown.set()
        for visited in visits:
            visited.result()
    for jobs, pictures in (rounds[0], rounds[-1]):
        assert pictures == local.render(jobs)
    until(lambda: connection.count.now == 1)


def test_a_replica_that_dies_in_the_middle_costs_time_and_nothing_else(
    connection: Connection, renderer: RayRenderer, embedder: RayEmbedder, local: DiffusersRenderer
) -> None:
    killed: list[int] = []

    def kill(done: int, whole: int) -> None:
        if done > whole // 3 and not killed:
            killed.append(connection.calls.ask("state")[0])
            os.kill(killed[0], signal.SIGKILL)

    until(lambda: connection.count.now == 1)
    lost = connection.calls.lost
    assert renderer.render(ROUND, kill) == local.render(ROUND)
    assert connection.calls.lost > lost
    assert connection.calls.ask("state")[0] != killed[0]


def test_the_end_of_the_app_ends_what_is_drawn_and_the_cluster(
    connection: Connection, renderer: RayRenderer
) -> None:
    process = connection.calls.ask("state")[0]
    begun, ended = threading.Event(), []

    def draw() -> None:
        try:
            renderer.render(LONG, lambda done, whole: begun.set())
        except ModelError as error:
            ended.append(str(error))

    thread = threading.Thread(target=draw)
    thread.start()
    assert begun.wait(60.0)
    renderer.close()
    thread.join(60.0)
    assert len(ended) == 1 and "Palate is ending" in ended[0]
    until(lambda: not Path(f"/proc/{process}").exists())
    folder = connection.cluster.folder
    assert folder is not None and not folder.exists()
