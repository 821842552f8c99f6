"""The full vocabulary: many tokens, no duplicates, sources and kinds, and valid rules."""

import re
from collections import Counter
from pathlib import Path

import pytest
import torch

from personalize.mdp.prompt_mdp import PromptMDP
from personalize.vocabulary.building.acceptable import BARRED, same, words_in
from personalize.vocabulary.vocabulary import RULES, Vocabulary

FULL = Path(__file__).parents[2] / "assets" / "vocabulary" / "full"
SLOTS = ("genre", "medium", "texture", "era", "setting", "light", "palette", "mood", "camera", "detail")

# A few words of each kind in the lists of offensive words, so that the check needs no package.
NEVER = BARRED | set(
    "sex sexy porn kill murder suicide slave whore bitch slut gore cocaine heroin rape".split()
)
LIVING = (
    "banksy",
    "hockney",
    "kusama",
    "murakami",
    "koons",
    "hirst",
    "richter",
    "miyazaki",
    "rutkowski",
    "leibovitz",
)


@pytest.fixture(scope="module")
def full() -> Vocabulary:
    return Vocabulary.load(FULL)


def test_it_is_large_in_each_of_ten_slots(full: Vocabulary) -> None:
    assert full.slots == SLOTS
    assert 4800 <= full.size <= 5600
    counts = full.allowed[:, 1:].sum(dim=1)
    assert int(counts.min()) >= 300 and int(counts.max()) <= 800


def test_no_token_says_what_another_or_a_subject_says(full: Vocabulary) -> None:
    said = Counter(same(text) for text in (*full.tokens[1:], *full.subjects))
    assert [text for text, count in said.items() if count > 1] == []


def test_every_token_names_its_source(full: Vocabulary) -> None:
    assert len(full.sources) == full.size and full.sources[0] == ""
    kinds = Counter(source.partition(":")[0].partition(" as")[0] for source in full.sources[1:])
    assert set(kinds) == {"curated", "WordNet", "color-name-list"} and min(kinds.values()) >= 70
    licences = (FULL / "README.md").read_text("utf-8")
    assert all(kind in licences for kind in kinds)


def test_tokens_are_short_plain_and_filled_in(full: Vocabulary) -> None:
    for token in full.tokens[1:]:
        assert len(token) <= 60 and len(token.split()) <= 8 and token == token.strip(), token
        assert not re.search(r"[{},;<>_\d]{2}[{}]|[{}<>,;]", token), token
        assert not re.search(r"\b(\w+) (?:and )?\1\b", token.removeprefix("long ")), token
        assert not re.search(r"\ba (?=[aeio])|\ban (?=[^aeiouhAEIOUH])", token), token


def test_nothing_offends_and_nobody_living_is_named(full: Vocabulary) -> None:
    for token in full.tokens[1:]:
        assert not set(words_in(token)) & NEVER, token
        assert not any(name in token.lower() for name in LIVING), token


def test_clashing_kinds_never_stand_together(full: Vocabulary) -> None:
    assert full.successors is not None
    rules = [line.split("\t") for line in (FULL / RULES).read_text("utf-8").splitlines() if "\t" in line]
    assert len(rules) == int((~full.successors.allowed).sum()) >= 20
    mdp = PromptMDP(torch.zeros(full.size, 1), full.allowed, full.successors)
    paths = mdp.random_paths(300, torch.Generator().manual_seed(1))
    assert bool(mdp.admits(paths).all())
    for first, second in (("street photography", "oil painting"), ("oil painting", "film grain")):
        path = torch.zeros(1, full.horizon, dtype=torch.long)
        for token in (first, second):
            path[0, full.slot_of(token)] = full.index(token)
        assert not bool(mdp.admits(path)), (first, second)
    for first, second in (("street photography", "tintype"), ("oil painting", "canvas weave")):
        path = torch.zeros(1, full.horizon, dtype=torch.long)
        for token in (first, second):
            path[0, full.slot_of(token)] = full.index(token)
        assert bool(mdp.admits(path)), (first, second)
