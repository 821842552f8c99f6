"""The training of the mini models: exact captions, visible tokens, and the whole chain on a tiny set."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from models import load_embedder, load_renderer
from models.training.__main__ import SMOKE, main, read_config
from models.training.compose import SLOTS, Scene, caption, compose
from models.training.dataset import LISTING, random_scene, scene_of
from models.training.drawings import SETS, subject_drawings
from models.training.unet import middle_weight, spread_times
from personalize.mdp.vocabulary import Vocabulary

ROOT = Path(__file__).parents[2]
SUBJECTS = [subject for subject, _ in subject_drawings(LISTING)]


def drawn_shapes(subjects: int, px: int) -> np.ndarray:
    """UInt8[subjects, sets, px, px, 4]: coloured shapes in the place of the drawings, which are fetched."""
    rng = np.random.default_rng(0)
    out = np.zeros((subjects, len(SETS), px, px, 4), np.uint8)
    for subject in range(subjects):
        for style in range(len(SETS)):
            image = Image.new("RGBA", (px, px))
            draw = ImageDraw.Draw(image)
            color = (*(int(value) for value in rng.integers(40, 230, size=3)), 255)
            corners = [(px * 0.2, px * 0.2), (px * 0.8, px * 0.3), (px * (0.3 + 0.004 * subject), px * 0.8)]
            draw.polygon(corners, fill=color, outline=(0, 0, 0, 255))
            out[subject, style] = np.asarray(image)
    return out


@pytest.fixture(scope="module")
def shapes() -> np.ndarray:
    return drawn_shapes(3, 128)


def test_the_vocabulary_is_what_the_models_were_trained_on() -> None:
    vocabulary = Vocabulary.load(ROOT / "assets" / "vocabulary" / "mini")
    assert vocabulary.slots == tuple(SLOTS)
    for row, tokens in enumerate(SLOTS.values()):
        allowed = {vocabulary.tokens[n] for n in range(vocabulary.size) if vocabulary.allowed[row, n]}
        assert allowed == set(tokens)
    assert list(vocabulary.subjects) == SUBJECTS and len(SUBJECTS) >= 64
    assert vocabulary.size - 1 >= 50 and vocabulary.horizon >= 5


def test_every_token_changes_the_picture(shapes: np.ndarray) -> None:
    sets = tuple(SETS)
    plain_tokens = ("",) * len(SLOTS)
    plain = compose(Scene(0, plain_tokens), shapes, sets, np.random.default_rng(1)).astype(int)
    for column, tokens in enumerate(SLOTS.values()):
        for token in tokens[1:]:
            said = tuple(token if place == column else "" for place in range(len(SLOTS)))
            picture = compose(Scene(0, said), shapes, sets, np.random.default_rng(1)).astype(int)
            assert np.abs(picture - plain).mean() > 1.5, token


def test_a_scene_composes_the_same_from_the_same_seed(shapes: np.ndarray) -> None:
    scene = scene_of(random_scene(3, 0.0, np.random.default_rng(2)))
    one, two = (compose(scene, shapes, tuple(SETS), np.random.default_rng(5)) for _ in range(2))
    assert (one == two).all() and one.shape == (128, 128, 3) and one.dtype == np.uint8


def test_captions_name_what_is_there() -> None:
    assert caption("a fox", ("watercolor", "", "stripes", "", "")) == "a fox, watercolor, stripes"


def test_the_whole_chain_on_a_tiny_set(tmp_path: Path) -> None:
    """Data, CLIP, autoencoder, denoiser, export; then the stock loaders draw and see with the result."""
    build, out = tmp_path / "build", tmp_path / "mini"
    build.mkdir()
    np.savez(build / "drawings.npz", pictures=drawn_shapes(len(SUBJECTS), 128), subjects=np.array(SUBJECTS))
    for step in ("data", "clip", "vae", "decoder", "unet", "export"):
        assert main([step, "--build", str(build), "--out", str(out), "--smoke"]) == 0
    for part in ("clip", "vae", "unet"):
        steps = torch.load(build / part / "checkpoint.pt", weights_only=True)["steps"]
        assert steps >= 1
    assert (
        main(["unet", "--build", str(build), "--out", str(out), "--smoke"]) == 0
    )  # resumed, and already done
    assert torch.load(build / "unet" / "checkpoint.pt", weights_only=True)["steps"] == steps
    renderer, embedder = load_renderer(str(out)), load_embedder(str(out))
    assert renderer.room("a fox") > 0 and embedder.embed_texts(["a fox"]).shape == (1, embedder.dimension)


def test_smoke_changes_sizes_of_work_only() -> None:
    path = ROOT / "models" / "training" / "config.toml"
    whole, smoke = read_config(path, smoke=False), read_config(path, smoke=True)
    for section, values in whole.items():
        for name, value in values.items():
            assert smoke[section][name] == dict(SMOKE.get(section, {})).get(name, value)


def test_times_are_spread_evenly_over_their_distribution() -> None:
    torch.manual_seed(0)
    times = torch.stack([spread_times(24, 0.8) for _ in range(200)])
    logits = torch.logit(times)
    assert float(logits.mean()) == pytest.approx(0.8, abs=0.02)
    assert float(logits.std()) == pytest.approx(1.0, abs=0.03)
    parts = torch.special.ndtr(logits - 0.8).mul(24).floor()
    assert all(len(set(row.tolist())) == 24 for row in parts)  # one of each part in every batch
    assert float(logits.mean(dim=1).std()) < 0.05  # independent draws would have 0.2


def test_the_middle_counts_more_and_the_whole_the_same() -> None:
    weight = middle_weight(16, 1.5)
    assert float(weight.mean()) == pytest.approx(1.0)
    assert float(weight[7:9, 7:9].mean()) > 1.5 * float(weight[0, 0])
    torch.testing.assert_close(weight, weight.flip(0))
    torch.testing.assert_close(middle_weight(8, 0.0), torch.ones(8, 8))
