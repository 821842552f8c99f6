"""The training of the mini models: exact captions, visible tokens, and the whole chain on a tiny set."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from models import load_embedder, load_renderer
from models.composer.compose import SLOTS, Scene, caption, compose
from models.composer.drawings import PACKAGE, VERSION, build_drawings, subject_drawings
from models.composer.media import BRUSHES
from models.composer.moods import MOODS
from models.composer.placement import PLACES, Place, placed
from models.composer.textures import WINDOWS
from models.composer.wordings import SAID_ALSO, worded
from models.training.__main__ import SMOKE, main, read_config
from models.training.dataset import (
    HARDER,
    HARDER_TOGETHER,
    KEPT_BACK,
    LISTING,
    OFTENER,
    ComposedPictures,
    SceneSampler,
    evaluation_scene,
    is_kept_back,
    load_pictures,
    made_with,
    random_scene,
    scene_of,
    training_scene,
)
from models.training.reader import SLOT_WEIGHT, Reader, reading_loss, softened, trained_reader
from models.training.text_plan import (
    GRID,
    PLANNED,
    plan_loss,
    plan_of,
    subject_weights,
)
from models.training.unet import spread_times
from personalize.vocabulary.vocabulary import Vocabulary

ROOT = Path(__file__).parents[2]
SUBJECTS = [subject for subject, _ in subject_drawings(LISTING)]


def drawn_shapes(subjects: int, px: int) -> np.ndarray:
    """UInt8[subjects, px, px, 4]: coloured shapes in the place of the drawings, which are fetched."""
    rng = np.random.default_rng(0)
    out = np.zeros((subjects, px, px, 4), np.uint8)
    for subject in range(subjects):
        image = Image.new("RGBA", (px, px))
        draw = ImageDraw.Draw(image)
        color = (*(int(value) for value in rng.integers(40, 230, size=3)), 255)
        corners = [(px * 0.2, px * 0.2), (px * 0.8, px * 0.3), (px * (0.3 + 0.004 * subject), px * 0.8)]
        draw.polygon(corners, fill=color, outline=(0, 0, 0, 255))
        out[subject] = np.asarray(image)
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
    assert list(vocabulary.subjects) == SUBJECTS and len(SUBJECTS) >= 200
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
    said = {worded("a fox", tokens, rng) for _ in range(300)}
    assert len(said) > 30
    for text in said:
        assert "fox" in text and "glitter" in text
        for token in ("watercolor", "starry night"):
            assert any(word in text for word in (token, *SAID_ALSO[token]))
    assert "watercolor of a fox, glitter, starry night" in said
    known = {token for words in SLOTS.values() for token in words}
    assert set(SAID_ALSO) <= known and not {w for words in SAID_ALSO.values() for w in words} & known


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
    words = [np.count_nonzero(training_scene(210, shares, rng)[1:]) for _ in range(2000)]
    found = np.bincount(words, minlength=5) / len(words)
    free = (1 - 1 / KEPT_BACK) ** np.array([0, 0, 1, 3, 6])  # none of their combinations is kept back
    wanted = np.array(shares) * free
    np.testing.assert_allclose(found, wanted / wanted.sum(), atol=0.05)  # moods take a word from some
    for asked in (2, 3):
        for _ in range(20):
            row = evaluation_scene(210, asked, rng)
            assert is_kept_back(row) and np.count_nonzero(row[1:]) == asked


def test_training_sees_hard_tokens_oftener_and_evaluation_all_alike() -> None:
    slot = list(SLOTS).index("composition")
    tokens = SLOTS["composition"]

    def shares(scenes: list[list[int]]) -> dict[str, float]:
        said = [row[1 + slot] for row in scenes if row[1 + slot]]
        return {token: said.count(number) / len(said) for number, token in enumerate(tokens) if number}

    rng = np.random.default_rng(0)
    taught = shares([training_scene(210, (0, 1), rng) for _ in range(16_000)])
    asked = shares([evaluation_scene(210, 2, rng) for _ in range(3_000)])
    whole = sum(OFTENER.get(token, 1.0) for token in tokens[1:])
    for token, share in taught.items():
        assert share == pytest.approx(OFTENER.get(token, 1.0) / whole, abs=0.03), token
        assert asked[token] == pytest.approx(1 / (len(tokens) - 1), abs=0.03), token
    assert set(OFTENER) <= {token for words in SLOTS.values() for token in words}


def test_reading_loss_asks_for_what_was_said_alone() -> None:
    """A reader whose answer does not depend on the picture: the loss is that answer's surprise."""
    torch.manual_seed(0)
    reader = Reader(channels=4, side=8, subjects=5).eval().requires_grad_(False)
    torch.nn.init.zeros_(reader.head.weight)
    reader.head.bias.copy_(torch.randn_like(reader.head.bias))
    logits = reader(torch.randn(1, 4, 8, 8))
    scenes = torch.zeros(2, 1 + len(SLOTS), dtype=torch.long)
    scenes[:, 0], scenes[0, 2] = 3, 7
    subject = -float(logits[0].log_softmax(1)[0, 3])
    token = -float(logits[2].log_softmax(1)[0, 7])
    found = reading_loss(reader, torch.randn(2, 4, 8, 8), scenes, torch.tensor([True, True]))
    assert float(found) == pytest.approx((2 * subject + SLOT_WEIGHT * token) / 2, rel=1e-5)
    untold = reading_loss(reader, torch.randn(2, 4, 8, 8), scenes, torch.tensor([False, True]))
    assert float(untold) == pytest.approx(subject / 2, rel=1e-5)


def test_a_missing_reader_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="models.training reader"):
        trained_reader(tmp_path, torch.zeros(1, 4, 8, 8), 5)


def test_a_reader_is_taught_on_softer_pictures_of_the_same() -> None:
    torch.manual_seed(0)
    smooth = torch.ones(400, 2, 6, 6)
    changed = softened(smooth)  # blurring leaves an even picture alone, so what is left is noise
    spread = (changed - smooth).flatten(1).std(dim=1)
    assert 0.2 < float((spread < 1e-5).float().mean()) < 0.5 and 0.4 < float(spread.max()) < 0.8
    rough = torch.randn(400, 2, 6, 6)
    left = (softened(rough) * rough).flatten(1).mean(dim=1) / rough.square().flatten(1).mean(dim=1)
    assert float(left.min()) < 0.5 and float(left.max()) == pytest.approx(1.0, abs=0.1)


def test_subjects_stand_where_the_composition_says(shapes: np.ndarray) -> None:
    blank = ("",) * len(SLOTS)
    ground = compose(Scene(0, blank), np.zeros_like(shapes), np.random.default_rng(1)).astype(int)
    slot = list(SLOTS).index("composition")

    def centre(token: str) -> tuple[float, float, int]:
        said = (*blank[:slot], token, *blank[slot + 1 :])
        picture = compose(Scene(0, said), shapes, np.random.default_rng(1)).astype(int)
        rows, columns = np.nonzero(np.abs(picture - ground).max(axis=2) > 60)
        return rows.mean() / 128, columns.mean() / 128, len(rows)

    row, column, size = centre("")
    assert centre("at the left edge")[1] < column - 0.1 < column + 0.1 < centre("at the right edge")[1]
    assert centre("high up")[0] < row - 0.1 and centre("peeking from below")[0] > row + 0.1
    assert centre("tiny and far away")[2] < 0.45 * size < 1.5 * size < centre("close-up")[2]
    assert len(PLACES["three in a row"]) == 3 and len(PLACES["many small copies"]) == 4


def test_the_same_words_put_the_subject_in_the_same_place(shapes: np.ndarray) -> None:
    blank = ("",) * len(SLOTS)
    one, two = (compose(Scene(0, blank), shapes, np.random.default_rng(seed)).astype(int) for seed in (1, 2))
    assert np.abs(one - two).max() <= 2


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
        tokens = tuple({"medium": medium, "texture": texture}.get(slot, "") for slot in SLOTS)
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


def test_drawings_of_an_earlier_form_are_not_taken_for_these(tmp_path: Path) -> None:
    listing, out = tmp_path / "drawings.txt", tmp_path / "drawings.npz"
    listing.write_text("a fox | fox\n")
    packages = tmp_path / "packages"
    packages.mkdir()
    icons = {"icons": {"fox": {"body": '<circle cx="8" cy="8" r="8" fill="#f00"/>'}}}
    content = json.dumps(icons).encode()
    with tarfile.open(packages / f"iconify-json-{PACKAGE}-{VERSION}.tgz", "w:gz") as tar:
        member = tarfile.TarInfo("package/icons.json")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    np.savez(out, pictures=np.zeros((1, 3, 32, 32, 4), np.uint8), subjects=np.array(["a fox"]))
    drawn = np.load(build_drawings(listing, packages, out, 32))["pictures"]
    assert drawn.shape == (1, 32, 32, 4) and drawn[0, 16, 16].tolist() == [255, 0, 0, 255]
    before = out.stat().st_mtime_ns
    build_drawings(listing, packages, out, 32)
    assert out.stat().st_mtime_ns == before


def test_shards_of_other_painters_drawings_or_settings_are_told_apart(
    shapes: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"pictures": 2000, "seed": 3}
    today = made_with(shapes, config)
    assert made_with(shapes, dict(config)) == today
    assert made_with(shapes, config | {"seed": 4}) != today
    assert made_with(shapes[::-1], config) != today
    paint = BRUSHES["woodcut"]
    monkeypatch.setitem(BRUSHES, "woodcut", lambda *given: paint(*given) * 0.98)
    assert made_with(shapes, config) != today


def test_the_whole_chain_on_a_tiny_set(tmp_path: Path) -> None:
    """Data, CLIP, autoencoder, denoiser, export; then the stock loaders draw and see with the result."""
    build, out = tmp_path / "build", tmp_path / "mini"
    build.mkdir()
    np.savez(build / "drawings.npz", pictures=drawn_shapes(len(SUBJECTS), 128), subjects=np.array(SUBJECTS))
    for step in ("data", "clip", "vae", "decoder", "layout", "reader", "unet", "export"):
        assert main([step, "--build", str(build), "--out", str(out), "--smoke"]) == 0
    config = read_config(ROOT / "models" / "training" / "config.toml", smoke=True)["data"]
    shard, made = build / "pictures" / "0000.npz", build / "pictures" / "made_with.txt"
    before, held = shard.stat().st_mtime_ns, np.load(shard)["pictures"]
    assert main(["data", "--build", str(build), "--out", str(out), "--smoke"]) == 0
    assert shard.stat().st_mtime_ns == before
    made.write_text("by other painters")
    assert main(["data", "--build", str(build), "--out", str(out), "--smoke"]) == 0
    assert shard.stat().st_mtime_ns > before and (np.load(shard)["pictures"] == held).all()
    data = load_pictures(build, config)
    kept = np.array([is_kept_back(row) for row in data.scenes])
    assert kept[-config["held_out"] :].all() and not kept[: -config["held_out"]].any()
    for part in ("clip", "vae", "layout", "reader", "unet"):
        steps = torch.load(build / part / "checkpoint.pt", weights_only=True)["steps"]
        assert steps >= 1
    assert (
        main(["unet", "--build", str(build), "--out", str(out), "--smoke"]) == 0
    )  # resumed, and already done
    assert torch.load(build / "unet" / "checkpoint.pt", weights_only=True)["steps"] == steps
    folded, latents = (torch.load(build / "vae" / f"{name}.pt") for name in ("folded", "latents"))
    assert main(["vae", "--build", str(build), "--out", str(out), "--smoke"]) == 0  # encodes, as it is
    for name, value in torch.load(build / "vae" / "folded.pt").items():
        assert torch.equal(value, folded[name]), name
    encoded = torch.load(build / "vae" / "latents.pt")
    torch.testing.assert_close(encoded.float(), latents.float(), atol=0.05, rtol=0.05)
    again = tmp_path / "again"
    assert main(["adopt", "--build", str(again), "--out", str(out), "--smoke"]) == 0
    modules = torch.load(again / "unet" / "checkpoint.pt", weights_only=True)["modules"]
    exported = torch.load(build / "unet" / "checkpoint.pt", weights_only=True)["modules"]
    for name, value in exported["ema_unet"].items():
        torch.testing.assert_close(modules["unet"][name], value.half().float())
    with pytest.raises(ValueError, match="without checkpoints"):
        main(["adopt", "--build", str(again), "--out", str(out), "--smoke"])
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


def test_the_place_of_the_subject_counts_more_and_the_whole_the_same() -> None:
    weights = subject_weights(16, 1.5)
    tokens = SLOTS["composition"]
    assert weights.shape == (len(tokens), 16, 16)
    torch.testing.assert_close(weights.mean(dim=(1, 2)), torch.ones(len(tokens)))
    plain, left, right, high, two = (
        weights[tokens.index(token)]
        for token in ("", "at the left edge", "at the right edge", "high up", "two of them")
    )
    assert float(plain[7:9, 7:9].mean()) > 1.5 * float(plain[0, 0])
    torch.testing.assert_close(left, right.flip(1))
    assert float(left[:, :8].mean()) > 1.2 * float(left[:, 8:].mean())
    assert float(high[:8].mean()) > 1.2 * float(high[8:].mean())
    assert float(two[4, 4]) > 1.3 * float(two[4, 12])
    torch.testing.assert_close(subject_weights(8, 0.0), torch.ones(len(tokens), 8, 8))


@torch.no_grad()
def test_a_plan_is_laid_out_as_the_latents_are() -> None:
    """A head that copies: place (r, c) at the end of the window says the part (r, c) of the picture."""
    channels, side = 2, 3
    latents = torch.randn(1, channels, GRID * side, GRID * side)
    width = channels * side * side
    states = torch.zeros(1, 7 + PLANNED, width)
    for row in range(GRID):
        for column in range(GRID):
            part = latents[0, :, row * side : (row + 1) * side, column * side : (column + 1) * side]
            states[0, 7 + row * GRID + column] = part.flatten()
    head = torch.nn.Linear(width, width)
    head.weight.copy_(torch.eye(width))
    head.bias.zero_()
    torch.testing.assert_close(plan_of(states, head, channels), latents)
    weight = subject_weights(GRID * side, 1.0)[:1, None]
    assert float(plan_loss(states, head, latents, weight)) == pytest.approx(0.0, abs=1e-12)
    assert float(plan_loss(states, head, latents + 1.0, weight)) == pytest.approx(1.0, rel=1e-5)


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
    often = HARDER[token]
    assert (rows < 10).mean() == pytest.approx(10 * often / (10 * often + 20), abs=0.02)


@pytest.mark.parametrize("pair", HARDER_TOGETHER)
def test_slots_that_are_harder_together_are_drawn_so_much_more_often(pair: tuple[str, str]) -> None:
    token = {
        slot: next(n for n, t in enumerate(words) if n and t not in HARDER) for slot, words in SLOTS.items()
    }
    scenes = np.zeros((40, 1 + len(SLOTS)), np.int16)
    for row, slots in enumerate([pair] * 10 + [pair[:1]] * 10 + [pair[1:]] * 10):
        for slot in slots:
            scenes[row, 1 + list(SLOTS).index(slot)] = token[slot]
    data = ComposedPictures(np.zeros((40, 1, 1, 3), np.uint8), scenes, ("a fox",))
    rows = SceneSampler(data, held_out=10, bias=1.0).rows(20_000, np.random.default_rng(0))
    often = HARDER_TOGETHER[pair]
    assert (rows < 10).mean() == pytest.approx(10 * often / (10 * often + 20), abs=0.02)


def test_harder_tokens_are_tokens() -> None:
    assert all(set(pair) <= set(SLOTS) for pair in HARDER_TOGETHER)
    assert set(HARDER) <= {token for tokens in SLOTS.values() for token in tokens}
