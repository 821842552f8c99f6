"""A whole session of the real app on pipelines of other families than the shipped one, from their folders."""

import io
import json
from pathlib import Path

import httpx
import pytest
from gradio_client import Client
from PIL import Image

from tests.apps import forked_app
from tests.models import tiny


@pytest.mark.parametrize("family", ["sdxl", "lcm"])
def test_a_session_runs_on_another_family(family: str, tmp_path: Path) -> None:
    folder = tiny.save_sdxl(tmp_path / family) if family == "sdxl" else tiny.save_lcm(tmp_path / family)
    flags = ["--model", str(folder), "--steps", "2", "--bank", "0", "--best-of", "1", "--port", "0"]
    if family == "lcm":
        flags += ["--vocabulary", "mini", "--feature-source", "texts"]
    else:  # it gets the 5,449 words for models without words of their own, embedded after one subject each
        flags += ["--contexts", "1", "--max-tokens", "2"]  # the tiny tokenizer makes many pieces of a word
    flags += ["--data", str(tmp_path / "data")]
    with forked_app("app", flags, tmp_path / "log.txt", ready_s=300) as url:
        client = Client(url, verbose=False)
        token = client.predict("a fox", api_name="/start")["token"]
        for number in (1, 2, 3):
            round_ = client.predict(token, api_name="/next_round")
            assert len({picture["prompt"] for picture in round_["pictures"]}) == 4
            picture = _png(url, round_["pictures"][0]["url"])
            assert picture.size == (32, 32) and json.loads(picture.info["palate"])["model"].startswith(
                f"{family}-"
            )
            assert client.predict(token, number, 1, api_name="/pick")["answered"] == number
        words = client.predict(token, api_name="/taste")["words"]
        assert len(words) > 100 and len({word["utility"] for word in words}) > 50
        made = client.predict(token, "a boat", 1.0, 5, 2, api_name="/generate")["pictures"]
        assert _png(url, made[0]["url"]).size == (32, 32)
        assert client.predict(token, api_name="/delete")["gone"] > 10
    log_text = (tmp_path / "log.txt").read_text("utf-8")
    assert "Traceback" not in log_text


def _png(url: str, place: str) -> Image.Image:
    picture = Image.open(io.BytesIO(httpx.get(f"{url}/{place}").content))
    picture.load()
    return picture
