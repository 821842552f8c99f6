"""The composed data set: random scenes, shards that are kept, and the pictures that a training step uses."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.composer.compose import SLOTS
from models.composer.dataset import ComposedPictures, build_pictures, load_pictures, made_with
from models.composer.media import BRUSHES
from models.composer.sampling import PAIR_SAMPLING_WEIGHT, SAMPLING_WEIGHT, SceneSampler
from models.composer.scenes import KEPT_BACK, TOKEN_FREQUENCY, evaluation_scene, is_kept_back, training_scene
from models.errors import ModelError
from tests.models.shapes import SUBJECTS, drawn_shapes, write_library

PX = 64
CONFIG: dict[str, Any] = {
    "picture_px": PX,
    "pictures": 30,
    "shard": 10,
    "held_out": 7,
    "words_share": [1, 2, 2],
    "seed": 3,
}


@pytest.fixture(scope="module")
def shapes() -> np.ndarray:
    return drawn_shapes(3, PX)


def test_one_combination_in_ten_is_kept_back() -> None:
    rng = np.random.default_rng(0)
    pairs = []
    for _ in range(4000):
        row = [int(rng.integers(len(SUBJECTS))), *[0] * len(SLOTS)]
        for column in rng.choice(np.arange(1, len(row)), size=2, replace=False):
            row[column] = int(rng.integers(1, len(tuple(SLOTS.values())[column - 1])))
        pairs.append(is_kept_back(row))
    assert np.mean(pairs) == pytest.approx(1 / KEPT_BACK, abs=0.015)
    assert not is_kept_back([3, 5, *[0] * (len(SLOTS) - 1)])  # one token is no combination


def test_scenes_have_as_many_words_as_asked() -> None:
    rng = np.random.default_rng(0)
    shares = (1, 2, 4, 2, 1)
    words = [np.count_nonzero(training_scene(503, shares, rng)[1:]) for _ in range(2000)]
    found = np.bincount(words, minlength=5) / len(words)
    free = (1 - 1 / KEPT_BACK) ** np.array([0, 0, 1, 3, 6])  # none of their combinations is kept back
    wanted = np.array(shares) * free
    np.testing.assert_allclose(found, wanted / wanted.sum(), atol=0.05)  # moods take a word from some
    for asked in (2, 3):
        for _ in range(20):
            row = evaluation_scene(503, asked, rng)
            assert is_kept_back(row) and np.count_nonzero(row[1:]) == asked


def test_training_sees_hard_tokens_oftener_and_evaluation_all_alike() -> None:
    slot = list(SLOTS).index("composition")
    tokens = SLOTS["composition"]

    def shares(scenes: list[list[int]]) -> dict[str, float]:
        said = [row[1 + slot] for row in scenes if row[1 + slot]]
        return {token: said.count(number) / len(said) for number, token in enumerate(tokens) if number}

    rng = np.random.default_rng(0)
    taught = shares([training_scene(503, (0, 1), rng) for _ in range(16_000)])
    asked = shares([evaluation_scene(503, 2, rng) for _ in range(3_000)])
    whole = sum(TOKEN_FREQUENCY.get(token, 1.0) for token in tokens[1:])
    for token, share in taught.items():
        assert share == pytest.approx(TOKEN_FREQUENCY.get(token, 1.0) / whole, abs=0.03), token
        assert asked[token] == pytest.approx(1 / (len(tokens) - 1), abs=0.03), token
    assert set(TOKEN_FREQUENCY) <= {token for words in SLOTS.values() for token in words}


def test_a_change_of_painters_drawings_or_settings_changes_the_digest(
    shapes: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = made_with(shapes, CONFIG)
    assert made_with(shapes, dict(CONFIG)) == today
    for changed in ({"seed": 4}, {"shard": 20}):
        assert made_with(shapes, CONFIG | changed) != today
    assert made_with(shapes[::-1], CONFIG) != today
    paint = BRUSHES["woodcut"]
    monkeypatch.setitem(BRUSHES, "woodcut", lambda *given: paint(*given) * 0.98)
    assert made_with(shapes, CONFIG) != today


def test_shards_are_kept_until_the_painters_change(tmp_path: Path) -> None:
    """Three shards. A second build composes a missing one, a build by other painters composes all."""
    write_library(tmp_path, CONFIG)
    told: list[tuple[str, int, int]] = []
    build_pictures(tmp_path, CONFIG, 1, lambda *progress: told.append(progress))
    assert told[0][1:] == (0, 3) and told[-1][1:] == (3, 3)
    first = load_pictures(tmp_path, CONFIG)
    held_out = np.array([is_kept_back(row) for row in first.scenes])
    assert held_out.tolist() == [False] * 23 + [True] * 7 and first.pictures.shape == (30, PX, PX, 3)
    shards = sorted((tmp_path / "pictures").glob("*.npz"))
    before = [shard.stat().st_mtime_ns for shard in shards]
    shards[1].unlink()
    with pytest.raises(ModelError, match=r"Expected 3 .* found 2.*python -m models\.composer"):
        load_pictures(tmp_path, CONFIG)
    build_pictures(tmp_path, CONFIG, 1)
    after = [shard.stat().st_mtime_ns for shard in shards]
    assert after[0] == before[0] and after[1] > before[1] and after[2] == before[2]
    (tmp_path / "pictures" / "made_with.txt").write_text("by other painters")
    build_pictures(tmp_path, CONFIG, 1)
    assert all(shard.stat().st_mtime_ns > time for shard, time in zip(shards, after, strict=True))
    again = load_pictures(tmp_path, CONFIG)
    assert (again.pictures[:] == first.pictures[:]).all() and (again.scenes == first.scenes).all()


def test_clear_pictures_are_drawn_more_often_and_the_held_out_never() -> None:
    scenes = np.zeros((40, 1 + len(SLOTS)), np.int16)
    scenes[:20, [1 + list(SLOTS).index(slot) for slot in ("palette", "texture")]] = 1
    scenes[:, 0] = np.arange(40)
    data = ComposedPictures(np.zeros((40, 1, 1, 3), np.uint8), scenes, tuple(str(n) for n in range(40)))
    rows = SceneSampler(data, held_out=5, bias=2.0).rows(20_000, np.random.default_rng(0))
    assert rows.max() == 34
    clear = (rows >= 20).mean()
    assert clear == pytest.approx(15 * 4 / (15 * 4 + 20), abs=0.02)


def test_harder_tokens_are_drawn_more_often() -> None:
    token = "high up"
    scenes = np.zeros((40, 1 + len(SLOTS)), np.int16)
    scenes[:10, 1 + list(SLOTS).index("composition")] = SLOTS["composition"].index(token)
    data = ComposedPictures(np.zeros((40, 1, 1, 3), np.uint8), scenes, ("a fox",))
    rows = SceneSampler(data, held_out=10, bias=1.0).rows(20_000, np.random.default_rng(0))
    often = SAMPLING_WEIGHT[token]
    assert (rows < 10).mean() == pytest.approx(10 * often / (10 * often + 20), abs=0.02)


@pytest.mark.parametrize("pair", PAIR_SAMPLING_WEIGHT)
def test_slots_that_are_harder_together_are_drawn_so_much_more_often(pair: tuple[str, str]) -> None:
    token = {
        slot: next(n for n, t in enumerate(words) if n and t not in SAMPLING_WEIGHT)
        for slot, words in SLOTS.items()
    }
    scenes = np.zeros((40, 1 + len(SLOTS)), np.int16)
    for row, slots in enumerate([pair] * 10 + [pair[:1]] * 10 + [pair[1:]] * 10):
        for slot in slots:
            scenes[row, 1 + list(SLOTS).index(slot)] = token[slot]
    data = ComposedPictures(np.zeros((40, 1, 1, 3), np.uint8), scenes, ("a fox",))
    rows = SceneSampler(data, held_out=10, bias=1.0).rows(20_000, np.random.default_rng(0))
    often = PAIR_SAMPLING_WEIGHT[pair]
    assert (rows < 10).mean() == pytest.approx(10 * often / (10 * often + 20), abs=0.02)


def test_harder_tokens_are_tokens() -> None:
    assert all(set(pair) <= set(SLOTS) for pair in PAIR_SAMPLING_WEIGHT)
    assert set(SAMPLING_WEIGHT) <= {token for tokens in SLOTS.values() for token in tokens}
