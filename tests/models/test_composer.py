"""The program that paints: exact captions, visible tokens, and subjects in their places."""

import sys
from pathlib import Path

import numpy as np
import pytest

from models.composer.compose import SLOTS, Scene, caption, compose
from models.composer.library import build_library
from models.composer.moods import MOODS
from models.composer.placement import PLACES, Place, placed
from models.composer.scenes import random_scene, scene_of
from models.composer.textures import WINDOWS
from models.composer.wordings import SYNONYMS, paraphrase
from models.errors import ModelError
from personalize.vocabulary.known_subjects import KnownSubjects
from personalize.vocabulary.vocabulary import Vocabulary
from tests.models.shapes import SUBJECTS, drawn_shapes, pack

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shapes() -> np.ndarray:
    return drawn_shapes(3, 128)


def test_the_vocabulary_is_what_the_models_were_trained_on() -> None:
    vocabulary = Vocabulary.load(ROOT / "assets" / "vocabulary" / "mini")
    assert vocabulary.slots == tuple(SLOTS)
    for row, tokens in enumerate(SLOTS.values()):
        allowed = {vocabulary.tokens[n] for n in range(vocabulary.size) if vocabulary.allowed[row, n]}
        assert allowed == set(tokens)
    known = KnownSubjects.load(ROOT / "models" / "mini" / "subjects.toml")
    assert list(vocabulary.subjects) == [subject.phrase for subject in known.subjects]
    assert set(vocabulary.subjects) <= set(SUBJECTS) and len(SUBJECTS) >= 500
    assert vocabulary.size - 1 >= 120 and vocabulary.horizon >= 8


def test_every_token_changes_the_picture(shapes: np.ndarray) -> None:
    plain_tokens = ("",) * len(SLOTS)
    plain = compose(Scene(0, plain_tokens), shapes, np.random.default_rng(1)).astype(int)
    for column, tokens in enumerate(SLOTS.values()):
        for token in tokens[1:]:
            said = tuple(token if place == column else "" for place in range(len(SLOTS)))
            picture = compose(Scene(0, said), shapes, np.random.default_rng(1)).astype(int)
            assert np.abs(picture - plain).mean() > 1.5, token


def test_a_scene_composes_the_same_from_the_same_seed(shapes: np.ndarray) -> None:
    scene = scene_of(random_scene(3, 8, np.random.default_rng(2)))
    one, two = (compose(scene, shapes, np.random.default_rng(5)) for _ in range(2))
    assert (one == two).all() and one.shape == (128, 128, 3) and one.dtype == np.uint8


def test_captions_name_what_is_there() -> None:
    assert (
        caption("a fox", ("watercolor", "", "stripes", "", "", "rain")) == "a fox, watercolor, stripes, rain"
    )


def test_other_wordings_name_the_same_things() -> None:
    tokens = {"medium": "watercolor", "background": "starry night", "texture": "glitter"}
    rng = np.random.default_rng(0)
    said = {paraphrase("a fox", tokens, rng) for _ in range(300)}
    assert len(said) > 30
    for text in said:
        assert "fox" in text and "glitter" in text
        for token in ("watercolor", "starry night"):
            assert any(word in text for word in (token, *SYNONYMS[token]))
    assert "watercolor of a fox, glitter, starry night" in said
    known = {token for words in SLOTS.values() for token in words}
    assert set(SYNONYMS) <= known and not {w for words in SYNONYMS.values() for w in words} & known


def test_subjects_stand_where_the_composition_says(shapes: np.ndarray) -> None:
    blank = ("",) * len(SLOTS)
    white = shapes.copy()
    white[..., :3] = 255
    behind = list(SLOTS).index("background")
    blank = (*blank[:behind], "wooden planks", *blank[behind + 1 :])
    ground = compose(Scene(0, blank), np.zeros_like(shapes), np.random.default_rng(1)).astype(int)
    slot = list(SLOTS).index("composition")

    def centre(token: str) -> tuple[float, float, int]:
        said = (*blank[:slot], token, *blank[slot + 1 :])
        picture = compose(Scene(0, said), white, np.random.default_rng(1)).astype(int)
        rows, columns = np.nonzero(np.abs(picture - ground).max(axis=2) > 80)
        return rows.mean() / 128, columns.mean() / 128, len(rows)

    row, column, size = centre("")
    assert centre("at the left edge")[1] < column - 0.1 < column + 0.1 < centre("at the right edge")[1]
    assert centre("high up")[0] < row - 0.1 and centre("peeking from below")[0] > row + 0.1
    assert centre("tiny and far away")[2] < 0.45 * size < 1.5 * size < centre("close-up")[2]
    assert len(PLACES["three in a row"]) == 3 and len(PLACES["many small copies"]) == 4


def test_the_same_words_put_the_subject_in_the_same_place(shapes: np.ndarray) -> None:
    blank = ("",) * len(SLOTS)
    one, two = (compose(Scene(0, blank), shapes, np.random.default_rng(seed)).astype(int) for seed in (1, 2))
    solid = placed(shapes[0].astype(np.float32) / 255, PLACES[""][0], 128)[..., 3] > 0.99
    assert np.abs(one - two)[solid].max() <= 26 and np.abs(one - two)[~solid].max() > 8  # the wall is another


def test_water_shows_the_subject_upside_down_and_fainter(shapes: np.ndarray) -> None:
    drawing = shapes[0].astype(np.float32) / 255
    above = placed(drawing, Place(0.5, 0.25, 0.5), 128)[..., 3]
    below = placed(drawing, Place(0.5, 0.75, 0.5, reflection=True), 128)[..., 3]
    assert 0.4 < below.max() / above.max() < 0.7
    both = (above[:64] > 0.3) & (below[:63:-1] > 0.3)
    assert both.sum() > 0.85 * (above > 0.3).sum()


def test_subjects_keep_something_of_their_looks_in_every_mood(shapes: np.ndarray) -> None:
    blank = ("",) * len(SLOTS)
    plain = compose(Scene(0, blank), shapes, np.random.default_rng(1)).astype(float)
    inside = placed(shapes[0].astype(np.float32) / 255, PLACES[""][0], 128)[..., 3] > 0.99
    slot = list(SLOTS).index("mood")
    for mood, paint in MOODS.items():
        said = (*blank[:slot], mood, *blank[slot + 1 :])
        picture = compose(Scene(0, said), shapes, np.random.default_rng(1)).astype(float)
        alone = paint((plain / 255).astype(np.float32), inside.astype(np.float32), np.random.default_rng(1))
        drowned = np.abs(255 * np.clip(alone, 0, 1) - plain)[inside].mean()
        assert np.abs(picture - plain)[inside].mean() <= 0.7 * drowned + 1, mood


@pytest.mark.parametrize("frame", WINDOWS)
def test_a_frame_goes_round_the_subject_and_leaves_the_medium_its_grid(frame: str) -> None:
    px = 128
    drawing = np.zeros((1, px, px, 4), np.uint8)
    rows, columns = np.mgrid[0:px, 0:px]
    drawing[0, np.hypot(rows - 63.5, columns - 63.5) < 60] = (220, 20, 20, 255)

    def red(texture: str, medium: str = "") -> np.ndarray:
        said = {"medium": medium, "background": "wooden planks", "texture": texture}
        tokens = tuple(said.get(slot, "") for slot in SLOTS)
        return compose(Scene(0, tokens), drawing, np.random.default_rng(0)).astype(int)

    def box(picture: np.ndarray) -> tuple[int, int, int, int]:
        found = np.argwhere((picture[..., 0] > 150) & (picture[..., 1] < 80) & (picture[..., 2] < 80))
        return *found.min(0), *(found.max(0) + 1)

    top, left, side = (round(share * px) for share in WINDOWS[frame])
    upper, first, lower, last = box(red(frame))
    assert top <= upper and lower <= top + side and left <= first and last <= left + side
    plain = box(red(""))
    assert (lower - upper) / (plain[2] - plain[0]) == pytest.approx(WINDOWS[frame][2], abs=0.05)
    tiles = red(frame, "mosaic").sum(-1)[top + 3 : top + 6, left + 4 : left + side - 4].mean(axis=0)
    column = np.arange(left + 4, left + side - 4) % 8
    assert tiles[(column == 0) | (column == 7)].min() > tiles[(column == 3) | (column == 4)].max()


def test_missing_tools_are_named_with_the_command_that_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing, packages = tmp_path / "subjects.txt", tmp_path / "packages"
    listing.write_text("a fox | fox |\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ModelError, match="npm is not installed.*npm pack"):
        build_library(listing, tmp_path, 32)
    pack(packages)
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ModelError, match="resvg-py.*pip install"):
        build_library(listing, tmp_path, 32)
