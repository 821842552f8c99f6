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
from models.render_on import drawn_here
from models.resolve import find_model

if TYPE_CHECKING:
    from models.clip import OpenClipEmbedder
    from models.diffusion import DiffusersRenderer
    from models.remote.renderer import ServerRenderer

__all__ = ["Model", "ModelError", "available", "drawn_here", "find_model", "load_embedder", "load_renderer"]


def load_renderer(
    name: str = "mini",
    threads: int = 0,
    *,
    changes: Mapping[str, Any] | None = None,
    compiled: str = "",
    checked: bool = True,
    on: str = "local",
    key: str = "",
    answer_s: float = 0.0,
) -> DiffusersRenderer | ServerRenderer:
    """Load a text-to-image pipeline, or find the server that draws.

    Args:
        name: in the catalogue, a folder, or an id on the hub that was fetched (`models.resolve.find_model`).
        threads: CPU threads; 0 for all cores.
        changes: fields of `Model` that replace its defaults, such as steps.
        compiled: backend of torch.compile, or ''.
        checked: whether the model's own safety checker is used.
        on: "local", or the address of an images server (`models.render_on`).
        key: the file or env:NAME that contains the key of the server; '' for none.
        answer_s: seconds that the server may be silent; 0 for the default.

    Raises:
        ModelError: the model is unknown, missing or damaged, or the server does not draw.
    """
    from models.render_on import server_renderer

    if not drawn_here(on):
        return server_renderer(on, name, key, changes=changes, answer_s=answer_s)
    from models.diffusion import DiffusersRenderer

    model = find_model(name, changes=changes)
    return DiffusersRenderer(model, threads=threads, compiled=compiled, checked=checked)


def load_embedder(
    name: str = "mini", threads: int = 0, *, clip: str = "", on: str = "local"
) -> OpenClipEmbedder:
    """Load the CLIP of a model.

    Args:
        name: as for `load_renderer`.
        threads: CPU threads; 0 for all cores.
        clip: another CLIP: in the catalogue, a folder, or an id on the hub that was fetched.
        on: where the pictures are drawn, as for `load_renderer`.

    Raises:
        ModelError: the model is unknown, missing or damaged.
    """
    from models.clip import OpenClipEmbedder

    return OpenClipEmbedder(find_model(name, clip, drawn_here=drawn_here(on)), threads=threads)
