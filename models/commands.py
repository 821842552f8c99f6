"""``list``, ``fetch`` and ``check``: which weights there are, downloading them, and their integrity."""

from __future__ import annotations

import argparse
import json
from typing import Any

from models.catalog import HERE, Model, catalog
from models.errors import ModelError
from models.hub import WEIGHTS, Fetch, Fetched, fetch, gigabytes, located
from models.output import write_line
from models.progress import ConsoleProgress
from models.resolve import HUB_ID, find_model
from models.verify import check


def add_list(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command ``list``."""
    parser = commands.add_parser("list", help="the models of the catalogue, their licences and sizes")
    parser.set_defaults(run=lambda chosen: list_models(as_json=chosen.json))
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def add_fetch(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command ``fetch``."""
    parser = commands.add_parser("fetch", help="download a model's weights, once")
    parser.set_defaults(
        run=lambda chosen: fetch_model(chosen.model, chosen.revision, chosen.variant, chosen.pickles)
    )
    add = parser.add_argument
    add("model", help="name in the catalogue, or an id on the hub such as owner/name")
    add("--revision", default="", help="commit, tag or branch instead of the catalogue's")
    add("--variant", help="of an id's weights (default: fp16 if there is one)")
    add("--pickles", action="store_true", help="accept weights that exist only as a pickle")


def add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command ``check``."""
    parser = commands.add_parser("check", help="whether the files of a model are complete and undamaged")
    parser.set_defaults(run=lambda chosen: 0 if check_model(chosen.model) else 1)
    parser.add_argument("model", help="as for fetch, or a folder")


def _sources(name: str, entry: dict[str, Any], pickles: bool = False) -> list[Fetch]:
    """The repositories that an entry of the catalogue needs; none for the mini models."""
    if "repository" not in entry:
        return []
    sources = [Fetch(entry["repository"], entry["revision"], str(entry.get("variant", "")), pickles)]
    if "adapter" in entry:
        adapter = entry["adapter"]
        sources.append(Fetch(adapter["repository"], adapter["revision"], only=(adapter["file"],)))
    return sources


def list_models(*, as_json: bool = False) -> int:
    """Write every entry of the catalogue: licence, size, and whether it is on this machine; returns 0."""
    entries = catalog()
    if as_json:
        kinds = ("diffusion", "clip")
        write_line(json.dumps({kind: [_facts(*item) for item in entries[kind].items()] for kind in kinds}))
        return 0
    for kind, heading in (("diffusion", "Pipelines (--model)"), ("clip", "CLIPs (--clip)")):
        write_line(heading)
        for name, entry in entries[kind].items():
            sources = _sources(name, entry)
            here = all(located(source.repository, source.revision) for source in sources)
            size = f"about {entry['gigabytes']:g} GB" if "gigabytes" in entry else _own_size(entry)
            where = "ships with Palate" if not sources else "here" if here else "not fetched"
            needs = f", a GPU with about {entry['memory_gb']:g} GB" if "memory_gb" in entry else ""
            allows = f": {entry['allows']}" if "allows" in entry else ""
            words = f"; {entry['words']} words a prompt" if "words" in entry else ""
            write_line(f"  {name:16} {entry['title']} ({where}; {size}{needs}{words})")
            write_line(f"  {'':16} {entry['licence']}{allows}")
    return 0


def _facts(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """An entry of the catalogue for programs; sizes are in GB, and null where nothing is stated."""
    sources = _sources(name, entry)
    return {
        "name": name,
        "title": entry["title"],
        "licence": entry["licence"],
        "allows": entry.get("allows"),
        "ships": not sources,
        "here": all(located(source.repository, source.revision) for source in sources),
        "gigabytes": entry.get("gigabytes"),
        "memory_gb": entry.get("memory_gb"),
        "words": entry.get("words"),
    }


def _own_size(entry: dict[str, Any]) -> str:
    folder = HERE / entry["folder"]
    return gigabytes(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()))


def _wanted(name: str, revision: str, variant: str | None, pickles: bool) -> list[Fetch]:
    """The repositories that a name in the catalogue or an id on the hub needs."""
    entries = catalog()
    for kind in ("diffusion", "clip"):
        if name in entries[kind]:
            sources = _sources(name, entries[kind][name], pickles)
            if kind == "diffusion" and sources:  # and the CLIP for its pictures
                clip = str(entries[kind][name].get("clip", "vit-l-14"))
                sources += _sources(clip, entries["clip"][clip])
            if revision and sources:
                sources[0] = Fetch(sources[0].repository, revision, sources[0].variant, pickles)
            return sources
    match = HUB_ID.fullmatch(name)
    if not match:
        raise ModelError(
            f"Expected one of {', '.join([*entries['diffusion'], *entries['clip']])}, or an id "
            f"such as owner/name, found '{name[:200]}'. Correct it."
        )
    wanted = "fp16" if variant is None else variant
    return [Fetch(match["id"], revision or match["revision"] or "main", wanted, pickles)]


def fetch_model(name: str, revision: str = "", variant: str | None = None, pickles: bool = False) -> int:
    """Fetch a model with its LoRA and its CLIP; files that are on this machine are not fetched again.

    Args:
        name: in the catalogue, or an id on the hub.
        revision: replaces the catalogue's revision, or the main branch of an id.
        variant: of the weights of an id; None for fp16 if there is one.
        pickles: whether weights that exist only as a pickle are accepted.

    Returns:
        0.

    Raises:
        ModelError: see `models.hub.fetch`.
    """
    sources = _wanted(name, revision, variant, pickles)
    if not sources:
        write_line(f"{name} ships with Palate: nothing to fetch.")
        return 0
    for source in sources:
        write_line(f"{source.repository} at {source.revision[:12]}")
        done: Fetched = fetch(source)
        write_line(f"  {gigabytes(done.bytes)} in {done.folder} ({gigabytes(done.new_bytes)} new)")
    write_line(f"Run it with: python app.py --model {name}")
    return 0


def check_model(name: str) -> bool:
    """Write a line for each damaged file of a model; True if there is none.

    Raises:
        ModelError: unknown, or not fetched.
    """
    sources = _wanted(name, "", None, False) if name not in _own() else []
    wrong: list[str] = []
    progress = ConsoleProgress()
    for source in sources:
        write_line(f"{source.repository} at {source.revision[:12]}")
        wrong += check(source.repository, source.revision, progress)
    if not sources:
        wrong += _headers(find_model(name))
    for line in wrong:
        write_line(f"  {line}")
    write_line(f"{name}: " + (f"{len(wrong)} files are damaged" if wrong else "every file is whole"))
    return not wrong


def _own() -> set[str]:
    """Names of the pipelines that ship with Palate."""
    return {name for name, entry in catalog()["diffusion"].items() if "folder" in entry}


def _headers(model: Model) -> list[str]:
    """A line for each file of weights whose header cannot be read; a folder has no list of digests."""
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
