"""The names of the mini models' subjects in three languages, and what people type."""

import re
from collections import Counter
from pathlib import Path

import pytest

from models.composer.recipes import LISTING, read_subjects
from personalize.vocabulary.known_subjects import LANGUAGES, KnownSubject, KnownSubjects
from personalize.vocabulary.nearest_words import folded

KNOWN = KnownSubjects.load(Path(__file__).parents[2] / "models" / "mini" / "subjects.toml")
LISTED = read_subjects(LISTING)

ARTICLES = {
    "en": ("a", "an", "the"),
    "de": ("ein", "eine", "der", "die", "das"),
    "fr": ("un", "une", "des", "du", "de", "la", "le", "les", "l", "d"),
}
COUNTED = {"de": r"(ein|eine) \S", "fr": r"(un|une) \S"}
"""How the first name of a thing with "a" begins."""

OTHERS = {
    "de": r"(ein|eine|die|zwei|drei) \S|[A-ZÄÖÜ]",
    "fr": r"(un|une|des|du|de la|la|deux|trois) \S|de l'\S",
}
"""How the first name of anything else begins; German has no article for a substance."""


def key(name: str, language: str) -> str:
    """What a name is compared by: its words in small letters without accents and articles."""
    return " ".join(word for word in folded(name) if word not in ARTICLES[language]) or name


def names(subject: KnownSubject, language: str) -> set[str]:
    """All names of a subject in a language, as they are compared."""
    own = (subject.phrase,) if language == "en" else ()
    return {key(name, language) for name in (*own, *subject.names.get(language, ()))}


def everything(known: KnownSubjects, language: str) -> Counter[str]:
    return Counter(name for subject in known.subjects for name in names(subject, language))


def test_the_list_is_what_the_models_learned_without_what_they_draw_badly() -> None:
    listed, known = ([subject.phrase for subject in some] for some in (LISTED, KNOWN.subjects))
    assert known == [phrase for phrase in listed if phrase in set(known)]
    near = {key(word, "en") for _, words in KNOWN.related for word in words} | set(everything(KNOWN, "en"))
    left_out = set(listed) - set(known)
    assert len(left_out) < 0.05 * len(listed) and all(key(phrase, "en") in near for phrase in left_out)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_belongs_to_two_subjects(language: str) -> None:
    assert not [name for name, count in everything(KNOWN, language).items() if count > 1]


def test_every_subject_has_a_german_and_a_french_name_with_its_article() -> None:
    for language in COUNTED:
        shown = {subject.phrase: subject.shown(language) for subject in KNOWN.subjects}
        assert len(set(shown.values())) == len(KNOWN.subjects)
        for phrase, name in shown.items():
            form = COUNTED if re.match(r"an? ", phrase) else OTHERS
            assert re.match(form[language], name), (phrase, name)


def test_plurals_stay_plurals() -> None:
    numbers = {"two": ("zwei", "deux"), "three": ("drei", "trois")}
    counted = [subject for subject in KNOWN.subjects if subject.phrase.split()[0] in numbers]
    assert len(counted) >= 9
    for subject in counted:
        german, french = numbers[subject.phrase.split()[0]]
        assert subject.shown("de").startswith(f"{german} ") and subject.shown("fr").startswith(f"{french} ")


def test_every_synonym_that_the_models_learn_is_a_name() -> None:
    known = everything(KNOWN, "en")
    learned = [subject for subject in LISTED if subject.phrase in {one.phrase for one in KNOWN.subjects}]
    assert not [name for subject in learned for name in subject.synonyms if key(name, "en") not in known]


def test_a_related_word_is_no_name_and_stands_once() -> None:
    taken = {name for language in LANGUAGES for name in everything(KNOWN, language)}
    related = [{" ".join(folded(word)) for word in words} for _, words in KNOWN.related]
    assert not [word for words in related for word in words if word in taken]
    assert not [word for word, count in Counter(w for words in related for w in words).items() if count > 1]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("wolves", "a wolf"),
        ("werewolves", "a wolf"),
        ("a lighthouse in a storm", "a lighthouse"),
        ("Leuchttürme", "a lighthouse"),
        ("un phare", "a lighthouse"),
        ("zwei Hunde", "two dogs"),
        ("deux chiens", "two dogs"),
        ("Sonnenuntergang", "a sunset"),
        ("un coucher de soleil", "a sunset"),
        ("Feuerwehrleute", "a firefighter"),
        ("grandma", "an old woman"),
        ("l'œil", "an eye"),
        ("Wüste", "a desert"),
        ("de l'ail", "a pumpkin"),
        ("samurai", "a royal guard"),
        ("Schäferhund", "a dog"),
        ("violoncelle", "a piano"),
        ("chef's hat", "a chef"),
        ("a knight", "a royal guard"),
        ("Dschungel", "a palm tree"),
        ("school of fish", "two fish"),
        ("fog", "a lake"),
    ],
)
def test_what_people_type_leads_to_a_subject(text: str, first: str) -> None:
    found = [subject.phrase for subject in KNOWN.nearest(text)]
    assert first in found[:2]


def test_a_related_word_alone_leads_first_to_its_first_subject() -> None:
    wrong = {
        word: found[0].phrase
        for near, words in KNOWN.related
        for word in words
        if not KNOWN.knows(word) and (found := KNOWN.nearest(word)) and found[0].phrase != near[0]
    }
    assert wrong == {}
