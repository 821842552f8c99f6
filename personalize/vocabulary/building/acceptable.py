"""Filters words: no offensive words, no bodies, violence or drugs, and no rare words.

Three published lists define the offensive words. ALLOWED names their words with a harmless sense here, each
reviewed by hand, such as "cracks" in paint or the Tang dynasty. A word of an open list is common if it is one
whole word piece early in CLIP's table. The table is sorted by frequency in CLIP's training texts. Image
models hardly know a word that is not one of CLIP's word pieces.
"""

import gzip
import importlib.util
import json
import re
from functools import cached_property
from pathlib import Path
from string import ascii_lowercase

COMMON = 36_000
"""Number of merges in CLIP's table that count as common, out of 48,894. Later merges are mostly names and
slang."""

ALLOWED = frozenset("alla cracks god nook penthouse ribbed shag swallows swallow tang crack".split())
"""Words in the lists of offensive words that have a harmless sense here."""

BARRED = frozenset(
    "gun rifle weapon bomb war blood blade bullet corpse skull skeleton grave coffin torture prison jail "
    "execution cigar cigarette tobacco beer wine whiskey drug opium nude naked bikini underwear lingerie "
    "swastika nazi disney pixar marvel lego ikea barbie pokemon nintendo polaroid kodak leica coca".split()
)
"""Words that do not belong in a friendly picture (violence, bodies, drugs, alcohol), and trade names."""


class Acceptable:
    """The filter, with the word lists of the packages in a node_modules folder."""

    def __init__(self, modules: Path) -> None:
        """Remember the folder; the lists are read at the first use."""
        self._modules = modules

    def offends(self, text: str) -> str:
        """The first offensive or barred word or phrase in a text; "" if there is none."""
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
        """All words of the three lists in lower case."""
        found: set[str] = set()
        for file in ("profane-words/words.json", "naughty-words/en.json"):
            found |= set(json.loads((self._modules / file).read_text(encoding="utf-8")))
        cuss = (self._modules / "cuss" / "index.js").read_text(encoding="utf-8")
        rated = re.findall(r"^\s+(?:'([^']+)'|(\w+)): ([12]),?$", cuss, re.MULTILINE)
        found |= {quoted or plain for quoted, plain, _ in rated}
        return frozenset(word.lower() for word in found)

    def common(self, text: str) -> bool:
        """Whether each word of a text is one common word piece of CLIP."""
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
    """The words of a text in lower case, also split at hyphens and apostrophes."""
    return re.findall(r"[^\W_]+", text.lower())


def singular(text: str) -> str:
    """The text with its last word in the singular, by its ending; sufficient to find duplicates."""
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
    """The text without case, hyphens, articles and plurals; duplicates have the same result."""
    return " ".join(singular(word) for word in words_in(text) if word not in ("a", "an", "the"))
