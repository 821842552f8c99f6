"""Where pictures are drawn, as the setting `render_on` says: here, on Ray, or on an images server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from models.remote.address import base_of, is_server, key_at
from models.resolve import find_model, served_names

if TYPE_CHECKING:
    from models.remote.renderer import ServerRenderer

ANSWER_S = 300.0
"""Seconds that an images server may be silent, unless the setting `stall_s` gives another number."""


def has_files_here(render_on: str) -> bool:
    """Whether the files of the model are on this machine; False for the address of an images server.

    Raises:
        ModelError: it looks like such an address and is none.
    """
    if not is_server(render_on):
        return True
    base_of(render_on)
    return False


def server_renderer(
    render_on: str, name: str, key: str, *, changes: Mapping[str, Any] | None = None, answer_s: float = 0.0
) -> ServerRenderer:
    """The renderer on an images server.

    Args:
        render_on: address of the server.
        name: of the model, in the catalogue or as the server calls it.
        key: file or env:NAME with the key of the server; '' for none.
        changes: fields of `Model` that replace its defaults, such as steps.
        answer_s: seconds that the server may be silent; 0 for ANSWER_S.

    Raises:
        ModelError: the address or the key cannot be, or the server does not draw with this model.
    """
    server, secret = base_of(render_on), key_at(key)
    model = find_model(name, changes=changes, drawn_here=False)
    from models.remote.renderer import ServerRenderer

    return ServerRenderer(model, served_names(name), server, key=secret, answer_s=answer_s or ANSWER_S)
