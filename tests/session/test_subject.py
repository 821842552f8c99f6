"""A subject is one short line of plain text, in any language."""

import unicodedata

import hypothesis.strategies as st
import pytest
from hypothesis import given

from personalize.errors import SessionError
from personalize.session.subject import LONGEST_PROMPT, LONGEST_SUBJECT, check_line, check_subject


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("a fox", "a fox"),
        ("  a   fox \n", "a fox"),
        ("a\u00a0fox", "a fox"),
        ("cafe\u0301", "caf\u00e9"),
        ("狐と猫", "狐と猫"),
        ("ثعلب", "ثعلب"),
        ('a fox, 3/4 view (close-up); it\'s 100% "red" & wet!', None),
        ("👩‍🚀 on the moon", None),
        ("'; DROP TABLE palate_session; --", None),
        ("x" * LONGEST_SUBJECT, None),
    ],
)
def test_words_of_any_language_are_taken(text: str, subject: str | None) -> None:
    assert check_subject(text) == (text if subject is None else subject)


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u3000"])
def test_nothing_is_no_subject(text: str) -> None:
    with pytest.raises(SessionError, match="found nothing. Type a few words"):
        check_subject(text)


@pytest.mark.parametrize("length", [LONGEST_SUBJECT + 1, 10_000])
def test_a_long_text_is_no_subject(length: int) -> None:
    with pytest.raises(
        SessionError, match=f"at most {LONGEST_SUBJECT} characters, found {length}. Shorten"
    ) as caught:
        check_subject("x" * length)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "character",
    [
        "\x00",
        "\x07",
        "\x1b",
        "\t",
        "\n",
        "\r",
        "\x7f",
        "\x85",
        "\u2028",
        "\ud800",
        "\ue000",
        "\uffff",
        "\ufeff",
    ],
)
def test_a_control_character_is_refused_by_its_number(character: str) -> None:
    with pytest.raises(SessionError, match=rf"U\+{ord(character):04X}. Remove it"):
        check_subject(f"a{character}fox")


@pytest.mark.parametrize("character", ["\u202e", "\u200b", "\u2066", "\u00ad"])
def test_an_invisible_character_is_refused_by_its_number(character: str) -> None:
    with pytest.raises(SessionError, match=rf"invisible character U\+{ord(character):04X}"):
        check_subject(f"a {character}fox")


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a <b>fox</b>", "{fox}", "a fox>"])
def test_markup_is_refused(text: str) -> None:
    with pytest.raises(SessionError, match="markup character"):
        check_subject(text)


@given(st.text(max_size=200))
def test_what_is_taken_is_one_clean_line_and_taken_again(text: str) -> None:
    try:
        subject = check_subject(text)
    except SessionError as error:
        assert str(error).startswith("Expected ") and "found " in str(error)
        return
    assert 1 <= len(subject) <= LONGEST_SUBJECT
    assert subject == subject.strip() and "  " not in subject
    assert subject == unicodedata.normalize("NFC", subject) and subject.encode()
    assert check_subject(subject) == subject


def test_a_whole_prompt_has_its_own_length() -> None:
    assert check_line("x" * LONGEST_PROMPT, "prompt", LONGEST_PROMPT, "a fox") == "x" * LONGEST_PROMPT
    with pytest.raises(SessionError, match=f"a prompt of at most {LONGEST_PROMPT}"):
        check_line("x" * (LONGEST_PROMPT + 1), "prompt", LONGEST_PROMPT, "a fox")
