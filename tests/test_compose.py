"""compose.yaml starts what it says, with existing files and existing settings, and keeps its secrets in .env.

No Docker engine is at hand here: the tests read the file, and run the commands that can run by themselves.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from personalize.settings import Settings
from tests.session.s3_server import S3Server

REPOSITORY = Path(__file__).parents[1]
FILE = yaml.safe_load((REPOSITORY / "compose.yaml").read_text("utf-8"))
COMPOSE: dict[str, dict[str, Any]] = FILE["services"]
OURS = {name: service for name, service in COMPOSE.items() if service["image"].startswith("palate")}
MANY = {name: service for name, service in COMPOSE.items() if "scale" in service["profiles"]}
WEB = {name: service for name, service in MANY.items() if name.startswith("web-")}
PROXY = REPOSITORY / "assets" / "deploy" / "haproxy.cfg"


def filled(value: object) -> str:
    """A value as it is where .env gives nothing."""
    return re.sub(r"\$\{[^}:]*:?-?([^}]*)\}", r"\1", str(value))


def environment(service: dict[str, Any]) -> dict[str, str]:
    return {key: filled(value) for key, value in service.get("environment", {}).items()}


def test_the_profiles_are_those_that_the_readme_names() -> None:
    profiles = {profile for service in COMPOSE.values() for profile in service["profiles"]}
    assert profiles == {"cpu", "gpu", "fetch-models", "scale", "scale-gpu"}
    readme = (REPOSITORY / "personalize" / "ui" / "README.md").read_text("utf-8")
    for profile in profiles - {"fetch-models"}:
        assert f"--profile {profile} up" in readme, profile
    assert "run --rm fetch-models" in readme


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_containers_keep_the_data_and_the_weights_and_nothing_else(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] and service["volumes"] == ["data:/data", "models:/models"]
    assert service["cap_drop"] == ["ALL"] and "no-new-privileges:true" in service["security_opt"]
    Settings.from_environment(
        {key: text for key, text in environment(service).items() if key.startswith("PALATE_")}
    )


@pytest.mark.parametrize("name", sorted(MANY))
def test_a_container_of_many_comes_back_and_says_how_it_is(name: str) -> None:
    service = MANY[name]
    assert service["read_only"] and "no-new-privileges:true" in service["security_opt"]
    if name == "bucket":  # it ends
        assert service["restart"] == "on-failure" and service["healthcheck"] == {"disable": True}
        return
    assert service["restart"] == "unless-stopped"
    assert "test" in service["healthcheck"] or name in WEB  # the image has the check of the page


def test_only_the_page_is_published_and_only_to_this_machine() -> None:
    published = {name: service["ports"] for name, service in COMPOSE.items() if service.get("ports")}
    assert set(published) == {"palate", "palate-gpu", "proxy"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_secrets_come_from_the_env_file() -> None:
    secrets = {
        (name, key, value)
        for name, service in COMPOSE.items()
        for key, value in service.get("environment", {}).items()
        if re.search("PASSWORD|SECRET|TOKEN|PIN|DATABASE_URL", key)
    }
    assert {key for _, key, _ in secrets} >= {"POSTGRES_PASSWORD", "ROOT_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"}
    assert [row for row in secrets if not re.search(r"\$\{[A-Z_]+:-\}", row[2])] == []


def test_what_is_waited_for_exists_and_says_how_it_is() -> None:
    for name, service in COMPOSE.items():
        waits = service.get("depends_on", {})
        assert set(waits) <= set(COMPOSE), name
        for other, how in waits.items() if isinstance(waits, dict) else ():
            once = how["condition"] == "service_completed_successfully"
            assert once == (COMPOSE[other]["restart"] == "on-failure"), (name, other)
        volumes = {volume.partition(":")[0] for volume in service.get("volumes", ())}
        assert all(volume in FILE["volumes"] or (REPOSITORY / volume).exists() for volume in volumes), name


def test_web_processes_and_nodes_run_the_image_with_ray_of_the_same_dockerfile() -> None:
    larger = {name for name, service in OURS.items() if service["image"].startswith("palate-scale")}
    assert larger == {"web-1", "web-2", "ray-head", "ray-worker", "ray-worker-gpu", "bucket"}
    builds = [OURS[name]["build"] for name in larger]
    assert builds == [{"context": ".", "args": {"REQUIREMENTS": "requirements-scale.txt"}}] * len(larger)
    assert {service["build"] for name, service in OURS.items() if name not in larger} == {"."}


def test_the_addresses_are_those_of_the_services() -> None:
    for service in WEB.values():
        own = environment(service)
        assert own["PALATE_RENDER_ON"] == "ray-head:6379"
        assert own["AWS_ENDPOINT_URL"] == "http://store:7070"
        assert "@db:5432/" in own["PALATE_DATABASE_URL"]
        assert '--address="$$PALATE_RENDER_ON"' in service["command"][2]
    assert "--port=6379" in COMPOSE["ray-head"]["command"]
    for name in ("ray-worker", "ray-worker-gpu"):
        assert "--address=ray-head:6379" in COMPOSE[name]["command"]
    assert COMPOSE["store"]["command"][:2] == ["--port", ":7070"]
    proxy = environment(COMPOSE["proxy"])
    assert {proxy["WEB_1"], proxy["WEB_2"]} == {f"{name}:{Settings().port}" for name in WEB}
    assert COMPOSE["proxy"]["ports"][0].endswith(proxy["LISTEN"])


def test_all_nodes_draw_with_the_files_of_the_web_processes() -> None:
    nodes = [COMPOSE[name] for name in ("ray-head", "ray-worker", "ray-worker-gpu")]
    assert {node["environment"]["PALATE_MODEL"] for node in nodes} == {
        service["environment"]["PALATE_MODEL"] for service in WEB.values()
    }


def test_the_proxy_reads_the_variables_that_it_gets() -> None:
    read = set(re.findall(r'"\$\{([A-Z0-9_]+)\}"', PROXY.read_text("utf-8")))
    assert read == set(COMPOSE["proxy"]["environment"])
    assert (
        f"./{PROXY.relative_to(REPOSITORY)}:/usr/local/etc/haproxy/haproxy.cfg:ro"
        in COMPOSE["proxy"]["volumes"]
    )
    check = COMPOSE["proxy"]["healthcheck"]["test"][-1]
    assert f"monitor-uri {check.partition(proxy_port())[2]}" in PROXY.read_text("utf-8")


def proxy_port() -> str:
    return str(COMPOSE["proxy"]["environment"]["LISTEN"])


@pytest.mark.app
def test_haproxy_takes_its_configuration() -> None:
    haproxy = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    assert haproxy, "Expected haproxy on the path, found none. Run apt-get install haproxy."
    own = {"LISTEN": "127.0.0.1:8080", "WEB_1": "127.0.0.1:1", "WEB_2": "127.0.0.1:2"}
    done = subprocess.run(
        [haproxy, "-c", "-f", PROXY], env={**os.environ, **own}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "") and "valid" in done.stdout


@pytest.mark.app
def test_only_fetching_asks_the_network_and_it_is_a_command_that_there_is() -> None:
    asking = [name for name, service in OURS.items() if "HF_HUB_OFFLINE" in service["environment"]]
    assert asking == ["fetch-models"]
    command = OURS["fetch-models"]["command"]
    done = subprocess.run(
        [sys.executable, *command[1:4], "--help"], cwd=REPOSITORY, capture_output=True, check=False
    )
    assert command[:4] == ["python", "-m", "models", "fetch"] and done.returncode == 0


@pytest.mark.app
def test_the_bucket_is_made_once_and_found_afterwards(tmp_path: Path) -> None:
    service = COMPOSE["bucket"]
    place = service["environment"]["PALATE_PICTURES"]
    bucket = place.removeprefix("s3://").partition("/")[0]
    with S3Server(tmp_path / "log.txt", bucket="another") as store:
        assert store.environment is not None
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, *service["command"][1:]],
                env={**os.environ, **store.environment, "PALATE_PICTURES": place},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
        names = [one["Name"] for one in store.client().list_buckets()["Buckets"]]
        assert sorted(names) == ["another", bucket]
