"""What the tokens do to the mini models' pictures ships with the vocabulary: the first start is quick."""

from pathlib import Path

from models import load_embedder, load_renderer
from personalize.preparation.effects import effects_key
from personalize.settings import Settings
from personalize.vocabulary.vocabulary import Vocabulary

WORDS = Path(__file__).parents[2] / "assets" / "vocabulary" / "mini"


def test_the_effects_are_those_of_the_models_and_words_that_ship() -> None:
    key = effects_key(Vocabulary.load(WORDS), load_renderer("mini"), load_embedder("mini"), Settings())
    assert [file.name for file in WORDS.glob("effects-*.npz")] == [f"effects-{key}.npz"]
