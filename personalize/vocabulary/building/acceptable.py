"""Which words are kept: none that offend, none about bodies, violence or drugs, none that are hardly known.

Offensive words are those of three lists made for the purpose; words that these call offensive only in some
senses ("cracks" in paint, the Tang dynasty) are named in ALLOWED, each seen and judged by hand. A word of
an open list is common enough when CLIP's own table of word pieces has it whole, early in the table, which is
sorted by how often its training texts said it: what CLIP never saw whole, image models hardly know.
"""

import gzip
import importlib.util
import json
import re
from functools import cached_property
from pathlib import Path
from string import ascii_lowercase

COMMON = 36_000
"""Merges of CLIP's table that count as common, out of 48,894; further ones are mostly names and slang."""

ALLOWED = frozenset("alla cracks god nook penthouse ribbed shag swallows swallow tang crack".split())
"""Words that the lists of offensive words have and that mean something harmless here."""

BARRED = frozenset(
    "gun rifle weapon bomb war blood blade bullet corpse skull skeleton grave coffin torture prison jail "
    "execution cigar cigarette tobacco beer wine whiskey drug opium nude naked bikini underwear lingerie "
    "swastika nazi disney pixar marvel lego ikea barbie pokemon nintendo polaroid kodak leica coca".split()
)
"""Words that have no place in a friendly picture (violence, bodies, drugs, drink), and trade names."""


class Acceptable:
    """The words of the packages in a node_modules folder, asked one text at a time."""

    def __init__(self, modules: Path) -> None:
        """Nothing is read yet."""
        self._modules = modules

    def offends(self, text: str) -> str:
        """The offensive or barred word in a text; "" when there is none."""
        words = words_in(text)
        for length in (1, 2, 3):
            for start in range(len(words) - length + 1):
                phrase = " ".join(words[start : start + length])
                for form in (phrase, singular(phrase)):
                    if form in BARRED or (form in self.offensive and form not in ALLOWED):
                        return phrase
        return ""

    @cached_property
    def offensive(self) -> frozenset[str]:
        """All entries of the three lists, in lower case."""
        found: set[str] = set()
        for file in ("profane-words/words.json", "naughty-words/en.json"):
            found |= set(json.loads((self._modules / file).read_text(encoding="utf-8")))
        cuss = (self._modules / "cuss" / "index.js").read_text(encoding="utf-8")
        rated = re.findall(r"^\s+(?:'([^']+)'|(\w+)): ([12]),?$", cuss, re.MULTILINE)
        found |= {quoted or plain for quoted, plain, _ in rated}
        return frozenset(word.lower() for word in found)

    def common(self, text: str) -> bool:
        """Whether CLIP knows each word of a text whole."""
        return all(word in self._known for word in words_in(text))

    @cached_property
    def _known(self) -> frozenset[str]:
        module = importlib.util.find_spec("open_clip")
        assert module is not None and module.origin is not None
        table = Path(module.origin).parent / "bpe_simple_vocab_16e6.txt.gz"
        merges = gzip.decompress(table.read_bytes()).decode("utf-8").split("\n")[1 : COMMON + 1]
        whole = ("".join(merge.split()) for merge in merges)
        return frozenset(word.removesuffix("</w>") for word in whole if word.endswith("</w>")) | set(
            ascii_lowercase
        )


def words_in(text: str) -> list[str]:
    """The words of a text in lower case, apart at hyphens and apostrophes too."""
    return re.findall(r"[^\W_]+", text.lower())


def singular(text: str) -> str:
    """The text with its last word in the singular, by its ending; good enough to find doubles."""
    for ending, instead in (
        ("ies", "y"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("sses", "ss"),
        ("xes", "x"),
        ("s", ""),
    ):
        if text.endswith(ending) and not text.endswith(("ss", "us", "is")) and len(text) > len(ending) + 2:
            return text[: -len(ending)] + instead
    return text


def same(text: str) -> str:
    """What a text says apart from case, hyphens, articles, and singular or plural: doubles share it."""
    return " ".join(singular(word) for word in words_in(text) if word not in ("a", "an", "the"))
