"""``evaluate``: its flags and its output.

The networks and the composer are imported when a command runs, so that `python -m models --help` is quick.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from models.errors import ModelError
from models.progress import ConsoleProgress
from models.resolve import find_model


def add_evaluate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command ``evaluate``."""
    parser = commands.add_parser("evaluate", help="numbers and contact sheets of a model")
    parser.set_defaults(run=_evaluate)
    add = parser.add_argument
    add("model", help="name in the catalogue, or a folder laid out like models/mini")
    add("--build", type=Path, default=Path(".build"), help="work folder of the composed pictures")
    add("--config", type=Path, help="file with the table [data] of those pictures (default: the composer's)")
    add("--pictures", type=int, default=500, help="number to draw from held-out captions")
    add("--classifier-minutes", "--judge-minutes", type=float, default=5.0,
        help="minutes of training the classifier, once")  # fmt: skip
    add("--sheets", type=Path, help="folder of contact sheets (default: BUILD/sheets)")
    add("--out", type=Path, help="also write the numbers to this file")
    add("--token-subjects", type=int, default=6, help="number of subjects to draw each token with")
    add("--tokens", type=int, help="number of tokens of each slot to draw (default: all)")
    add("--all-sheets", action="store_true", help="also sheets with every token of every slot")
    add("--no-sheets", action="store_true", help="numbers only")
    add("--composed", type=int, help="number of composed pictures to read (default: as configured)")
    add("--json", action="store_true", help="print all numbers as JSON")


def _evaluate(chosen: argparse.Namespace) -> int:
    from models.composer.dataset import load_pictures, read_data_config

    config = read_data_config(chosen.config)
    config["pictures"] = chosen.composed or config["pictures"]
    held_out = config["held_out"] = min(config["held_out"], config["pictures"] // 2)
    model = find_model(chosen.model)
    data = load_pictures(chosen.build, config)
    from models.evaluation.classifier import train_classifier
    from models.evaluation.report import evaluate
    from models.loop import Budget

    try:
        classifier = train_classifier(
            data, held_out, Budget(chosen.classifier_minutes), chosen.build / "judge"
        )
    except ValueError as error:
        raise ModelError(str(error)) from error
    progress = ConsoleProgress()
    result = evaluate(
        model, data, classifier, held_out, chosen.pictures, progress, chosen.token_subjects, chosen.tokens
    )
    text = json.dumps(result, indent=2)
    if chosen.out:
        chosen.out.write_text(text + "\n")
    if not chosen.no_sheets:
        from models.diffusion import DiffusersRenderer
        from models.evaluation import sheets

        folder = chosen.sheets or chosen.build / "sheets"
        renderer = DiffusersRenderer(model)
        sheets.random_combinations(renderer, data.subjects, folder / "random.jpg", progress)
        sheets.all_subjects(renderer, data.subjects, folder / "subjects.jpg", progress)
        sheets.subjects_by_medium(renderer, folder / "subjects-by-medium.jpg", progress)
        if chosen.all_sheets:
            sheets.tokens_by_subject(renderer, folder, progress)
        renderer.close()
    sys.stdout.write((text if chosen.json else _summary(result)) + "\n")
    return 0


def _summary(result: dict[str, Any]) -> str:
    """The most important numbers as a table."""
    lines = ["share named correctly  drawn  composed  CLIP on composed"]
    for name in result["generated"]:
        drawn, real, clip = (
            result[key][name]["share"] for key in ("generated", "composed", "clip_on_composed")
        )
        cells = ("–" if value is None else f"{value:.2f}" for value in (drawn, real, clip))
        lines.append("  {:19} {:>6} {:>9} {:>17}".format(name, *cells))
    lines += [
        f"Frechet distance {result['frechet_generated']:.2f}, of two real halves "
        f"{result['frechet_two_real_halves']:.2f}",
        f"weak tokens: {', '.join(result['weak_tokens']) or 'none'}",
        f"gradient energy: autoencoder {result['autoencoder_sharpness']:.2f}, drawn "
        f"{result['drawn_sharpness']:.2f}; variance between seeds {result['variance_of_seeds']:.2f}",
        f"a round of 4: {result['seconds_round_of_4']:.2f} s; {result['bytes'] / 2**20:.1f} MiB on disk",
    ]
    return "\n".join(lines)
