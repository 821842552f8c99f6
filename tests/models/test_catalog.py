"""Finding a model: by name, by folder, and what is said when it is not there."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from models import ModelError, available, find_model, load_embedder, load_renderer
from models.__main__ import main
from models.catalog import catalog
from models.devices import DTYPES

MINI = Path(__file__).parents[2] / "models" / "mini"


def test_the_mini_models_ship() -> None:
    assert "mini" in available()
    model = find_model("mini")
    assert model.pipeline.parent.resolve() == model.clip.parent.resolve() == MINI
    assert model.picture_px >= 64 and model.licence == "Apache-2.0"


def test_no_file_is_larger_than_a_shard() -> None:
    files = [file for file in MINI.rglob("*") if file.is_file()]
    assert max(file.stat().st_size for file in files) <= 16 * 2**20
    assert sum(file.stat().st_size for file in files) <= 45 * 2**20


def test_a_folder_in_the_same_layout_is_a_model(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(MINI, folder)
    model = find_model(str(folder))
    assert (model.pipeline.parent, model.clip.parent) == (folder, folder)
    mini = find_model("mini")
    assert (model.fingerprint, model.clip_fingerprint) == (mini.fingerprint, mini.clip_fingerprint)
    assert (model.steps, model.guidance, model.vocabulary) == (mini.steps, mini.guidance, "mini")
    assert model.words == mini.words == 2
    assert (mini.subjects, model.subjects) == (MINI / "subjects.toml", folder / "subjects.toml")


def test_a_folder_brings_its_own_list_of_subjects(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(MINI, folder)
    (folder / "subjects.toml").rename(folder / "list.toml")
    assert find_model(str(folder)).subjects is None
    (folder / "palate.toml").write_text('subjects = "list.toml"')
    assert find_model(str(folder)).subjects == folder / "list.toml"
    (folder / "list.toml").unlink()
    with pytest.raises(ModelError, match=r"list\.toml, found none"):
        find_model(str(folder))


@pytest.mark.parametrize("name", ["maxi", "/no/such/folder", ""])
def test_an_unknown_model_is_said(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=r"Expected .* found"):
        find_model(name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(MINI, folder)
    (folder / "clip" / "open_clip_config.json").unlink()
    with pytest.raises(ModelError, match=r"open_clip_config\.json"):
        find_model(str(folder))


@pytest.mark.parametrize("part", ["clip", "stable-diffusion/unet"])
def test_damaged_weights_are_said(tmp_path: Path, part: str) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(MINI, folder)
    weights = sorted((folder / part).glob("*.safetensors"))[0]
    weights.write_bytes(weights.read_bytes()[:1000])
    load = load_embedder if part == "clip" else load_renderer
    with pytest.raises(ModelError, match="does not load"):
        load(str(folder))


def test_another_file_is_another_fingerprint(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(MINI, folder)
    config = folder / "stable-diffusion" / "scheduler" / "scheduler_config.json"
    config.write_text(config.read_text() + "\n")
    assert find_model(str(folder)).fingerprint != find_model("mini").fingerprint


ENTRIES = [(name, entry) for name, entry in catalog()["diffusion"].items()]
ON_A_HUB = [(name, entry) for name, entry in ENTRIES if "repository" in entry]


def test_the_catalogue_has_the_models_that_people_ask_for() -> None:
    repositories = {entry["repository"] for _, entry in ON_A_HUB}
    assert {
        "CompVis/stable-diffusion-v1-4", "stabilityai/sd-turbo", "stabilityai/sdxl-turbo",
        "stabilityai/stable-diffusion-xl-base-1.0", "stable-diffusion-v1-5/stable-diffusion-v1-5",
    } <= repositories  # fmt: skip
    assert sum(entry["licence"].startswith("Apache-2.0") for _, entry in ON_A_HUB) >= 2
    assert any("adapter" in entry for _, entry in ON_A_HUB)


@pytest.mark.parametrize(("name", "entry"), ON_A_HUB)
def test_an_entry_says_all_that_is_needed(name: str, entry: dict[str, Any]) -> None:
    import diffusers

    assert re.fullmatch(r"[\w.-]+/[\w.-]+", entry["repository"])
    assert re.fullmatch(r"[0-9a-f]{40}", entry["revision"]), "a branch moves, a commit does not"
    assert entry["title"] and entry["licence"] and entry["allows"]
    assert entry["gigabytes"] > 0 and entry["memory_gb"] > 0
    assert 1 <= entry["steps"] <= 50 and 0 <= entry["guidance"] <= 10 and entry["picture_px"] % 64 == 0
    assert entry["words"] == 4
    assert entry.get("dtype", "float16") in DTYPES
    assert hasattr(diffusers, entry.get("scheduler", "DDIMScheduler"))
    assert set(entry) <= {
        "title", "repository", "revision", "variant", "licence", "allows", "gigabytes", "memory_gb", "steps",
        "guidance", "words", "picture_px", "dtype", "negative", "scheduler", "adapter", "clip", "vocabulary",
    }  # fmt: skip
    assert entry.get("guidance", 0) > 1 or entry.get("negative") is False, "nothing to steer away with"


@pytest.mark.parametrize("family", [name for name in catalog()["family"] if name != "other"])
def test_a_family_is_a_pipeline_that_draws_from_text(family: str) -> None:
    from diffusers.pipelines.auto_pipeline import AUTO_TEXT2IMAGE_PIPELINES_MAPPING

    assert family in {kind.__name__ for kind in AUTO_TEXT2IMAGE_PIPELINES_MAPPING.values()}


@pytest.mark.parametrize("name", [name for name, _ in ON_A_HUB])
def test_a_model_that_was_not_fetched_says_how_to(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match=f"python -m models fetch {re.escape(name)}"):
        find_model(name)


def test_list_names_every_entry_with_its_licence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    said = capsys.readouterr().out
    for name, entry in ENTRIES:
        assert f"  {name} " in said and entry["licence"] in said
    assert "ships with Palate" in said
    assert re.search(r"Palate mini \(.*; 2 words a prompt\)", said)
    assert said.count(" words a prompt)") == len(ENTRIES)


def test_a_program_reads_the_words_a_prompt(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {one["name"]: one["words"] for one in listed["diffusion"]}["sdxl"] == 4
    assert all(one["words"] is None for one in listed["clip"])


@pytest.mark.parametrize(
    ("stated", "message"), [("0", "words from 1"), ('"many"', "words to be a whole number")]
)
def test_a_folder_without_words_is_refused(stated: str, message: str, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(MINI, folder)
    (folder / "palate.toml").write_text(f"words = {stated}")
    with pytest.raises(ModelError, match=f"Expected .*{message}.*found"):
        find_model(str(folder))
    (folder / "palate.toml").write_text("words = 3")
    assert find_model(str(folder)).words == 3
