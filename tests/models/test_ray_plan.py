"""Ray without a cluster: what a replica gets of a machine, and what is said when something is missing."""

import sys
from pathlib import Path

import pytest

from models import ModelError, find_model, load_on_ray
from models.catalog import memory_gb
from models.ray_cluster import LONGEST_FOLDER, Cluster, _short
from models.ray_deployment import Plan, gpu_share
from personalize.__main__ import main
from personalize.assembly import assemble
from personalize.settings import Settings


@pytest.mark.parametrize(
    ("model_gb", "gpu_gb", "share"),
    [(0.0, 80.0, 1.0), (24.0, 24.0, 1.0), (36.0, 24.0, 1.0), (10.0, 24.0, 0.5), (5.0, 80.0, 0.25)],
)
def test_a_replica_gets_the_share_of_a_gpu_that_its_model_fills(
    model_gb: float, gpu_gb: float, share: float
) -> None:
    assert gpu_share(model_gb, gpu_gb) == share


def test_the_memory_of_a_model_is_that_of_the_catalogue() -> None:
    assert memory_gb("sd-turbo") > 0 and memory_gb("mini") == memory_gb("no/such-model") == 0.0


def test_processes_share_a_deployment_if_they_draw_the_same() -> None:
    model = find_model("mini")
    names = {Plan(model).name, Plan(model, most=7, idle_s=1.0).name, Plan(find_model("mini")).name}
    others = {
        Plan(model, threads=2).name,
        Plan(model, checked=False).name,
        Plan(find_model("mini", changes={"steps": 3})).name,
    }
    assert len(names) == 1 and len(others) == 3 and not names & others


def test_a_missing_package_is_one_sentence_with_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ModelError, match=r"pip install -r requirements-scale\.txt"):
        load_on_ray(folder=tmp_path)
    with pytest.raises(ModelError, match=r"pip install -r requirements-scale\.txt"):
        assemble(Settings(data=tmp_path, render_on="ray"))
    assert (Path(__file__).parents[2] / "requirements-scale.txt").exists()


def test_a_command_says_so_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setenv("PALATE_RENDER_ON", "ray")
    assert main(["benchmark", "--repeats", "1"]) == 2
    told = capsys.readouterr().err
    assert "requirements-scale.txt" in told and told.count("\n") == 1


def test_sockets_stand_in_the_data_folder_unless_its_name_is_too_long(tmp_path: Path) -> None:
    long = tmp_path / ("a" * LONGEST_FOLDER)
    assert len(str(_short(long))) <= LONGEST_FOLDER and not long.exists()
    short = Path("/tmp/palate")
    found = _short(short)
    assert found.parent == short
    found.rmdir()
    short.rmdir()


def test_a_cluster_that_is_not_there_is_one_sentence_with_what_to_do(tmp_path: Path) -> None:
    for address in ("127.0.0.1:1", "127.0.0.1:99999"):
        with pytest.raises(ModelError, match=rf"^Expected a Ray cluster at {address}, found that nothing"):
            Cluster(address, tmp_path, 1)
