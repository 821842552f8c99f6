"""Whether the fetched files of a repository are whole: sizes and digests, without a network."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from models.errors import ModelError
from models.hub import located

OnFile = Callable[[str, int, int], None]
"""Called with a file's name, how many were checked, and how many there are."""


def check(repository: str, revision: str, on_file: OnFile = lambda name, done, of: None) -> list[str]:
    """What is wrong with the files of a repository that are here; asks no network.

    Every file's size and digest are compared with what the hub said of it when it was fetched.

    Returns:
        A sentence for every file that is damaged; none if all are whole.

    Raises:
        ModelError: nothing of that revision was fetched.
    """
    from huggingface_hub import get_cached_repo_tree
    from huggingface_hub.errors import CachedRepoTreeNotFoundError

    folder = located(repository, revision)
    if folder is None:
        raise ModelError(
            f"Expected files of {repository} at {revision} on this machine, found none. "
            "Fetch them with: python -m models fetch"
        )
    try:
        facts = {entry.path: entry for entry in get_cached_repo_tree(repository, revision=folder.name)}
    except CachedRepoTreeNotFoundError:
        facts = {}
    wrong = []
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() or file.is_symlink()]
    for number, file in enumerate(files):
        name = file.relative_to(folder).as_posix()
        on_file(name, number, len(files))
        said = facts.get(name)
        problem = _problem(file, said)
        if problem:
            wrong.append(f"{name}: {problem}. Remove {file.resolve()} and fetch again.")
    on_file("", len(files), len(files))
    return wrong


def _problem(file: Path, said: Any) -> str:
    if not file.exists():
        return "expected its content, found a link to nothing"
    size = file.stat().st_size
    if said is None:
        return ""  # fetched by a version that kept no list
    if size != said.size:
        return f"expected {said.size} bytes, found {size}"
    lfs = said.lfs
    found = _digest(file, None if lfs else size)
    expected = lfs.sha256 if lfs else said.blob_id
    return "" if found == expected else f"expected the digest {expected[:12]}..., found {found[:12]}..."


def _digest(file: Path, git_size: int | None) -> str:
    """SHA-256 of a large file; of a small one the digest that git gives it."""
    digest = hashlib.sha256() if git_size is None else hashlib.sha1(f"blob {git_size}\0".encode())  # noqa: S324
    with file.open("rb") as stream:
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()
