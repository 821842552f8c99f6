"""The embedder: texts and pictures as unit vectors of one space, by any OpenCLIP model in a local folder."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from models.catalog import Model
from models.devices import best_device
from models.errors import ModelError
from models.threads import use_threads

BATCH = 32
"""Texts or pictures at once."""


class OpenClipEmbedder:
    """An open_clip model. Safe to call from any thread; calls take turns.

    Attributes:
        name: model and fingerprint; embeddings of different names are not comparable.
        dimension: D.
    """

    def __init__(self, model: Model, *, threads: int = 0) -> None:
        """Load the weights.

        Raises:
            ModelError: open_clip could not read the folder.
        """
        import open_clip

        use_threads(threads)
        folder = f"local-dir:{model.clip}"
        try:
            net, preprocess = open_clip.create_model_from_pretrained(folder)
            tokenizer = open_clip.get_tokenizer(folder)
        except Exception as error:  # noqa: BLE001 - a damaged file makes the libraries raise many types
            raise ModelError(
                f"Expected an OpenCLIP model in {model.clip}, found one that does not load "
                f"({type(error).__name__}: {error}). Restore its files."
            ) from error
        self._device = best_device()
        self._net: Any = net.float().to(self._device).eval()
        self._preprocess: Any = preprocess
        self._tokenizer: Any = tokenizer
        self._lock = threading.Lock()
        self.name = f"clip-{model.clip_fingerprint}"
        self.dimension = len(self.embed_texts([""])[0])

    def embed_texts(self, texts: Sequence[str]) -> Tensor:
        """Float64[N, D], unit rows.

        Raises:
            ModelError: the network gave numbers that are not finite.
        """
        return self._in_batches(
            texts, lambda batch: self._net.encode_text(self._tokenizer(batch).to(self._device))
        )

    def embed_pictures(self, pictures: Sequence[Image.Image]) -> Tensor:
        """Float64[N, D], unit rows, of pictures of any size, preprocessed as in the model's training.

        Raises:
            ModelError: the network gave numbers that are not finite.
        """

        def encode(batch: list[Image.Image]) -> Tensor:
            prepared = torch.stack([self._preprocess(picture.convert("RGB")) for picture in batch])
            encoded: Tensor = self._net.encode_image(prepared.to(self._device))
            return encoded

        return self._in_batches(pictures, encode)

    def _in_batches(self, items: Sequence[Any], encode: Any) -> Tensor:
        rows: list[Tensor] = []
        with self._lock, torch.inference_mode():
            for start in range(0, len(items), BATCH):
                rows.append(F.normalize(encode(list(items[start : start + BATCH])).cpu().double(), dim=-1))
                if not bool(torch.isfinite(rows[-1]).all()):
                    raise ModelError(
                        f"Expected embeddings from {self.name}, found numbers that are not finite. Its "
                        "weights are damaged. Fetch them again, or choose another with --clip."
                    )
        if not rows:
            return torch.zeros(0, self.dimension, dtype=torch.float64)
        return torch.cat(rows).clone()
