"""The image has no `models/training`, no resvg-py and no npm: evaluate and blind run there all the same."""

import fnmatch
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.composer.compose import SLOTS
from models.evaluation.tokens import listed_tokens
from tests.models.shapes import pack

REPOSITORY = Path(__file__).parents[2]
TOKENS = 2
PROGRAM = (
    "import sys; sys.modules['resvg_py'] = None; import {module} as run; sys.exit(run.main(sys.argv[1:]))"
)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`models` as .dockerignore leaves it, with links in the place of its files."""
    rules = [line for line in (REPOSITORY / ".dockerignore").read_text("utf-8").splitlines() if line]
    folder = tmp_path_factory.mktemp("image")
    for file in sorted((REPOSITORY / "models").rglob("*")):
        name = file.relative_to(REPOSITORY)
        parts = [str(name), *map(str, name.parents)]
        if file.is_file() and not any(fnmatch.fnmatch(part, rule) for rule in rules for part in parts):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to(file)
    assert (folder / "models" / "composer").is_dir() and not (folder / "models" / "training").exists()
    return folder


def run(image: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(module=module), *arguments], cwd=image, check=False,
        env={**os.environ, "PYTHONPATH": str(image), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True,
    )  # fmt: skip


def test_evaluate_measures_the_shipped_models(image: Path, tmp_path: Path) -> None:
    """On random pictures with random captions nothing can be named, and the figures show it."""
    rng = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    sizes = [72, *(len(tokens) for tokens in SLOTS.values())]
    scenes = np.stack([rng.integers(size, size=24) for size in sizes], axis=1).astype(np.int16)
    pictures = rng.integers(0, 255, (24, 128, 128, 3)).astype(np.uint8)
    np.savez(tmp_path / "pictures" / "0000.npz", pictures=pictures, scenes=scenes)
    out = tmp_path / "quality.json"
    flags = ["--build", str(tmp_path), "--composed", "24", "--pictures", "4", "--classifier-minutes", "0.02"]
    flags += ["--token-subjects", "1", "--tokens", str(TOKENS), "--no-sheets", "--json", "--out", str(out)]
    done = run(image, "models.__main__", "evaluate", "mini", *flags)
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout[-len(out.read_text()) :])
    assert printed == json.loads(out.read_text())
    assert printed["generated"]["subject"]["of"] == 4 and printed["composed"]["subject"]["share"] < 0.5
    apart = printed["by_words"]["composed"]
    assert sum(part["subject"]["of"] for part in apart.values()) == 12  # half of the pictures is held out
    assert set(printed["token_seen_alone"]) == {token for _, _, token in listed_tokens(TOKENS)}
    assert printed["seconds_round_of_4"] > 0 and printed["bytes"] > 10**7


def test_blind_lays_out_pictures_and_what_is_missing_is_said_in_one_sentence(
    image: Path, tmp_path: Path
) -> None:
    """One process runs all commands: each of them would need seconds to import torch."""
    (image / "commands.py").write_text(
        "from models.__main__ import main as models\n"
        "from models.composer.__main__ import main as composer\n"
        "def main(arguments):\n"
        "    flags = ['--build', arguments[0]]\n"
        "    print([\n"
        "        models(['blind', 'mini', '--count', '2', *flags]), models(['evaluate', 'mini', *flags]),\n"
        "        models(['blind', 'mini', '--composed', *flags]), composer(flags),\n"
        "    ])\n"
    )
    packages = tmp_path / "packages"
    packages.mkdir()
    pack(packages)
    done = run(image, "commands", str(tmp_path))
    assert done.stdout.splitlines() == [str(tmp_path / "blind" / "drawn-1.png"), "[0, 2, 2, 2]"], done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("Expected")]
    assert len(lines) == 3 and "Traceback" not in done.stderr
    assert f"python -m models.composer --build {tmp_path}" in lines[0]
    assert all("pip install resvg-py" in line for line in lines[1:])
