"""``list``, ``fetch`` and ``check``: which weights there are, getting them, and whether they are whole."""

from __future__ import annotations

import sys
from typing import Any

from models.catalog import HERE, Model, catalog
from models.errors import ModelError
from models.hub import WEIGHTS, Fetch, Fetched, fetch, gigabytes, located
from models.resolve import HUB_ID, find_model
from models.verify import check


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _sources(name: str, entry: dict[str, Any], pickles: bool = False) -> list[Fetch]:
    """What has to be fetched for an entry; nothing for those that ship."""
    if "repository" not in entry:
        return []
    sources = [Fetch(entry["repository"], entry["revision"], str(entry.get("variant", "")), pickles)]
    if "adapter" in entry:
        adapter = entry["adapter"]
        sources.append(Fetch(adapter["repository"], adapter["revision"], only=(adapter["file"],)))
    return sources


def list_models() -> None:
    """Every entry of the catalogue, what it allows, how large it is, and whether it is here."""
    entries = catalog()
    for kind, heading in (("diffusion", "Pipelines (--model)"), ("clip", "CLIPs that see pictures (--clip)")):
        _say(heading)
        for name, entry in entries[kind].items():
            sources = _sources(name, entry)
            here = all(located(source.repository, source.revision) for source in sources)
            size = f"about {entry['gigabytes']:g} GB" if "gigabytes" in entry else _own_size(entry)
            where = "ships with Palate" if not sources else "here" if here else "not fetched"
            needs = f", a GPU with about {entry['memory_gb']:g} GB" if "memory_gb" in entry else ""
            allows = f": {entry['allows']}" if "allows" in entry else ""
            _say(f"  {name:16} {entry['title']} ({where}; {size}{needs})")
            _say(f"  {'':16} {entry['licence']}{allows}")


def _own_size(entry: dict[str, Any]) -> str:
    folder = HERE / entry["folder"]
    return gigabytes(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()))


def _wanted(name: str, revision: str, variant: str | None, pickles: bool) -> list[Fetch]:
    entries = catalog()
    for kind in ("diffusion", "clip"):
        if name in entries[kind]:
            sources = _sources(name, entries[kind][name], pickles)
            if kind == "diffusion" and sources:  # and the CLIP that sees its pictures
                seen_by = str(entries[kind][name].get("clip", "vit-l-14"))
                sources += _sources(seen_by, entries["clip"][seen_by])
            if revision and sources:
                sources[0] = Fetch(sources[0].repository, revision, sources[0].variant, pickles)
            return sources
    match = HUB_ID.fullmatch(name)
    if not match:
        raise ModelError(
            f"Expected a name out of {', '.join([*entries['diffusion'], *entries['clip']])}, or an id "
            f"such as owner/name, found '{name[:200]}'. Correct it."
        )
    wanted = "fp16" if variant is None else variant
    return [Fetch(match["id"], revision or match["revision"] or "main", wanted, pickles)]


def fetch_model(name: str, revision: str = "", variant: str | None = None, pickles: bool = False) -> None:
    """Fetch a model and what goes with it; what is here already is not fetched again.

    Args:
        name: in the catalogue, or an id on the hub.
        revision: another one than the catalogue's; for an id, instead of its main branch.
        variant: of the weights of an id; None takes fp16 where there is one.
        pickles: whether weights without safetensors may be taken.

    Raises:
        ModelError: see `models.hub.fetch`.
    """
    sources = _wanted(name, revision, variant, pickles)
    if not sources:
        _say(f"{name} ships with Palate: nothing to fetch.")
        return
    for source in sources:
        _say(f"{source.repository} at {source.revision[:12]}")
        done: Fetched = fetch(source)
        _say(f"  {gigabytes(done.bytes)} in {done.folder} ({gigabytes(done.new_bytes)} new)")
    _say(f"Run it with: python app.py --model {name}")


def check_model(name: str) -> bool:
    """Say what is wrong with a model's files; True if nothing is.

    Raises:
        ModelError: unknown, or not fetched.
    """
    sources = _wanted(name, "", None, False) if name not in _own() else []
    wrong: list[str] = []
    for source in sources:
        _say(f"{source.repository} at {source.revision[:12]}")
        wrong += check(source.repository, source.revision, _told)
    if not sources:
        wrong += _headers(find_model(name))
    for line in wrong:
        _say(f"  {line}")
    _say(f"{name}: " + (f"{len(wrong)} files are damaged" if wrong else "every file is whole"))
    return not wrong


def _own() -> set[str]:
    return {name for name, entry in catalog()["diffusion"].items() if "folder" in entry}


def _headers(model: Model) -> list[str]:
    """Weights of a folder that cannot be read to their end; a folder has no list of digests."""
    from safetensors import SafetensorError, safe_open

    wrong = []
    for folder in (model.pipeline, model.clip):
        for file in sorted(folder.rglob(f"*{WEIGHTS}")):
            try:
                with safe_open(file, framework="pt") as stream:
                    stream.keys()
            except (SafetensorError, OSError) as error:
                wrong.append(f"{file}: expected safetensors, found: {error}. Restore it.")
    return wrong


def _told(name: str, done: int, of: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K  checked {done} of {of} {name}" + ("\n" if done == of else ""))
        sys.stderr.flush()
