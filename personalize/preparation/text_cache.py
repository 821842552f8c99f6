"""Caches text embeddings on disk, so that a second start computes none and an interrupted start resumes.

The key of an embedding is its text and the name of the embedder, which changes with the weights. Each part
file contains up to AT_ONCE embeddings. It is written whole and then renamed, so a killed process leaves no
incomplete part. A damaged part is computed again. Embeddings are stored as float32. A first call returns the
same rounded values, so later caches have the same key for computed and for cached embeddings.
"""

import hashlib
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy
import torch
from torch import Tensor

from personalize.errors import StoreError
from personalize.files import write_whole
from personalize.rendering.protocols import Embedder

AT_ONCE = 512
"""Number of texts in one part file, and between two reports of progress."""

_DIGEST_BYTES = 16


def embed_kept(
    texts: Sequence[str],
    embedder: Embedder,
    cache: Path,
    on_progress: Callable[[int, int], None] = lambda done, of: None,
) -> Tensor:
    """Float64[N, D]: embeddings of N texts; only embeddings that are missing in the cache are computed.

    Args:
        texts: N texts; the embedding of a repeated text is computed once.
        embedder: computes embeddings.
        cache: folder of all caches; these embeddings have their own folder in it.
        on_progress: receives the number of computed embeddings and the number of all missing ones.

    Raises:
        StoreError: the cache cannot be written.
    """
    folder = cache / f"texts-{hashlib.sha256(embedder.name.encode()).hexdigest()[:16]}"
    cached = _read(folder, embedder.dimension)
    digests = [hashlib.sha256(text.encode()).digest()[:_DIGEST_BYTES] for text in texts]
    missing = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in cached}
    keys, missing_texts = list(missing), list(missing.values())
    for start in range(0, len(missing_texts), AT_ONCE):
        on_progress(start, len(missing_texts))
        part = keys[start : start + AT_ONCE]
        rows = embedder.embed_texts(missing_texts[start : start + AT_ONCE]).to("cpu", torch.float32).numpy()
        _write(folder, part, rows)
        cached.update(zip(part, rows, strict=True))
    if missing_texts:
        on_progress(len(missing_texts), len(missing_texts))
    if not texts:
        return torch.zeros(0, embedder.dimension, dtype=torch.float64)
    return torch.from_numpy(numpy.stack([cached[digest] for digest in digests])).to(torch.float64)


def _read(folder: Path, dimension: int) -> dict[bytes, numpy.ndarray]:
    """The embeddings of all undamaged parts by digest; damaged parts are removed."""
    rows: dict[bytes, numpy.ndarray] = {}
    for file in sorted(folder.glob("*.npz")):
        try:
            with file.open("rb") as stream, numpy.load(stream, allow_pickle=False) as arrays:
                digests, part = arrays["digests"], arrays["rows"]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            digests, part = numpy.zeros((1, 0)), numpy.zeros((0, 0))
        if part.ndim != 2 or part.shape != (len(digests), dimension) or not numpy.isfinite(part).all():
            file.unlink(missing_ok=True)
            continue
        rows.update((digest.tobytes(), row) for digest, row in zip(digests, part, strict=True))
    return rows


def _write(folder: Path, digests: list[bytes], rows: numpy.ndarray) -> None:
    """Write one part of the cache.

    Raises:
        StoreError: the part cannot be written.
    """
    name = hashlib.sha256(b"".join(digests)).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        table = numpy.frombuffer(b"".join(digests), dtype=numpy.uint8).reshape(len(digests), _DIGEST_BYTES)
        arrays = {"digests": table, "rows": rows}
        write_whole(folder / f"{name}.npz", lambda stream: numpy.savez(stream, allow_pickle=False, **arrays))
    except OSError as error:
        raise StoreError(
            f"Expected to keep text embeddings in {folder}, found: {error}. "
            "Check the folder and its space, or choose another with --data."
        ) from error
