"""Taste files: a written file is read back unchanged, and other content is refused."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from personalize.errors import SessionError
from personalize.taste.taste_file import (
    LARGEST_BYTES,
    Made,
    Picked,
    Said,
    TasteFile,
    read_taste_file,
)

MADE = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def a_file() -> TasteFile:
    return TasteFile(
        format="palate-taste",
        version=1,
        made=MADE,
        subject="a café, 狐",
        sentence="You lean to ink.",
        models=Made(vocabulary="words", renderer="renderer", embedder="embedder"),
        opinions=[Said(word="ink", slot="medium", utility=1.5, error=0.25)],
        rounds=[
            Picked(pictures=[["ink"], []], seed=2**63, best=1, worst=2, at=MADE),
            Picked(pictures=[["oil"], ["ink"]], seed=7, at=MADE),
        ],
    )


def changed(**changes: Any) -> bytes:
    return json.dumps(json.loads(a_file().text()) | changes).encode()


def test_what_is_written_is_read_back_and_can_be_read_by_people() -> None:
    text = a_file().text()
    assert read_taste_file(text.encode()) == a_file()
    assert '"subject": "a café, 狐"' in text and '"word": "ink"' in text and text.count("\n") > 20
    assert "best" not in json.loads(text)["rounds"][1]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_that_an_editor_saved_with_a_mark_is_read(encoding: str) -> None:
    text = a_file().text().replace("\n", "\r\n")
    assert read_taste_file(text.encode(encoding)) == a_file()


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1826-11-24T09:30:00Z"]
)
def test_a_date_of_another_century_is_named_by_its_year(moment: str) -> None:
    for content in (changed(made=moment), changed(rounds=[round_(at=moment)])):
        with pytest.raises(SessionError, match=f"year from 1970 to 2199, found {int(moment[:4])}"):
            read_taste_file(content)


def round_(**changes: Any) -> dict[str, Any]:
    return {"pictures": [["a"], []], "seed": 1, "at": "2026-11-24T09:30:00Z"} | changes


@pytest.mark.parametrize(
    ("content", "about"),
    [
        (b"", "fault"),
        (b"\xff\xfe", "fault"),
        (b"[]", "fault"),
        (b"{" * 100_000, "fault"),
        (b"[" * 100_000 + b"]" * 100_000, "fault"),
        (b'{"format": "palate-taste"}', "fault in version|fault in made|fault in"),
        (b" " * (LARGEST_BYTES + 1), "at most 1 MiB"),
        (changed(version=2), "version"),
        (changed(format="other"), "format"),
        (changed(extra=1), "extra"),
        (changed(rounds=[]), "rounds"),
        (changed(subject="x" * 300), "subject"),
        (changed(sentence=5), "sentence"),
        (changed(made="yesterday"), "made"),
        (changed(made="2026-11-24T09:30:00"), "made"),
        (changed(opinions=[{"word": "ink", "slot": "m", "utility": "NaN", "error": 0}]), "utility"),
        (changed(rounds=[round_(pictures=[["a"]])]), "pictures"),
        (changed(rounds=[round_(seed=-1)]), "seed"),
        (changed(rounds=[round_(best=0)]), "best"),
        (changed(rounds=[round_()] * 501), "rounds"),
    ],
)
def test_anything_else_is_refused_in_a_sentence(content: bytes, about: str) -> None:
    with pytest.raises(SessionError, match=about) as caught:
        read_taste_file(content)
    message = str(caught.value)
    assert message.startswith("Expected a taste file") and "Choose" in message and len(message) < 400
