"""The check of a subject: one short line of plain text."""

import unicodedata

from personalize.errors import SessionError

LONGEST_SUBJECT = 120
"""Largest number of characters of a subject. After a longer text, the tokens of a taste would not fit into
the window of the text encoder."""

LONGEST_PROMPT = 600
"""Largest number of characters of a whole prompt on the command line."""

_MARKUP = "<>{}"


def check_subject(text: str) -> str:
    """The subject in Unicode's composed form (NFC), trimmed, with single spaces between words.

    Raises:
        SessionError: the text is empty, longer than LONGEST_SUBJECT characters, or has control characters or
            markup.
    """
    return check_line(text, "subject", LONGEST_SUBJECT, "a fox")


def check_line(text: str, name: str, longest: int, example: str) -> str:
    """A line of plain text with 1 to `longest` characters, trimmed and normalised.

    Args:
        text: the line.
        name: name of the line in error messages.
        longest: largest number of characters.
        example: an example of a valid line, for error messages.

    Raises:
        SessionError: as for `check_subject`.
    """
    line = unicodedata.normalize("NFC", text).strip()
    if not line:
        raise SessionError(
            "Expected a {name} such as '{example}', found nothing. Type a few words.",
            name=name,
            example=example,
        )
    if len(line) > longest:
        raise SessionError(
            "Expected a {name} of at most {longest} characters, found {found}. Shorten it.",
            name=name,
            longest=longest,
            found=len(line),
        )
    for character in line:
        if unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") or character == "\ufeff":
            raise SessionError(
                "Expected a {name} of plain letters, found the control character U+{code}. Remove it.",
                name=name,
                code=f"{ord(character):04X}",
            )
        if unicodedata.category(character) == "Cf" and character not in "\u200d\u200c":
            raise SessionError(
                "Expected a {name} of plain letters, found the invisible character U+{code}. Remove it.",
                name=name,
                code=f"{ord(character):04X}",
            )
        if character in _MARKUP:
            raise SessionError(
                "Expected a {name} of plain words, found the markup character '{found}'. Leave it out.",
                name=name,
                found=character,
            )
    return " ".join(line.split())
