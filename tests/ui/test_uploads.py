"""The real program reads and deletes the files of its visitors. It writes to its data folder only."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from personalize.ui.temporary_folder import NAME
from tests.apps import start_app, stop_app

PAGE = "a-page"


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def event(client: httpx.Client, name: str, data: list[Any]) -> list[dict[str, Any]]:
    """Run an event of the page as a browser does; what the server sent."""
    config = client.get("/config").json()
    (number,) = (one["id"] for one in config["dependencies"] if one["api_name"] == f"page_{name}")
    call = {"data": data, "fn_index": number, "session_hash": PAGE, "trigger_id": None, "event_data": None}
    client.post("/gradio_api/queue/join", json=call).raise_for_status()
    told = []
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": PAGE}) as lines:
        for line in lines.iter_lines():
            if line.startswith("data:"):
                told.append(json.loads(line.removeprefix("data:")))
                if told[-1]["msg"] in ("process_completed", "close_stream"):
                    break
    return told


@pytest.mark.parametrize("name", ["offer", "befriend", "recall"])
def test_an_upload_is_deleted_as_soon_as_it_is_read(served: tuple[httpx.Client, Path], name: str) -> None:
    client, data = served
    content = json.dumps({"not": f"a file for {name}"}).encode()
    (place,) = client.post("/gradio_api/upload", files={"files": ("mine.json", content)}).json()
    assert Path(place).is_relative_to(data / NAME) and "mine.json" in files(data / NAME)
    brought = {"path": place, "orig_name": "mine.json", "meta": {"_type": "gradio.FileData"}}
    told = event(client, name, [{}, brought])
    assert told[-1]["msg"] == "process_completed" and told[-1]["success"]
    assert "mine.json" not in files(data / NAME)


def test_a_file_outside_the_uploads_is_neither_read_nor_deleted(served: tuple[httpx.Client, Path]) -> None:
    client, data = served
    secret = data / "kept.json"
    secret.write_text("{}")
    brought = {"path": str(secret), "orig_name": "kept.json", "meta": {"_type": "gradio.FileData"}}
    refused = event(client, "offer", [{}, brought])[-1]
    assert not refused["success"] and "Choose the file again." in refused["output"]["error"]
    assert secret.exists()


def test_an_upload_that_is_gone_is_a_sentence(served: tuple[httpx.Client, Path]) -> None:
    client, data = served
    (place,) = client.post("/gradio_api/upload", files={"files": ("gone.json", b"{}")}).json()
    Path(place).unlink()
    brought = {"path": place, "orig_name": "gone.json", "meta": {"_type": "gradio.FileData"}}
    refused = event(client, "offer", [{}, brought])[-1]
    assert not refused["success"] and "Choose the file again." in refused["output"]["error"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The program where a file of somebody else stands in the place of Gradio's own temporary folder."""
    folder = tmp_path_factory.mktemp("uploads")
    home, shared, data = folder / "home", folder / "tmp", folder / "data"
    home.mkdir()
    shared.mkdir()
    (shared / "gradio").write_text("somebody else's")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("TMPDIR", str(shared))
        flags = ["--port", "0", "--bank", "0", "--threads", "1", "--data", str(data)]
        process, url = start_app(["app.py", *flags], folder / "log.txt", ready_s=300)
    try:
        with httpx.Client(base_url=url, timeout=60) as client:
            yield client, data.resolve()
        assert files(home) == [] and files(shared) == ["gradio"]
        assert [path.name for path in shared.iterdir()] == ["gradio"] and list(home.iterdir()) == []
    finally:
        stop_app(process)
    assert list((data / NAME).iterdir()) == []
    assert "Traceback" not in (folder / "log.txt").read_text("utf-8")
