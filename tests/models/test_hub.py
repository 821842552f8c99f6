"""Fetching weights: the real client of huggingface_hub, and a hub on loopback with the mini models."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from models import ModelError
from models.hub import needed_files
from tests.models.hub_server import COMMIT, Hub, entry, serve

REPOSITORY = Path(__file__).parents[2]
MINI = REPOSITORY / "models" / "mini"
VAE = "stable-diffusion/vae/diffusion_pytorch_model.safetensors"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub with a pipeline and a CLIP; beside their files others that running them does not take."""
    folder = tmp_path / "served"
    shutil.copytree(MINI / "stable-diffusion", folder / "pipeline")
    shutil.copytree(MINI / "clip", folder / "clip")
    for name in ("README.md", "pipeline.ckpt", "vae/diffusion_pytorch_model.bin", "unet/notes.md"):
        (folder / "pipeline" / name).write_bytes(b"not needed")
    served = Hub({"someone/pipeline": folder / "pipeline", "someone/clip": folder / "clip"})
    server = serve(served)
    yield served
    server.shutdown()
    server.server_close()


def models(hub: Hub | None, home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """`python -m models`, with the hub as its only network."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("HF_", "PALATE_"))
    }
    environment |= {
        "HF_HOME": str(home),
        "HF_ENDPOINT": hub.url if hub else "http://127.0.0.1:9",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "OMP_NUM_THREADS": "1",
        **more,
    }
    return subprocess.run(
        [sys.executable, "-m", "models", *arguments],
        cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def said(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a failure."""
    assert done.returncode == 2, done.stderr
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith("Expected") and "Traceback" not in done.stderr
    return line


def test_only_what_is_needed_is_fetched_and_then_runs_without_a_network(hub: Hub, tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = models(hub, home, "fetch", "someone/pipeline")
    assert done.returncode == 0, done.stderr
    assert not [path for path in hub.fetched() if path.endswith((".md", ".ckpt", ".bin"))]
    assert len(hub.fetched(".safetensors")) == len(list((MINI / "stable-diffusion").rglob("*.safetensors")))
    assert models(hub, home, "fetch", "someone/clip").returncode == 0
    asked = len(hub.requests)
    check = models(None, home, "check", "someone/pipeline", HF_HUB_OFFLINE="1")
    assert check.returncode == 0 and "every file is whole" in check.stdout
    program = (
        "from models import load_embedder, load_renderer; from types import SimpleNamespace as N;"
        "r = load_renderer('someone/pipeline', changes={'steps': 1});"
        "e = load_embedder('someone/pipeline', clip='someone/clip');"
        "print(len(r.render([N(prompt='a fox', negative_prompt='', seed=1)])[0]), e.dimension, r.name)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False,
        env={**os.environ, "HF_HOME": str(home), "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    size, dimension, name = run.stdout.split()
    assert int(size) > 1000 and int(dimension) > 8 and name.startswith("someone--pipeline-")
    assert len(hub.requests) == asked


def test_what_is_here_is_not_fetched_again(hub: Hub, tmp_path: Path) -> None:
    first = models(hub, tmp_path / "home", "fetch", "someone/clip")
    fetched = len(hub.fetched())
    again = models(hub, tmp_path / "home", "fetch", "someone/clip")
    assert first.returncode == again.returncode == 0
    assert len(hub.fetched()) == fetched and "(0.0 MB new)" in again.stdout


SHARD = f"/someone/pipeline/resolve/{COMMIT}/unet/diffusion_pytorch_model-00001-of-00002.safetensors"


def test_a_connection_that_was_cut_goes_on_where_it_was(hub: Hub, tmp_path: Path) -> None:
    hub.cuts[SHARD] = 11 * 2**20
    assert models(hub, tmp_path / "home", "fetch", "someone/pipeline").returncode == 0
    ranges = [text for method, asked, text in hub.requests if method == "GET" and asked == SHARD]
    assert len(ranges) == 2 and not ranges[0] and re.fullmatch(r"bytes=[1-9]\d*-", ranges[1])
    assert models(hub, tmp_path / "home", "check", "someone/pipeline").returncode == 0


def test_a_fetch_that_was_stopped_keeps_the_files_that_are_whole(hub: Hub, tmp_path: Path) -> None:
    hub.cuts[SHARD], hub.down_after_cut = 11 * 2**20, True
    assert "kept" in said(models(hub, tmp_path / "home", "fetch", "someone/pipeline"))
    assert "found none" in said(models(None, tmp_path / "home", "check", "someone/pipeline"))
    whole = {file.name for file in (tmp_path / "home").rglob("blobs/*") if ".incomplete" not in file.name}
    hub.down = False
    hub.requests.clear()
    assert models(hub, tmp_path / "home", "fetch", "someone/pipeline").returncode == 0
    again = [path.split(f"{COMMIT}/")[1] for path in hub.fetched(".safetensors")]
    folder = hub.repositories["someone/pipeline"]
    kept = [entry(folder, folder / name)["lfs"]["oid"] for name in again]
    assert len(again) >= 1 and not whole & set(kept)
    assert models(hub, tmp_path / "home", "check", "someone/pipeline").returncode == 0


def test_a_file_that_is_too_short_is_said_and_nothing_is_lost(hub: Hub, tmp_path: Path) -> None:
    path = f"/someone/pipeline/resolve/{COMMIT}/vae/diffusion_pytorch_model.safetensors"
    hub.short[path] = 10
    assert "cut short" in said(models(hub, tmp_path / "home", "fetch", "someone/pipeline"))
    del hub.short[path]
    before = len(hub.fetched(".safetensors"))
    assert models(hub, tmp_path / "home", "fetch", "someone/pipeline").returncode == 0
    assert len(hub.fetched(".safetensors")) - before < 5


def test_a_hub_that_fails_once_is_asked_again(hub: Hub, tmp_path: Path) -> None:
    hub.failures["/api/models/someone/clip/tree/main"] = [503]
    assert models(hub, tmp_path / "home", "fetch", "someone/clip").returncode == 0


def test_a_hub_that_keeps_failing_is_said(hub: Hub, tmp_path: Path) -> None:
    hub.failures[f"/someone/clip/resolve/{COMMIT}/open_clip_config.json"] = [500] * 50
    sentence = said(models(hub, tmp_path / "home", "fetch", "someone/clip"))
    assert "HTTP 500" in sentence and "kept" in sentence


def test_a_repository_revision_or_owner_in_the_way_is_said(hub: Hub, tmp_path: Path) -> None:
    assert "nobody/nothing" in said(models(hub, tmp_path, "fetch", "nobody/nothing"))
    assert "no such revision" in said(models(hub, tmp_path, "fetch", "someone/clip", "--revision", "v9"))
    hub.gated.add("someone/clip")
    sentence = said(models(hub, tmp_path, "fetch", "someone/clip"))
    assert "consent" in sentence and "hf auth login" in sentence
    assert models(hub, tmp_path, "fetch", "someone/clip", HF_TOKEN="hf_" + "x" * 34).returncode == 0


def test_no_network_is_said(tmp_path: Path) -> None:
    assert "does not answer" in said(models(None, tmp_path, "fetch", "someone/clip"))
    assert "HF_HUB_OFFLINE" in said(models(None, tmp_path, "fetch", "someone/clip", HF_HUB_OFFLINE="1"))


def test_what_is_neither_a_pipeline_nor_a_clip_is_said(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.json").write_text("{}")
    hub.repositories["someone/other"] = tmp_path / "other"
    assert "found neither" in said(models(hub, tmp_path / "home", "fetch", "someone/other"))
    assert "owner/name" in said(models(hub, tmp_path / "home", "fetch", "what is this"))


def test_damage_on_the_disk_is_found(hub: Hub, tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert models(hub, home, "fetch", "someone/clip").returncode == 0
    weights = next(home.rglob("open_clip_model.safetensors")).resolve()
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    done = models(None, home, "check", "someone/clip")
    assert (
        done.returncode == 1 and "expected the digest" in done.stdout and "1 files are damaged" in done.stdout
    )
    weights.write_bytes(content[:-1])
    assert "bytes, found" in models(None, home, "check", "someone/clip").stdout


def test_too_small_a_disk_is_said_before_anything_is_fetched(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from models import hub as module

    monkeypatch.setattr(module, "SPARE_BYTES", 10**18)
    with pytest.raises(ModelError, match=r"Expected .* free, found .* GB"):
        module._check_room(1)


INDEX = {"_class_name": "X", "unet": ["diffusers", "U"], "vae": ["diffusers", "V"], "checker": [None, None]}


def test_a_variant_is_taken_where_there_is_one_and_shards_bring_their_list() -> None:
    names = [
        "model_index.json", "unet/config.json", "vae/config.json", "checker/model.safetensors",
        "unet/m.fp16-00001-of-00002.safetensors", "unet/m.fp16-00002-of-00002.safetensors",
        "unet/m.safetensors.index.fp16.json", "unet/m.safetensors", "unet/m.bin",
        "vae/v.safetensors", "vae/v.bin", "vae/v.non_ema.safetensors",
    ]  # fmt: skip
    half = needed_files(names, INDEX, "fp16", pickles=False)
    assert [name for name in half if name.startswith("unet/m")] == [
        "unet/m.fp16-00001-of-00002.safetensors", "unet/m.fp16-00002-of-00002.safetensors",
        "unet/m.safetensors.index.fp16.json",
    ]  # fmt: skip
    assert "vae/v.safetensors" in half and not any(".bin" in name or "checker" in name for name in half)
    assert "unet/m.safetensors" in needed_files(names, INDEX, "", pickles=False)


def test_pickles_are_taken_only_when_asked_for() -> None:
    names = ["model_index.json", "unet/config.json", "unet/m.bin", "vae/v.safetensors", "vae/config.json"]
    with pytest.raises(ModelError, match="--pickles"):
        needed_files(names, INDEX, "fp16", pickles=False)
    assert "unet/m.bin" in needed_files(names, INDEX, "fp16", pickles=True)
