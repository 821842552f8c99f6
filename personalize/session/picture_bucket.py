"""Pictures in an object store, such as S3, by any file system of fsspec: one object for each picture.

An object store writes an object whole, so nobody reads half a picture. Other file systems get a picture under
a temporary name first. Every picture is checked against its hash when it is read, as in a folder.
"""

import uuid
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from personalize.errors import StoreError
from personalize.files import PART
from personalize.session.picture_files import PROBE_BYTES, damaged_picture, is_picture
from personalize.session.store import hash_of, missing_picture

WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"})
"""Schemes whose stores write an object whole."""

LARGEST_OBJECT = 64 << 20
"""Bytes of an object that are read; a picture has fewer."""

PROBE = "probe"
"""Name of the object that tests whether pictures can be written."""

REMOVED_AT_ONCE = 1000
"""Objects that one request removes, by the rules of S3."""

TIMES: dict[str, Any] = {
    "config_kwargs": {"connect_timeout": 5, "read_timeout": 30, "retries": {"max_attempts": 2}}
}
"""Seconds until an S3-compatible store counts as silent. The defaults wait for minutes."""


class PictureBucket:
    """An object store of pictures: `prefix/ab/abcd....png`."""

    def __init__(self, url: str) -> None:
        """Open the store at a URL, such as s3://bucket/prefix. The bucket must exist.

        Addresses and credentials are those of the scheme's own environment variables and files.

        Raises:
            StoreError: the package for the scheme is missing, or pictures cannot be written there.
        """
        from fsspec.core import url_to_fs

        self._url = url.rstrip("/")
        self._scheme = url.partition("://")[0].lower()
        options = TIMES if self._scheme in ("s3", "s3a") else {}
        try:
            found = url_to_fs(self._url, **options)
        except ImportError as error:
            raise StoreError(
                "Expected the package for addresses with {scheme}://, found that it is missing ({fault}). "
                "Install it: pip install {what}",
                scheme=self._scheme,
                fault=error,
                what="-r requirements-scale.txt" if self._scheme in ("s3", "s3a") else "the package it names",
            ) from error
        except Exception as error:  # noqa: BLE001 - every file system raises its own errors
            raise _unwritable(self._url, error) from error
        self._files: Any = found[0]
        self._folder = str(found[1]).rstrip("/")
        self.check()

    def check(self) -> None:
        """Write and remove an object of the size of a picture, as a round does.

        Raises:
            StoreError: the store does not answer or does not allow it.
        """
        place = f"{self._folder}/{PROBE}"
        try:
            self._files.pipe_file(place, bytes(PROBE_BYTES))
            with suppress(FileNotFoundError):  # another process has removed it
                self._files.rm_file(place)
        except Exception as error:  # noqa: BLE001 - every file system raises its own errors
            raise _unwritable(self._url, error) from error

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Write pictures, given by name.

        Raises:
            StoreError: the store does not answer or does not allow it.
        """
        places = {self._path(picture): content for picture, content in contents.items()}
        try:
            if self._scheme in WHOLE:
                self._files.pipe(places)
                return
            for place, content in places.items():
                part = f"{place.rpartition('/')[0]}/{PART.format(uuid.uuid4().hex)}"
                self._files.makedirs(place.rpartition("/")[0], exist_ok=True)
                self._files.pipe_file(part, content)
                self._files.mv(part, place)
        except Exception as error:  # noqa: BLE001 - every file system raises its own errors
            raise _unwritable(self._url, error) from error

    def read(self, picture: str, content_hash: str) -> bytes:
        """The bytes under the name `picture`, checked against `content_hash`.

        Raises:
            StoreError: the object is missing, unreadable or damaged.
        """
        place = self._path(picture)
        try:
            content = bytes(self._files.cat_file(place, start=0, end=LARGEST_OBJECT))
        except FileNotFoundError:
            raise missing_picture(picture) from None
        except Exception as error:  # noqa: BLE001 - every file system raises its own errors
            if _is_empty(error):
                raise damaged_picture(picture, place) from error
            raise StoreError(
                "Expected to read pictures from {place}, found: {fault}. "
                "Check that the store runs, its address and its credentials.",
                place=self._url,
                fault=_words(error),
            ) from error
        if hash_of(content) != content_hash:
            raise damaged_picture(picture, place)
        return content

    def remove(self, *pictures: str) -> None:
        """Remove the objects under the names `pictures`, where there are any.

        Raises:
            StoreError: the store does not answer or does not allow it.
        """
        places = [self._path(picture) for picture in pictures]
        try:
            if self._scheme in WHOLE:
                for start in range(0, len(places), REMOVED_AT_ONCE):
                    self._files.rm(places[start : start + REMOVED_AT_ONCE])
                return
            for place in places:
                with suppress(FileNotFoundError):
                    self._files.rm_file(place)
        except Exception as error:  # noqa: BLE001 - every file system raises its own errors
            raise _unwritable(self._url, error) from error

    def _path(self, picture: str) -> str:
        if not is_picture(picture):  # a name from outside must not point outside the folder
            raise missing_picture(picture)
        return f"{self._folder}/{picture[:2]}/{picture}.png"


def _is_empty(error: Exception) -> bool:
    """Whether the store refused a range because the object has no bytes (HTTP 416)."""
    said = str(error).lower()
    return "range" in said and "satisfiable" in said


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:300].rstrip(". ") or type(error).__name__


def _unwritable(url: str, error: Exception) -> StoreError:
    return StoreError(
        "Expected to write pictures to {place}, found: {fault}. "
        "Check that the bucket exists, its address and its credentials.",
        place=url,
        fault=_words(error),
    )
