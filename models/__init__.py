"""The networks we run: `load_renderer`, `load_embedder`, `available`. Knows nothing of `personalize`.

The parts meet through structural protocols: a renderer has a `name`, `render` and `room`; an embedder has a
`name`, a `dimension`, `embed_texts` and `embed_pictures`.
"""

from models.catalog import Model, available, find_model
from models.errors import ModelError

__all__ = ["Model", "ModelError", "available", "find_model", "load_embedder", "load_renderer"]


def load_renderer(name: str = "mini", threads: int = 0):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """The Stable Diffusion of that name, as a `models.diffusion.DiffusersRenderer`.

    Args:
        name: in the catalogue, or a folder laid out like `models/mini`.
        threads: CPU threads; 0 for as many as there are cores.

    Raises:
        ModelError: unknown, missing or damaged.
    """
    from models.diffusion import DiffusersRenderer

    return DiffusersRenderer(find_model(name), threads=threads)


def load_embedder(name: str = "mini", threads: int = 0):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """The CLIP that goes with the model of that name, as a `models.clip.OpenClipEmbedder`.

    Args:
        name: as for `load_renderer`.
        threads: CPU threads; 0 for as many as there are cores.

    Raises:
        ModelError: unknown, missing or damaged.
    """
    from models.clip import OpenClipEmbedder

    return OpenClipEmbedder(find_model(name), threads=threads)
