"""Pictures of a model, drawn for its evaluation: jobs with fixed seeds, and their pixels."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from models.diffusion import DiffusersRenderer
from models.jobs import Job
from models.progress import OnProgress

FIRST_SEED = 40_000
"""Seeds of the evaluation count from here."""

BATCH = 8
"""Pictures between two reports of progress."""


def draw(renderer: DiffusersRenderer, jobs: Sequence[Job], on_progress: OnProgress, what: str) -> np.ndarray:
    """UInt8[N, px, px, 3], the pictures of all jobs; progress is reported as the work `what`."""
    pictures: list[np.ndarray] = []
    on_progress(what, 0, len(jobs))
    for start in range(0, len(jobs), BATCH):
        for content in renderer.render(jobs[start : start + BATCH]):
            pictures.append(np.asarray(Image.open(io.BytesIO(content)).convert("RGB")))
        on_progress(what, len(pictures), len(jobs))
    return np.stack(pictures)


def fitted(pictures: np.ndarray, px: int) -> np.ndarray:
    """UInt8[N, px, px, 3]: pictures in another size, as a page stretches them."""
    if pictures.shape[1] == px:
        return pictures
    shown = [Image.fromarray(picture).resize((px, px), Image.Resampling.BICUBIC) for picture in pictures]
    return np.stack([np.asarray(picture) for picture in shown])
