"""What an images server answers: a picture, a wish to be asked in another way or later, or an error."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from models.errors import RemoteError

AWAY = (
    "Expected the images server {server} to draw, found: {fault}. "
    "Check that it runs at this address, and try again."
)
BUSY = (
    "Expected the images server {server} to have time, found that it has too much to do. "
    "Try again in a minute."
)
UNSAFE = (
    "Expected a picture, found that the images server {server} refuses its words. Choose another subject."
)
WRONG = "Expected pictures from the images server {server}, found {fault}. {remedy}"

OPTIONAL = (
    "response_format",
    "negative_prompt",
    "guidance_scale",
    "num_inference_steps",
    "seed",
    "size",
    "n",
    "model",
)
"""Fields of a request that a server may not know."""

SHORT = 200
"""Most characters of a server's own words in a message."""

_UNKNOWN = re.compile(
    r"unknown|unrecogni[sz]ed|unsupported|unexpected|not supported|not permitted|not allowed|"
    r"extra (?:inputs|fields|forbidden)|additional propert",
    re.IGNORECASE,
)
_UNSAFE = re.compile(r"content.?policy|moderation|safety|nsfw|content.?filter", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """A server's answer.

    Attributes:
        status: of HTTP.
        wait: the header Retry-After, or ''.
        body: all of it.
    """

    status: int
    wait: str
    body: bytes


def refused_fields(answer: Answer, sent: Mapping[str, Any]) -> tuple[str, ...]:
    """Optional fields that the server does not know. Fields whose values it refuses are not among them."""
    if answer.status not in (400, 422):
        return ()
    found = _json(answer.body)
    names: set[str] = set()
    for fault in _faults(found):
        place = fault.get("loc") or ()
        named = str(place[-1]) if isinstance(place, list) and place else str(fault.get("param") or "")
        said = str(fault.get("msg") or fault.get("message") or "")
        words = f"{fault.get('type', '')} {fault.get('code', '')} {said}".replace("_", " ")
        if not _UNKNOWN.search(words):
            continue
        quoted = set(re.findall(r"\w+", said))
        names |= {named} if named in sent else quoted & set(sent)
    return tuple(name for name in OPTIONAL if name in names and name in sent)


def seconds_to_wait(answer: Answer, now: datetime | None = None) -> float | None:
    """Seconds that the header Retry-After asks for; None without one that can be read."""
    text = answer.wait.strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())


def error_of(answer: Answer, server: str, key: str) -> RemoteError:
    """The error that an answer without a picture means.

    Args:
        answer: with a status that is not 200.
        server: address of the server, for the message.
        key: is never repeated, even if the server does.
    """
    said = words_of(answer, key)
    status = answer.status
    if status in (400, 403, 422) and _is_unsafe(answer):
        return RemoteError(UNSAFE, server=server)
    if status == 429:
        return RemoteError(BUSY, server=server)
    if status in (401, 403):
        return RemoteError(
            WRONG, server=server, fault=f"that it refuses the key (HTTP {status})",
            remedy="Correct the key that PALATE_RENDER_KEY names.",
        )  # fmt: skip
    if status == 404:
        return RemoteError(
            WRONG, server=server, fault=f"no such address or model (HTTP 404: {said})",
            remedy="Correct PALATE_RENDER_ON or PALATE_MODEL.",
        )  # fmt: skip
    if status >= 500 or status == 408:
        return RemoteError(AWAY, server=server, fault=f"HTTP {status}: {said}")
    if 300 <= status < 400:
        return RemoteError(
            WRONG, server=server, fault=f"a redirection (HTTP {status})",
            remedy="Set PALATE_RENDER_ON to the address where it leads.",
        )  # fmt: skip
    return RemoteError(
        WRONG, server=server, fault=f"that it does not take the request (HTTP {status}: {said})",
        remedy="Change the settings that it names, such as PALATE_STEPS or PALATE_PICTURE_PX.",
    )  # fmt: skip


def picture_of(answer: Answer, server: str) -> bytes | str:
    """The bytes of the only picture of an answer, or its address on the same server.

    Raises:
        RemoteError: the answer has no picture, or one that is on another server.
    """
    found = _json(answer.body)
    data = found.get("data") if isinstance(found, dict) else None
    one = data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else {}
    text, address = one.get("b64_json"), one.get("url")
    if isinstance(text, str) and text:
        return _decoded(text, server)
    if isinstance(address, str) and address:
        if address.startswith("data:image/"):
            return _decoded(address, server)
        whole = _joined(server, address)
        if _origin(whole) == _origin(server):
            return whole
        raise RemoteError(
            WRONG, server=server, fault="the address of a picture on another server",
            remedy="Have the server send pictures as b64_json.",
        )  # fmt: skip
    raise no_picture(server, "an answer without one")


def no_picture(server: str, found: str) -> RemoteError:
    """What a server sent is no picture."""
    return RemoteError(
        WRONG, server=server, fault=found,
        remedy="Check that it is an images server, and which model it runs.",
    )  # fmt: skip


def words_of(answer: Answer, key: str = "") -> str:
    """The server's own words about a failure, on one short line, without the key."""
    faults = _faults(_json(answer.body))
    said = "; ".join(
        str(fault.get("message") or fault.get("msg"))
        for fault in faults
        if fault.get("message") or fault.get("msg")
    )
    said = said or re.sub(r"<[^>]*>", " ", answer.body[: 4 * SHORT].decode("utf-8", "replace"))
    if key:
        said = said.replace(key, "...")
    said = " ".join("".join(letter if letter.isprintable() else " " for letter in said).split())
    return said[:SHORT] or "no explanation"


def _is_unsafe(answer: Answer) -> bool:
    faults = _faults(_json(answer.body))
    return any(
        _UNSAFE.search(f"{fault.get('code')} {fault.get('type')} {fault.get('message')}") for fault in faults
    )


def _faults(found: Any) -> list[dict[str, Any]]:
    """The faults that an answer lists, in the forms of OpenAI, of vLLM and of FastAPI."""
    if not isinstance(found, dict):
        return []
    inner = found.get("error", found.get("detail", found))
    if isinstance(inner, dict) and isinstance(inner.get("error"), dict):
        inner = inner["error"]
    if isinstance(inner, str):
        return [{"message": inner}]
    listed = inner if isinstance(inner, list) else [inner]
    return [fault for fault in listed if isinstance(fault, dict)]


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _decoded(text: str, server: str) -> bytes:
    try:
        return base64.b64decode(text.partition("base64,")[2] or text, validate=True)
    except (binascii.Error, ValueError):
        raise no_picture(server, "a picture that is not written in Base64") from None


def _joined(server: str, address: str) -> str:
    """A whole address; '' if there can be none."""
    try:
        return urljoin(server + "/v1/images/generations", address)
    except ValueError:
        return ""


def _origin(address: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(address)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "", None, None
    return parts.scheme, parts.hostname, port
