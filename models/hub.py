"""Weights from a hub: which files of a repository are needed, and fetching them.

All network access goes through huggingface_hub, with its cache (HF_HOME), mirrors (HF_ENDPOINT), offline mode
(HF_HUB_OFFLINE), tokens, resumed downloads and progress bars. Only safetensors are fetched, unless pickles
are requested.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.catalog import CLIP_INDEX, INDEX
from models.errors import ModelError
from models.hub_errors import explained
from models.proxies import check_proxies

WEIGHTS = ".safetensors"
PICKLES = (".bin", ".pt", ".ckpt", ".pth")
SPARE_BYTES = 200 * 2**20
"""Space that stays free on the disk."""


@dataclass(frozen=True)
class Fetch:
    """A request to a hub.

    Attributes:
        repository: id, owner/name.
        revision: commit, tag or branch.
        variant: of the weights, such as "fp16"; preferred where a part has it.
        pickles: whether weights that exist only as a pickle are fetched; reading a pickle can run code.
        only: exactly these files, and not those that a pipeline or a CLIP needs.
    """

    repository: str
    revision: str = "main"
    variant: str = ""
    pickles: bool = False
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fetched:
    """The result of a fetch: the folder, its size, and the bytes that came over the network."""

    folder: Path
    bytes: int
    new_bytes: int


def needed_files(
    names: Collection[str], index: Mapping[str, Any] | None, variant: str, pickles: bool
) -> list[str]:
    """The files of a repository that are needed to run it.

    Args:
        names: all files of the repository.
        index: its model_index.json, or None for an OpenCLIP model.
        variant: of the weights; preferred where a part has it.
        pickles: whether a part without safetensors may be read from a pickle.

    Raises:
        ModelError: a part has no acceptable weights.
    """
    if index is None:
        flat = [name for name in names if "/" not in name]
        return sorted({*_small(flat), *_weights(flat, "open_clip_model", "", pickles, "the CLIP")})
    wanted = {INDEX}
    for part, kind in index.items():
        if part.startswith("_") or not isinstance(kind, list) or not all(kind[:2]):
            continue
        inside = [name for name in names if name.startswith(f"{part}/") and name.count("/") == 1]
        wanted.update(_small(inside))
        if any(name.endswith((WEIGHTS, *PICKLES)) for name in inside):
            wanted.update(_weights(inside, "", variant, pickles, part))
    return sorted(wanted)


def _small(names: Sequence[str]) -> list[str]:
    """The files of settings and tokenizers."""
    return [
        name for name in names
        if name.endswith((".json", ".txt", ".model", ".jinja")) and ".index." not in name
    ]  # fmt: skip


def _weights(names: Sequence[str], stem: str, variant: str, pickles: bool, part: str) -> list[str]:
    """The weights of one part, with the index of its shards if there is one."""
    for suffixes in ((WEIGHTS,), PICKLES if pickles else ()):
        weights = [name for name in names if name.endswith(suffixes) and stem in name] if suffixes else []
        weights = [name for name in weights if ".non_ema." not in name]
        own = [name for name in weights if variant and f".{variant}" in name]
        plain = [name for name in weights if not _has_variant(name)]
        chosen = own or plain
        if chosen:
            lists = [
                name for name in names
                if ".index." in name and any(suffix in name for suffix in suffixes)
                and _has_variant(name) == _has_variant(chosen[0])
            ]  # fmt: skip
            return [*chosen, *(lists if len(chosen) > 1 else [])]
    raise ModelError(
        f"Expected weights of {part} as {WEIGHTS} files, found none. Choose another revision or variant, or "
        "use --pickles if you trust the owner: reading a pickle can run code."
    )


def _has_variant(name: str) -> bool:
    """Whether a file of weights or an index such as model.safetensors.index.fp16.json is of a variant."""
    parts = name.rsplit("/", 1)[-1].split(".")
    return bool(set(parts[1:]) - {"safetensors", "bin", "pt", "ckpt", "pth", "index", "json"})


def located(repository: str, revision: str) -> Path | None:
    """The folder of a fetched repository, or None if it is missing or incomplete; uses no network."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(
            snapshot_download(repository, revision=revision, local_files_only=True, allow_patterns=[])
        )
    except (LocalEntryNotFoundError, HFValidationError, OSError):
        return None
    return folder if folder.is_dir() and _is_whole(folder, repository) else None


def _is_whole(folder: Path, repository: str) -> bool:
    """Whether all needed files are in the folder, in one variant or without one."""
    from huggingface_hub import get_cached_repo_tree
    from huggingface_hub.errors import CachedRepoTreeNotFoundError

    here = [file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()]
    try:
        names = [entry.path for entry in get_cached_repo_tree(repository, revision=folder.name)]
    except CachedRepoTreeNotFoundError:  # fetched by a client that stored no list, or stopped at once
        return any(name.endswith((WEIGHTS, *PICKLES)) for name in here)
    index = json.loads((folder / INDEX).read_text(encoding="utf-8")) if INDEX in here else None
    if index is None and CLIP_INDEX not in names:
        return bool(here)  # a chosen file, such as a LoRA
    for variant in {variant_of(name) for name in here if name.endswith((WEIGHTS, *PICKLES))} | {""}:
        try:
            if set(needed_files(names, index, variant, pickles=True)) <= set(here):
                return True
        except ModelError:
            continue
    return False


def variant_of(name: str) -> str:
    """The variant in a file's name, such as "fp16" in model.fp16-00001-of-00002.safetensors, or ""."""
    parts = name.rsplit("/", 1)[-1].split(".")[1:-1]
    return parts[0].split("-")[0] if parts else ""


def fetch(wanted: Fetch) -> Fetched:
    """Download the needed files that are not on this machine yet.

    A broken connection is resumed. A fetch that was stopped keeps its complete files.

    Raises:
        ModelError: a proxy of the environment cannot be used; there is no network, repository, revision,
            permission or disk space; or a file arrives incomplete.
    """
    from huggingface_hub import snapshot_download

    check_proxies()
    with explained(wanted.repository, wanted.revision):
        chosen = _chosen(wanted)
        plan: list[Any] = snapshot_download(
            wanted.repository, revision=wanted.revision, allow_patterns=chosen, dry_run=True
        )
        whole = sum(file.file_size or 0 for file in plan)
        new = sum(file.file_size or 0 for file in plan if file.will_download)
        _check_room(new)
        folder = snapshot_download(wanted.repository, revision=wanted.revision, allow_patterns=chosen)
    return Fetched(Path(folder), whole, new)


def _chosen(wanted: Fetch) -> list[str]:
    """Names of the files to fetch."""
    from huggingface_hub import HfApi, hf_hub_download

    names = HfApi().list_repo_files(wanted.repository, revision=wanted.revision)
    if wanted.only:
        missing = [name for name in wanted.only if name not in names]
        if missing:
            raise ModelError(
                f"Expected {', '.join(missing)} in {wanted.repository}, found {len(names)} other files. "
                "Correct the name or the revision."
            )
        return list(wanted.only)
    if INDEX in names:
        file = hf_hub_download(wanted.repository, INDEX, revision=wanted.revision)
        index: dict[str, Any] = json.loads(Path(file).read_text(encoding="utf-8"))
        return needed_files(names, index, wanted.variant, wanted.pickles)
    if CLIP_INDEX in names:
        return needed_files(names, None, "", wanted.pickles)
    raise ModelError(
        f"Expected a pipeline of diffusers ({INDEX}) or a CLIP of open_clip ({CLIP_INDEX}) "
        f"in {wanted.repository}, found neither. Choose a repository in one of these formats."
    )


def _check_room(new: int) -> None:
    """Raise a ModelError if `new` bytes do not fit on the disk of the cache."""
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if new + SPARE_BYTES > free:
        raise ModelError(
            f"Expected {gigabytes(new + SPARE_BYTES)} free, found {gigabytes(free)} in {folder}. "
            "Free some space, or set HF_HOME to a folder on a larger disk."
        )


def gigabytes(number: int) -> str:
    """A number of bytes in GB or MB."""
    return f"{number / 1e9:.1f} GB" if number >= 1e8 else f"{number / 1e6:.1f} MB"
