"""Reading what images servers answer, their addresses, and their keys."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from models import ModelError, load_renderer
from models.remote.address import base_of, key_at
from models.remote.answers import Answer, refused_fields, seconds_to_wait

KEY = "sk-a-secret-of-ours"
EXTRA = "Extra inputs are not permitted"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": EXTRA}]}, ("seed",)),
        ({"error": {"message": "Unknown: 'size'.", "param": "size", "code": "unknown_parameter"}}, ("size",)),
        ({"error": {"message": "seed and size are not supported", "param": None}}, ("seed", "size")),
        ({"error": {"error": {"message": "Unrecognized request argument supplied: seed"}}}, ("seed",)),
        ({"detail": "Unsupported field: response_format"}, ("response_format",)),
        ({"detail": [{"type": "less_than_equal", "loc": ["body", "seed"], "msg": "Be less"}]}, ()),
        ({"error": {"message": "Invalid size. Supported are 512x512."}}, ()),
        ({"error": {"message": "Unknown parameter: 'prompt'.", "param": "prompt"}}, ()),
        ("no JSON", ()),
        ([], ()),
    ],
)  # fmt: skip
def test_unknown_fields_are_told_from_values_that_are_refused(
    body: object, expected: tuple[str, ...]
) -> None:
    sent = {"prompt": "a fox", "seed": 1, "size": "64x64", "response_format": "b64_json"}
    assert refused_fields(Answer(400, "", json.dumps(body).encode()), sent) == expected
    assert refused_fields(Answer(500, "", json.dumps(body).encode()), sent) == ()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("", None), ("soon", None), ("-3", None), ("9" * 400, None)],
)
def test_a_wish_to_wait_is_read(text: str, seconds: float | None) -> None:
    assert seconds_to_wait(Answer(429, text, b"")) == seconds


def test_a_wish_to_wait_until_a_date_is_read() -> None:
    now = datetime(2026, 11, 28, tzinfo=UTC)
    later = format_datetime(now + timedelta(seconds=90), usegmt=True)
    assert seconds_to_wait(Answer(429, later, b""), now) == 90.0
    assert seconds_to_wait(Answer(429, later, b""), now + timedelta(days=1)) == 0.0


@pytest.mark.parametrize("content", ["", "\n", "two words", "two\nlines", "\xff"])
def test_what_is_no_key_is_refused_without_repeating_it(tmp_path: Path, content: str) -> None:
    file = tmp_path / "key"
    file.write_text(content, "latin-1")
    with pytest.raises(ModelError, match="^Expected ") as caught:
        key_at(str(file))
    assert not content.strip() or content.strip() not in str(caught.value)


@pytest.mark.parametrize("place", ["env:NO_SUCH_VARIABLE", "/no/such/file", KEY, "~nobody-here/key", "."])
def test_a_key_that_is_not_there_is_an_error_that_does_not_repeat_its_place(place: str) -> None:
    with pytest.raises(ModelError, match="^Expected .*render_key") as caught:
        key_at(place)
    assert place == "." or place not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("https://images.example.org/v1/", "https://images.example.org"),
        ("https://example.org/team/a/v1", "https://example.org/team/a"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_address_may_end_in_v1(text: str, base: str) -> None:
    assert base_of(text) == base


@pytest.mark.parametrize(
    "text",
    ["remote", "Local", "ftp://a", "http://", "http://a b", "http://a:x", "http://a?q=1", "http://a#f", "http://[::1"],
)  # fmt: skip
def test_an_address_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ModelError, match=r"^Expected render_on to be local or an address .*Correct it\.$"):
        load_renderer("mini", on=text)


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ModelError, match="without a user or a password") as caught:
        load_renderer("mini", on="http://me:hunter2@127.0.0.1:1")
    assert "hunter2" not in str(caught.value)
