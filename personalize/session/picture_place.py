"""Where pictures are kept: in a folder, or at a URL of an object store."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from personalize.session.picture_bucket import PictureBucket
from personalize.session.picture_files import PictureFiles


class PicturePlace(Protocol):
    """What the store of sessions needs of the place of its pictures. All methods raise StoreError."""

    def check(self) -> None:
        """Write and remove a probe."""

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Write pictures, given by name; each is there as a whole or not at all."""

    def read(self, picture: str, content_hash: str) -> bytes:
        """The bytes of a picture, checked against their hash."""

    def remove(self, *pictures: str) -> None:
        """Remove pictures, where there are any."""


def open_place(place: Path | str) -> PicturePlace:
    """The pictures of a folder, or those at a URL such as s3://bucket/prefix.

    Raises:
        StoreError: pictures cannot be written there.
    """
    if isinstance(place, str) and "://" in place:
        return PictureBucket(place)
    return PictureFiles(Path(place))
