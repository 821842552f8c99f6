"""Subjects as text and as figures: the listing, what a line means, and pictures that differ by their seed."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from models.composer.compose import SLOTS, Scene, compose
from models.composer.figures import Wardrobe
from models.composer.library import SETS, build_library, load_library, variants
from models.composer.recipes import LISTING, Part, Recipe, read_subjects, subject_of
from models.errors import ModelError
from tests.models.shapes import drawn_shapes

PX = 64
BLANK = ("",) * len(SLOTS)


def wardrobe(line: str, drawings: int, steady: bool = False) -> Wardrobe:
    """One subject; its drawings `thing`, with several colours of the skin, and `other` are shapes."""
    rows = {"thing": range(drawings - 1), "thing~": range(drawings - 1), "other": [drawings - 1]}
    return Wardrobe(drawn_shapes(drawings, PX), rows, [subject_of(line)], steady)


def test_the_listing_has_five_hundred_subjects_that_people_ask_for() -> None:
    subjects = read_subjects(LISTING)
    phrases = [subject.phrase for subject in subjects]
    assert len(phrases) >= 500
    wanted = {
        "a city",
        "a woman",
        "an astronaut",
        "a lighthouse",
        "a sunset",
        "a forest",
        "a beach",
        "a knight",
    }
    assert wanted | {"two dogs", "a cat with a hat", "a snow village"} <= set(phrases)
    names = phrases + [name for subject in subjects for name in subject.synonyms]
    assert len(set(names)) == len(names)


def test_a_line_says_drawings_counts_spots_and_landscapes() -> None:
    subject = subject_of(
        "a cat | 2 cat-face, cat + top-hat@head, noto:cat@hill / day|sunset hill | kitten, kitty"
    )
    assert subject.phrase == "a cat" and subject.synonyms == ("kitten", "kitty")
    assert subject.recipes == (
        Recipe((Part("cat-face", 2),)),
        Recipe((Part("cat"), Part("top-hat", 1, "head"))),
        Recipe((Part("noto:cat", 1, "hill"),), ("day", "sunset"), "hill"),
    )
    assert subject_of("a forest | / day|night forest |").recipes == (Recipe((), ("day", "night"), "forest"),)


@pytest.mark.parametrize(
    "line",
    [
        "a cat",
        "a cat | ",
        "| cat",
        "a cat | cat@roof",
        "a cat | 0 cat",
        "a cat | many cat",
        "a cat | cat / noon hill",
        "a cat | cat / day",
        "a cat | cat@head / day hill",
    ],
)
def test_a_line_of_another_form_is_named_with_its_number(line: str, tmp_path: Path) -> None:
    listing = tmp_path / "subjects.txt"
    listing.write_text(f"# subjects\na dog | dog\n{line}\n")
    with pytest.raises(ValueError, match=r"subjects\.txt line 3: expected .* found .*Correct the line"):
        read_subjects(listing)
    listing.write_text("a dog | dog\na dog | dog-face\n")
    with pytest.raises(ValueError, match="line 2.*a second time"):
        read_subjects(listing)


def test_seeds_show_different_drawings_sides_and_sizes() -> None:
    figures = [
        wardrobe("a thing | thing", 4).figure(0, np.random.default_rng(seed)).layer for seed in range(8)
    ]
    hues = {tuple(np.rint(f[..., :3][f[..., 3] > 0.99].mean(0) * 20)) for f in figures}
    assert len(hues) >= 3
    alone = [wardrobe("a thing | thing", 2).figure(0, np.random.default_rng(seed)).layer for seed in range(8)]
    middles = [np.nonzero(f[..., 3] > 0.5)[1].mean() for f in alone]
    areas = [(f[..., 3] > 0.5).sum() for f in alone]
    assert max(middles) - min(middles) > 0.02 * PX and max(areas) > 1.1 * min(areas)


def test_a_steady_wardrobe_varies_nothing_but_skins() -> None:
    def figures(line: str) -> list[np.ndarray]:
        clothes = wardrobe(line, 4, steady=True)
        return [clothes.figure(0, np.random.default_rng(seed)).card() for seed in range(8)]

    lands = "a hill | thing@hill + other@sky / day|night hill, other@hill / day hill"
    for line in ("a thing | thing, other", "things | 4 thing", "a pair | thing + other@left", lands):
        first, *others = figures(line)
        assert all((figure == first).all() for figure in others)
    people = figures("a person | thing~, other")
    hues = {tuple(np.rint(f[..., :3][f[..., 3] > 0.99].mean(0) * 20)) for f in people}
    assert len(hues) >= 2


def test_counts_and_companions_are_all_there() -> None:
    def figure(line: str) -> np.ndarray:
        return wardrobe(line, 2).figure(0, np.random.default_rng(1)).layer

    def pieces(line: str) -> int:
        return int(ndimage.label(figure(line)[..., 3] > 0.5)[1])

    assert [pieces(f"things | {count} thing") for count in (1, 2, 3, 6)] == [1, 2, 3, 6]
    other = drawn_shapes(2, PX)[1, PX // 3, PX // 2, :3] / 255

    def of_the_other(line: str) -> int:
        drawn = figure(line)
        near = np.abs(drawn[..., :3] - other).max(axis=2) < 0.05
        return int((near & (drawn[..., 3] > 0.9)).sum())

    assert of_the_other("a thing with another | thing + other@right") > 20 > of_the_other("a thing | thing")


def test_a_landscape_fills_the_picture_or_becomes_a_card() -> None:
    clothes = wardrobe("a hill | thing@hill / day hill", 2)
    filled = compose(Scene(0, BLANK), clothes, np.random.default_rng(1)).astype(int)
    slot = list(SLOTS).index("background")
    said = (*BLANK[:slot], "stripes", *BLANK[slot + 1 :])
    card = compose(Scene(0, said), clothes, np.random.default_rng(1)).astype(int)
    blue = (filled[:4, :, 2] > filled[:4, :, 0] + 60).mean()  # the sky
    assert blue > 0.9 and (card[:4, :, 2] > card[:4, :, 0] + 60).mean() < 0.1


def test_the_skin_and_the_set_of_a_drawing_can_be_asked_for() -> None:
    sets: dict[str, dict[str, object]] = {
        "noto": {"icons": {"elf": {}, "elf-dark-skin-tone": {}}, "aliases": {"troll": {"parent": "elf"}}},
        "fluent-emoji": {"icons": {"elf": {}, "elf-dark": {}}},
    }
    assert variants("elf", sets) == [("noto", "elf"), ("fluent-emoji", "elf")]
    assert variants("noto:elf~", sets) == [("noto", "elf"), ("noto", "elf-dark-skin-tone")]
    assert variants("troll", sets) == [("noto", "troll")] and variants("gnome", sets) == []


def _pack(folder: Path, package: str, icons: dict[str, str]) -> None:
    content = json.dumps({"icons": {name: {"body": body} for name, body in icons.items()}}).encode()
    with tarfile.open(folder / f"iconify-json-{package}-{SETS[package]}.tgz", "w:gz") as tar:
        member = tarfile.TarInfo("package/icons.json")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))


def test_a_library_has_each_set_and_no_empty_rim(tmp_path: Path) -> None:
    (tmp_path / "packages").mkdir()
    for number, package in enumerate(SETS):
        dot = f'<circle cx="4" cy="4" r="2" fill="rgb({60 * number},0,0)"/>'
        _pack(tmp_path / "packages", package, {"fox": dot})
    listing = tmp_path / "subjects.txt"
    listing.write_text("a fox | fox | vixen\n")
    build_library(listing, tmp_path, PX)
    pictures = np.load(tmp_path / "library.npy")
    assert sorted(pictures[:, PX // 2, PX // 2, 0].tolist()) == [60 * n for n in range(len(SETS))]
    assert (pictures[..., 3].max(axis=2) > 8).sum(axis=1).min() > 0.9 * PX
    before = (tmp_path / "library.npy").stat().st_mtime_ns
    build_library(listing, tmp_path, PX)
    assert (tmp_path / "library.npy").stat().st_mtime_ns == before
    assert len(load_library(listing, tmp_path)) == 1
    listing.write_text("a fox | fox, foxes\n")
    with pytest.raises(ModelError, match="foxes.*subjects.txt.*Name a drawing"):
        build_library(listing, tmp_path, PX)


def test_a_library_prefers_some_sets_and_falls_back_to_the_others(tmp_path: Path) -> None:
    (tmp_path / "packages").mkdir()
    flat, noto = "fluent-emoji-flat", "noto"
    for number, package in enumerate(SETS):
        dot = f'<circle cx="4" cy="4" r="2" fill="rgb({60 * number},0,0)"/>'
        _pack(tmp_path / "packages", package, {"fox": dot} | ({"elf": dot} if package == "twemoji" else {}))
    listing = tmp_path / "subjects.txt"
    listing.write_text("a fox | fox | vixen\nan elf | elf, noto:fox | elves\n")
    build_library(listing, tmp_path, PX, preferred=(flat, noto))
    pictures = np.load(tmp_path / "library.npy")
    rows = json.loads((tmp_path / "library.json").read_text())["rows"]
    red = {
        name: sorted(int(pictures[row, PX // 2, PX // 2, 0]) for row in found) for name, found in rows.items()
    }
    assert red == {
        "fox": [60 * list(SETS).index(flat), 60 * list(SETS).index(noto)],
        "elf": [60 * list(SETS).index("twemoji")],
        "noto:fox": [60 * list(SETS).index(noto)],
    }
    build_library(listing, tmp_path, PX)
    assert len(np.load(tmp_path / "library.npy")) == len(SETS) + 1
