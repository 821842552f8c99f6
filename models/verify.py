"""The integrity of fetched files: their sizes and digests, checked without a network."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from models.errors import ModelError
from models.hub import located
from models.progress import OnProgress, no_progress


def check(repository: str, revision: str, on_progress: OnProgress = no_progress) -> list[str]:
    """Compare the size and digest of every fetched file with the hub's list from the day of the fetch.

    Args:
        repository: id on the hub.
        revision: commit, tag or branch that was fetched.
        on_progress: called for every file.

    Returns:
        A sentence for every damaged file.

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
        on_progress("checking files", number, len(files))
        problem = _problem(file, facts.get(name))
        if problem:
            wrong.append(f"{name}: {problem}. Remove {file.resolve()} and fetch again.")
    on_progress("checking files", len(files), len(files))
    return wrong


def _problem(file: Path, expected: Any) -> str:
    """What is wrong with a file, or ''; `expected` is its entry in the hub's list, or None."""
    if not file.exists():
        return "expected its content, found a link to nothing"
    size = file.stat().st_size
    if expected is None:
        return ""  # fetched by a version that kept no list
    if size != expected.size:
        return f"expected {expected.size} bytes, found {size}"
    lfs = expected.lfs
    found = _digest(file, None if lfs else size)
    digest = lfs.sha256 if lfs else expected.blob_id
    return "" if found == digest else f"expected the digest {digest[:12]}..., found {found[:12]}..."


def _digest(file: Path, git_size: int | None) -> str:
    """SHA-256 of a large file (`git_size` None); git's blob digest of a small file."""
    digest = hashlib.sha256() if git_size is None else hashlib.sha1(f"blob {git_size}\0".encode())  # noqa: S324
    with file.open("rb") as stream:
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()
