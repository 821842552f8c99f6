"""A session of the app with its pictures on an S3-compatible server: a restart, damage and an outage."""

from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from tests.apps import forked_app
from tests.session.s3_server import S3Server


def contents(url: str, round_: dict[str, object]) -> list[bytes]:
    shown = [httpx.get(f"{url}/{picture['url']}") for picture in round_["pictures"]]  # type: ignore[attr-defined]
    assert {answer.status_code for answer in shown} == {200}
    return [answer.content for answer in shown]


def test_a_session_keeps_its_pictures_in_a_bucket(s3: S3Server, tmp_path: Path) -> None:
    place = f"s3://{s3.bucket}/booth"
    flags = ["--data", str(tmp_path / "data"), "--pictures", place]

    def app(log: str) -> AbstractContextManager[str]:
        return forked_app("tests.browser.serve", flags, tmp_path / log, environment=s3.environment)

    with app("first.txt") as url:
        client = Client(url, verbose=False)
        token = client.predict("a fox", api_name="/start")["token"]
        for number in (1, 2):
            client.predict(token, api_name="/next_round")
            client.predict(token, number, 1, api_name="/pick")
        before = contents(url, client.predict(token, api_name="/next_round"))
    assert not (tmp_path / "data" / "pictures").exists()
    objects = s3.objects("booth/")
    assert len(objects) >= 12 and set(before) <= set(objects.values())
    damaged = next(key for key, content in objects.items() if content == before[0])
    s3.client().put_object(Bucket=s3.bucket, Key=damaged, Body=b"not a picture")
    with app("second.txt") as url:
        client = Client(url, verbose=False)
        assert contents(url, client.predict(token, api_name="/next_round")) == before
        assert s3.objects(damaged) == {damaged: before[0]}  # it was drawn again
        assert httpx.get(f"{url}/readyz").status_code == 200
        assert client.predict(token, api_name="/delete")["gone"] > 10
        left = s3.objects("booth/")
        assert len(left) < len(objects) and not set(before) & set(left.values())
        s3.stop()
        try:
            ready, alive = httpx.get(f"{url}/readyz", timeout=60), httpx.get(f"{url}/healthz")
            assert (ready.status_code, ready.text) == (503, "the store cannot be written")
            assert alive.status_code == 200
            begun = client.predict("an owl", api_name="/start")["token"]
            with pytest.raises(AppError, match="Pictures cannot be saved at the moment"):
                client.predict(begun, api_name="/next_round")
        finally:
            s3.restart()
