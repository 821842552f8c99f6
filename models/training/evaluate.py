"""How good the exported models are: numbers for the model card, and contact sheets to look at.

The CLIP is tried on composed pictures that no training step saw, and then judges the generated pictures: its
own error bounds what it can say of them, so both are reported side by side.
"""

from __future__ import annotations

import io
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from models.catalog import Model
from models.clip import OpenClipEmbedder
from models.diffusion import DiffusersRenderer
from models.training.compose import SLOTS, caption
from models.training.dataset import ComposedPictures, random_scene, scene_of

SHEET_SUBJECTS = (
    "a fox",
    "an owl",
    "a castle",
    "a rocket",
    "a mushroom",
    "a cup of coffee",
    "a sailboat",
    "a robot",
)
LABEL_PX = 14


@dataclass(frozen=True)
class Job:
    """One picture to draw."""

    prompt: str
    seed: int
    negative_prompt: str = ""


def words_of(subjects: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The words that pictures are compared with: subjects, then the tokens of each slot."""
    return [subjects, *(tokens[1:] for tokens in SLOTS.values())]


def zero_shot(
    embedder: OpenClipEmbedder, seen: Tensor, scenes: np.ndarray, subjects: tuple[str, ...]
) -> dict[str, float]:
    """Share of pictures whose nearest word of a slot is theirs, of those that have one; chance beside it."""
    shares = {}
    for column, (name, words) in enumerate(zip(("subject", *SLOTS), words_of(subjects), strict=True)):
        nearest = (seen @ embedder.embed_texts(words).T).argmax(dim=1).numpy()
        wanted = scenes[:, column].astype(int) - (column > 0)
        said = wanted >= 0
        shares[name] = round(float((nearest[said] == wanted[said]).mean()), 3)
        shares[f"{name}_chance"] = round(1 / len(words), 3)
    return shares


def evaluate(
    data: ComposedPictures, model: Model, held_out: int, generated: int, seed: int = 7
) -> dict[str, Any]:
    """Numbers for the card; draws `generated` pictures of random scenes with two tokens each."""
    embedder, renderer = OpenClipEmbedder(model), DiffusersRenderer(model)
    pictures = [Image.fromarray(picture) for picture in data.pictures[-held_out:]]
    composed = zero_shot(embedder, embedder.embed_pictures(pictures), data.scenes[-held_out:], data.subjects)
    rng = np.random.default_rng(seed)
    scenes = []
    for _ in range(generated):
        row = random_scene(len(data.subjects), 0.0, rng)
        blank = rng.permutation(np.arange(1, len(row)))[: len(SLOTS) - 2]
        scenes.append([0 if column in blank else value for column, value in enumerate(row)])
    jobs = [
        Job(caption(data.subjects[row[0]], scene_of(row).tokens), 1000 + n) for n, row in enumerate(scenes)
    ]
    drawn = [Image.open(io_of(content)) for content in renderer.render(jobs)]
    of_generated = zero_shot(embedder, embedder.embed_pictures(drawn), np.array(scenes), data.subjects)
    times = []
    for repeat in range(5):
        begun = time.perf_counter()
        renderer.render([Job(job.prompt, 5000 + repeat) for job in jobs[:4]])
        times.append(time.perf_counter() - begun)
    sizes = sum(file.stat().st_size for file in model.folder.rglob("*") if file.is_file())
    return {
        "clip_on_composed": composed,
        "clip_on_generated": of_generated,
        "held_out_pictures": held_out,
        "generated_pictures": generated,
        "seconds_for_4": round(sorted(times)[2], 2),
        "threads": torch.get_num_threads(),
        "bytes": sizes,
    }


def io_of(content: bytes) -> Any:
    """A stream of bytes."""
    return io.BytesIO(content)


def autoencoder_error(vae: Any, data: ComposedPictures, count: int = 200) -> float:
    """Peak signal-to-noise ratio of reconstructions of held-out pictures, in decibels."""
    from models.training.vae import to_input

    with torch.no_grad():
        x = to_input(data.pictures[-count:])
        y = vae.decode(vae.encode(x).latent_dist.mean).sample.clamp(-1, 1)
    error = ((x - y) / 2).pow(2).mean(dim=(1, 2, 3))
    return round(float((-10 * error.log10()).mean()), 2)


def sheet(
    renderer: DiffusersRenderer, rows: list[list[str]], labels: list[str], file: Path, seed: int = 3
) -> None:
    """A contact sheet of prompts, a row each, with labels above the columns; JPEG at `file`."""
    px = renderer.picture_px
    jobs = [Job(prompt, seed + column) for row in rows for column, prompt in enumerate(row)]
    pictures = [Image.open(io_of(content)).convert("RGB") for content in renderer.render(jobs)]
    width = max(len(row) for row in rows)
    out = Image.new("RGB", (width * px, len(rows) * px + LABEL_PX), "white")
    draw = ImageDraw.Draw(out)
    for column, label in enumerate(labels):
        draw.text((column * px + 4, 1), label, fill="black")
    index = 0
    for number, row in enumerate(rows):
        for column in range(len(row)):
            out.paste(pictures[index], (column * px, number * px + LABEL_PX))
            index += 1
    file.parent.mkdir(parents=True, exist_ok=True)
    out.save(file, quality=82, optimize=True)


def sheets(model: Model, folder: Path) -> None:
    """Subjects x media, and every token on one subject."""
    renderer = DiffusersRenderer(model)
    media = SLOTS["medium"]
    rows = [[f"{subject}, {medium}" if medium else subject for medium in media] for subject in SHEET_SUBJECTS]
    sheet(renderer, rows, [medium or "(plain)" for medium in media], folder / "subjects-by-medium.jpg")
    for slot, tokens in SLOTS.items():
        rows = [
            [f"{subject}, {token}" for token in tokens[1:]] for subject in ("a cat", "a house", "a tulip")
        ]
        sheet(renderer, rows, list(tokens[1:]), folder / f"slot-{slot}.jpg")


def write(result: dict[str, Any], file: Path) -> None:
    """The numbers, as JSON beside the models."""
    file.write_text(json.dumps(result, indent=2) + "\n")
