"""The manifests of assets/deploy/kubernetes: valid by the published schemas, and consistent with the app."""

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from models.ray_application import Arguments
from personalize.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "assets" / "deploy" / "kubernetes"
VERSIONS = ("1.32", "1.37")
"""Kubernetes versions whose schemas hold: the oldest that the README names, and the newest."""

SERVICE_SPEC = {"serveConfigV2", "rayClusterConfig"}
RAY_SPEC = {
    "rayVersion", "enableInTreeAutoscaling", "autoscalerOptions", "headGroupSpec", "workerGroupSpecs",
}  # fmt: skip
RAY_GROUP = {"groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template"}
"""Fields of the resources RayService and RayCluster of KubeRay 1, as its types define them."""


def documents() -> dict[tuple[str, str], Any]:
    """Every document, by its kind and name."""
    found = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        if path.name != "kustomization.yaml":
            for one in yaml.safe_load_all(path.read_text("utf-8")):
                found[one["kind"], one["metadata"]["name"]] = one
    return found


ALL = documents()
CORE = [key for key in ALL if key[0] != "RayService"]
WEB = ALL["Deployment", "palate-web"]["spec"]["template"]["spec"]
SERVICE = ALL["RayService", "palate-ray"]["spec"]
RAY = SERVICE["rayClusterConfig"]
APPLICATIONS = yaml.safe_load(SERVICE["serveConfigV2"])["applications"]
GROUPS = [RAY["headGroupSpec"], *RAY["workerGroupSpecs"]]
POD_SPECS = [WEB, *(group["template"]["spec"] for group in GROUPS)]
SETTINGS = ALL["ConfigMap", "palate-settings"]["data"]
SECRETS = ALL["Secret", "palate-secrets"]["stringData"]


def containers() -> Iterator[dict[str, Any]]:
    for spec in POD_SPECS:
        yield from [*spec["containers"], *spec.get("initContainers", ())]


def plain(document: Any) -> Any:
    """The document as JSON has it: repeated parts are copies."""
    return json.loads(json.dumps(document))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("key", CORE, ids="/".join)
def test_a_manifest_is_valid_by_the_published_schema(key: tuple[str, str], version: str) -> None:
    kubernetes_validate.validate(plain(ALL[key]), version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.get("groupName", "head"))
def test_the_pods_of_the_ray_cluster_are_valid_pods(group: dict[str, Any], version: str) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a-pod"}, **plain(group["template"])}
    kubernetes_validate.validate(pod, version, strict=True)


def test_a_wrong_field_would_be_found() -> None:
    wrong = plain(ALL["Deployment", "palate-web"])
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_the_ray_service_has_the_fields_of_its_kind_and_the_version_that_is_installed() -> None:
    assert ALL["RayService", "palate-ray"]["apiVersion"] == "ray.io/v1"
    assert set(SERVICE) == SERVICE_SPEC and set(RAY) <= RAY_SPEC
    assert all(set(group) <= RAY_GROUP for group in GROUPS)
    for group in RAY["workerGroupSpecs"]:
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    values = [value for group in GROUPS for value in group["rayStartParams"].values()]
    assert all(isinstance(value, str) for value in values)
    pinned = re.findall(r"(?m)^ray\[.*\]==(\S+)", (ROOT / "requirements-scale.txt").read_text("utf-8"))
    assert pinned in ([], [RAY["rayVersion"]])


def test_the_settings_of_the_manifests_are_settings() -> None:
    given = {name: text for name, text in {**SETTINGS, **SECRETS}.items() if name.startswith(PREFIX)}
    settings = Settings.from_environment(given)
    assert settings.picture_place == SETTINGS["PALATE_PICTURES"]
    assert settings.render_on == "palate-ray-head-svc:6379"  # KubeRay's name of the head's Service
    models = (ROOT / "models" / "catalog.toml").read_text("utf-8")
    assert f"[diffusion.{SETTINGS['PALATE_MODEL']}]" in models


@pytest.mark.app
def test_the_application_is_one_of_ray_serve_that_draws_for_the_web_processes() -> None:
    from ray.serve.schema import ServeDeploySchema

    ServeDeploySchema.model_validate(yaml.safe_load(SERVICE["serveConfigV2"]))
    (application,) = APPLICATIONS
    assert application["name"] == SETTINGS["PALATE_RENDER_APPLICATION"]
    module, _, builder = application["import_path"].partition(":")
    assert callable(getattr(importlib.import_module(module), builder))
    arguments = Arguments(**application["args"])
    assert arguments.model == SETTINGS["PALATE_MODEL"]
    (group,) = RAY["workerGroupSpecs"]
    assert arguments.most * arguments.gpus <= group["maxReplicas"]  # each worker has one GPU
    assert arguments.least * arguments.gpus <= group["minReplicas"]
    image = (ROOT / "Dockerfile").read_text("utf-8")
    assert f"WORKDIR {application['runtime_env']['env_vars']['PYTHONPATH']}\n" in image


def test_no_password_is_outside_the_secret() -> None:
    assert not [name for name in SETTINGS if re.search("KEY|PIN|PASSWORD|DATABASE_URL|TOKEN", name)]
    kept = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))["resources"]
    assert sorted([*kept, "kustomization.yaml", "secret.example.yaml"]) == sorted(
        path.name for path in FOLDER.iterdir()
    )


def test_everything_that_is_referred_to_exists() -> None:
    for container in containers():
        for source in container.get("envFrom", ()):
            if "configMapRef" in source:
                assert ("ConfigMap", source["configMapRef"]["name"]) in ALL
            else:
                assert ("Secret", source["secretRef"]["name"]) in ALL
    for spec in POD_SPECS:
        volumes = {volume["name"]: volume for volume in spec.get("volumes", ())}
        mounted = [m["name"] for c in spec["containers"] for m in c.get("volumeMounts", ())]
        assert set(mounted) == set(volumes)
        for volume in volumes.values():
            claim = volume.get("persistentVolumeClaim")
            assert claim is None or ("PersistentVolumeClaim", claim["claimName"]) in ALL


def test_every_node_of_the_cluster_finds_the_weights() -> None:
    """Ray Serve may build the application on any node, and the application looks for its model there."""
    nodes = [one for one in containers() if one["name"].startswith("ray-")]
    assert [one["name"] for one in nodes] == ["ray-node", "ray-head", "ray-worker"]
    for node in nodes:
        assert {"name": "models", "mountPath": "/models", "readOnly": True} in node["volumeMounts"]


def test_the_probes_ask_for_routes_of_the_app_at_its_port() -> None:
    (web,) = WEB["containers"]
    health = (ROOT / "personalize" / "ui" / "http" / "health.py").read_text("utf-8")
    for probe, path in (
        ("startupProbe", "/healthz"),
        ("livenessProbe", "/healthz"),
        ("readinessProbe", "/readyz"),
    ):
        assert web[probe]["httpGet"] == {"path": path, "port": "http"} and f'Route("{path}"' in health
    assert web["ports"] == [{"name": "http", "containerPort": Settings().port}]


def test_the_service_and_the_budget_choose_the_pods_and_leave_one_to_be_moved() -> None:
    deployment = ALL["Deployment", "palate-web"]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    budget = ALL["PodDisruptionBudget", "palate-web"]["spec"]
    service = ALL["Service", "palate-web"]["spec"]
    chosen = (deployment["selector"]["matchLabels"], service["selector"], budget["selector"]["matchLabels"])
    assert all(one == labels for one in chosen)
    assert 1 <= budget["minAvailable"] < deployment["replicas"]
    assert service["sessionAffinity"] == "ClientIP"  # a visitor stays with one process


def test_no_container_has_more_rights_than_it_needs() -> None:
    for spec in POD_SPECS:
        assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] == 1000
    for container in containers():
        rights = container["securityContext"]
        assert rights["capabilities"] == {"drop": ["ALL"]} and not rights["allowPrivilegeEscalation"]
        assert container["image"] == "palate" and "memory" in container["resources"]["limits"]
    assert all(
        c["securityContext"]["readOnlyRootFilesystem"] for c in [*WEB["containers"], *WEB["initContainers"]]
    )
