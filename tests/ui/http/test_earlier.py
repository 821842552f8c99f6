"""The earlier picks of a session, for the dialog that changes one of them."""

from datetime import UTC, datetime
from typing import Any, cast

from starlette.applications import Starlette
from starlette.testclient import TestClient

from personalize.errors import UnknownSessionError
from personalize.rounds.personalizer import Personalizer
from personalize.session.record import Answer, Session
from personalize.ui.http.earlier import earlier_routes
from tests.ui.screens.examples import a_round, a_session

SESSION = a_session(a_round(1, Answer("best", 2, datetime(2026, 1, 1, tzinfo=UTC))), a_round(2))


class OneSession:
    """A loop that knows one session."""

    def session(self, token: str) -> Session:
        """The session with its live rounds."""
        if token != SESSION.token:
            raise UnknownSessionError("Expected a session, found none.")
        return SESSION


def asked(token: str, language: str = "en") -> Any:
    client = TestClient(Starlette(routes=earlier_routes(cast(Personalizer, OneSession()))))
    return client.get(f"/earlier/{token}.html?language={language}")


def test_all_pictures_of_the_answered_rounds_are_there_in_the_readers_language() -> None:
    answers = [asked(SESSION.token, language) for language in ("en", "de", "fr")]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.text for answer in answers}) == 3
    for answer in answers:
        assert all(picture in answer.text for picture in SESSION.rounds[0].pictures)
        assert not any(picture in answer.text for picture in SESSION.rounds[1].pictures)
        assert answer.headers["cache-control"] == "no-store"


def test_a_stranger_learns_nothing() -> None:
    assert asked("another").status_code == 404
