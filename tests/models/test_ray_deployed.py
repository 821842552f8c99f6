"""A real Ray cluster as compose.yaml starts it, with the application of assets/deploy/kubernetes on it.

The head and the worker are two nodes on this machine. The mini models take the place of the full-size model.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from models import ModelError, load_on_ray, load_renderer
from models.jobs import Job
from tests.ray_nodes import ENVIRONMENT, ROOT, RayNodes

RAY = yaml.safe_load((ROOT / "assets" / "deploy" / "kubernetes" / "ray.yaml").read_text("utf-8"))
APPLICATION = "palate"


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[RayNodes]:
    """The cluster, with the application of the RayService."""
    given = yaml.safe_load(RAY["spec"]["serveConfigV2"])
    (application,) = given["applications"]
    application["args"] |= {"model": "mini", "gpus": 0, "most": 1}
    application["runtime_env"]["env_vars"] |= {"PYTHONPATH": str(ROOT)}
    given["proxy_location"] = "Disabled"  # pictures are asked for by a handle
    file = tmp_path / "serve.yaml"
    file.write_text(yaml.safe_dump(given), encoding="utf-8")
    with RayNodes(tmp_path / "log.txt") as nodes:
        nodes.deploy(file)
        nodes.until(lambda: (nodes.applications() or {})[APPLICATION]["status"] == "RUNNING")
        yield nodes


def test_an_app_process_draws_with_the_application_that_was_deployed(
    nodes: RayNodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    round_ = [Job("a fox, watercolor", 3), Job("a castle", 4)]
    with pytest.raises(ModelError, match="Expected the application another on the Ray cluster, found none"):
        load_on_ray("mini", nodes.address, folder=tmp_path, application="another")
    with pytest.raises(ModelError, match="Give the application and the app the same model"):
        load_on_ray("mini", nodes.address, folder=tmp_path, changes={"steps": 3}, application=APPLICATION)
    renderer, embedder = load_on_ray("mini", nodes.address, folder=tmp_path, application=APPLICATION)
    try:
        drawn = renderer.render(round_)
        assert drawn == load_renderer("mini", 1).render(round_)
        assert renderer.capacity == 2 and embedder.dimension > 0
    finally:
        renderer.close()
    # The application goes on when an app process leaves, and the next one finds it.
    renderer, _ = load_on_ray("mini", nodes.address, folder=tmp_path, application=APPLICATION)
    try:
        assert renderer.render(round_) == drawn and len(nodes.replicas()) == 1
    finally:
        renderer.close()
