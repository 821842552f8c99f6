"""The pages are plain English: short sentences, and none of the turns of phrase that have to be decoded.

Pages that the experiments write from their numbers list figures, so only the turns of phrase are held there.
"""

import re
from pathlib import Path

import pytest

from tests.test_readme import WRITTEN, name_of, pages

LONGEST_WORDS = 25
RIDDLES = (
    "what is said of",
    "of then",
    "who looked",
    "what is there",
    "whoever looked",
    "missed are also",
    "of which what",
    "that say nothing else",
    "whoever named",
    "what breaks off goes on",
    "speaks against us",
    "names what it sees so",
)


def sentences(text: str) -> list[str]:
    """The sentences of a page, without front matter, code, tables, pictures, comments and quoted licences."""
    text = re.sub(r"\A---.*?\n---\n", "", text, flags=re.DOTALL)
    text = re.sub(r"```.*?```|<!--.*?-->", "\n\n", text, flags=re.DOTALL)
    text = re.sub(r"^\s*\|.*$|^#.*$|^!\[.*$|^> .*$", "\n", text, flags=re.MULTILINE)
    text = re.sub(r"^\s*(?:[-*]|\d+\.) ", "\n\n", text, flags=re.MULTILINE)
    text = re.sub(r"`[^`]*`", "code", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    paragraphs = [" ".join(block.split()) for block in re.split(r"\n\s*\n", text)]
    return [one.strip() for block in paragraphs for one in re.split(r"(?<=[.!?])\s+", block) if one.strip()]


@pytest.mark.parametrize("document", WRITTEN, ids=name_of)
def test_sentences_are_short(document: Path) -> None:
    long = [one for one in sentences(document.read_text("utf-8")) if len(one.split()) > LONGEST_WORDS]
    assert long == []


@pytest.mark.parametrize("document", pages(), ids=name_of)
def test_no_riddles(document: Path) -> None:
    text = " ".join(document.read_text("utf-8").lower().split())
    assert [riddle for riddle in RIDDLES if riddle in text] == []
