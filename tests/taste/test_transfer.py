"""Transfer of a taste: the same answers and estimate in another app, and no session from an invalid file."""

import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch

from personalize.errors import CancelledError, RenderError, SessionError
from personalize.preparation.prepare import Preparation, prepare
from personalize.rounds.personalizer import Personalizer
from personalize.session.memory_store import MemoryStore
from personalize.settings import Settings
from personalize.taste.summary import opinions_of
from personalize.taste.transfer import adopt, check_file, taste_file
from tests.fakes import FakeEmbedder, FakeRenderer, Job, fake_vocabulary

ROUNDS = 5


@dataclass
class Home:
    """A loop and one of its sessions."""

    loop: Personalizer
    store: MemoryStore
    renderer: FakeRenderer
    token: str

    def file(self, **changes: Any) -> bytes:
        return json.dumps(
            json.loads(taste_file(self.loop, self.token, "A sentence.").text()) | changes
        ).encode()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data=tmp_path_factory.mktemp("data"), candidates=200)


@pytest.fixture(scope="module")
def preparation(settings: Settings) -> Preparation:
    return prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)


@pytest.fixture
def home(preparation: Preparation, settings: Settings) -> Home:
    store, renderer = MemoryStore(), FakeRenderer()
    loop = Personalizer(preparation, store, renderer, FakeEmbedder(), settings)
    token = loop.start("a fox", seed=3).token
    for number in range(1, ROUNDS + 1):
        loop.propose(token)
        loop.render(token, number)
        if number == 2:
            loop.answer(token, number, none=True)
        elif number == 3:
            loop.answer(token, number, best=1, disliked=[2])
        else:
            loop.answer(token, number, best=number % 4)
    return Home(loop, store, renderer, token)


def test_a_session_goes_on_from_its_file_elsewhere(
    home: Home, preparation: Preparation, settings: Settings
) -> None:
    elsewhere = Personalizer(preparation, MemoryStore(), FakeRenderer(), FakeEmbedder(), settings)
    steps: list[tuple[int, int]] = []
    adopted = adopt(elsewhere, check_file(elsewhere, home.file()), lambda done, of: steps.append((done, of)))
    first = home.loop.session(home.token)
    assert adopted.token != home.token and adopted.subject == "a fox"
    assert [r.answer for r in adopted.answered] == [r.answer for r in first.answered]
    assert [r.pictures for r in adopted.answered] == [r.pictures for r in first.answered]
    one, other = home.loop.estimate(home.token), elsewhere.estimate(adopted.token)
    torch.testing.assert_close(one.theta, other.theta)
    assert elsewhere.propose(adopted.token).number == ROUNDS + 1
    assert steps == sorted(steps) and steps[-1][0] == steps[-1][1]


def test_the_file_says_the_opinions_and_the_words_of_every_picture(home: Home) -> None:
    content = json.loads(home.file())
    opinions = opinions_of(home.loop.preparation, home.loop.snapshot(home.token).estimate)
    assert [o["word"] for o in content["opinions"]] == [o.token for o in opinions if o.token]
    words = content["rounds"][0]["pictures"][0]
    assert ", ".join(["a fox", *words]) == home.loop.session(home.token).round(1).prompts[0]
    assert "best" not in content["rounds"][1] and content["rounds"][2]["worst"] == 3
    assert not {"liked", "disliked"} & {name for told in content["rounds"] for name in told}


def test_a_file_of_a_very_long_session_has_the_newest_rounds(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("personalize.taste.transfer.MOST_ROUNDS", 3)
    file = check_file(home.loop, home.file())
    adopted = adopt(home.loop, file)
    answered = home.loop.session(home.token).answered
    assert [round_.answer for round_ in adopted.answered] == [round_.answer for round_ in answered[-3:]]


def test_the_file_carries_marks(home: Home) -> None:
    loop = home.loop
    token = loop.start("a fox", seed=3).token
    loop.render(token, loop.propose(token).number)
    loop.answer(token, 1, best=0, liked=[2], disliked=[1, 3])
    content = taste_file(loop, token, "A sentence.").text()
    told = json.loads(content)["rounds"][0]
    assert (told["best"], told["liked"], told["disliked"]) == (1, [3], [2, 4])
    answer = adopt(loop, check_file(loop, content.encode())).answered[0].answer
    assert answer is not None and (answer.best, answer.liked, answer.disliked) == (0, (2,), (1, 3))


def test_nothing_answered_makes_no_file(home: Home) -> None:
    with pytest.raises(SessionError, match="Pick a picture first"):
        taste_file(home.loop, home.loop.start("a fox").token, "A sentence.")


def one_round(**changes: Any) -> list[dict[str, Any]]:
    words = list(fake_vocabulary().tokens[1:5])
    plain: dict[str, Any] = {
        "pictures": [[words[0]], [words[1]], []],
        "seed": 1,
        "best": 1,
        "at": "2026-11-24T09:30:00Z",
    }
    return [plain | changes]


@pytest.mark.parametrize(
    ("changes", "about"),
    [
        ({"subject": "<b>fox</b>"}, "markup"),
        ({"rounds": one_round(best=4)}, "round 1"),
        ({"rounds": one_round(worst=1)}, "round 1"),
        ({"rounds": one_round(best=None, worst=2)}, "round 1"),
        ({"rounds": one_round(liked=[2, 9])}, "round 1"),
        ({"rounds": one_round(liked=[2], disliked=[2])}, "round 1"),
        ({"rounds": one_round(disliked=[1])}, "round 1"),
        ({"rounds": one_round(pictures=[[], []])}, "round 1"),
        ({"rounds": one_round(pictures=[["no such word"], []])}, "no such word"),
        ({"rounds": one_round(pictures=[[""], []])}, "words of this app"),
        ({"rounds": one_round() + one_round(pictures=[[], [fake_vocabulary().tokens[1]]])}, "round 2"),
    ],
)
def test_rounds_that_cannot_have_been_are_refused(home: Home, changes: dict[str, Any], about: str) -> None:
    with pytest.raises(SessionError, match=about):
        check_file(home.loop, home.file(**changes))


@pytest.mark.parametrize("name", ["vocabulary", "renderer", "embedder"])
def test_another_app_s_words_and_models_are_refused(home: Home, name: str) -> None:
    models = json.loads(home.file())["models"] | {name: "another"}
    with pytest.raises(SessionError, match="'another'"):
        check_file(home.loop, home.file(models=models))


def test_an_adoption_that_is_stopped_leaves_no_session_and_no_job(home: Home) -> None:
    file = check_file(home.loop, home.file(subject="a castle"))
    before = len(home.store.latest(home.loop.preparation.vocabulary.fingerprint, FakeEmbedder().name, 99))

    def stop(done: int, of: int) -> None:
        raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        adopt(home.loop, file, stop)
    after = home.store.latest(home.loop.preparation.vocabulary.fingerprint, FakeEmbedder().name, 99)
    assert len(after) == before and not home.loop.queue.unfinished


def test_a_failure_on_the_way_leaves_no_session(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    file = check_file(home.loop, home.file(subject="a castle"))
    before = len(home.store.latest(home.loop.preparation.vocabulary.fingerprint, FakeEmbedder().name, 99))

    def fail(*_: object) -> list[bytes]:
        raise RenderError("The brush broke.")

    monkeypatch.setattr(home.renderer, "render", fail)
    with pytest.raises(RenderError):
        adopt(home.loop, file)
    after = home.store.latest(home.loop.preparation.vocabulary.fingerprint, FakeEmbedder().name, 99)
    assert len(after) == before


@dataclass
class PacedRenderer(FakeRenderer):
    """Draws one batch each time that it is told to."""

    batches: list[list[str]] = field(default_factory=list)
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def render(self, jobs: Sequence[Job], on_step: Callable[[int, int], None] | None = None) -> list[bytes]:
        assert on_step is not None
        self.batches.append([job.prompt for job in jobs])
        while not self.go.acquire(timeout=0.005):
            on_step(0, 1)
        return super().render(jobs, on_step)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_sixteen_adoptions_at_once_delay_a_round_by_one_batch_and_go_with_their_visitors(
    home: Home, preparation: Preparation, settings: Settings
) -> None:
    renderer, store, left = PacedRenderer(), MemoryStore(), threading.Event()
    loop = Personalizer(preparation, store, renderer, FakeEmbedder(), settings)
    files = [check_file(loop, home.file(subject=f"a castle {number}")) for number in range(16)]

    def leave(done: int, of: int) -> None:
        if left.is_set():
            raise CancelledError("Gone.")

    with ThreadPoolExecutor(len(files)) as pool, closing(loop.queue):
        adoptions = [pool.submit(adopt, loop, file, leave if n % 2 else None) for n, file in enumerate(files)]
        until(lambda: len(loop.queue.unfinished) == len(files) and len(renderer.batches) == 1)
        token = loop.start("a fox", seed=1).token
        job = loop.request_round(token, loop.propose(token))
        renderer.go.release(2)
        assert job.future.result(30).rendered
        assert all("a castle" in prompt for prompt in renderer.batches[0])
        assert renderer.batches[1] == list(loop.session(token).rounds[0].prompts)
        left.set()
        until(lambda: len(loop.queue.unfinished) == len(files) // 2)
        renderer.go.release(1000)
        for number, adoption in enumerate(adoptions):
            if number % 2:
                assert isinstance(adoption.exception(30), CancelledError)
            else:
                assert [r.answer for r in adoption.result(30).answered] == [
                    r.answer for r in home.loop.session(home.token).answered
                ]
    kept = store.latest(loop.preparation.vocabulary.fingerprint, loop.embedder.name, 99)
    assert len(kept) == len(files) // 2 + 1 and not loop.queue.unfinished
