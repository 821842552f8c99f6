"""Two web processes behind the proxy of compose.yaml, as visitors and programs meet them.

Everything is real but the networks: HAProxy with the committed configuration, PostgreSQL, an S3-compatible
server, and a browser.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Page, expect

from tests.browser import walk
from tests.proxy import COOKIE, Proxy
from tests.session.postgres import PostgresServer
from tests.session.s3_server import S3Server
from tests.soak.processes import WebProcess

WITHIN_S = 120.0
STALL_S = 15.0
NAMES = ("web-1", "web-2")
STREAM = "gradio_api/heartbeat/a-visitor"
"""A stream that the page has open as long as it is shown."""


@dataclass
class House:
    """Two web processes behind a proxy.

    Attributes:
        url: of the proxy.
        processes: by their names in the configuration.
        faults: the folder of each process in which a file `hang` stops its drawing.
        log: what the proxy writes.
    """

    url: str
    processes: dict[str, WebProcess]
    faults: dict[str, Path]
    log: Path

    def process_of(self, page: Page) -> str:
        """The name of the process that a visitor is with."""
        (name,) = (one["value"] for one in page.context.cookies() if one["name"] == COOKIE)
        return str(name)

    def other(self, name: str) -> str:
        """The name of the other process."""
        return NAMES[1 - NAMES.index(name)]

    def is_asked(self, name: str) -> bool:
        """Whether a visitor who was with this process stays there, and it is ready."""
        answer = self._who_is_ready(name)
        return answer.status_code == 200 and COOKIE not in answer.cookies

    def is_left(self, name: str) -> bool:
        """Whether the proxy gives a visitor who was with this process another one, which is ready.

        A status of 503 is not enough: that is the process itself, which the proxy still asks.
        """
        answer = self._who_is_ready(name)
        return answer.status_code == 200 and answer.cookies.get(COOKIE) == self.other(name)

    def _who_is_ready(self, name: str) -> httpx.Response:
        return httpx.get(f"{self.url}/readyz", headers={"Cookie": f"{COOKIE}={name}"}, timeout=30.0)


def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition."""
    end = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(PostgresServer())
        store = stack.enter_context(S3Server(folder / "s3.txt"))
        processes, faults = {}, {}
        for name in NAMES:
            faults[name] = folder / f"{name}-faults"
            faults[name].mkdir()
            flags = ["--data", str(folder / "data"), "--faults", str(faults[name]), "--stall-s", str(STALL_S)]
            flags += ["--database", database.url("postgres"), "--pictures", f"s3://{store.bucket}/pictures"]
            processes[name] = WebProcess(flags, folder / f"{name}.txt", store.environment)
            stack.callback(processes[name].stop)
            processes[name].wait()
        urls = [process.url for process in processes.values()]
        proxy = stack.enter_context(Proxy(urls, folder / "proxy.txt"))
        yield House(proxy.url, processes, faults, proxy.log)


@pytest.fixture(autouse=True)
def well(house: House) -> Iterator[None]:
    """Both processes are asked when a test begins."""
    until(lambda: all(house.is_asked(name) for name in NAMES))
    yield


def answers_of(process: WebProcess) -> float:
    """How many answers a process has counted since it started."""
    lines = httpx.get(f"{process.url}/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("palate_answers_total"))


def ask_for_a_round(url: str) -> None:
    """Ask for a round of a process that stands still; the refusal is awaited."""
    program = Client(url, verbose=False)
    with pytest.raises(AppError):
        program.predict(program.predict("a boat", api_name="/start")["token"], api_name="/next_round")


def until_ready(process: WebProcess, ready: bool) -> None:
    """Wait until a process says that it is ready, or that it is not."""
    until(lambda: (httpx.get(f"{process.url}/readyz", timeout=30.0).status_code == 200) is ready)


def test_a_visitor_stays_with_one_process(house: House, page: Page) -> None:
    before = {name: answers_of(process) for name, process in house.processes.items()}
    walk.begin(page, house.url)
    name = house.process_of(page)
    for number, key in enumerate("213", start=1):
        walk.press(page, key, then=number + 1)
    assert walk.past(page) == 3 and house.process_of(page) == name
    (cookie,) = (one for one in page.context.cookies() if one["name"] == COOKIE)
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax"
    after = {name: answers_of(process) for name, process in house.processes.items()}
    assert after[name] - before[name] == 3 and after[house.other(name)] == before[house.other(name)]


def test_visitors_are_divided_among_the_processes(house: House) -> None:
    # A process with an open stream gets fewer. The page of the test before may still have one.
    until(lambda: {httpx.get(house.url).cookies[COOKIE] for _ in range(6)} == set(NAMES))
    # While a stream is open, new visitors go to the process without one.
    name = httpx.get(house.url).cookies[COOKIE]
    with httpx.stream("GET", f"{house.url}/{STREAM}", cookies={COOKIE: name}, timeout=30.0) as stream:
        assert stream.status_code == 200
        assert {httpx.get(house.url).cookies[COOKIE] for _ in range(6)} == {house.other(name)}


def test_a_stream_arrives_while_it_goes_on(house: House, page: Page) -> None:
    walk.open_page(page, house.url)
    hang = house.faults[house.process_of(page)] / "hang"
    hang.touch()
    page.locator("#subject input, #subject textarea").fill("a lighthouse")
    page.locator("#begin").click()
    expect(page.locator(".round .skeleton")).to_have_count(4)
    assert hang.exists()  # nothing is drawn, and the page has the beginning of the stream
    hang.unlink()
    walk.expect_round(page, 1)


def test_a_visitor_whose_process_is_killed_goes_on_with_the_other_one(house: House, page: Page) -> None:
    walk.begin(page, house.url)
    walk.press(page, "2", then=2)
    name, token = house.process_of(page), walk.token_of(page)
    seen = [page.request.get(f"{house.url}/{url}").body() for url in walk.pictures(page)]
    house.processes[name].kill()
    try:
        assert [page.request.get(f"{house.url}/{url}").body() for url in walk.pictures(page)] == seen
        walk.press(page, "3", then=3)
        assert walk.past(page) == 2 and house.process_of(page) == house.other(name)
        rounds = page.request.get(f"{house.url}/taste/{token}.json").json()["rounds"]
        assert [answer["best"] for answer in rounds] == [2, 3]
    finally:
        house.processes[name].start()
        house.processes[name].wait()


def test_a_round_whose_process_is_killed_while_it_draws_is_drawn_by_the_other_one(
    house: House, page: Page, forgiven: list[str]
) -> None:
    # The stream of the process that is killed: Chromium says it, and so does the script that reads it.
    forgiven += ["ERR_INCOMPLETE_CHUNKED_ENCODING", "network error"]
    walk.open_page(page, house.url)
    name = house.process_of(page)
    hang = house.faults[name] / "hang"
    hang.touch()
    try:
        page.locator("#subject input, #subject textarea").fill("a lighthouse")
        page.locator("#begin").click()
        expect(page.locator(".round .skeleton")).to_have_count(4)
        house.processes[name].kill()
        page.reload()
        walk.expect_round(page, 1)
        walk.press(page, "1", then=2)
        assert house.process_of(page) == house.other(name)
    finally:
        hang.unlink()
        house.processes[name].start()
        house.processes[name].wait()


def test_a_process_that_is_not_ready_gets_no_visitors(house: House, page: Page) -> None:
    walk.begin(page, house.url)
    name = house.process_of(page)
    hang = house.faults[name] / "hang"
    hang.touch()
    try:
        ask_for_a_round(house.processes[name].url)
        until_ready(house.processes[name], False)
        until(lambda: house.is_left(name))
        page.reload()
        walk.expect_round(page, 1)
        walk.press(page, "4", then=2)
        assert house.process_of(page) == house.other(name)
    finally:
        hang.unlink()
    until(lambda: house.is_asked(name))  # it comes back by itself


def test_programs_without_a_cookie_stay_with_one_process(house: House) -> None:
    program = Client(house.url, verbose=False)
    token = program.predict("a fox", api_name="/start")["token"]
    for number in range(1, 5):
        for name in NAMES:  # a browser with the same address
            assert httpx.get(f"{house.url}/gradio_api/info", cookies={COOKIE: name}).status_code == 200
        assert program.predict(token, api_name="/next_round")["round"] == number
        program.predict(token, number, 1, api_name="/pick")


def test_where_no_process_is_ready_one_that_lives_says_so(house: House, page: Page) -> None:
    for folder in house.faults.values():
        (folder / "hang").touch()
    try:
        for process in house.processes.values():
            ask_for_a_round(process.url)
            until_ready(process, False)
        until(lambda: httpx.get(f"{house.url}/readyz").status_code == 503)  # of a process, by the proxy
        walk.open_page(page, house.url)
        page.locator("#subject input, #subject textarea").fill("an owl")
        page.locator("#begin").click()
        walk.notice(page, "The painter is stuck")
    finally:
        for folder in house.faults.values():
            (folder / "hang").unlink()
    for process in house.processes.values():
        until_ready(process, True)


@pytest.mark.parametrize(
    ("languages", "sentence"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "Palate startet gerade. Bitte in einer Minute noch einmal versuchen."),
        ("fr", "Palate démarre. Veuillez réessayer dans une minute."),
        ("en-GB", "Palate is starting. Please try again in a minute."),
        ("", "Palate is starting. Please try again in a minute."),
    ],
)
def test_where_no_process_lives_the_proxy_says_so_in_the_language_of_the_visitor(
    languages: str, sentence: str, tmp_path: Path
) -> None:
    nobody = ["http://127.0.0.1:1", "http://127.0.0.1:1"]
    with Proxy(nobody, tmp_path / "log.txt") as proxy:
        headers = {"Accept-Language": languages}
        until(lambda: "Palate" in httpx.get(proxy.url, headers=headers).text)
        answer = httpx.get(proxy.url, headers=headers)
    assert (answer.status_code, answer.text) == (503, sentence)
    assert int(answer.headers["retry-after"]) > 0


def test_an_address_that_a_visitor_invents_counts_for_nothing(tmp_path: Path) -> None:
    faults = tmp_path / "faults"
    faults.mkdir()
    flags = ["--data", str(tmp_path / "data"), "--faults", str(faults), "--sessions-an-hour", "2"]
    process = WebProcess(flags, tmp_path / "web.txt")
    try:
        process.wait()
        with Proxy([process.url, "http://127.0.0.1:1"], tmp_path / "proxy.txt") as proxy:
            for number in range(2):
                started(proxy.url, f"10.0.0.{number}")
            with pytest.raises(AppError, match="new sessions"):
                started(proxy.url, "10.0.0.3")
    finally:
        process.stop()


def started(url: str, address: str) -> None:
    """Start a session, and say that one comes from an address."""
    headers = {"X-Forwarded-For": address, "Forwarded": f"for={address}"}
    Client(url, verbose=False, headers=headers).predict("a fox", api_name="/start")


def test_the_log_of_the_proxy_has_no_visitor(house: House, page: Page) -> None:
    walk.begin(page, house.url)
    told = house.log.read_text("utf-8")
    assert walk.token_of(page) not in told and "GET" not in told and "POST" not in told
