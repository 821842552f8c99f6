"""Fast starts: help and errors about flags import no network, page or tensor library."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
HEAVY = (
    "torch",
    "numpy",
    "gradio",
    "diffusers",
    "transformers",
    "open_clip",
    "sqlalchemy",
    "PIL",
    "pydantic",
    "httpx",
    "fsspec",
    "s3fs",
    "kubernetes_validate",
    "ray",
)

DOORS = {
    "the settings": "import personalize.settings",
    "the package": "import personalize; dir(personalize)",
    "the app's help": "import app, contextlib\nwith contextlib.suppress(SystemExit): app.main(['--help'])",
    "a bad flag of the app": "import app; assert app.main(['--port', 'many']) == 2",
    "the help of a command": (
        "from personalize.__main__ import main\nimport contextlib\n"
        "with contextlib.suppress(SystemExit): main(['design', '--help'])"
    ),
    "a bad flag of a command": "from personalize.__main__ import main; assert main(['design', '--no']) == 2",
}


@pytest.mark.parametrize("door", DOORS)
def test_a_door_imports_nothing_heavy(door: str) -> None:
    program = f"{DOORS[door]}\nimport sys\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[]"
