"""``python -m models list | fetch | check | evaluate | blind``: which there are, and how good they are."""

from __future__ import annotations

import argparse
import json
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

from models.commands import check_model, fetch_model, list_models
from models.errors import ModelError
from models.resolve import find_model

HERE = Path(__file__).parent


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0, or 2 after one sentence."""
    parser = argparse.ArgumentParser(prog="python -m models", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the models of the catalogue, their licences and sizes")
    fetch = commands.add_parser("fetch", help="download a model's weights, once")
    fetch.add_argument("model", help="name in the catalogue, or an id on the hub such as owner/name")
    fetch.add_argument("--revision", default="", help="commit, tag or branch instead of the catalogue's")
    fetch.add_argument("--variant", help="of an id's weights (default: fp16 where there is one)")
    fetch.add_argument("--pickles", action="store_true", help="take weights that only a pickle holds")
    check = commands.add_parser("check", help="whether what was fetched is whole")
    check.add_argument("model", help="as for fetch, or a folder")
    evaluate = commands.add_parser("evaluate", help="numbers and contact sheets of a model")
    evaluate.add_argument("model", help="name in the catalogue, or a folder laid out like models/mini")
    evaluate.add_argument(
        "--build", type=Path, default=Path(".build"), help="work folder of the training data"
    )
    evaluate.add_argument("--config", type=Path, default=HERE / "training" / "config.toml")
    evaluate.add_argument("--pictures", type=int, default=500, help="to draw from held-out captions")
    evaluate.add_argument("--judge-minutes", type=float, default=5.0, help="of training the judge, once")
    evaluate.add_argument("--sheets", type=Path, help="folder of contact sheets (default: BUILD/sheets)")
    evaluate.add_argument("--out", type=Path, help="also write the numbers to this file")
    evaluate.add_argument("--token-subjects", type=int, default=6, help="to draw each token with")
    evaluate.add_argument("--all-sheets", action="store_true", help="also every token of every slot")
    evaluate.add_argument("--no-sheets", action="store_true", help="numbers only")
    evaluate.add_argument("--composed", type=int, help="composed pictures to read (default: as configured)")
    evaluate.add_argument("--json", action="store_true", help="print all numbers as JSON")
    blind = commands.add_parser("blind", help="numbered pictures for somebody to name, and what they named")
    blind.add_argument("model", help="as for evaluate")
    blind.add_argument("--build", type=Path, default=Path(".build"), help="work folder; sheets go to blind/")
    blind.add_argument("--composed", action="store_true", help="the training data's pictures instead")
    blind.add_argument("--count", type=int, default=40, help="of pictures")
    blind.add_argument("--seed", type=int, default=2026, help="of the combinations")
    blind.add_argument("--answers", type=Path, help="count these: a line '3: a fox | watercolor' a picture")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "list":
            list_models()
        elif chosen.command == "fetch":
            fetch_model(chosen.model, chosen.revision, chosen.variant, chosen.pickles)
        elif chosen.command == "check":
            return 0 if check_model(chosen.model) else 1
        elif chosen.command == "blind":
            return _blind(chosen)
        else:
            return _evaluate(chosen)
    except ModelError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; what has arrived is kept.\n")
        return 130
    return 0


def _evaluate(chosen: argparse.Namespace) -> int:
    from models.diffusion import DiffusersRenderer
    from models.evaluation import sheets
    from models.evaluation.judge import train_judge
    from models.evaluation.report import evaluate
    from models.training.dataset import load_pictures

    config = tomllib.loads(chosen.config.read_text())["data"]
    config["pictures"] = chosen.composed or config["pictures"]
    config["held_out"] = min(config["held_out"], config["pictures"] // 2)
    model = find_model(chosen.model)
    if not (chosen.build / "pictures").is_dir():
        raise ModelError(
            f"Expected composed pictures in {chosen.build / 'pictures'}, found none. "
            "Make them with: python -m models.training data"
        )
    data = load_pictures(chosen.build, config)
    told = _Told()
    judge = train_judge(data, config["held_out"], chosen.judge_minutes, chosen.build / "judge")
    result = evaluate(model, data, judge, config["held_out"], chosen.pictures, told, chosen.token_subjects)
    text = json.dumps(result, indent=2)
    if chosen.out:
        chosen.out.write_text(text + "\n")
    if not chosen.no_sheets:
        folder = chosen.sheets or chosen.build / "sheets"
        renderer = DiffusersRenderer(model)
        sheets.random_combinations(renderer, data.subjects, folder / "random.jpg", told)
        sheets.all_subjects(renderer, data.subjects, folder / "subjects.jpg", told)
        sheets.subjects_by_medium(renderer, folder / "subjects-by-medium.jpg", told)
        if chosen.all_sheets:
            sheets.tokens_by_subject(renderer, folder, told)
        renderer.close()
    sys.stdout.write((text if chosen.json else _in_words(result)) + "\n")
    return 0


def _blind(chosen: argparse.Namespace) -> int:
    import numpy as np

    from models.composer.drawings import build_drawings, subject_drawings
    from models.diffusion import DiffusersRenderer
    from models.evaluation import blind
    from models.evaluation.report import FIRST_SEED, Job, draw
    from models.training.dataset import LISTING

    if chosen.count < 1:
        raise ModelError(f"Expected at least one picture for --count, found {chosen.count}.")
    subjects = tuple(subject for subject, _ in subject_drawings(LISTING))
    rows = blind.random_rows(len(subjects), chosen.count, seed=chosen.seed)
    if chosen.answers:
        named = blind.count_named(blind.read_answers(chosen.answers, subjects, len(rows)), rows, subjects)
        found = f"subject {named.subject}, medium {named.medium}, both {named.both} of {named.of}"
        sys.stdout.write("\n".join([found, *named.misses]) + "\n")
        return 0
    if chosen.composed:
        try:
            file = build_drawings(LISTING, chosen.build / "packages", chosen.build / "drawings.npz")
        except RuntimeError as error:
            raise ModelError(str(error)) from error
        pictures = blind.composed(rows, np.load(file)["pictures"])
    else:
        renderer = DiffusersRenderer(find_model(chosen.model))
        jobs = [
            Job(prompt, FIRST_SEED + n % blind.COLUMNS)  # as on the sheet of random combinations
            for n, prompt in enumerate(blind.captions(rows, subjects))
        ]
        pictures = draw(renderer, jobs, _Told(), "drawing")
        renderer.close()
    name = "composed" if chosen.composed else "drawn"
    for file in blind.lay_out(pictures, subjects, chosen.build / "blind", name):
        sys.stdout.write(f"{file}\n")
    return 0


def _in_words(result: dict[str, Any]) -> str:
    lines = ["share rightly named  drawn  composed  CLIP on composed"]
    for name in result["generated"]:
        drawn, real, clip = (
            result[key][name]["share"] for key in ("generated", "composed", "clip_on_composed")
        )
        lines.append(f"  {name:18} {drawn:6.2f} {real:9.2f} {clip:17.2f}")
    lines += [
        f"Frechet distance {result['frechet_generated']:.2f}, of two real halves "
        f"{result['frechet_two_real_halves']:.2f}",
        f"weak tokens: {', '.join(result['weak_tokens']) or 'none'}",
        f"a round of 4: {result['seconds_round_of_4']:.2f} s; {result['bytes'] / 2**20:.1f} MiB on disk",
    ]
    return "\n".join(lines)


class _Told:
    """Progress on standard error, a line every few seconds."""

    def __init__(self) -> None:
        self._what, self._begun, self._last = "", 0.0, 0.0

    def __call__(self, what: str, done: int, of: int) -> None:
        now = time.monotonic()
        if what != self._what:
            self._what, self._begun, self._last = what, now, now
        elif now - self._last > 5 or done == of:
            self._last = now
            left = (now - self._begun) * (of - done) / max(1, done)
            sys.stderr.write(f"{what}: {done} of {of}, about {left:.0f} s left\n")


if __name__ == "__main__":
    sys.exit(main())
