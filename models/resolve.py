"""From a name to a model on this machine: an entry of the catalogue, a folder, or an id on the hub.

Nothing is downloaded here (see `models.hub`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.catalog import CLIP, CLIP_INDEX, DIFFUSION, HERE, INDEX, Adapter, Model, catalog
from models.errors import ModelError
from models.hub import located
from models.own_settings import KINDS, own_settings
from models.parts import what_is_there

SUBJECTS = "subjects.toml"
"""Name of the file of known subjects in a folder of one's own."""

HUB_ID = re.compile(r"(?P<id>[\w][\w.-]*/[\w][\w.-]*)(@(?P<revision>[\w./-]+))?")


def find_model(
    name: str, clip: str = "", changes: Mapping[str, Any] | None = None, *, drawn_here: bool = True
) -> Model:
    """Find a model on this machine by its name, folder or id on the hub.

    Args:
        name: in the catalogue; a folder with stable-diffusion/ and clip/, or one saved by diffusers; or an id
            on the hub that was fetched, such as `owner/name` or `owner/name@revision`.
        clip: another CLIP: in the catalogue, a folder in the format of open_clip, or an id on the hub.
        changes: fields of `Model` that replace the defaults, such as steps.
        drawn_here: whether this machine draws. If a server draws, only the files of the CLIP are needed, and
            any name is a model.

    Raises:
        ModelError: there is no such name or folder, files are missing, or the model was not fetched yet.
    """
    entry, folder = _entry_of(name) if drawn_here else _served_entry(name)
    index = _index_of(folder, name) if drawn_here else {}
    defaults = _family(str(index.get("_class_name", "")))
    stated = {key: kind(entry[key]) for key, kind in KINDS.items() if key in entry}
    facts = {**defaults, **stated}
    chosen_clip = clip or str(facts.pop("clip", "")) or _clip_beside(folder) or _default_clip()
    facts.pop("clip", None)
    subjects = str(facts.pop("subjects", ""))
    clip_folder, clip_revision = _clip_folder(chosen_clip)
    model = Model(
        name=str(entry.get("name", name)),
        pipeline=folder,
        clip=clip_folder,
        title=str(facts.pop("title", folder.name)),
        licence=str(facts.pop("licence", "unknown")),
        subjects=_subjects(entry, subjects),
        adapter=_adapter(entry),
        revision=str(entry.get("revision", "")),
        clip_revision=clip_revision,
        **facts,
    )
    return replace(model, **dict(changes)) if changes else model


def served_names(name: str) -> tuple[str, ...]:
    """What a server may call a model: its repository on the hub, and its name here."""
    found = _catalogued(name)
    if found is None:
        return (name,)
    names = (str(found.get("repository", "")), str(found["name"]), name)
    return tuple(dict.fromkeys(one for one in names if one))


def _catalogued(name: str) -> dict[str, Any] | None:
    """The catalogue's entry of a name or of a repository on the hub."""
    entries = catalog()["diffusion"]
    if name in entries:
        return {**entries[name], "name": name}
    plain = {key: entry for key, entry in entries.items() if "adapter" not in entry}
    key = next((key for key, entry in plain.items() if entry.get("repository") == name), None)
    return None if key is None else {**entries[key], "name": key}


def _served_entry(name: str) -> tuple[dict[str, Any], Path]:
    """The stated settings of a model that a server draws; the path names no files."""
    found = _catalogued(name)
    if found is not None:
        entry = {key: value for key, value in found.items() if key not in ("adapter", "revision")}
        return entry, Path(str(found["name"]))
    if _existing_folder(name) is not None:
        entry, folder = _entry_of(name)
        return entry, folder
    return {"name": name.strip("/").replace("/", "--"), "title": name}, Path(name)


def _family(kind: str) -> dict[str, Any]:
    families = catalog()["family"]
    return dict(families.get(kind, families["other"]))


def _entry_of(name: str) -> tuple[dict[str, Any], Path]:
    """The stated settings of a model, and the folder of its pipeline."""
    entries = catalog()["diffusion"]
    if name in entries:
        entry = {**entries[name], "name": name}
        if "folder" in entry:
            return entry, HERE / str(entry["folder"])
        return entry, _fetched(name, str(entry["repository"]), str(entry["revision"]))
    folder = _existing_folder(name)
    if folder is not None:
        inner = folder / DIFFUSION
        like_mini = inner.is_dir() or not (folder / INDEX).is_file()
        shared = (
            {key: entries["mini"][key] for key in ("steps", "guidance", "words", "vocabulary")}
            if like_mini
            else {}
        )
        subjects = {"subjects": SUBJECTS} if (folder / SUBJECTS).is_file() else {}
        entry = {"name": folder.name, "title": folder.name, **shared, **subjects, **own_settings(folder)}
        entry["home"] = folder
        return entry, inner if like_mini else folder
    match = HUB_ID.fullmatch(name)
    if match:
        found = _fetched(name, match["id"], match["revision"] or "main")
        entry = {"name": match["id"].replace("/", "--"), "title": match["id"], "revision": found.name}
        return entry, found
    file = _existing(name)
    if file is not None and (there := what_is_there(file)):
        raise ModelError(f"Expected a folder of diffusers in {file}, {there}")
    raise ModelError(
        f"Expected one of the models {', '.join(entries)}, a folder with {DIFFUSION}/{INDEX} and "
        f"{CLIP}/{CLIP_INDEX}, a folder saved by diffusers, or a fetched id such as owner/name; "
        f"found '{name[:200]}'. Correct --model."
    )


def _existing_folder(name: str) -> Path | None:
    found = _existing(name)
    return found if found is not None and found.is_dir() else None


def _existing(name: str) -> Path | None:
    """The file or folder of that name, if there is one."""
    try:
        place = Path(name).expanduser()
        return place if name and place.exists() else None
    except (OSError, RuntimeError, ValueError):  # too long, an unknown home, or a null byte
        return None


def _index_of(folder: Path, name: str) -> dict[str, Any]:
    """The content of the pipeline's model_index.json."""
    file = folder / INDEX
    if not file.is_file():
        where = folder.parent if folder.name == DIFFUSION else folder
        wanted = f"{DIFFUSION}/{INDEX}" if folder.name == DIFFUSION else INDEX
        found = what_is_there(where)
        raise ModelError(
            f"Expected the file {wanted} in the model's folder {where}, "
            + (found or "found none. Restore the folder, or choose another with --model.")
        )
    try:
        index = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"Expected JSON in {file}, found: {error}. Restore the file.") from error
    return index if isinstance(index, dict) else {}


def _clip_beside(folder: Path) -> str:
    """The folder clip/ beside stable-diffusion/, or ''."""
    beside = folder.parent / CLIP
    return str(beside) if folder.name == DIFFUSION and beside.is_dir() else ""


def _default_clip() -> str:
    """The full-size CLIP if it was fetched, else the mini CLIP, which knows only drawings."""
    entry = catalog()["clip"]["vit-l-14"]
    return "vit-l-14" if located(str(entry["repository"]), str(entry["revision"])) else "mini"


def _clip_folder(name: str) -> tuple[Path, str]:
    """Folder and revision of a CLIP by its name, folder or id; the revision is '' for a folder."""
    entries = catalog()["clip"]
    revision = ""
    if name in entries:
        entry = entries[name]
        if "folder" in entry:
            folder = HERE / str(entry["folder"])
        else:
            revision = str(entry["revision"])
            folder = _fetched(name, str(entry["repository"]), revision)
    elif (existing := _existing_folder(name)) is not None:
        folder = existing
    elif match := HUB_ID.fullmatch(name):
        folder = _fetched(name, match["id"], match["revision"] or "main")
        revision = folder.name
    else:
        raise ModelError(
            f"Expected one of the CLIPs {', '.join(entries)}, a folder with {CLIP_INDEX}, or a fetched id "
            f"such as owner/name; found '{name[:200]}'. Correct --clip."
        )
    if not (folder / CLIP_INDEX).is_file():
        raise ModelError(
            f"Expected the file {CLIP_INDEX} in the CLIP's folder {folder}, found none. "
            "Restore the folder, or choose another with --clip."
        )
    return folder, revision


def _subjects(entry: Mapping[str, Any], stated: str) -> Path | None:
    """The file of known subjects: relative to the model's own folder, or to the catalogue."""
    if not stated:
        return None
    file = Path(entry.get("home", HERE)) / stated
    if not file.is_file():
        raise ModelError(
            f"Expected the list of known subjects {file}, found none. "
            "Restore the file, or take `subjects` out of the model's entry."
        )
    return file


def _adapter(entry: Mapping[str, Any]) -> Adapter | None:
    stated = entry.get("adapter")
    if not stated:
        return None
    folder = _fetched(str(entry["name"]), str(stated["repository"]), str(stated["revision"]))
    return Adapter(folder, str(stated["file"]))


def _fetched(name: str, repository: str, revision: str) -> Path:
    """The folder of a fetched repository."""
    found = located(repository, revision)
    if found is None:
        raise ModelError(
            f"Expected the files of {repository} on this machine, found none. "
            f"Fetch them once, with a network: python -m models fetch {name}"
        )
    return found
