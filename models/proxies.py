"""Proxies of the environment that no HTTP client can use: named in a sentence, or left out.

A client reads all variables when it is made. One that it cannot read would end the program, even if the
program needs no network.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, MutableMapping

from models.errors import ModelError

_LOG = logging.getLogger(__name__)
VARIABLES = tuple(
    written
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    for written in (name, name.upper())
)


def check_proxies() -> None:
    """Check that a client can use the proxies of the environment.

    Raises:
        ModelError: it cannot; the sentence names the variable.
    """
    for variable, faults in _faults().items():
        found, fault = next(iter(faults.items()))
        raise ModelError(
            f"Expected {variable} to name {_wanted(variable)}, found '{_hidden(found)}' ({fault}). "
            "Correct the variable or unset it."
        )


def leave_out_unusable_proxies() -> None:
    """Remove what no client can read from the proxies of this process, with a warning for each variable."""
    for variable, faults in _faults().items():
        _LOG.warning(
            "%s is left out in part or as a whole: expected %s, found %s.",
            variable,
            _wanted(variable),
            ", ".join(f"'{_hidden(found)}' ({fault})" for found, fault in faults.items()),
        )
        kept = [part for part in _parts(variable, os.environ[variable]) if part not in faults]
        if kept:
            os.environ[variable] = ",".join(kept)
        else:
            del os.environ[variable]


def _faults() -> dict[str, dict[str, str]]:
    """The unusable parts of each variable, with their faults."""
    if not any(os.environ.get(variable) for variable in VARIABLES) or not _fault():
        return {}
    found: dict[str, dict[str, str]] = {}
    for variable in VARIABLES:
        for part in _parts(variable, os.environ.get(variable, "")):
            with _only(variable, part):
                if fault := _fault():
                    found.setdefault(variable, {})[part] = fault
    return found


def _parts(variable: str, value: str) -> list[str]:
    """The hosts of NO_PROXY, or the one proxy of another variable."""
    parts = value.split(",") if variable.lower() == "no_proxy" else [value]
    return [part.strip() for part in parts if part.strip()]


@contextlib.contextmanager
def _only(variable: str, value: str) -> Iterator[None]:
    """The environment with this proxy and no other, while the `with` block lasts."""
    environ: MutableMapping[str, str] = os.environ
    before = {name: environ.pop(name) for name in VARIABLES if name in environ}
    environ[variable] = value
    try:
        yield
    finally:
        environ.pop(variable, None)
        environ.update(before)


def _fault() -> str:
    """What a client says against the environment, or ""; Gradio uses httpx, and the hub's client httpx2."""
    import httpx
    import httpx2

    for client in (httpx.Client, httpx2.Client):
        try:
            client(verify=False).close()  # noqa: S501 - it connects to nothing
        except Exception as error:  # noqa: BLE001 - libraries raise ImportError, ValueError and their own types
            return str(error).splitlines()[0].removesuffix(".") if str(error) else type(error).__name__
    return ""


def _wanted(variable: str) -> str:
    if variable.lower() == "no_proxy":
        return "hosts with commas between, such as localhost,::1"
    return "a proxy such as http://host:3128"


def _hidden(value: str) -> str:
    """A proxy without its user and password."""
    before, at, host = value.rpartition("@")
    scheme = before.partition("://")[0] + "://" if "://" in before else ""
    return f"{scheme}...@{host}" if at else value
