"""A hub on loopback: as much of one as fetching a repository takes, and the ways in which it can fail."""

import hashlib
import http.server
import json
import threading
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 4096
"""Files of so many bytes or more are kept as the hub keeps large ones."""


@dataclass
class Hub:
    """Repositories by id, and what goes wrong.

    Attributes:
        repositories: folder of each id.
        gated: ids whose owner asks for consent.
        failures: HTTP status by path, given instead of an answer, and how often.
        cuts: bytes after which the connection of a path is closed, once.
        down_after_cut: answer with an error whatever is asked, once a connection was cut.
        down: whether that is so now.
        short: bytes by which the content of a path is shorter than it should be.
        requests: method, path and range of every request.
    """

    repositories: dict[str, Path]
    gated: set[str] = field(default_factory=set)
    failures: dict[str, list[int]] = field(default_factory=dict)
    cuts: dict[str, int] = field(default_factory=dict)
    down_after_cut: bool = False
    down: bool = False
    short: dict[str, int] = field(default_factory=dict)
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    url: str = ""

    def fetched(self, ending: str = "") -> list[str]:
        """Paths of the files whose content was asked for."""
        return [path for method, path, _ in self.requests if method == "GET" and "/resolve/" in path
                and path.endswith(ending)]  # fmt: skip


def entry(folder: Path, file: Path) -> dict[str, Any]:
    """A line of the list of a repository's files."""
    content = file.read_bytes()
    facts: dict[str, Any] = {
        "type": "file",
        "path": file.relative_to(folder).as_posix(),
        "size": len(content),
        "oid": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(),  # noqa: S324 - git's own
    }
    if len(content) >= LARGE and file.suffix == ".safetensors":
        facts["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    return facts


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: object) -> None:
        """Be quiet."""

    def do_HEAD(self) -> None:
        """What is known of a file."""
        self._answer(body=False)

    def do_GET(self) -> None:
        """A list, or a file."""
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        self.hub.requests.append((self.command, path, self.headers.get("Range", "")))
        parts = path.strip("/").split("/")
        api = parts[:2] == ["api", "models"]
        repository = "/".join(parts[2:4] if api else parts[:2])
        kind = parts[4] if api and len(parts) > 4 else parts[2] if not api and len(parts) > 2 else ""
        revision = parts[5] if api and len(parts) > 5 else parts[3] if not api and len(parts) > 3 else "main"
        waiting = self.hub.failures.get(path)
        if self.hub.down:
            self._say(404, {})
        elif waiting and (self.command == "GET"):
            self._say(waiting.pop(0), {})
        elif repository not in self.hub.repositories:
            self._say(401 if api else 404, {"X-Error-Code": "RepoNotFound"})
        elif repository in self.hub.gated and "authorization" not in self.headers and not api:
            self._say(401, {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted."})
        elif revision not in ("main", COMMIT):
            self._say(404, {"X-Error-Code": "RevisionNotFound"})
        elif kind == "tree":
            folder = self.hub.repositories[repository]
            files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
            self._say(200, {}, json.dumps([entry(folder, file) for file in files]).encode())
        elif kind == "resolve":
            self._file(self.hub.repositories[repository], "/".join(parts[4:]), path, body)
        else:
            self._say(200, {}, json.dumps({"id": repository, "sha": COMMIT, "siblings": []}).encode())

    def _file(self, folder: Path, name: str, path: str, body: bool) -> None:
        file = folder / name
        if not file.is_file():
            self._say(404, {"X-Error-Code": "EntryNotFound"})
            return
        facts, content = entry(folder, file), file.read_bytes()
        lfs = facts.get("lfs")
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{lfs["oid"] if lfs else facts["oid"]}"'}
        if not body:
            self._say(200, {**headers, "Content-Length": str(len(content))})
            return
        content = content[: len(content) - self.hub.short.get(path, 0)]
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0])
        rest, status = content[start:], 206 if start else 200
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.send_response(status)
        for header, value in {**headers, "Content-Length": str(len(rest))}.items():
            self.send_header(header, value)
        self.end_headers()
        cut = self.hub.cuts.pop(path, None)
        self.wfile.write(rest if cut is None else rest[:cut])
        if cut is not None:
            self.wfile.flush()
            self.hub.down = self.hub.down_after_cut
            self.connection.close()
            self.close_connection = True

    def _say(self, status: int, headers: dict[str, str], content: bytes = b"") -> None:
        self.send_response(status)
        for header, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(header, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)


def serve(hub: Hub) -> http.server.ThreadingHTTPServer:
    """Start answering on a free port of loopback; `hub.url` says where."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
