"""What a person may ask pictures of: one short line of plain text."""

import unicodedata

from personalize.errors import SessionError

LONGEST_SUBJECT = 120
"""Characters; a longer text would push the tokens of a taste out of the text tower's window."""

LONGEST_PROMPT = 600
"""Characters of a whole prompt given on the command line."""

_MARKUP = "<>{}"


def check_subject(text: str) -> str:
    """The subject, trimmed, inner spaces made single, in Unicode's composed form (NFC).

    Raises:
        SessionError: empty, longer than LONGEST_SUBJECT characters, control characters, or markup.
    """
    return check_line(text, "subject", LONGEST_SUBJECT, "a fox")


def check_line(text: str, name: str, longest: int, example: str) -> str:
    """A line of plain text of 1 to `longest` characters, trimmed and normalised; `name` says what it is.

    Raises:
        SessionError: as for `check_subject`.
    """
    line = unicodedata.normalize("NFC", text).strip()
    if not line:
        raise SessionError(f"Expected a {name} such as '{example}', found nothing. Type a few words.")
    if len(line) > longest:
        raise SessionError(
            f"Expected a {name} of at most {longest} characters, found {len(line)}. Shorten it."
        )
    for character in line:
        if unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") or character == "\ufeff":
            raise SessionError(
                f"Expected a {name} of plain letters, found the control character U+{ord(character):04X}. "
                "Remove it."
            )
        if unicodedata.category(character) == "Cf" and character not in "\u200d\u200c":
            raise SessionError(
                f"Expected a {name} of plain letters, found the invisible character U+{ord(character):04X}. "
                "Remove it."
            )
        if character in _MARKUP:
            raise SessionError(
                f"Expected a {name} of plain words, found the markup character '{character}'. Leave it out."
            )
    return " ".join(line.split())
