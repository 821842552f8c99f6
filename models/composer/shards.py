"""Composed pictures in files, read when a step asks for them: a data set may be larger than the memory."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

LOCAL_HEADER = 30
"""Bytes of a zip member's own header, before its name and its extra field."""


class Pictures(Protocol):
    """What a training reads pictures from: an array, or `Shards`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, px, px, 3)."""
        ...

    def __len__(self) -> int:
        """N."""
        ...

    def __getitem__(self, rows: slice | NDArray[np.integer], /) -> NDArray[np.uint8]:
        """UInt8[rows, px, px, 3]."""
        ...


class Shards:
    """The pictures of several files in order, as one array that is mapped and not loaded.

    Attributes:
        shape: (N, px, px, 3).
    """

    def __init__(self, files: Sequence[Path]) -> None:
        """Map the files.

        Args:
            files: as `numpy.savez` wrote them, with an array `pictures`; at least one.
        """
        self._parts = [mapped(file, "pictures") for file in files]
        self._ends = np.cumsum([len(part) for part in self._parts])
        self.shape = (int(self._ends[-1]), *self._parts[0].shape[1:])

    def __len__(self) -> int:
        """The number of pictures."""
        return self.shape[0]

    def __getitem__(self, rows: slice | NDArray[np.integer]) -> NDArray[np.uint8]:
        """The pictures of these rows, read from their files."""
        wanted = np.arange(len(self))[rows]
        found = np.empty((len(wanted), *self.shape[1:]), np.uint8)
        shards = np.searchsorted(self._ends, wanted, side="right")
        for number in np.unique(shards):
            part, here = self._parts[number], shards == number
            found[here] = part[wanted[here] - (self._ends[number] - len(part))]
        return found


def mapped(file: Path, name: str) -> NDArray[np.uint8]:
    """An array of an uncompressed .npz file, mapped for reading.

    Raises:
        ValueError: the file holds the array compressed.
    """
    with zipfile.ZipFile(file) as archive:
        member = archive.getinfo(f"{name}.npy")
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"Expected {name} uncompressed in {file}, found it compressed. Compose it again.")
    with file.open("rb") as stream:
        stream.seek(member.header_offset)
        header = stream.read(LOCAL_HEADER)
        stream.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
        np.lib.format.read_magic(stream)
        shape, order, dtype = np.lib.format.read_array_header_1_0(stream)
        assert not order
        return np.memmap(stream, dtype, "r", stream.tell(), shape)
