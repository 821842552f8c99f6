"""Where a test stands decides its markers, its group and its place in the order of a run.

A folder or file is named once, in `MARKERS`. So nobody can forget the marker of a new test there.
"""

import re
from pathlib import Path

TESTS = Path(__file__).parent

HEAVY = ("models", "browser", "app", "training", "postgres", "slow", "cluster")
"""The markers that `make quick` leaves out."""

MARKERS: dict[str, tuple[str, ...]] = {
    "browser": ("browser", "app"),
    "browser/test_proxy.py": ("postgres",),
    "models": ("models",),
    "models/test_ray.py": ("app", "cluster"),
    "models/test_ray_deployed.py": ("app", "cluster"),
    "models/test_ray_application.py": ("app",),
    "models/test_ray_plan.py": ("app",),
    "models/test_training.py": ("training",),
    "vocabulary/test_full_vocabulary.py": ("slow",),
    "experiments": ("slow",),
    "session/test_kill.py": ("app",),
    "session/test_picture_bucket.py": ("app",),
    "session/test_bucket_session.py": ("app",),
    "test_commands.py": ("app", "models"),
    "test_doors.py": ("app",),
    "test_soak.py": ("app", "postgres", "slow"),
    "test_other_models.py": ("app", "models"),
    "test_remote_session.py": ("app", "models"),
    "ui/test_api.py": ("app",),
    "ui/test_temporary_folder.py": ("app",),
    "ui/test_two_processes.py": ("app",),
    "ui/test_uploads.py": ("app", "models"),
    "ui/http/test_listening.py": ("app",),
    "ui/http/test_shutdown.py": ("app",),
}
"""Folders and files below tests/, and the markers of every test there."""

SERVERS = {"postgresql": "postgres", "s3": "app"}
"""Parameters of a test that need a server, and the marker of such a case."""

TOGETHER = ("session",)
"""Folders whose tests one worker runs: they share a PostgreSQL server."""

FIRST = (
    "browser",
    "models/test_training.py",
    "test_commands.py",
    "models",
    "experiments",
    "test_dockerfile.py",
)
"""Folders and files that take longest. They begin first, so that no worker ends with one of them alone."""


def _stands_in(path: Path, place: str) -> bool:
    return path.is_relative_to(TESTS / place)


def markers_of(path: Path) -> set[str]:
    """The markers of every test of a file or folder."""
    return {marker for place, markers in MARKERS.items() if _stands_in(path, place) for marker in markers}


def markers_of_name(name: str) -> set[str]:
    """The markers of one test by its name: cases with a server have it in their parameters."""
    case = re.split(r"[\[\]-]", name.partition("[")[2])
    return {marker for kind, marker in SERVERS.items() if kind in case}


def left_out(path: Path, expression: str) -> bool:
    """Whether `-m "not (a or b)"` leaves out every test of a file or folder: then nobody imports it."""
    found = re.fullmatch(r"not \(([\w ]+)\)", expression)
    return found is not None and not markers_of(path).isdisjoint(found[1].split(" or "))


def group_of(path: Path) -> str:
    """The tests of one group run in one worker, one after another, so that shared fixtures are built once."""
    together = (folder for folder in TOGETHER if _stands_in(path, folder))
    return next(together, path.relative_to(TESTS).as_posix())


def rank(path: Path) -> int:
    """What takes longest begins first."""
    return next((at for at, place in enumerate(FIRST) if _stands_in(path, place)), len(FIRST))
