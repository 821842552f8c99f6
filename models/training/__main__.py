"""``python -m models.training STEP [--build DIR] [--smoke]``: one step, or ``all`` of them in order."""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from models.training import dataset
from models.training.tokenizer import build_tokenizer

HERE = Path(__file__).parent
SMOKE: dict[str, dict[str, float]] = {
    "data": {"pictures": 1000, "held_out": 100},
    "clip": {"minutes": 0.1, "batch": 16},
    "vae": {"minutes": 0.1, "batch": 4},
    "decoder": {"minutes": 0.1, "batch": 4},
    "layout": {"minutes": 0.1, "batch": 8},
    "reader": {"minutes": 0.1, "batch": 16},
    "unet": {"minutes": 0.15, "batch": 8},
}
"""What `--smoke` changes: the chain is proven in about a minute."""


def read_config(path: Path, smoke: bool) -> dict[str, Any]:
    """The config file; with `smoke`, cut down to what proves the chain in a minute."""
    config = tomllib.loads(path.read_text())
    for section, values in (SMOKE if smoke else {}).items():
        config[section].update(values)
    return config


def step_data(build: Path, config: dict[str, Any], out: Path) -> None:
    """Fetch the drawings and compose the pictures."""
    dataset.build_pictures(build, config["data"], workers=os.cpu_count() or 2)


def step_clip(build: Path, config: dict[str, Any], out: Path) -> None:
    """Train the CLIP."""
    from models.training.clip import train_clip

    tokenizer = build_tokenizer(
        build / "tokenizer", config["text"]["merges"], config["text"]["context_length"]
    )
    train_clip(dataset.load_pictures(build, config["data"]), tokenizer, config, build / "clip")


def step_vae(build: Path, config: dict[str, Any], out: Path) -> None:
    """Train the autoencoder, fold it, and encode all pictures.

    One that is folded stays as it is, and encodes pictures that were composed anew: the denoiser goes on with
    the latents it knows.
    """
    from models.training.vae import build_vae, encode_all, fold_statistics, train_vae

    data = dataset.load_pictures(build, config["data"])
    folded, latents = build / "vae" / "folded.pt", build / "vae" / "latents.pt"
    if folded.exists():
        vae = build_vae(config)
        vae.load_state_dict(torch.load(folded, weights_only=True))
        torch.save(encode_all(vae.eval(), data), latents)
        return
    vae = train_vae(data, config, build / "vae")
    standard = fold_statistics(vae, encode_all(vae, data))
    torch.save(vae.state_dict(), folded)
    torch.save(standard, latents)


def step_decoder(build: Path, config: dict[str, Any], out: Path) -> None:
    """Polish the decoder on the latents, which stay as they are."""
    from models.training.vae import polish_decoder

    latents = torch.load(build / "vae" / "latents.pt", weights_only=True)
    polish_decoder(dataset.load_pictures(build, config["data"]), latents, config, build)


def step_layout(build: Path, config: dict[str, Any], out: Path) -> None:
    """Teach the text encoder what is where."""
    from models.training.text_plan import train_layout

    train_layout(build, config)


def step_reader(build: Path, config: dict[str, Any], out: Path) -> None:
    """Teach a classifier of latents what the denoiser's pictures must be read as."""
    from models.training.reader import train_reader

    train_reader(build, config)


def step_unet(build: Path, config: dict[str, Any], out: Path) -> None:
    """Train the denoiser and its text tower on the latents."""
    from models.training.unet import train_unet

    train_unet(build, config)


def step_export(build: Path, config: dict[str, Any], out: Path) -> None:
    """Write the models in the formats of diffusers and open_clip."""
    from models.training.export import export

    export(build, config, out)


def step_adopt(build: Path, config: dict[str, Any], out: Path) -> None:
    """Begin from the models in `out` instead of from nothing; not one of `all`."""
    from models.training.from_release import adopt

    adopt(build, config, out)


STEPS: dict[str, Callable[[Path, dict[str, Any], Path], None]] = {
    "data": step_data,
    "clip": step_clip,
    "vae": step_vae,
    "decoder": step_decoder,
    "layout": step_layout,
    "reader": step_reader,
    "unet": step_unet,
    "export": step_export,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the steps that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m models.training", description=__doc__)
    parser.add_argument(
        "step", choices=[*STEPS, "all", "adopt"], help="adopt: checkpoints from the exported models in --out"
    )
    parser.add_argument("--build", type=Path, default=Path(".build"), help="work folder (default: .build)")
    parser.add_argument("--out", type=Path, default=HERE.parent / "mini", help="where export writes")
    parser.add_argument("--config", type=Path, default=HERE / "config.toml")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (default: all cores)")
    parser.add_argument(
        "--smoke", action="store_true", help="a minute's run that proves the chain, not a model"
    )
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads or os.cpu_count() or 1)
    config = read_config(chosen.config, chosen.smoke)
    if chosen.step == "adopt":
        step_adopt(chosen.build, config, chosen.out)
    for name, step in STEPS.items():
        if chosen.step in (name, "all"):
            step(chosen.build, config, chosen.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
