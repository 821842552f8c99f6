"""Embeddings of texts, kept on disk as they are made: a second start computes none, a stopped one goes on.

Kept by the embedder's name, which changes with its weights, and by the text. Each part file holds a few
hundred; they are written whole and then renamed, so a kill leaves no half of one, and a damaged one is made
again. Rows are kept as float32, and the same rounding is given out the first time, so that what is made from
them has one key whether they were computed or read.
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
"""Texts in a part file, and between two words of progress."""

_DIGEST_BYTES = 16


def embed_kept(
    texts: Sequence[str],
    embedder: Embedder,
    cache: Path,
    on_progress: Callable[[int, int], None] = lambda done, of: None,
) -> Tensor:
    """Float64[N, D], the embeddings of texts; only those that are not kept yet are computed.

    Args:
        texts: N of them; those that repeat are computed once.
        embedder: makes them.
        cache: folder of caches; they get one below it, by the embedder's name.
        on_progress: told how many texts are done, and of how many that were missing.

    Raises:
        StoreError: they cannot be kept.
    """
    folder = cache / f"texts-{hashlib.sha256(embedder.name.encode()).hexdigest()[:16]}"
    kept = _read(folder, embedder.dimension)
    digests = [hashlib.sha256(text.encode()).digest()[:_DIGEST_BYTES] for text in texts]
    missing = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in kept}
    keys, wanted = list(missing), list(missing.values())
    for start in range(0, len(wanted), AT_ONCE):
        on_progress(start, len(wanted))
        part = keys[start : start + AT_ONCE]
        rows = embedder.embed_texts(wanted[start : start + AT_ONCE]).to("cpu", torch.float32).numpy()
        _write(folder, part, rows)
        kept.update(zip(part, rows, strict=True))
    if wanted:
        on_progress(len(wanted), len(wanted))
    if not texts:
        return torch.zeros(0, embedder.dimension, dtype=torch.float64)
    return torch.from_numpy(numpy.stack([kept[digest] for digest in digests])).to(torch.float64)


def _read(folder: Path, dimension: int) -> dict[bytes, numpy.ndarray]:
    """Rows by digest, of all parts that are whole; the others are removed."""
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
    name = hashlib.sha256(b"".join(digests)).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        table = numpy.frombuffer(b"".join(digests), dtype=numpy.uint8).reshape(len(digests), _DIGEST_BYTES)
        arrays = {"digests": table, "rows": rows}
        write_whole(folder / f"{name}.npz", lambda stream: numpy.savez(stream, allow_pickle=False, **arrays))
    except OSError as error:
        raise StoreError(
            f"Expected to keep what was read in {folder}, found: {error}. "
            "Check the folder and its space, or choose another with --data."
        ) from error
