"""The networks. The doors of this package are `load_renderer`, `load_embedder`, and `load_on_ray` for both.

The package does not import `personalize`. The two meet through structural protocols: a renderer has a
`name`, `render`, `room` and `warm_up`; an embedder has a `name`, a `dimension`, `embed_texts` and
`embed_pictures`.
Diffusers, open_clip and ray are imported when a door is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.catalog import Model, available, memory_gb
from models.errors import ModelError
from models.remote.address import LOCAL, is_server
from models.render_on import has_files_here
from models.resolve import find_model

if TYPE_CHECKING:
    from models.clip import OpenClipEmbedder
    from models.diffusion import DiffusersRenderer
    from models.ray_renderer import RayEmbedder, RayRenderer
    from models.remote.renderer import ServerRenderer

__all__ = [
    "Model",
    "ModelError",
    "available",
    "find_model",
    "has_files_here",
    "is_server",
    "load_embedder",
    "load_on_ray",
    "load_renderer",
]


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

    if on != LOCAL:
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

    return OpenClipEmbedder(find_model(name, clip, drawn_here=has_files_here(on)), threads=threads)


def load_on_ray(
    name: str = "mini",
    address: str = "ray",
    *,
    folder: Path,
    clip: str = "",
    threads: int = 0,
    least: int = 1,
    most: int = 0,
    queued: int = 0,
    idle_s: float = 120.0,
    changes: Mapping[str, Any] | None = None,
    compiled: str = "",
    checked: bool = True,
    application: str = "",
) -> tuple[RayRenderer, RayEmbedder]:
    """A renderer and an embedder that run on the replicas of a Ray cluster. Closing the renderer closes both.

    Args:
        name: as for `load_renderer`; the files are on every node of the cluster.
        address: "ray" for a cluster of this machine that ends with the renderer, or host:port of another one.
        folder: for the sockets and logs of Ray.
        clip: as for `load_embedder`.
        threads: CPU threads of a replica; 0 for one.
        least: fewest replicas.
        most: most replicas; 0 for as many as the cluster has room for.
        queued: requests of this process that may wait; 0 for eight a replica.
        idle_s: seconds without work after which a replica ends.
        changes: as for `load_renderer`.
        compiled: as for `load_renderer`.
        checked: as for `load_renderer`.
        application: name of an application of the cluster that draws (`models.ray_application`); "": one is
            deployed for this model and these settings.

    Raises:
        ModelError: the model cannot be used, Ray is not installed, no replica started, or the application is
            missing or draws with another model.
    """
    from models.ray_cluster import Cluster, check_installed

    check_installed()
    from models.ray_deployment import Plan
    from models.ray_renderer import Connection, RayEmbedder, RayRenderer

    plan = Plan(
        find_model(name, clip, changes=changes),
        memory_gb=memory_gb(name),
        threads=max(1, threads),
        least=least,
        most=most,
        queued=queued,
        idle_s=idle_s,
        compiled=compiled,
        checked=checked,
        application=application,
    )
    cluster = Cluster(address, folder, plan.threads * max(least, most))
    try:
        connection = Connection(cluster, plan)
    except BaseException:
        cluster.close()
        raise
    return RayRenderer(connection), RayEmbedder(connection)
