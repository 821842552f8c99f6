"""A whole session of the real app whose pictures an images server draws, with its bad moments."""

import io
import json
from pathlib import Path

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image
from starlette.responses import JSONResponse

from tests.apps import forked_app
from tests.models.images_server import ImagesServer, running

FLAGS = [
    "--picture-px", "64", "--bank", "0", "--shared-pool", "0", "--best-of", "1", "--contexts", "1",
    "--calibration", "0", "--lookahead-rounds", "0", "--drawn-ahead", "0", "--seed", "5", "--port", "0",
]  # fmt: skip
KEY = "sk-a-secret-of-ours"


def test_a_session_runs_on_an_images_server(tmp_path: Path) -> None:
    key, log = tmp_path / "key", tmp_path / "log.txt"
    key.write_text(KEY)
    with running(ImagesServer(key=KEY)) as server:
        flags = [*FLAGS, "--render-on", server.url + "/v1", "--render-key", str(key)]
        with forked_app("app", [*flags, "--data", str(tmp_path / "data")], log, ready_s=300) as url:
            client = Client(url, verbose=False)
            token = client.predict("a fox", api_name="/start")["token"]
            server.next_answers = [JSONResponse({}, 429, {"Retry-After": "0"}), JSONResponse({}, 503)]
            first = client.predict(token, api_name="/next_round")
            assert server.next_answers == []
            for number in (1, 2, 3):
                round_ = client.predict(token, api_name="/next_round")
                assert len({picture["prompt"] for picture in round_["pictures"]}) == 4
                assert client.predict(token, number, 1, api_name="/pick")["answered"] == number
            picture = Image.open(io.BytesIO(httpx.get(f"{url}/{first['pictures'][0]['url']}").content))
            assert picture.size == (64, 64)
            assert json.loads(picture.info["palate"])["model"] == "mini-served-8x3-64"
            server.next_answers = [JSONResponse({}, 401) for _ in range(4)]
            with pytest.raises(AppError, match="not set up for this page"):
                client.predict(token, api_name="/next_round")
            server.next_answers = []
            assert client.predict(token, api_name="/next_round")["round"] == 4
            assert client.predict(token, "a boat", 1.0, 5, 2, api_name="/generate")["pictures"]
            again = client.predict("a fox", api_name="/start")["token"]
            drawn = server.asked
            repeated = client.predict(again, api_name="/next_round")
            assert [one["prompt"] for one in repeated["pictures"]] == [
                one["prompt"] for one in first["pictures"]
            ]
            assert server.asked == drawn  # the same questions have pictures already
            assert client.predict(token, api_name="/delete")["gone"] > 10
    said = log.read_text("utf-8")
    assert "refuses the key (HTTP 401)" in said and KEY not in said
    assert "never retrieved" not in said


def test_an_app_without_its_images_server_does_not_start(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    flags = [*FLAGS, "--render-on", "http://127.0.0.1:9", "--data", str(tmp_path / "data")]
    with pytest.raises(AssertionError, match="Expected the images server http://127.0.0.1:9 to draw, found"):
        with forked_app("app", flags, log):
            pass
    assert "Traceback" not in log.read_text("utf-8")
