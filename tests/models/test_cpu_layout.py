"""The memory layout on a CPU: the same pictures, and a comparison that anybody can run."""

import json

import numpy as np
import pytest
import torch

from models import load_renderer
from models.__main__ import main
from models.cpu_layout import lay_out, measured
from models.errors import ModelError
from models.jobs import Job
from models.pipeline import load_pipeline
from models.resolve import find_model
from personalize.rendering.png import open_picture


def test_the_laid_out_mini_models_draw_the_same_pictures() -> None:
    model = find_model("mini")
    usual = load_pipeline(model, torch.device("cpu"))
    settings = {"num_inference_steps": model.steps, "guidance_scale": model.guidance}
    prompts = ["a fox, watercolor", "a castle, neon sign"]
    noises = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    expected = usual(prompts, generator=noises, **settings).images
    drawn = load_renderer("mini").render(
        [Job(prompt, seed) for prompt, seed in zip(prompts, (1, 2), strict=True)]
    )
    for wanted, content in zip(expected, drawn, strict=True):
        found = np.asarray(open_picture(content).convert("RGB"), dtype=int)
        assert np.abs(found - np.asarray(wanted, dtype=int)).max() <= 1


def test_both_networks_are_laid_out_and_other_parts_are_left() -> None:
    pipeline = load_pipeline(find_model("mini"), torch.device("cpu"))
    before = {name: type(part) for name, part in pipeline.components.items()}
    lay_out(pipeline)
    for network in (pipeline.unet, pipeline.vae):
        kernels = [p for p in network.parameters() if p.ndim == 4]
        assert kernels and all(k.is_contiguous(memory_format=torch.channels_last) for k in kernels)
    assert pipeline.vae.use_slicing
    assert {name: type(part) for name, part in pipeline.components.items()} == before


def test_a_family_without_these_parts_is_left_alone() -> None:
    lay_out(object())


def test_the_layouts_are_compared_in_turns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["memory-layout", "mini", "--repeats", "1", "--threads", "0", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert all(value > 0 for value in found.values())
    assert found["denoise_ratio"] == pytest.approx(found["denoise_laid_out_s"] / found["denoise_usual_s"])
    assert main(["memory-layout", "mini", "--repeats", "1", "--threads", "0"]) == 0
    assert "ratio" in capsys.readouterr().out


def test_a_model_of_another_kind_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.cpu_layout.load_pipeline", lambda *_: object())
    with pytest.raises(ModelError, match="a UNet and an autoencoder, found a object"):
        measured(find_model("mini"), 1)


def test_no_turns_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["memory-layout", "mini", "--repeats", "0"]) == 2
    assert "--repeats" in capsys.readouterr().err
