"""The choice of a vocabulary for a model."""

from pathlib import Path

import pytest

from personalize.errors import VocabularyError
from personalize.vocabulary.loading import load_vocabulary, vocabulary_folder

SHIPPED = Path(__file__).parents[2] / "assets" / "vocabulary"


@pytest.mark.parametrize(
    ("wanted", "own", "name"),
    [
        ("", "mini", "mini"),
        ("", "", "full"),
        ("", "no such set", "full"),
        ("full", "mini", "full"),
        ("mini", "", "mini"),
    ],
)
def test_a_vocabulary_is_named_or_the_models_own_or_the_full_one(wanted: str, own: str, name: str) -> None:
    assert vocabulary_folder(wanted, SHIPPED, own) == SHIPPED / name


def test_a_folder_of_ones_own_and_styles_are_used(tmp_path: Path) -> None:
    for file, text in {"1-medium.txt": "ink\n", "subjects.txt": "a fox\n"}.items():
        (tmp_path / file).write_text(text)
    styles = tmp_path / "styles.csv"
    styles.write_text("name,prompt,negative_prompt\nnoir,film noir {prompt},\n")
    folder = vocabulary_folder(str(tmp_path), SHIPPED)
    assert load_vocabulary(folder, str(styles)).tokens == ("", "ink", "film noir")


@pytest.mark.parametrize("name", ["huge", "~nobody-at-all/words", "x" * 5000])
def test_what_is_neither_a_set_nor_a_folder_is_said(name: str) -> None:
    with pytest.raises(VocabularyError, match="full, mini"):
        vocabulary_folder(name, SHIPPED)
