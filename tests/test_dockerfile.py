"""The Dockerfile uses existing files and existing settings, and its commands work."""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from personalize.settings import Settings
from personalize.ui.http.port import free_port

REPOSITORY = Path(__file__).parents[1]
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text("utf-8")
LINES = [
    line for line in re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", DOCKERFILE)).splitlines() if line.strip()
]
IGNORED = [
    line.strip()
    for line in (REPOSITORY / ".dockerignore").read_text("utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]


def sources() -> list[str]:
    """The paths of the repository that COPY adds to the image."""
    copies = [line.split()[1:] for line in LINES if line.startswith("COPY ")]
    return [
        source
        for words in copies
        if not any(word.startswith("--from=") for word in words)
        for source in [word for word in words if not word.startswith("--")][:-1]
    ]


def environment() -> dict[str, str]:
    """The variables that ENV sets."""
    pairs = [pair for line in LINES if line.startswith("ENV ") for pair in line.split()[1:]]
    return dict(pair.split("=", 1) for pair in pairs)


def ignored(path: str) -> bool:
    names = [path, *(str(parent) for parent in Path(path).parents if str(parent) != ".")]
    return any(fnmatch.fnmatch(name, rule) for rule in IGNORED for name in names)


@pytest.mark.parametrize("source", sources())
def test_everything_that_is_copied_is_there_and_not_ignored(source: str) -> None:
    assert (REPOSITORY / source).exists()
    assert not ignored(source)


def test_the_shipped_models_and_the_vocabulary_are_in_the_image() -> None:
    assert {"app.py", "personalize", "models", "assets", "requirements.txt"} <= set(sources())
    shipped = [*(REPOSITORY / "models" / "mini").rglob("*"), *(REPOSITORY / "assets").rglob("*")]
    for path in shipped:
        assert not ignored(str(path.relative_to(REPOSITORY))), path


def test_secrets_and_history_are_not_in_the_image() -> None:
    assert all(ignored(path) for path in (".git/HEAD", ".env", ".venv/bin/python", "data/palate.sqlite3"))


def test_every_setting_in_the_image_is_one_that_is_read() -> None:
    ours = {name: value for name, value in environment().items() if name.startswith("PALATE_")}
    settings = Settings.from_environment(ours)
    assert settings.host == "0.0.0.0" and settings.folder == Path("/data")
    exposed = next(line.split()[1] for line in LINES if line.startswith("EXPOSE "))
    assert str(settings.port) == exposed
    volume = next(line for line in LINES if line.startswith("VOLUME "))
    assert str(settings.folder) in volume


def test_the_program_runs_as_nobody_special() -> None:
    users = [line.split()[1] for line in LINES if line.startswith("USER ")]
    assert users and users[-1].split(":")[0] == "1000"
    last = [line.split()[0] for line in LINES]
    assert last.index("USER") < last.index("CMD")


def test_health_is_asked_of_the_route_and_port_that_answer() -> None:
    check = next(line for line in LINES if line.startswith("HEALTHCHECK "))
    assert "/healthz" in check and "os.environ['PALATE_PORT']" in check
    program = re.search(r'"-c", "(.*)"\]', check)
    assert program is not None
    compile(program.group(1), "HEALTHCHECK", "exec")


def test_no_package_index_is_built_in() -> None:
    assert 'ARG TORCH_INDEX_URL=""' in LINES
    assert not re.search(r"index-url\s+\"?https?://", DOCKERFILE)


def test_ray_and_the_client_of_object_stores_are_in_the_image_only_if_asked_for() -> None:
    assert "ARG REQUIREMENTS=requirements.txt" in LINES
    assert any('pip install -r "$REQUIREMENTS"' in line for line in LINES)
    more = (REPOSITORY / "requirements-scale.txt").read_text("utf-8")
    assert "-r requirements.txt" in more.splitlines()


def test_torch_and_torchvision_are_pinned_where_the_image_looks() -> None:
    lines = (REPOSITORY / "requirements.txt").read_text("utf-8").splitlines()
    assert len([line for line in lines if re.match(r"^torch(vision)?==", line)]) == 2


@pytest.mark.app
def test_hadolint_has_nothing_to_say() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run(
        [hadolint, "Dockerfile"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def shell(step: str) -> str:
    """The shell command of a RUN line, without its mounts."""
    return re.sub(r"--mount=\S+\s*", "", step.removeprefix("RUN ")).strip()


@pytest.mark.app
def test_the_steps_of_the_image_run_for_somebody_who_may_write_nowhere_else(tmp_path: Path) -> None:
    """Run the install and start commands of the Dockerfile in a new virtual environment.

    The environment contains the packages of this test, so installation finds every package in the pinned
    version without network. The app then runs with write access to the two volumes and /tmp only. The test
    checks its health with the command of the image.
    """
    source, venv = tmp_path / "src", tmp_path / "venv"
    source.mkdir()
    for name in ("requirements.txt", "requirements-scale.txt"):
        shutil.copy(REPOSITORY / name, source)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    packages = next((venv / "lib").iterdir()) / "site-packages"
    (packages / "tests.pth").write_text(f"{Path(pytest.__file__).parents[1]}\n")
    (venv / "bin" / "pip").write_text(f'#!/bin/sh\nexec {venv}/bin/python -m pip "$@"\n')
    (venv / "bin" / "pip").chmod(0o755)
    path = {"PATH": f"{venv}/bin:/usr/bin:/bin", "HOME": str(tmp_path), "PIP_NO_INDEX": "1"}
    installs = [shell(line) for line in LINES if line.startswith("RUN ") and "pip install" in line]
    assert len(installs) == 2
    for requirements in ("requirements-scale.txt", "requirements.txt"):
        for step in installs:
            done = subprocess.run(
                ["sh", "-ec", step],
                cwd=source,
                env={**path, "REQUIREMENTS": requirements},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
    image = tmp_path / "app"
    image.mkdir()
    for name in (name for name in sources() if not name.startswith("requirements")):
        there, here = REPOSITORY / name, image / name
        shutil.copytree(there, here, ignore=_left_out) if there.is_dir() else shutil.copy(there, here)
    subprocess.run(["chmod", "-R", "a-w,a+rX", image], check=True)
    volumes = {name: tmp_path / name for name in ("data", "models")}
    port = free_port("127.0.0.1", 0)
    variables = {
        key: value.replace("/data", str(volumes["data"])).replace("/models/", f"{volumes['models']}/")
        for key, value in environment().items() if not key.startswith("PATH")
    }  # fmt: skip
    variables |= {**path, "PALATE_PORT": str(port), "PALATE_HOST": "127.0.0.1", "PALATE_BANK": "0"}
    user: list[str] = []
    for folder in volumes.values():
        folder.mkdir()
    if os.geteuid() == 0:  # as an ordinary user who can read the Python interpreter of this machine
        user = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "--no-new-privs",
                "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]  # fmt: skip
        for folder in volumes.values():
            os.chown(folder, 1000, 1000)
    command = json.loads(next(line for line in LINES if line.startswith("CMD ")).removeprefix("CMD "))
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen([*user, *command], cwd=image, env=variables, stdout=log, stderr=log)
    check = re.search(r'"-c", "(.*)"\]', next(line for line in LINES if line.startswith("HEALTHCHECK ")))
    assert check is not None
    try:
        for _ in range(240):
            asked = subprocess.run(
                [venv / "bin" / "python", "-c", check.group(1)],
                env=variables,
                capture_output=True,
                check=False,
            )
            log_text = (tmp_path / "log").read_text("utf-8")
            if (asked.returncode == 0 and "Palate is ready" in log_text) or server.poll() is not None:
                break
            time.sleep(0.5)
        assert asked.returncode == 0, log_text
    finally:
        server.terminate()
        server.wait(20)
    assert (volumes["data"] / "palate.sqlite3").exists() and "Palate is ready" in log_text
    assert "not writable" not in log_text and "Permission denied" not in log_text


def _left_out(folder: str, names: list[str]) -> set[str]:
    relative = Path(folder).relative_to(REPOSITORY)
    return {name for name in names if ignored(str(relative / name))}
