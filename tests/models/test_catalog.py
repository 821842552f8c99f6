"""Finding a model: by name, by folder, and what is said when it is not there."""

import shutil
from pathlib import Path

import pytest

from models import ModelError, available, find_model, load_embedder, load_renderer

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
    assert (model.steps, model.guidance) == (mini.steps, mini.guidance)


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
