"""The renderer: prompts to PNG pictures by any text-to-image pipeline of diffusers.

A pipeline's scheduler has state, so calls take turns. Each draws in the thread of its caller. Every picture
has its own CPU generator. A picture therefore depends on its own prompt and seed, and only by rounding on the
other pictures of its batch.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from PIL import Image

from models import safety
from models.catalog import Model
from models.cpu_layout import lay_out
from models.devices import best_device
from models.errors import ModelError
from models.jobs import AnyJob, Job
from models.memory import MemoryBudget, is_out_of_memory
from models.pipeline import Windows, accepted, chosen_side, load_pipeline, side_of
from models.png import png_bytes
from models.soundness import UnsoundError, checked_pictures, watch_decoders, widen
from models.threads import use_threads

_LOG = logging.getLogger(__name__)

ROUND = 4
"""Pictures that a CPU draws together at most."""


class DiffusersRenderer:
    """A text-to-image pipeline. Safe to call from any thread; calls take turns.

    Attributes:
        name: model, fingerprint and settings; under one name, equal jobs give equal pictures.
        picture_px: side of the pictures, in pixels.
        device: of the networks.
        memory: pictures at once, and the steps that were taken to save memory.
    """

    def __init__(self, model: Model, *, threads: int = 0, compiled: str = "", checked: bool = True) -> None:
        """Load the weights: 16 bits on a GPU, 32 on a CPU.

        Args:
            model: what to load.
            threads: CPU threads; 0 for all cores.
            compiled: backend of torch.compile for the denoiser, or ''. The first picture then takes minutes.
            checked: whether the model's own safety checker is used, if it has one.

        Raises:
            ModelError: diffusers could not read the folder.
        """
        use_threads(threads)
        self.device = best_device()
        pipeline = load_pipeline(model, self.device)
        if self.device.type == "cpu":
            lay_out(pipeline)
        if checked:
            safety.keep_pictures(pipeline)
        else:
            safety.switch_off(pipeline)
        watch_decoders(pipeline, model.title)
        if compiled:
            for part in ("unet", "transformer"):
                if getattr(pipeline, part, None) is not None:
                    getattr(pipeline, part).compile(backend=compiled)
        self._pipeline, self._model = pipeline, model
        self._windows, self._windows_lock = Windows(pipeline), threading.Lock()
        self._closing = threading.Event()
        self._turn = threading.Lock()
        self.memory = MemoryBudget()
        self.picture_px = chosen_side(pipeline, model.picture_px, model.title)
        self.name = f"{model.name}-{model.fingerprint}-{model.steps}x{model.guidance:g}" + (
            f"-{model.picture_px}" if model.picture_px and model.picture_px != side_of(pipeline) else ""
        )

    @property
    def batch(self) -> int:
        """Most pictures that may be worth drawing together.

        A GPU takes what fits into its memory. A CPU takes one round, since more at once save it no time.
        """
        return min(self.memory.batch, ROUND) if self.device.type == "cpu" else self.memory.batch

    def room(self, prompt: str) -> int:
        """Word pieces that still fit after a prompt; negative if the model would not read its end."""
        with self._windows_lock:
            return self._windows.room(prompt)

    def warm_up(self, prompt: str = "", on_step: Callable[[int, int], None] | None = None) -> bytes:
        """A first picture: errors appear at once, and the next picture is not the slowest.

        Args:
            prompt: of the picture.
            on_step: see `render`.

        Raises:
            ModelError: the pipeline failed, or what it drew is no picture.
        """
        return self.render([Job(prompt, 0)], on_step)[0]

    def render(
        self, jobs: Sequence[AnyJob], on_step: Callable[[int, int], None] | None = None
    ) -> list[bytes]:
        """PNG bytes of every job, in order.

        Args:
            jobs: prompts and seeds.
            on_step: called with (steps done, steps in all) after every denoising step, in the thread of
                the caller. An error that it raises stops the rendering before the next step.

        Raises:
            ModelError: a prompt is longer than the text encoder's window, the pipeline failed, or the
                renderer was closed.
        """
        window = self._windows.widest
        for job in jobs:
            room = self.room(job.prompt)
            if room < 0:
                raise ModelError(
                    f"Expected a prompt of at most {window} word pieces, found "
                    f"{window - room} in '{job.prompt[:60]}...'. Shorten the subject."
                )
        own = [Job.of(job) for job in jobs]
        with self._turn:
            self._check_open()
            return self._render(own, on_step)

    def close(self) -> None:
        """Stop before the next step; waiting calls do not begin."""
        self._closing.set()

    def _check_open(self) -> None:
        if self._closing.is_set():
            raise ModelError("Expected to finish a picture, found that Palate is ending. Start it again.")

    def _render(self, jobs: list[Job], on_step: Callable[[int, int], None] | None) -> list[bytes]:
        whole, done = self._model.steps * len(jobs), 0

        def after_step(pipe: Any, step: int, time: Any, values: dict[str, Any]) -> dict[str, Any]:
            self._check_open()
            if on_step is not None:
                steps = min(step + 1, self._model.steps) * min(self.memory.batch, len(jobs) - done)
                on_step(self._model.steps * done + steps, whole)
            return values

        pictures: list[bytes] = []
        while done < len(jobs):
            batch = jobs[done : done + self.memory.batch]
            try:
                images, objected = self._draw(batch, after_step)
            except (RuntimeError, ValueError, TypeError, MemoryError) as error:
                if is_out_of_memory(error) and self.memory.reduce(self._pipeline, len(batch)):
                    _LOG.warning("%s: %s", self._model.title, self.memory.steps[-1])
                    continue
                raise self._failure(error, len(batch)) from error
            for job, image, hide in zip(batch, images, objected, strict=True):
                pictures.append(self._checked(job, image, hide, after_step))
            done += len(batch)
        return pictures

    def _draw(self, batch: list[Job], after_step: Any) -> tuple[list[Image.Image], list[bool]]:
        """The pictures of a batch, and whether the safety checker objects to each.

        Raises:
            ModelError: what was drawn is no picture, in 32 bits too.
        """
        try:
            try:
                return self._drawn(batch, after_step)
            except UnsoundError as error:
                if not widen(self._pipeline):
                    raise
                _LOG.warning("%s: %s. The networks have 32 bits from now on.", self._model.title, error)
                return self._drawn(batch, after_step)
        except UnsoundError as error:
            raise ModelError(
                f"Expected a picture from {self._model.title}, found that {error}. Its weights are damaged "
                "or do not fit its settings. Fetch them again, or choose another model with --model."
            ) from error

    def _drawn(self, batch: list[Job], after_step: Any) -> tuple[list[Image.Image], list[bool]]:
        """As `_draw`, with the networks as they are; raises UnsoundError for what is no picture."""
        guided = self._model.negative and any(job.negative_prompt for job in batch)
        arguments = accepted(
            self._pipeline,
            {
                "prompt": [job.prompt for job in batch],
                "negative_prompt": [job.negative_prompt for job in batch] if guided else None,
                "generator": [torch.Generator("cpu").manual_seed(job.seed) for job in batch],
                "num_inference_steps": self._model.steps,
                "guidance_scale": self._model.guidance,
                "height": self.picture_px,
                "width": self.picture_px,
                "output_type": "np",
                "callback_on_step_end": after_step,
            },
        )
        with torch.inference_mode():
            output = self._pipeline(**arguments)
        objected = getattr(output, "nsfw_content_detected", None)
        return checked_pictures(output.images), list(objected) if objected else [False] * len(batch)

    def _checked(self, job: Job, image: Image.Image, objected: bool, after_step: Any) -> bytes:
        """The picture as a PNG; from other seeds, and blurred at last, if the safety checker objects."""
        attempt, drawn = 0, job
        while objected and attempt < safety.TRIES:
            attempt += 1
            drawn = replace(job, seed=safety.other_seed(job.seed, attempt))
            try:
                images, objections = self._draw([drawn], after_step)
            except (RuntimeError, ValueError, TypeError, MemoryError) as error:
                raise self._failure(error, 1) from error
            image, objected = images[0], objections[0]
        if objected:
            image, drawn = safety.hidden(image), job
        model = self._model
        record = {
            "app": "Palate",
            "model": self.name,
            "prompt": job.prompt,
            "negative_prompt": job.negative_prompt,
            "seed": drawn.seed,
            "steps": model.steps,
            "guidance": model.guidance,
            "picture_px": self.picture_px,
            **({"hidden": True} if objected else {}),
        }
        scheduler = type(self._pipeline.scheduler).__name__
        return png_bytes(image, record, scheduler=scheduler, model=model.name, fingerprint=model.fingerprint)

    def _failure(self, error: BaseException, count: int) -> ModelError:
        what = "a picture" if count == 1 else f"{count} pictures"
        return ModelError(
            f"Expected {what} from {self._model.title}, found that drawing failed "
            f"({type(error).__name__}: {error}). Try again; if it fails again, restart the app."
        )
