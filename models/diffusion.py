"""The renderer: prompts to PNG pictures by any Stable Diffusion pipeline that diffusers saved in a folder.

A pipeline's scheduler keeps state, so one thread owns it and calls take turns. Every picture has its own CPU
generator, so it depends on its own prompt and seed and not on what else is in the batch (up to rounding).
"""

from __future__ import annotations

import copy
import io
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import torch
from PIL import Image, PngImagePlugin

from models.catalog import DIFFUSION, Model
from models.errors import ModelError
from models.threads import use_threads

BATCH = 8


class Job(Protocol):
    """What is read of a job."""

    @property
    def prompt(self) -> str:
        """The whole prompt."""

    @property
    def negative_prompt(self) -> str:
        """What to steer away from, or ''."""

    @property
    def seed(self) -> int:
        """Of the noise, 0 to 2**63 - 1."""


class Cancelled(Exception):
    """The rendering was told to stop."""


class DiffusersRenderer:
    """A text-to-image pipeline. Safe to call from any thread; calls take turns.

    Attributes:
        name: model, fingerprint and settings; the same record under the same name is the same picture.
        picture_px: side of the pictures, in pixels.
    """

    def __init__(self, model: Model, *, threads: int = 0) -> None:
        """Load the weights: 16 bits on a GPU, 32 on a CPU.

        Raises:
            ModelError: diffusers could not read the folder.
        """
        from diffusers import AutoPipelineForText2Image
        from diffusers.utils import logging as diffusers_logging
        from transformers.utils import logging as transformers_logging

        use_threads(threads)
        diffusers_logging.disable_progress_bar()
        transformers_logging.disable_progress_bar()
        cuda = torch.cuda.is_available()
        try:
            pipeline: Any = AutoPipelineForText2Image.from_pretrained(
                model.folder / DIFFUSION,
                dtype=torch.float16 if cuda else torch.float32,
                local_files_only=True,
            )
        except Exception as error:  # noqa: BLE001 - whatever a damaged file makes the libraries raise
            raise ModelError(
                f"Expected a diffusers pipeline in {model.folder / DIFFUSION}, found one that does not load "
                f"({type(error).__name__}: {error}). Restore its files."
            ) from error
        pipeline.set_progress_bar_config(disable=True)
        self._pipeline = pipeline.to("cuda" if cuda else "cpu")
        self._model = model
        self._words: Any = copy.deepcopy(pipeline.tokenizer)  # a tokenizer is not safe to share among threads
        self._words_lock = threading.Lock()
        self._closing = threading.Event()
        self._owner = ThreadPoolExecutor(1, thread_name_prefix="renderer")
        self._window = int(pipeline.tokenizer.model_max_length)
        self.picture_px = model.picture_px or int(
            pipeline.unet.config.sample_size * pipeline.vae_scale_factor
        )
        self.name = f"{model.name}-{model.fingerprint}-{model.steps}x{model.guidance:g}"

    def room(self, prompt: str) -> int:
        """Word pieces that still fit behind a prompt; negative when its end would not be read."""
        with self._words_lock:
            pieces = self._words(prompt, truncation=False, verbose=False)["input_ids"]
        return self._window - len(pieces)

    def render(
        self,
        jobs: Sequence[Job],
        on_step: Callable[[int, int], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> list[bytes]:
        """PNG bytes of every job, in order.

        Args:
            jobs: prompts and seeds.
            on_step: called with (steps done, steps in all) after every denoising step, from another thread.
            cancelled: when set, stops before the next step.

        Raises:
            ModelError: a prompt that is longer than the text tower reads, or the pipeline failed.
            Cancelled: `cancelled` was set.
        """
        for job in jobs:
            if self.room(job.prompt) < 0:
                raise ModelError(
                    f"Expected a prompt of at most {self._window} word pieces, found "
                    f"{self._window - self.room(job.prompt)} in '{job.prompt[:60]}...'. Shorten the subject."
                )
        return self._owner.submit(self._render, list(jobs), on_step, cancelled).result()

    def close(self) -> None:
        """Stop before the next step; what waits is not begun."""
        self._closing.set()
        self._owner.shutdown(wait=False, cancel_futures=True)

    def _render(
        self, jobs: list[Job], on_step: Callable[[int, int], None] | None, cancelled: threading.Event | None
    ) -> list[bytes]:
        pictures: list[bytes] = []
        batches = [jobs[start : start + BATCH] for start in range(0, len(jobs), BATCH)]
        whole = self._model.steps * len(batches)
        for number, batch in enumerate(batches):

            def after_step(
                pipe: Any, step: int, time: Any, values: dict[str, Any], number: int = number
            ) -> dict[str, Any]:
                if self._closing.is_set() or (cancelled is not None and cancelled.is_set()):
                    raise Cancelled
                if on_step is not None:
                    on_step(number * self._model.steps + step + 1, whole)
                return values

            try:
                with torch.inference_mode():
                    output = self._pipeline(
                        prompt=[job.prompt for job in batch],
                        negative_prompt=[job.negative_prompt for job in batch],
                        generator=[torch.Generator("cpu").manual_seed(job.seed) for job in batch],
                        num_inference_steps=self._model.steps,
                        guidance_scale=self._model.guidance,
                        height=self.picture_px,
                        width=self.picture_px,
                        callback_on_step_end=after_step,
                    )
            except (RuntimeError, ValueError, TypeError, MemoryError) as error:
                raise ModelError(
                    f"Expected {len(batch)} pictures from {self._model.title}, found that it failed "
                    f"({type(error).__name__}: {error}). Try again; if it stays, restart the app."
                ) from error
            pictures += [self._png(job, image) for job, image in zip(batch, output.images, strict=True)]
        return pictures

    def _png(self, job: Job, image: Image.Image) -> bytes:
        """The picture as a PNG that says how it was made, in the form that other tools read and as JSON."""
        model = self._model
        record = {
            "app": "Palate",
            "model": self.name,
            "prompt": job.prompt,
            "negative_prompt": job.negative_prompt,
            "seed": job.seed,
            "steps": model.steps,
            "guidance": model.guidance,
            "picture_px": self.picture_px,
        }
        size = f"{self.picture_px}x{self.picture_px}"
        text = PngImagePlugin.PngInfo()
        text.add_itxt(
            "parameters",
            f"{job.prompt}\nSteps: {model.steps}, Sampler: DPM++ 2M, CFG scale: {model.guidance:g}, "
            f"Seed: {job.seed}, Size: {size}, Model hash: {model.fingerprint}, Model: {model.name}",
        )
        text.add_itxt("palate", json.dumps(record, ensure_ascii=False))
        stream = io.BytesIO()
        image.save(stream, format="PNG", pnginfo=text)
        return stream.getvalue()
