"""The networks: `load_renderer` and `load_embedder` are the two doors of this package.

The package does not import `personalize`. The two meet through structural protocols: a renderer has a
`name`, `render`, `room` and `warm_up`; an embedder has a `name`, a `dimension`, `embed_texts` and
`embed_pictures`.
Diffusers and open_clip are imported when a door is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from models.catalog import Model, available
from models.errors import ModelError
from models.resolve import find_model

if TYPE_CHECKING:
    from models.clip import OpenClipEmbedder
    from models.diffusion import DiffusersRenderer

__all__ = ["Model", "ModelError", "available", "find_model", "load_embedder", "load_renderer"]


def load_renderer(
    name: str = "mini",
    threads: int = 0,
    *,
    changes: Mapping[str, Any] | None = None,
    compiled: str = "",
    checked: bool = True,
) -> DiffusersRenderer:
    """Load a text-to-image pipeline.

    Args:
        name: in the catalogue, a folder, or an id on the hub that was fetched (`models.resolve.find_model`).
        threads: CPU threads; 0 for all cores.
        changes: fields of `Model` that replace its defaults, such as steps.
        compiled: backend of torch.compile, or ''.
        checked: whether the model's own safety checker is used.

    Raises:
        ModelError: the model is unknown, missing or damaged.
    """
    from models.diffusion import DiffusersRenderer

    model = find_model(name, changes=changes)
    return DiffusersRenderer(model, threads=threads, compiled=compiled, checked=checked)


def load_embedder(name: str = "mini", threads: int = 0, *, clip: str = "") -> OpenClipEmbedder:
    """Load the CLIP of a model.

    Args:
        name: as for `load_renderer`.
        threads: CPU threads; 0 for all cores.
        clip: another CLIP: in the catalogue, a folder, or an id on the hub that was fetched.

    Raises:
        ModelError: the model is unknown, missing or damaged.
    """
    from models.clip import OpenClipEmbedder

    return OpenClipEmbedder(find_model(name, clip), threads=threads)
