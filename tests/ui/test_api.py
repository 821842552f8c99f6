"""The endpoints for programs, by the stock client and as MCP tools, on a server of its own."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from tests.apps import forked_app

NAMES = {"start", "next_round", "pick", "undo", "taste", "generate", "delete"}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("api")
    flags = ["--data", str(folder / "data"), "--mcp", "1"]
    with forked_app("tests.browser.serve", flags, folder / "log.txt") as url:
        yield url


@pytest.fixture(scope="module")
def client(url: str) -> Client:
    return Client(url, verbose=False)


def test_a_program_goes_all_the_way(client: Client, url: str) -> None:
    token = client.predict("a fox", api_name="/start")["token"]
    for number in (1, 2, 3):
        round_ = client.predict(token, api_name="/next_round")
        assert round_["round"] == number and len(round_["pictures"]) == 4
        assert client.predict(token, api_name="/next_round") == round_
        taste = client.predict(token, number, 2, 3, round_["shown"], api_name="/pick")
        assert taste["answered"] == number
    assert client.predict(token, api_name="/undo")["answered"] == 2
    words = client.predict(token, api_name="/taste")["words"]
    assert words == sorted(words, key=lambda word: -word["utility"]) and words[0]["error"] > 0
    made = client.predict(token, "a boat", 1.0, 5, 2, api_name="/generate")
    assert made == client.predict(token, "a boat", 1.0, 5, 2, api_name="/generate")
    for picture in (made["pictures"][0]["url"], made["pictures"][1]["plain_url"]):
        answer = httpx.get(f"{url}/{picture}")
        assert Image.open(io.BytesIO(answer.content)).size == (64, 64)
    assert client.predict(token, api_name="/delete")["gone"] > 10
    assert httpx.get(f"{url}/{made['pictures'][0]['url']}").status_code == 404
    with pytest.raises(AppError, match="session that exists"):
        client.predict(token, api_name="/taste")


def test_a_program_is_told_what_small_models_can_draw(tmp_path: Path) -> None:
    flags = ["--data", str(tmp_path / "data"), "--known"]
    with forked_app("tests.browser.serve", flags, tmp_path / "log.txt") as url:
        client = Client(url, verbose=False)
        begun = client.predict("a hungry coyote", api_name="/start")
        assert begun["nearest"][:2] == ["a wolf", "a fox"] and len(begun["can_draw"]) == 490
        assert "'a hungry coyote'" in begun["note"] and begun["subject"] == "a hungry coyote"
        assert {"note", "nearest", "can_draw"}.isdisjoint(client.predict("a fox", api_name="/start"))
        round_ = client.predict(begun["token"], api_name="/next_round")  # it may go on
        client.predict(begun["token"], 1, 1, 0, round_["shown"], api_name="/pick")
        made = client.predict(begun["token"], "Füchse", 1.0, 5, 1, api_name="/generate")
        assert made["nearest"] == ["a fox"] and len(made["pictures"]) == 1
        assert "note" not in client.predict(begun["token"], "a cat", 1.0, 5, 1, api_name="/generate")


def test_a_program_is_told_nothing_of_it_about_models_that_draw_anything(client: Client) -> None:
    assert "note" not in client.predict("a hungry coyote", api_name="/start")


@pytest.mark.parametrize(
    ("name", "said", "sentence"),
    [
        ("/start", ("<b>",), "markup"),
        ("/next_round", ("nobody",), "session that exists"),
        ("/pick", ("nobody", 1, 1), "session that exists"),
        ("/generate", ("nobody", "a fox"), "session that exists"),
        ("/delete", ("nobody",), "session that exists"),
    ],
)
def test_what_does_not_fit_gets_the_same_sentence_as_on_the_page(
    client: Client, name: str, said: tuple[object, ...], sentence: str
) -> None:
    with pytest.raises(AppError, match=sentence):
        client.predict(*said, api_name=name)


def test_answers_that_do_not_fit_are_not_counted(client: Client) -> None:
    token = client.predict("a fox", api_name="/start")["token"]
    round_ = client.predict(token, api_name="/next_round")
    for said in ((token, 1, 9), (token, 1, 1, 1), (token, 7, 1), (token, 1, 1, 0, "other pictures")):
        with pytest.raises(AppError, match="Expected"):
            client.predict(*said, api_name="/pick")
    assert client.predict(token, api_name="/next_round") == round_
    assert client.predict(token, api_name="/taste")["answered"] == 0


@pytest.mark.parametrize("value", [1.5, None, "", True, "two", [1], 10**40])
def test_a_pick_without_a_whole_number_is_refused_in_a_sentence(client: Client, value: object) -> None:
    token = client.predict("a fox", api_name="/start")["token"]
    client.predict(token, api_name="/next_round")
    for said in ((token, value, 1), (token, 1, value), (token, 1, 2, value)):
        with pytest.raises(AppError, match="Expected a whole number"):
            client.predict(*said, api_name="/pick")
    assert client.predict(token, api_name="/taste")["answered"] == 0


def test_whole_numbers_may_be_written_as_text_or_with_a_point(client: Client) -> None:
    token = client.predict("a fox", api_name="/start")["token"]
    for number, best in enumerate((2, 2.0, "2"), start=1):
        client.predict(token, api_name="/next_round")
        assert client.predict(token, number, best, api_name="/pick")["answered"] == number


@pytest.mark.parametrize("said", [(1.0, 7.5), (1.0, True), (1.0, 5, 1.5), ("much", 5)])
def test_a_picture_is_drawn_from_numbers_only(client: Client, said: tuple[object, ...]) -> None:
    token = client.predict("a fox", api_name="/start")["token"]
    with pytest.raises(AppError, match="Expected a (whole )?number"):
        client.predict(token, "a boat", *said, api_name="/generate")


def test_a_call_that_leaves_a_value_out_gets_a_sentence(url: str) -> None:
    begun = httpx.post(f"{url}/gradio_api/call/pick", json={"data": ["token", 1]}).json()["event_id"]
    answer = httpx.get(f"{url}/gradio_api/call/pick/{begun}", timeout=30)
    assert "Expected 7 values, found 2" in answer.text


def test_only_the_endpoints_are_public(client: Client) -> None:
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert {name.removeprefix("/") for name in named} == NAMES


def mcp(url: str, method: str, **params: object) -> dict[str, object]:
    asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    accept = {"Accept": "application/json, text/event-stream"}
    answer = httpx.post(f"{url}/gradio_api/mcp/", json=asked, headers=accept, timeout=30)
    data = next(line for line in answer.text.splitlines() if line.startswith("data:"))
    result: dict[str, object] = json.loads(data.removeprefix("data:"))["result"]
    return result


def test_an_assistant_finds_the_tools_and_uses_them(url: str) -> None:
    tools = {tool["name"]: tool for tool in mcp(url, "tools/list")["tools"]}  # type: ignore[attr-defined]
    assert set(tools) == NAMES
    assert all(len(tool["description"]) > 30 for tool in tools.values())
    assert tools["pick"]["inputSchema"]["required"] == ["token", "round", "best"]
    made = mcp(url, "tools/call", name="start", arguments={"subject": "an owl"})
    assert "token" in json.dumps(made) and "an owl" in json.dumps(made)
