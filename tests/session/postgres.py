"""A private PostgreSQL server for the tests, in a temporary folder and on a Unix socket."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

STARTS_WITHIN_S = 60.0


def find_binaries() -> Path | None:
    """The folder of `initdb` and `postgres`, or None if no server is installed."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()), None)


def _account() -> dict[str, Any]:
    """The account of the server, which refuses to run as root."""
    if os.getuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    name = "postgres" if "postgres" in names else "nobody"
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


class PostgresServer:
    """A server that runs during the `with` block; its files are removed afterwards."""

    def __enter__(self) -> "PostgresServer":
        binaries = find_binaries()
        assert binaries is not None
        self._folder = Path(tempfile.mkdtemp(prefix="palate-pg-"))
        account = _account()
        if account:
            entry = pwd.getpwnam(account["user"])
            os.chown(self._folder, entry.pw_uid, entry.pw_gid)
        data, self._log = self._folder / "data", self._folder / "log"
        initdb: list[str | Path] = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "palate",
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        subprocess.run(
            [*initdb, "--locale=C", "--no-sync"],
            check=True,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            **account,
        )
        self._binaries = binaries
        self._start()
        return self

    def kill(self) -> None:
        """End the server without a warning (SIGKILL). Its children end when they notice."""
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        """Start the server again after `kill`, once the children are gone."""
        deadline = time.monotonic() + STARTS_WITHIN_S
        while True:
            try:
                self._start()
                return
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def _start(self) -> None:
        command: list[str | Path] = [
            self._binaries / "postgres",
            "-D",
            self._folder / "data",
            "-k",
            self._folder,
            "-c",
            "listen_addresses=",
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "-c", "fsync=off", "-c", "shared_buffers=16MB"],
                cwd=self._folder,
                stdout=log,
                stderr=log,
                **_account(),
            )
        self._wait(self._binaries)

    def url(self, database: str) -> str:
        """The URL of a database on the server."""
        return f"postgresql+psycopg://palate@/{database}?host={self._folder}"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _wait(self, binaries: Path) -> None:
        deadline = time.monotonic() + STARTS_WITHIN_S
        ask: list[str | Path] = [binaries / "pg_isready", "-q", "-h", self._folder]
        while subprocess.run(ask, check=False).returncode != 0:
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                self._process.wait()
                raise RuntimeError(f"PostgreSQL did not start:\n{self._log.read_text()}")
            time.sleep(0.1)
