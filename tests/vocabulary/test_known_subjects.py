"""What the shipped models can draw, and which of it is nearest to other words."""

from pathlib import Path

import pytest

from personalize.assembly import VOCABULARIES, known_subjects
from personalize.errors import VocabularyError
from personalize.settings import Settings
from personalize.vocabulary.known_subjects import LANGUAGES, KnownSubjects, search_words
from personalize.vocabulary.nearest_words import Name, NearestWords
from personalize.vocabulary.vocabulary import Vocabulary

TOKENS = Vocabulary.load(VOCABULARIES / "mini").tokens


def shipped() -> KnownSubjects:
    found = known_subjects(Settings())
    assert found is not None
    return found


KNOWN = shipped()


def nearest(text: str) -> list[str]:
    return [subject.phrase for subject in KNOWN.nearest(text)]


def test_every_example_of_the_vocabulary_is_known() -> None:
    assert all(KNOWN.knows(subject) for subject in Vocabulary.load(VOCABULARIES / "mini").subjects)


def test_every_name_leads_to_its_subject() -> None:
    lost = [
        (name, subject.phrase)
        for subject in KNOWN.subjects
        for language in LANGUAGES
        for name in subject.names.get(language, ())
        if subject.phrase not in nearest(name)[:2]
    ]
    assert not lost


def test_every_related_word_leads_to_one_of_its_subjects() -> None:
    lost = [
        word
        for near, words in KNOWN.related
        for word in words
        if not KNOWN.knows(word) and not set(near) & set(nearest(word))
    ]
    assert not lost


@pytest.mark.parametrize(
    "text",
    [
        "a fox",
        "fox",
        "The Fox",
        "  A  FOX. ",
        "an owl",
        "a owl",
        "a fox, watercolor",
        "a fox, watercolor, golden hour",
        "Watercolor, a fox",
    ],
)
def test_a_learned_subject_is_known(text: str) -> None:
    assert KNOWN.knows(text, TOKENS)


@pytest.mark.parametrize(
    "text",
    ["a hungry coyote", "a red fox", "foxes", "ein Fuchs", "a fox, oil on canvas", "a fox, a cat", "",
     "watercolor", "a fox and a cat", "a foxglove", ",", "an", "a fox,"],
)  # fmt: skip
def test_anything_else_is_not_known(text: str) -> None:
    assert not KNOWN.knows(text, TOKENS)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("a red fox", "a fox"),
        ("a very small, rather sleepy fox", "a fox"),
        ("foxes", "a fox"),
        ("a vixen", "a fox"),
        ("Füchse", "a fox"),
        ("Fuechse", "a fox"),
        ("zwei rote Füchse im Wald", "a fox"),
        ("un renard roux", "a fox"),
        ("des renards", "a fox"),
        ("kittens", "two cats"),
        ("einen Löwen", "a lion"),
        ("loewe", "a lion"),
        ("LION", "a lion"),
        ("chevaux", "a horse"),
        ("l’ours", "a bear"),
        ("häuser", "a house"),
        ("leaves", "a maple leaf"),
        ("strawberries", "a strawberry"),
        ("mice", "a mouse"),
        ("œufs", "an egg"),
        ("arc en ciel", "a rainbow"),
        ("un chat noir dans la neige", "a black cat"),
        ("a castle on a mountain", "a castle"),
        ("an orange cat", "a cat"),
        ("fire engine", "a fire truck"),
        ("Segelflugzeug", "an airplane"),
        ("elephnat", "an elephant"),
        ("umbrela", "an umbrella"),
        ("a hungry coyote", "a wolf"),
        ("wolves", "a wolf"),
        ("die", "a die"),
    ],
)
def test_the_nearest_subject_comes_first(text: str, first: str) -> None:
    assert nearest(text)[0] == first


@pytest.mark.parametrize("text", ["asdfgh", "日本", "!!", "", "a" * 120, "the of in"])
def test_words_that_are_near_to_nothing_find_nothing(text: str) -> None:
    assert nearest(text) == []


def test_an_accent_tells_a_thing_from_an_article() -> None:
    names = NearestWords([Name(0, "un lion"), Name(1, "un th\u00e9", head_first=True)])
    assert names.find("le th\u00e9") == names.find("un the\u0301") == [1]
    assert names.find("the lion") == [0]


def test_at_most_six_are_offered_and_some_are_always_shown() -> None:
    everything = " ".join(subject.phrase for subject in KNOWN.subjects[:20])
    assert len(nearest(everything)) == 6
    assert len({subject.phrase for subject in KNOWN.spread()}) == 6


def test_a_program_is_told_what_is_near() -> None:
    said = KNOWN.note("a hungry coyote")
    assert "490 subjects" in said and "'a hungry coyote'" in said and "a wolf, a fox" in said
    assert "Some of their subjects are: a fox" in KNOWN.note("asdfgh")


def test_a_search_finds_names_of_all_languages() -> None:
    fox = next(subject for subject in KNOWN.subjects if subject.phrase == "a fox")
    assert search_words(fox) == "a fox | vixen | ein fuchs | fuchsin | un renard | renarde"


def test_a_full_size_model_lists_no_subjects(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    assert known_subjects(Settings(model=str(folder))) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[subjects]",
        "subjects = 3",
        '[subjects]\n"a fox" = "Fuchs"',
        '[subjects]\n"a fox" = {it = "volpe"}',
        '[subjects]\n"" = {de = "ein Fuchs"}',
        '[subjects]\n"a fox" = {}\n[related]\n"a cat" = "wolf"',
        '[subjects]\n"a fox" = {}\n[related]\n"a fox" = 3',
        "no toml at all",
        "\0",
    ],
)
def test_a_damaged_list_is_refused_in_a_sentence(text: str, tmp_path: Path) -> None:
    file = tmp_path / "subjects.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(VocabularyError, match=r"Expected .* found"):
        KnownSubjects.load(file)


def test_a_list_with_a_byte_order_mark_and_one_language_is_read(tmp_path: Path) -> None:
    file = tmp_path / "subjects.toml"
    file.write_text('[subjects]\n"a wolf" = {en = "werewolf"}\n', encoding="utf-8-sig")
    known = KnownSubjects.load(file)
    assert known.knows("the wolf") and known.nearest("werewolves")[0].phrase == "a wolf"
    assert known.subjects[0].shown("de") == ""
