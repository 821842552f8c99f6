"""Pictures drawn once and kept, from which questions are chosen: so that hundreds of people can be simulated.

A session chooses among pictures that exist instead of drawing its own; what a question is chosen by may still
be what its words say, as in the app.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy
import torch
from PIL import Image
from torch import Tensor

from personalize.files import write_whole
from personalize.preparation.parts import Parts
from personalize.preparation.prepare import Preparation, prepare
from personalize.progress import OnProgress
from personalize.rendering.png import open_picture
from personalize.session.record import PictureRecord

AT_ONCE = 8
SMALL_PX = 48
"""Side of the pictures that judges of pixels look at."""


@dataclass(frozen=True, eq=False)
class PictureBank:
    """N pictures of a few subjects.

    Attributes:
        preparation: the app's own, for features, prior and prompts.
        subject: Long[N], which subject each is of.
        paths: Long[N, H], the words of its prompt; all blank for a plain one.
        plain: Bool[N].
        prompts: N texts.
        embeddings: Float[N, D], as the learner's eye sees them.
        pixels: Float[N, px, px, 3] in 0..1, small.
    """

    preparation: Preparation
    subject: Tensor
    paths: Tensor
    plain: Tensor
    prompts: tuple[str, ...]
    embeddings: Tensor
    pixels: Tensor

    @cached_property
    def learned(self) -> Tensor:
        """Float[N, d]: the app's features of the pictures."""
        return self.preparation.space.project(self.embeddings)

    @cached_property
    def worded(self) -> Tensor:
        """Float[N, d]: what the words say of them: the sum of their average effects."""
        return self.preparation.mdp.path_features(self.paths)

    def of_subject(self, subject: int, held_out: bool) -> Tensor:
        """Long[n]: its styled pictures; every third is held out."""
        rows = torch.nonzero((self.subject == subject) & ~self.plain)[:, 0]
        third = torch.arange(len(rows)) % 3 == 0
        return rows[third if held_out else ~third]

    def exam(self, questions: int, options: int, seed: int) -> Tensor:
        """Long[M, K]: questions of held-out pictures, each about one subject, over the subjects in turn."""
        generator = torch.Generator().manual_seed(seed)
        subjects = int(self.subject.max()) + 1
        rows = []
        for number in range(questions):
            those = self.of_subject(number % subjects, True)
            rows.append(those[torch.randperm(len(those), generator=generator)[:options]])
        return torch.stack(rows)


def picture_bank(parts: Parts, settings: Mapping[str, Any], on_progress: OnProgress) -> PictureBank:
    """Drawn, or read from the cache of the data folder where the same was drawn before.

    Args:
        parts: networks, vocabulary and the app's settings.
        settings: "subjects", "prompts" a subject, "plain" ones a subject, "words" and "seed".
        on_progress: told how far it is.
    """
    vocabulary = parts.vocabulary
    prepared = prepare(vocabulary, parts.renderer, parts.embedder, parts.settings, on_progress, parts.shipped)
    generator = torch.Generator().manual_seed(settings["seed"])
    count = settings["subjects"]
    names = [vocabulary.subjects[n * len(vocabulary.subjects) // count] for n in range(count)]
    each = settings["plain"] + settings["prompts"]
    subject = torch.arange(count).repeat_interleave(each)
    styled = prepared.mdp.random_paths(len(subject), generator)
    styled = prepared.mdp.shortened(styled, settings["words"], generator)
    plain = (torch.arange(each) < settings["plain"]).repeat(count)
    paths = torch.where(plain[:, None], 0, styled)
    prompts = [vocabulary.prompt(names[s], path) for s, path in zip(subject.tolist(), paths, strict=True)]
    facts = [parts.renderer.name, parts.embedder.name, prompts, settings["seed"]]
    key = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
    file = parts.settings.cache / f"evidence-pictures-{key}.npz"
    if not file.exists():
        embeddings, small = _drawn(parts, prompts, settings["seed"], on_progress)
        file.parent.mkdir(parents=True, exist_ok=True)
        arrays = {"embeddings": embeddings.numpy(), "pixels": small}
        write_whole(file, lambda stream: numpy.savez(stream, allow_pickle=False, **arrays))
    with numpy.load(file, allow_pickle=False) as kept:
        embeddings = torch.from_numpy(kept["embeddings"])
        pixels = torch.from_numpy(kept["pixels"]).to(torch.float64) / 255.0
    return PictureBank(prepared, subject, paths, plain, tuple(prompts), embeddings, pixels)


def _drawn(
    parts: Parts, prompts: list[str], seed: int, on_progress: OnProgress
) -> tuple[Tensor, numpy.ndarray[Any, Any]]:
    rows, small = [], []
    for start in range(0, len(prompts), AT_ONCE):
        batch = prompts[start : start + AT_ONCE]
        jobs = [
            PictureRecord(parts.renderer.name, prompt, "", 10_000 * (1 + seed) + start + n)
            for n, prompt in enumerate(batch)
        ]
        pictures = [open_picture(content) for content in parts.renderer.render(jobs)]
        rows.append(parts.embedder.embed_pictures(pictures).to(torch.float64))
        size = (SMALL_PX, SMALL_PX)
        small += [numpy.asarray(p.convert("RGB").resize(size, Image.Resampling.BOX)) for p in pictures]
        on_progress("drawing the bank of pictures", min(start + AT_ONCE, len(prompts)), len(prompts))
    return torch.cat(rows), numpy.stack(small)
