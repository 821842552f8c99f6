"""The composed training set: scenes drawn at random, kept as raw pictures beside the scenes that made them.

One in ten combinations of a subject and two tokens occurs in the last pictures alone, for evaluation. Each of
them is such a combination, every other one with a third token beside it.

Pictures are written in shards of SHARD, each from its own seed, so that a build that was stopped goes on and
any shard can be made again alone. Shards of other painters, drawings or settings than today's are made anew.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import multiprocessing
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.composer.compose import SLOTS, Scene, caption, compose
from models.composer.drawings import build_drawings
from models.composer.wordings import worded

SHARD = 1000
LISTING = Path(__file__).parents[1] / "composer" / "drawings.txt"


@dataclass(frozen=True)
class ComposedPictures:
    """Pictures UInt8[N, px, px, 3]; scenes Int16[N, 1 + slots]: subject, then token numbers (0 is blank)."""

    pictures: NDArray[np.uint8]
    scenes: NDArray[np.int16]
    subjects: tuple[str, ...]

    def caption(self, index: int, rng: np.random.Generator | None = None) -> str:
        """The caption of a picture; with `rng`, in one of the wordings that people use."""
        row = self.scenes[index]
        subject = self.subjects[row[0]]
        tokens = tuple(SLOTS[slot][number] for slot, number in zip(SLOTS, row[1:], strict=True))
        if rng is None or rng.random() < 0.6:
            return caption(subject, tokens)
        return worded(subject, {slot: token for slot, token in zip(SLOTS, tokens, strict=True) if token}, rng)


KEPT_BACK = 10
"""One in so many combinations of a subject and two tokens is kept for evaluation."""

EXCLUSIVE = 0.7
"""How often a mood, which is itself a palette and a light, stands without other words of these slots."""


def is_kept_back(row: Sequence[int] | NDArray[np.int16]) -> bool:
    """Whether a scene has a combination of subject and two tokens that no training step may see."""
    said = [(column, int(number)) for column, number in enumerate(row) if column and number]
    subject = int(row[0])
    return any(
        zlib.crc32(f"{subject} {one} {other}".encode()) % KEPT_BACK == 0
        for one, other in itertools.combinations(said, 2)
    )


OFTENER: dict[str, float] = {
    "reflected in water": 1.5,
    "tilted": 2.0,
    "tiny and far away": 2.0,
    "close-up": 1.5,
    "peeking from below": 1.5,
    "many small copies": 1.5,
    "inverted colors": 2.0,
}
"""Tokens that training sees so many times as often as the others of their slot: with them every subject has
a shape or colours that it has nowhere else. Evaluation sees all tokens equally often."""


HARDER: dict[str, float] = {
    "tiny and far away": 1.6,
    "two of them": 1.6,
    "three in a row": 1.6,
    "tilted": 1.6,
    "at the left edge": 1.6,
    "at the right edge": 1.6,
    "high up": 1.6,
    "peeking from below": 1.6,
    "many small copies": 1.6,
    "side by side mirrored": 1.6,
    "inverted colors": 2.0,
    "ink outline": 1.8,
    "stained glass": 1.3,
    "oil painting": 1.3,
    "neon sign": 1.3,
    "reflected in water": 1.6,
}
"""Tokens whose pictures a training takes so many times as often: subjects are lost in them first. OFTENER
decides what is composed, this how often it is then looked at, so it can change without composing anew."""


HARDER_TOGETHER: dict[tuple[str, str], float] = {
    ("medium", "composition"): 3.5,
    ("medium", "background"): 2.0,
    ("medium", "light"): 2.0,
    ("medium", "texture"): 2.0,
    ("medium", "palette"): 1.6,
    ("medium", "detail"): 1.6,
    ("medium", "mood"): 1.6,
    ("composition", "background"): 1.4,
}
"""Slots whose pictures, where both have a token, a training takes so many times as often. Nothing is left to
chance in a medium at a place, yet the denoiser, seven minutes into these pictures, missed the latents of such
by 0.37 of their variance, seen before or not, and those of a mood and a light by 0.04. What people who look
take for something else is the medium, so it has more than its share with any other word."""


def _odds(oftener: dict[str, float]) -> tuple[NDArray[np.float64], ...]:
    """Of the tokens of each slot, the blank left out."""
    weights = [np.array([oftener.get(token, 1.0) for token in tokens[1:]]) for tokens in SLOTS.values()]
    return tuple(weight / weight.sum() for weight in weights)


_EVEN, _TAUGHT = _odds({}), _odds(OFTENER)


def random_scene(
    subjects: int, words: int, rng: np.random.Generator, odds: Sequence[NDArray[np.float64]] = _EVEN
) -> list[int]:
    """Subject number, then a token number for each slot: `words` slots have one, fewer if moods clash.

    `odds` are those of each slot's tokens, the blank left out.
    """
    row = [int(rng.integers(subjects)), *[0] * len(SLOTS)]
    for slot in rng.permutation(len(SLOTS))[:words]:
        row[1 + slot] = 1 + int(rng.choice(len(odds[slot]), p=odds[slot]))
    columns = {slot: number for number, slot in enumerate(SLOTS, 1)}
    graded = (columns["palette"], columns["light"])
    if row[columns["mood"]] and any(row[column] for column in graded) and rng.random() < EXCLUSIVE:
        for column in graded if rng.random() < 0.5 else (columns["mood"],):
            row[column] = 0
    return row


def training_scene(subjects: int, shares: Sequence[float], rng: np.random.Generator) -> list[int]:
    """A scene without a combination that is kept back; `shares` says how often it has 0, 1, 2, ... words."""
    odds = np.asarray(shares, float)
    while True:
        row = random_scene(subjects, int(rng.choice(len(odds), p=odds / odds.sum())), rng, _TAUGHT)
        if not is_kept_back(row):
            return row


def evaluation_scene(subjects: int, words: int, rng: np.random.Generator) -> list[int]:
    """A scene of so many words, with a combination that no training step saw."""
    while True:
        row = random_scene(subjects, words, rng)
        if np.count_nonzero(row[1:]) == words and is_kept_back(row):
            return row


def scene_of(row: NDArray[np.int16] | Sequence[int]) -> Scene:
    """The scene that a row of numbers stands for."""
    return Scene(int(row[0]), tuple(SLOTS[slot][int(n)] for slot, n in zip(SLOTS, row[1:], strict=True)))


def _write_shard(job: tuple[int, Path, Path, tuple[float, ...], int, int]) -> None:
    number, drawings_file, folder, shares, seed, first_kept = job
    out = folder / f"{number:04d}.npz"
    if out.exists():
        return
    drawings = np.load(drawings_file)["pictures"]
    rng = np.random.default_rng((seed, number))
    rows = range(number * SHARD, (number + 1) * SHARD)
    count = len(drawings)
    scenes = np.array(
        [
            training_scene(count, shares, rng)
            if row < first_kept
            else evaluation_scene(count, 2 + row % 2, rng)
            for row in rows
        ],
        np.int16,
    )
    pictures = np.stack([compose(scene_of(row), drawings, rng) for row in scenes])
    partial = out.with_suffix(f".{os.getpid()}.tmp.npz")
    np.savez(partial, pictures=pictures, scenes=scenes)
    partial.rename(out)


def made_with(drawings: NDArray[np.uint8], config: dict[str, Any]) -> str:
    """Hex digits that tell apart what shards would hold: from `config` [data] and a picture with each token.

    Pictures rather than source code: a comment costs nothing, and a painter's least change shows.
    """
    digest = hashlib.sha256(json.dumps([SHARD, config], sort_keys=True).encode())
    rng = np.random.default_rng(0)
    for column, number in [(c, n) for c, words in enumerate(SLOTS.values(), 1) for n in range(1, len(words))]:
        row = random_scene(len(drawings), 1, rng)
        row[column] = number
        digest.update(compose(scene_of(row), drawings, rng).tobytes())
    return digest.hexdigest()[:16]


def _remove_stale(folder: Path, made: str) -> None:
    """Leave in `folder` only shards that were made so, and note how those to come are made."""
    note = folder / "made_with.txt"
    if note.exists() and note.read_text(encoding="utf-8") == made:
        return
    for shard in folder.glob("*.npz"):
        shard.unlink()
    note.write_text(made, encoding="utf-8")


def build_pictures(build: Path, config: dict[str, Any], workers: int = 2) -> None:
    """Compose all shards below `build`/pictures; those are kept that would come out the same."""
    drawings_file = build_drawings(
        LISTING, build / "packages", build / "drawings.npz", int(config["picture_px"])
    )
    folder = build / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    _remove_stale(folder, made_with(np.load(drawings_file)["pictures"], config))
    shards = -(-int(config["pictures"]) // SHARD)
    first_kept = shards * SHARD - int(config["held_out"])
    jobs = [
        (n, drawings_file, folder, tuple(config["words_share"]), int(config["seed"]), first_kept)
        for n in range(shards)
    ]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for done, _ in enumerate(pool.imap_unordered(_write_shard, jobs), 1):
            print(f"composed {done} of {shards} shards of {SHARD} pictures", flush=True)  # noqa: T201


def load_pictures(build: Path, config: dict[str, Any]) -> ComposedPictures:
    """All composed pictures, in memory."""
    shards = -(-int(config["pictures"]) // SHARD)
    subjects = tuple(str(s) for s in np.load(build / "drawings.npz")["subjects"])
    parts = [np.load(build / "pictures" / f"{number:04d}.npz") for number in range(shards)]
    scenes = np.concatenate([part["scenes"] for part in parts])
    first = parts[0]["pictures"]
    pictures = np.empty((len(scenes), *first.shape[1:]), np.uint8)  # filled in place: half the memory
    done = 0
    for part in parts:
        shard = part["pictures"]
        pictures[done : done + len(shard)] = shard
        done += len(shard)
    return ComposedPictures(pictures, scenes, subjects)


class SceneSampler:
    """Rows of the training set, likelier with more blank slots and what is HARDER, alone or TOGETHER.

    Subjects are learned from clear pictures.
    """

    def __init__(self, data: ComposedPictures, held_out: int, bias: float) -> None:
        """Never one of the last `held_out`, nor of the combinations that are kept for evaluation."""
        train = len(data.pictures) - held_out
        blanks = (data.scenes[:train, 1:] == 0).sum(axis=1)
        often = np.power(float(bias), blanks)
        for column, tokens in enumerate(SLOTS.values(), 1):
            often *= np.array([HARDER.get(token, 1.0) for token in tokens])[data.scenes[:train, column]]
        columns = {slot: data.scenes[:train, column] > 0 for column, slot in enumerate(SLOTS, 1)}
        for (one, other), factor in HARDER_TOGETHER.items():
            often *= np.where(columns[one] & columns[other], factor, 1.0)
        self._often = np.cumsum(often)

    def rows(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Int[count]."""
        return np.searchsorted(self._often, rng.random(count) * self._often[-1])
