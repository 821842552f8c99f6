"""The networks we run: `load_renderer`, `load_embedder`, `available`. Knows nothing of `personalize`.

The parts meet through structural protocols: a renderer has a `name`, `render` and `room`; an embedder has a
`name`, a `dimension`, `embed_texts` and `embed_pictures`.
"""

from collections.abc import Mapping
from typing import Any

from models.catalog import Model, available
from models.errors import ModelError
from models.resolve import find_model

__all__ = ["Model", "ModelError", "available", "find_model", "load_embedder", "load_renderer"]


def load_renderer(  # type: ignore[no-untyped-def]  # noqa: ANN201
    name: str = "mini",
    threads: int = 0,
    *,
    changes: Mapping[str, Any] | None = None,
    compiled: str = "",
    checked: bool = True,
):
    """The text-to-image pipeline of that name, as a `models.diffusion.DiffusersRenderer`.

    Args:
        name: in the catalogue, a folder, or an id on the hub that was fetched (`models.resolve.find_model`).
        threads: CPU threads; 0 for as many as there are cores.
        changes: fields of `Model` that are set instead of its defaults, such as steps.
        compiled: backend of torch.compile, or ''.
        checked: whether the model's own safety checker is asked.

    Raises:
        ModelError: unknown, missing or damaged.
    """
    from models.diffusion import DiffusersRenderer

    model = find_model(name, changes=changes)
    return DiffusersRenderer(model, threads=threads, compiled=compiled, checked=checked)


def load_embedder(  # type: ignore[no-untyped-def]  # noqa: ANN201
    name: str = "mini", threads: int = 0, *, clip: str = ""
):
    """The CLIP that goes with the model of that name, as a `models.clip.OpenClipEmbedder`.

    Args:
        name: as for `load_renderer`.
        threads: CPU threads; 0 for as many as there are cores.
        clip: another CLIP: in the catalogue, a folder, or an id on the hub that was fetched.

    Raises:
        ModelError: unknown, missing or damaged.
    """
    from models.clip import OpenClipEmbedder

    return OpenClipEmbedder(find_model(name, clip), threads=threads)
