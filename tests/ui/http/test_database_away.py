"""A database that is away: every page and call beside Gradio says a sentence, and none has status 500."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from personalize.ui.http.metrics import Metrics
from personalize.ui.http.settings import settings_routes
from personalize.ui.http.staff import staff_routes
from personalize.ui.http.staff_access import StaffAccess
from personalize.ui.http.vote import vote_routes
from personalize.ui.http.wall import wall_routes
from tests.ui.http.test_said_to_visitors import PIN, Place

SENTENCE = "Your session cannot be saved. Please tell whoever runs this Palate."


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """A browser of staff, whose app has lost its database."""
    place = Place(tmp_path)
    store = place.store
    staff = StaffAccess(PIN, store.limits, store.notes, place.settings.folder)
    routes = [
        *vote_routes(place.loop),
        *settings_routes(place.settings, staff),
        *staff_routes(place.loop, staff, place.settings, Metrics()),
        *wall_routes(place.loop, staff),
    ]
    client = TestClient(Starlette(routes=routes), raise_server_exceptions=False)
    assert client.post("/staff", data={"pin": PIN}).status_code == 200
    file = next(tmp_path.rglob("*.sqlite3"))
    file.rename(file.with_suffix(".away"))
    store.close()  # a connection that is open would still read the file
    yield client
    place.loop.queue.close()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/vote/abc"),
        ("GET", "/vote/abc/state"),
        ("POST", "/vote/abc/vote"),
        ("GET", "/staff"),
        ("POST", "/staff"),
        ("GET", "/settings"),
        ("GET", "/wall"),
        ("GET", "/wall/1.png"),
    ],
)
def test_a_database_that_is_away_is_said(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, path)
    assert 400 <= answer.status_code < 500 and SENTENCE in answer.text
