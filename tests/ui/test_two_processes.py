"""Two web processes at one store: any of them answers any request, and nothing is drawn twice."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from personalize.session.database_store import DatabaseStore
from personalize.session.record import Round
from personalize.session.store import hash_of
from tests.apps import forked_app
from tests.fakes import FakeRenderer
from tests.session.conftest import STORES
from tests.session.postgres import PostgresServer
from tests.soak.visitors import Door, Ledger, RefusedError
from tests.ui.twin import DRAWS, PIN

WAIT_S = 60.0


@dataclass
class Twins:
    """Two processes, and the folder in which they say what they draw."""

    urls: list[str]
    pids: list[int]
    folder: Path
    store: DatabaseStore
    door: Door

    def call(self, which: int, name: str, *values: Any) -> Any:
        return self.door.call(name, *values, url=self.urls[which])

    def start(self) -> str:
        return str(self.call(0, "start", "a fox", False)["token"])

    def said(self, file: str) -> list[tuple[int, str, int]]:
        """Process, prompt and seed of each picture that was begun or drawn."""
        path = self.folder / file
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        rows = [line.split("\t") for line in lines]
        return [(int(pid), prompt, int(seed)) for pid, prompt, seed in rows]

    def twice(self) -> dict[tuple[str, int], int]:
        """Pictures that were drawn more than once."""
        counted = Counter((prompt, seed) for _, prompt, seed in self.said("drawn"))
        return {picture: times for picture, times in counted.items() if times > 1}

    def hold(self) -> Path:
        path = self.folder / "hold"
        path.touch()
        return path


@pytest.fixture(scope="module", params=[name for name in STORES if name in ("sqlite", "postgresql")])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "postgresql":
        with PostgresServer() as server:
            yield server.url("postgres")
    else:
        yield ""


@pytest.fixture(scope="module")
def opened(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("twins")
        data = folder / "data"
        data.mkdir()
        flags = ["--data", str(data), *(["--database", database] if database else [])]
        pids = [folder / f"pid-{number}" for number in (1, 2)]
        urls = [
            stack.enter_context(
                forked_app("tests.ui.twin", [*flags, "--pid", str(pid)], pid.with_suffix(".log"))
            )
            for pid in pids
        ]
        store = DatabaseStore(database or f"sqlite:///{data / 'palate.sqlite3'}", data / "pictures")
        stack.callback(store.close)
        door = Door(urls, Ledger(), 1)
        stack.callback(door.close)
        yield Twins(urls, [int(pid.read_text()) for pid in pids], folder, store, door)


@pytest.fixture
def twins(opened: Twins) -> Iterator[Twins]:
    for file in ("begun", "drawn", "hold"):
        (opened.folder / file).unlink(missing_ok=True)
    yield opened
    (opened.folder / "hold").unlink(missing_ok=True)


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def as_seeds_fix_them(round_: Round) -> tuple[str, ...]:
    """The hashes of the pictures of a round, drawn here."""
    records = zip(round_.prompts, round_.seeds, strict=True)
    renderer = FakeRenderer()
    return tuple(hash_of(renderer.render([Drawn(*record)])[0]) for record in records)


@dataclass(frozen=True)
class Drawn:
    prompt: str
    seed: int


def test_a_round_that_both_want_is_drawn_once(twins: Twins) -> None:
    token, hold = twins.start(), twins.hold()
    with ThreadPoolExecutor(2) as both:
        first = both.submit(twins.call, 0, "next_round", token)
        until(lambda: twins.said("begun"))
        second = both.submit(twins.call, 1, "next_round", token)
        time.sleep(1.5)  # three looks at the lease
        hold.unlink()
        shown = [one.result(WAIT_S) for one in (first, second)]
    assert shown[0] == shown[1]
    assert twins.twice() == {} and {pid for pid, _, _ in twins.said("drawn")} == {twins.pids[0]}
    round_ = twins.store.load(token).round(1)
    assert round_.pictures == as_seeds_fix_them(round_)


def test_a_whole_session_at_both_draws_nothing_twice(twins: Twins) -> None:
    token = twins.start()
    for number in range(1, 7):
        with ThreadPoolExecutor(2) as both:
            shown = list(both.map(lambda which: twins.call(which, "next_round", token), (0, 1)))
        assert shown[0] == shown[1] and shown[0]["round"] == number
        twins.call(number % 2, "pick", token, number, 1, 0, shown[0]["shown"], None, None)
        with pytest.raises(RefusedError):  # the other process knows that it was answered
            twins.call(1 - number % 2, "pick", token, number, 2, 0, shown[0]["shown"], None, None)
    assert twins.call(0, "taste", token)["answered"] == 6
    assert twins.twice() == {}


def test_sets_of_pictures_and_their_limit_are_common(twins: Twins) -> None:
    token = twins.start()
    shown = twins.call(0, "next_round", token)
    twins.call(1, "pick", token, 1, 1, 0, shown["shown"], None, None)
    with ThreadPoolExecutor(2) as both:
        made = list(both.map(lambda which: twins.call(which, "generate", token, "a boat", 0.0, 5, 2), (0, 1)))
    assert made[0] == made[1] and twins.twice() == {}
    refused = []
    for number in range(DRAWS):
        try:
            twins.call(number % 2, "generate", token, "a boat", 0.0, 5, 1)
        except RefusedError as error:
            refused.append(str(error))
    assert 2 <= len(refused) < DRAWS and all("wait" in sentence for sentence in refused)


def test_staff_of_one_process_are_staff_of_the_other(twins: Twins) -> None:
    here, there = (f"{url}/staff" for url in twins.urls)
    with httpx.Client(follow_redirects=True, timeout=30.0) as staff, httpx.Client(timeout=30.0) as guesser:
        assert 'name="pin"' in staff.get(there).text
        staff.post(here, data={"pin": PIN})
        assert 'name="pin"' not in staff.get(there).text
        before = staff.get(there).text
        staff.post(here, data={"pause": "1"})
        assert staff.get(there).text != before and 'name="go_on"' in staff.get(there).text
        staff.post(there, data={"leave": "1"})
        assert 'name="pin"' in staff.get(here).text
        codes = [guesser.post((here, there)[n % 2], data={"pin": "000000"}).status_code for n in range(8)]
        assert codes[:4] == [200] * 4 and codes[5:] == [429] * 3  # the login above was a try, too


def test_votes_at_both_processes_count_together(twins: Twins) -> None:
    token = twins.start()
    shown = twins.call(0, "next_round", token)["shown"]
    with ExitStack() as stack:
        presenter, one, two = (stack.enter_context(httpx.Client(timeout=30.0)) for _ in range(3))
        link = presenter.post(f"{twins.urls[0]}/audience/{token}", json={"shown": shown}).json()["link"]
        code = link.rsplit("/", 1)[1]
        pages = [f"{url}/vote/{code}" for url in twins.urls]
        for phone, option in ((one, 1), (two, 2)):
            assert phone.get(pages[0]).status_code == 200
            for page in (*pages, pages[0]):  # the same device, at both processes
                voted = phone.post(f"{page}/vote", json={"shown": shown, "option": option})
                assert voted.json()["yours"] == option
        two.post(f"{pages[1]}/vote", json={"shown": shown, "option": 1})
        said = presenter.post(f"{twins.urls[1]}/audience/{token}", json={"shown": shown, "close": True})
        assert (said.json()["winner"], said.json()["counts"]) == (1, [0, 2, 0, 0])
        late = one.post(f"{pages[0]}/vote", json={"shown": shown, "option": 3})
        assert late.status_code == 409
        assert one.get(f"{pages[0]}/{shown}/0.png").content[:4] == b"\x89PNG"


def test_a_process_that_is_killed_while_it_draws_is_succeeded(twins: Twins) -> None:
    token, hold = twins.start(), twins.hold()
    with ThreadPoolExecutor(2) as both:
        lost = both.submit(twins.call, 0, "next_round", token)
        until(lambda: twins.said("begun"))
        waiting = both.submit(twins.call, 1, "next_round", token)
        time.sleep(1.0)
        os.kill(twins.pids[0], signal.SIGKILL)
        with pytest.raises(RefusedError):
            lost.result(WAIT_S)
        hold.unlink()
        shown = waiting.result(WAIT_S)
    round_ = twins.store.load(token).round(1)
    assert shown["shown"] == round_.fingerprint and round_.pictures == as_seeds_fix_them(round_)
    assert {pid for pid, _, _ in twins.said("drawn")} == {twins.pids[1]}
