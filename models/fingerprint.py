"""Short digests that identify a version of a model, without reading gigabytes at every start."""

from __future__ import annotations

import hashlib
from pathlib import Path

WHOLE = 64 * 2**20
"""Files of up to this many bytes are read completely; of larger files the size and 64 samples."""

_SAMPLES, _SAMPLE = 64, 65_536
_KINDS = (".safetensors", ".json", ".txt", ".model")


def fingerprint_of(*parts: Path | str) -> str:
    """12 hexadecimal digits of folders (contents of their weights and settings) and texts."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            digest.update(part.encode() + b"\0")
            continue
        for file in sorted(part.rglob("*")):
            if file.suffix in _KINDS and file.is_file():
                digest.update(file.relative_to(part).as_posix().encode() + b"\0" + _digest(file))
    return digest.hexdigest()[:12]


def _digest(file: Path) -> bytes:
    size = file.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with file.open("rb") as stream:
        if size <= WHOLE:
            while block := stream.read(2**20):
                digest.update(block)
        else:
            for number in range(_SAMPLES):
                stream.seek((size - _SAMPLE) * number // (_SAMPLES - 1))
                digest.update(stream.read(_SAMPLE))
    return digest.digest()
