"""The image can be built from what is here, and is told only what the settings read."""

import fnmatch
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from personalize.settings import Settings

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
    """What COPY takes from the repository."""
    copies = [line.split()[1:] for line in LINES if line.startswith("COPY ")]
    return [
        source
        for words in copies
        if not any(word.startswith("--from=") for word in words)
        for source in [word for word in words if not word.startswith("--")][:-1]
    ]


def environment() -> dict[str, str]:
    """What ENV sets."""
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


def test_torch_and_torchvision_are_pinned_where_the_image_looks() -> None:
    lines = (REPOSITORY / "requirements.txt").read_text("utf-8").splitlines()
    assert len([line for line in lines if re.match(r"^torch(vision)?==", line)]) == 2


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run(
        [hadolint, "Dockerfile"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_compose_keeps_the_data_and_only_the_data() -> None:
    compose = yaml.safe_load((REPOSITORY / "compose.yaml").read_text("utf-8"))
    service = compose["services"]["palate"]
    assert service["read_only"] and service["volumes"] == ["data:/data"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
