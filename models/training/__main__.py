"""``python -m models.training STEP [--build DIR] [--smoke]``: one step, or ``all`` steps in order."""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from models.composer.dataset import build_pictures, load_pictures, read_data_config
from models.errors import ModelError
from models.progress import ConsoleProgress
from models.threads import use_threads
from models.training.tokenizer import build_tokenizer

HERE = Path(__file__).parent
SMOKE: dict[str, dict[str, int]] = {
    "data": {"pictures": 100, "held_out": 20, "shard": 50},
    "clip": {"steps": 3, "batch": 16},
    "vae": {"steps": 4, "batch": 4},
    "doubling": {"steps": 3, "batch": 2, "drawn": 2, "drawn_latents": 4, "drawn_steps": 1},
    "halving": {"steps": 3, "batch": 2},
    "decoder": {"steps": 3, "batch": 4},
    "layout": {"steps": 3, "batch": 8},
    "reader": {"steps": 3, "batch": 16},
    "unet": {"steps": 3, "batch": 8, "sheet_steps": 1},
}
"""Changes of the config for `--smoke`: little work, and the same work on every machine."""


def read_config(path: Path, smoke: bool) -> dict[str, Any]:
    """The config file and the composer's [data], unless the file has its own; with `smoke`, for a trial."""
    config: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    config = {"data": read_data_config(), **config}
    for section, values in (SMOKE if smoke else {}).items():
        if section in config:
            config[section].update(values)
    return config


def step_data(build: Path, config: dict[str, Any], out: Path) -> None:
    """Fetch the drawings and compose the pictures."""
    build_pictures(build, config["data"], os.cpu_count() or 2, ConsoleProgress())


def step_clip(build: Path, config: dict[str, Any], out: Path) -> None:
    """Train the CLIP."""
    from models.training.clip import train_clip

    tokenizer = build_tokenizer(
        build / "tokenizer", config["text"]["merges"], config["text"]["context_length"]
    )
    train_clip(load_pictures(build, config["data"]), tokenizer, config, build / "clip")


def step_vae(build: Path, config: dict[str, Any], out: Path) -> None:
    """Train the autoencoder, fold it, and encode all pictures.

    A folded autoencoder is not trained again. It only encodes the pictures, which may be new, so that the
    denoiser continues with the same kind of latents.
    """
    from models.training.vae import build_vae, encode_all, fold_statistics, train_vae

    data = load_pictures(build, config["data"])
    folded, latents = build / "vae" / "folded.pt", build / "vae" / "latents.pt"
    if folded.exists():
        vae = build_vae(config)
        vae.load_state_dict(torch.load(folded, weights_only=True))
        torch.save(encode_all(vae.eval(), data), latents)
        return
    vae = train_vae(data, config, build / "vae")
    standard = fold_statistics(vae, encode_all(vae, data), config["vae"].get("kept_channels", 0))
    torch.save(vae.state_dict(), folded)
    torch.save(standard, latents)


def step_decoder(build: Path, config: dict[str, Any], out: Path) -> None:
    """Train the decoder further on the fixed latents."""
    from models.training.decoder import polish_decoder

    latents = torch.load(build / "vae" / "latents.pt", weights_only=True)
    polish_decoder(load_pictures(build, config["data"]), latents, config, build)


def step_layout(build: Path, config: dict[str, Any], out: Path) -> None:
    """Teach the text encoder the plan of a picture."""
    from models.training.text_plan import train_text_plan

    train_text_plan(build, config)


def step_reader(build: Path, config: dict[str, Any], out: Path) -> None:
    """Train the classifier of latents for the denoiser's second loss."""
    from models.training.reader import train_reader

    train_reader(build, config)


def step_unet(build: Path, config: dict[str, Any], out: Path) -> None:
    """Train the denoiser and its text encoder on the latents."""
    from models.training.unet import train_unet

    train_unet(build, config)


def step_export(build: Path, config: dict[str, Any], out: Path) -> None:
    """Write the models in the formats of diffusers and open_clip."""
    from models.training.export import export

    export(build, config, out)


def step_adopt(build: Path, config: dict[str, Any], out: Path) -> None:
    """Begin from the released models in `out` and not from random weights; not a part of `all`."""
    from models.training.from_release import start_from_release

    start_from_release(build, config, out)


def step_doubling(build: Path, config: dict[str, Any], out: Path) -> None:
    """Give the models in `out` a decoder of twice the side; not a part of `all`."""
    from models.training.doubling import train_doubling, write_autoencoder

    vae = train_doubling(load_pictures(build, config["data"]), config, build, out)
    write_autoencoder(vae, out)


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
    """Run a step or all of them.

    Returns:
        The exit code: 0, or 2 after one sentence about what did not fit.
    """
    parser = argparse.ArgumentParser(prog="python -m models.training", description=__doc__)
    parser.add_argument(
        "step",
        choices=[*STEPS, "all", "adopt", "doubling"],
        help="adopt: checkpoints from the released models in --out; "
        "doubling: a decoder of twice the side for them (doubling.toml)",
    )
    parser.add_argument("--build", type=Path, default=Path(".build"), help="work folder (default: .build)")
    parser.add_argument("--out", type=Path, default=HERE.parent / "mini", help="where export writes")
    parser.add_argument("--config", type=Path, default=HERE / "config.toml")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (default: all cores)")
    parser.add_argument(
        "--smoke", action="store_true", help="a trial of less than a minute; its models draw noise"
    )
    chosen = parser.parse_args(arguments)
    use_threads(chosen.threads)
    config = read_config(chosen.config, chosen.smoke)
    try:
        if chosen.step == "adopt":
            step_adopt(chosen.build, config, chosen.out)
        if chosen.step == "doubling":
            step_doubling(chosen.build, config, chosen.out)
        for name, step in STEPS.items():
            if chosen.step in (name, "all"):
                step(chosen.build, config, chosen.out)
    except ModelError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
