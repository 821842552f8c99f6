"""A cluster of Ray: one of this machine that ends with the app, or one that runs already.

Ray is imported here, when a cluster is wanted, and `ray` is no package that Palate needs otherwise.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from models.errors import ModelError
from models.threads import free_cores

_LOG = logging.getLogger(__name__)

THIS_MACHINE = "ray"
"""The address that stands for a new cluster of this machine."""

INSTALL = "pip install -r requirements-scale.txt"
"""Installs Ray."""

LONGEST_FOLDER = 40
"""Longest name of Ray's folder. Its sockets are up to 65 bytes below it, and Linux allows 107 in all."""

LISTENS_S = 10.0
"""Longest wait for a cluster to answer, in seconds."""

STARTS = 4
"""Times that a cluster is started before that is an error."""

STORE_BYTES = 80_000_000
"""Memory for pictures on their way; a picture is on its way for a moment."""

_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "GLOG_minloglevel": "3",
    "GRPC_VERBOSITY": "NONE",
    "RAY_ENABLE_AUTO_CONNECT": "0",
    "RAY_prestart_worker_first_driver": "0",
    "RAY_worker_niceness": "0",
}
"""Environment of Ray's processes.

Nothing is sent to its makers, and only errors are written. A late call starts no second cluster, and no
processes start that nobody needs. Ray reads this when it is imported.
"""

for _name, _value in _ENVIRONMENT.items():
    os.environ.setdefault(_name, _value)


def check_installed() -> None:
    """Whether Ray is there.

    Raises:
        ModelError: it is not.
    """
    if find_spec("ray") is None or find_spec("ray.serve") is None:
        raise ModelError(
            f"Expected the package ray for drawing on Ray, found none. Install it: {INSTALL}. "
            "Or draw with --render-on local."
        )


class Cluster:
    """A connection to a cluster. `close` ends it, and the cluster too if it was started here.

    Attributes:
        own: whether the cluster was started here.
        folder: of its sockets and logs, if it was started here.
    """

    def __init__(self, address: str, folder: Path, cores: int) -> None:
        """Start a cluster, or connect to one.

        Args:
            address: `THIS_MACHINE`, or host:port of a cluster that has a node on this machine, or "auto".
            folder: for Ray's sockets and logs.
            cores: CPUs that a new cluster offers at least, however many the machine has.

        Raises:
            ModelError: Ray is not installed, did not start, or there is no such cluster.
        """
        check_installed()
        import ray

        self.own = address == THIS_MACHINE
        self.folder: Path | None = None
        common: dict[str, Any] = {
            "namespace": "palate",
            "log_to_driver": False,
            "logging_level": logging.ERROR,
            "configure_logging": True,
        }
        if ray.is_initialized():
            raise ModelError("Expected one connection to Ray, found that there is one. Close it first.")
        try:
            with _signals_kept():
                if self.own:
                    self._start(folder, max(cores, free_cores()), common)
                else:
                    _check_listens(address)
                    ray.init(address=address, **common)
        except ModelError:
            raise
        except Exception as error:  # noqa: BLE001 - Ray raises many types
            self.close()
            raise ModelError(_refused(address, error)) from error
        logging.getLogger("ray.serve").setLevel(logging.ERROR)

    def _start(self, folder: Path, cores: int, common: dict[str, Any]) -> None:
        """Start a cluster. Its parts give each other 15 s, which a busy machine may not keep at first."""
        import ray

        for left in range(STARTS - 1, -1, -1):
            self.folder = _short(folder)
            try:
                ray.init(
                    num_cpus=cores,
                    include_dashboard=False,
                    object_store_memory=STORE_BYTES,
                    _temp_dir=str(self.folder),
                    **common,
                )
            except Exception:  # noqa: BLE001 - Ray raises plain exceptions here
                self.close()
                if not left:
                    raise
                _LOG.warning("Ray did not start on this busy machine. It is started again.")
            else:
                return

    @property
    def resources(self) -> dict[str, float]:
        """CPUs, GPUs and bytes of memory of all nodes, by Ray's names."""
        import ray

        return dict(ray.cluster_resources())

    def close(self) -> None:
        """Leave the cluster; one that was started here ends."""
        import ray

        with contextlib.suppress(Exception):
            ray.shutdown()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def _short(folder: Path) -> Path:
    """A new folder in `folder`, or in the system's temporary folder if that name is too long."""
    wanted = folder.resolve()
    if len(os.fsencode(wanted)) + 12 > LONGEST_FOLDER:
        wanted = Path(tempfile.gettempdir())
        _LOG.info("The name of %s is too long for Ray's sockets. They are in %s.", folder, wanted)
    wanted.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="ray-", dir=wanted))


def _check_listens(address: str) -> None:
    """Whether anything listens at host:port; Ray itself would try for minutes.

    Raises:
        ModelError: nothing does.
    """
    host, _, port = address.rpartition(":")
    if not host:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), LISTENS_S).close()
    except (OSError, OverflowError) as error:
        raise ModelError(
            f"Expected a Ray cluster at {address}, found that nothing answers there ({error}). "
            "Correct --render-on, or start the cluster."
        ) from error


def _refused(address: str, error: Exception) -> str:
    if address == THIS_MACHINE:
        return (
            f"Expected Ray to start on this machine, found that it does not "
            f"({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}). "
            "Draw with --render-on local."
        )
    return (
        f"Expected a node of the Ray cluster {address} on this machine, found none "
        f"({type(error).__name__}). Start one: ray start --address={address} --num-cpus=0."
    )


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray replaces the handlers of signals; they are as before after this block."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
