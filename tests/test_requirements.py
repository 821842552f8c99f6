"""Every imported package is pinned in requirements.txt, or in requirements-scale.txt where it is an extra."""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "PIL": "pillow",
    "huggingface_hub": "huggingface-hub",
    "open_clip": "open_clip_torch",
    "prometheus_client": "prometheus-client",
}
"""Names of packages whose module has another name."""


def imported() -> set[str]:
    """Modules of others that the app imports. Training and composer need a developer's packages too."""
    paths = [ROOT / "app.py", *(ROOT / "personalize").rglob("*.py"), *(ROOT / "models").rglob("*.py")]
    found = set()
    for path in paths:
        if {"training", "composer"} & set(path.relative_to(ROOT).parts):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - {"personalize", "models", "app"} - sys.stdlib_module_names


def test_every_package_that_is_imported_is_pinned() -> None:
    pinned = {
        name.lower()
        for file in ("requirements.txt", "requirements-scale.txt")
        for name in re.findall(r"(?m)^([A-Za-z0-9_.-]+)(?:\[[\w,]+\])?==", (ROOT / file).read_text("utf-8"))
    }
    assert {PACKAGES.get(name, name).lower() for name in imported()} - pinned == set()
