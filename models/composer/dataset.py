"""The composed data set: raw pictures, and beside each the scene that it was composed from.

Pictures are written in shards, each from its own seed. A build that was stopped therefore continues, and any
shard can be composed again alone. A change of painters, drawings or settings composes all shards again.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.composer.compose import SLOTS, caption, compose
from models.composer.figures import Wardrobe
from models.composer.library import build_library, load_library, phrases
from models.composer.recipes import LISTING, read_subjects
from models.composer.scenes import evaluation_scene, random_scene, scene_of, training_scene
from models.composer.shards import Pictures, Shards
from models.composer.wordings import paraphrase
from models.errors import ModelError
from models.progress import OnProgress, no_progress

CONFIG = Path(__file__).with_name("config.toml")
VERBATIM = 0.6
"""Share of the training captions that use the vocabulary's own words."""

SYNONYM = 0.35
"""Share of the other captions that call a subject by one of its synonyms."""


@dataclass(frozen=True)
class ComposedPictures:
    """Pictures with their scenes.

    Attributes:
        pictures: UInt8[N, px, px, 3].
        scenes: Int16[N, 1 + slots]: the subject's number, then a token number for each slot (0 is blank).
        subjects: phrase of each subject.
        synonyms: other names of each subject; empty if the subjects have none.
    """

    pictures: Pictures
    scenes: NDArray[np.int16]
    subjects: tuple[str, ...]
    synonyms: tuple[tuple[str, ...], ...] = ()

    def caption(self, index: int, rng: np.random.Generator | None = None) -> str:
        """The caption of a picture; with `rng`, in one of several wordings."""
        row = self.scenes[index]
        subject = self.subjects[row[0]]
        tokens = scene_of(row).tokens
        if rng is None or rng.random() < VERBATIM:
            return caption(subject, tokens)
        others = self.synonyms[row[0]] if self.synonyms else ()
        if others and rng.random() < SYNONYM:
            subject = str(rng.choice(others))
        named = {slot: token for slot, token in zip(SLOTS, tokens, strict=True) if token}
        return paraphrase(subject, named, rng)


def read_data_config(path: Path | None = None) -> dict[str, Any]:
    """The table [data] of a config file; of config.toml in this folder unless another is given.

    Raises:
        ModelError: the file cannot be read, or has no such table.
    """
    try:
        config: dict[str, Any] = tomllib.loads((path or CONFIG).read_text(encoding="utf-8"))["data"]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"Expected a file with the table [data], found {path} ({type(error).__name__}: {error}). "
            "Correct the path after --config, or leave it out."
        ) from error
    return config


def build_subjects(build: Path, config: dict[str, Any], on_progress: OnProgress = no_progress) -> None:
    """Fetch and rasterise the drawings of the subjects, unless `build` has them already.

    Raises:
        ModelError: the drawings could not be fetched or rasterised.
    """
    build_library(LISTING, build, int(config["picture_px"]), on_progress, config.get("sets", ()))


def load_subjects(build: Path, config: dict[str, Any]) -> Wardrobe:
    """The figures of the subjects, from drawings that `build_subjects` wrote."""
    return load_library(LISTING, build, bool(config.get("steady", False)))


def subject_phrases() -> tuple[str, ...]:
    """The phrase of each subject, in order."""
    return phrases(read_subjects(LISTING))


def made_with(drawings: NDArray[np.uint8] | Wardrobe, config: dict[str, Any]) -> str:
    """16 hexadecimal digits that identify what shards contain: settings, recipes, and pictures of tokens.

    The digest is of pictures and not of source code, so a changed comment has no effect and any change of a
    painter has one.
    """
    settings = {name: value for name, value in config.items() if name != "shard"}
    digest = hashlib.sha256(json.dumps([config["shard"], settings], sort_keys=True).encode())
    digest.update(repr([subject.recipes for subject in read_subjects(LISTING)]).encode())
    rng = np.random.default_rng(0)
    for column, number in [(c, n) for c, words in enumerate(SLOTS.values(), 1) for n in range(1, len(words))]:
        row = random_scene(len(drawings), 1, rng)
        row[column] = number
        digest.update(compose(scene_of(row), drawings, rng).tobytes())
    return digest.hexdigest()[:16]


def build_pictures(
    build: Path, config: dict[str, Any], workers: int = 2, on_progress: OnProgress = no_progress
) -> None:
    """Compose all shards in `build`/pictures; shards that would not change are kept.

    Raises:
        ModelError: the drawings could not be fetched or rasterised.
    """
    build_subjects(build, config, on_progress)
    folder = build / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    _remove_stale(folder, made_with(load_subjects(build, config), config))
    shards = _shards(config)
    jobs = [(number, build, folder, config) for number in range(shards)]
    on_progress("composing shards", 0, shards)
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for done, _ in enumerate(pool.imap_unordered(_write_shard, jobs), 1):
            on_progress("composing shards", done, shards)


def load_pictures(build: Path, config: dict[str, Any]) -> ComposedPictures:
    """All composed pictures with their scenes; the pictures are read when they are asked for.

    Raises:
        ModelError: pictures of this config are missing in `build`/pictures.
    """
    files = [build / "pictures" / f"{number:04d}.npz" for number in range(_shards(config))]
    found = sum(file.exists() for file in files)
    if found < len(files):
        raise ModelError(
            f"Expected {len(files)} files of composed pictures in {build / 'pictures'}, found {found}. "
            f"Compose them once with: python -m models.composer --build {build}"
        )
    listed = read_subjects(LISTING)
    synonyms = tuple(subject.synonyms for subject in listed)
    scenes = np.concatenate([np.load(file)["scenes"] for file in files])
    pictures = Shards(files)
    return ComposedPictures(pictures, scenes, phrases(listed), synonyms)


def _shards(config: dict[str, Any]) -> int:
    """Number of shards."""
    return -(-int(config["pictures"]) // int(config["shard"]))


def _write_shard(job: tuple[int, Path, Path, dict[str, Any]]) -> None:
    number, build, folder, config = job
    out = folder / f"{number:04d}.npz"
    if out.exists():
        return
    drawings = load_subjects(build, config)
    size, count = int(config["shard"]), len(drawings)
    first_held_out = _shards(config) * size - int(config["held_out"])
    shares = tuple(config["words_share"])
    rng = np.random.default_rng((int(config["seed"]), number))
    rows = range(number * size, (number + 1) * size)
    scenes = np.array(
        [
            training_scene(count, shares, rng)
            if row < first_held_out
            else evaluation_scene(count, 2 + row % 2, rng)
            for row in rows
        ],
        np.int16,
    )
    pictures = np.stack([compose(scene_of(row), drawings, rng) for row in scenes])
    partial = out.with_suffix(f".{os.getpid()}.tmp.npz")
    np.savez(partial, pictures=pictures, scenes=scenes)
    partial.rename(out)


def _remove_stale(folder: Path, made: str) -> None:
    """Remove shards of another digest than `made`, and store `made` for the shards to come."""
    note = folder / "made_with.txt"
    if note.exists() and note.read_text(encoding="utf-8") == made:
        return
    for shard in folder.glob("*.npz"):
        shard.unlink()
    note.write_text(made, encoding="utf-8")
