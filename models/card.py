"""``card``: the sections of a model's card that are written from the numbers of evaluations.

`python -m models evaluate mini --out models/mini/quality.json` writes the numbers. `python -m models card`
then writes the section between the two marks of models/mini/README.md. The exam of names has many small
pictures; figures of sharpness are of fewer pictures of full size, and have a file of their own (`LARGE`).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models.catalog import HERE
from models.errors import ModelError

BEGIN, END = "<!-- quality -->", "<!-- /quality -->"
LARGE = "quality-256.json"
"""File of the numbers that are measured on pictures of full size."""
ROWS = (
    ("generated", "Classifier", "generated"),
    ("composed", "Classifier", "composed"),
    ("clip_on_generated", "CLIP", "generated"),
    ("clip_on_composed", "CLIP", "composed"),
)
"""For each part of `by_words`: its key, and the first two cells of its rows."""

SHARP = (
    ("Autoencoder, gradient energy on the edges of composed pictures, relative to theirs", 0.85,
     "autoencoder_sharpness"),
    ("Gradient energy of generated pictures on edges, relative to composed ones", 0.75, "drawn_sharpness"),
    ("Variance between the seeds of a prompt, as a share of that within a subject", 0.15,
     "variance_of_seeds"),
)  # fmt: skip
"""Figures of the pictures of full size: what a row says, the least value that is aimed at, and its key."""


def add_card(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command ``card``."""
    parser = commands.add_parser("card", help="write the quality section of a model's card from its numbers")
    parser.add_argument("folder", type=Path, nargs="?", default=HERE / "mini",
                        help="with README.md and both files of numbers (default: models/mini)")  # fmt: skip
    parser.set_defaults(run=_write_card)


def _write_card(chosen: argparse.Namespace) -> int:
    card, numbers, large = (chosen.folder / name for name in ("README.md", "quality.json", LARGE))
    try:
        quality, sharp = (json.loads(file.read_text(encoding="utf-8")) for file in (numbers, large))
        text = with_section(card.read_text(encoding="utf-8"), quality_section(quality, sharp))
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"Expected a card with {BEGIN} and {END} and two files of numbers in {chosen.folder}, found "
            f"{type(error).__name__}: {error}. Write the numbers with: python -m models evaluate MODEL "
            f"--out {numbers}, and of large pictures to {large}"
        ) from error
    card.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{card}\n")
    return 0


def with_section(card: str, section: str) -> str:
    """The text of a card with the section between its marks replaced.

    Raises:
        ValueError: the card does not have both marks.
    """
    before, rest = card[: card.index(BEGIN)], card[card.index(END, card.index(BEGIN)) :]
    return f"{before}{BEGIN}\n{section}\n{rest}"


def quality_section(quality: Mapping[str, Any], sharp: Mapping[str, Any]) -> str:
    """The numbers as Markdown: targets, shares of correct names, and other figures.

    Args:
        quality: of the exam.
        sharp: of pictures of full size.

    Raises:
        ValueError: the two are of different models.
    """
    if quality["fingerprint"] != sharp["fingerprint"]:
        raise ValueError(f"two models, {quality['fingerprint']} and {sharp['fingerprint']}")
    generated, composed = quality["generated"]["subject"]["of"], quality["composed"]["subject"]["of"]
    return "\n\n".join(
        (
            f"Measured on {generated:,} generated and {composed:,} composed pictures. Every caption has a "
            "combination of a subject and two tokens that no training step used. The fingerprint of the "
            f"evaluated pipeline is `{quality['fingerprint']}`.",
            _targets(quality),
            "Share of correct names:",
            _names(quality["by_words"]),
            _figures(quality, sharp),
        )
    )


def _percent(value: float | None, digits: int = 1) -> str:
    """A share of 0..1 in percent; a dash if it is a share of no pictures."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def _slots(shares: Mapping[str, Any]) -> float | None:
    """Mean share of the slots' tokens; None if no picture has any."""
    cells = [cell["share"] for name, cell in shares.items() if name != "subject"]
    values = [value for value in cells if value is not None]
    return float(sum(values)) / len(values) if values else None


def _targets(quality: Mapping[str, Any]) -> str:
    two = {name: part["2"] for name, part in quality["by_words"].items()}
    subject, bound = (two[name]["subject"] for name in ("generated", "composed"))
    ratio = quality["frechet_generated"] / quality["frechet_two_real_halves"]
    weak = quality["weak_tokens"]
    rows = [
        ("Subjects of generated pictures with two tokens, named by the classifier", "at least 90 %",
         f"{_percent(subject['share'])} (standard error {_percent(subject['error']).removesuffix(' %')}), "
         f"and {_percent(bound['share'])} of composed ones"),
        ("Tokens of the same pictures, mean over the slots", "at least 85 %",
         f"{_percent(_slots(two['generated']))}, and {_percent(_slots(two['composed']))} of composed ones"),
        ("Tokens that the classifier names in fewer than half of the pictures drawn with them alone", "none",
         ", ".join(weak) or "none"),
        ("Subjects of composed pictures with two tokens, named by the CLIP", "at least 90 %",
         _percent(two["clip_on_composed"]["subject"]["share"])),
        ("Tokens of the same pictures, mean over the slots", "at least 90 %",
         _percent(_slots(two["clip_on_composed"]))),
        ("Fréchet distance of generated and composed pictures, relative to two halves of the composed ones",
         "at most 3",
         f"{ratio:.1f} ({quality['frechet_generated']:.2f} and {quality['frechet_two_real_halves']:.2f})"),
    ]  # fmt: skip
    return _table(("Measure", "Target", "Result"), rows)


def _names(parts: Mapping[str, Any]) -> str:
    columns = list(next(iter(parts["generated"].values())))
    rows = [
        (namer, pictures, words, *(_percent(parts[key][words][name]["share"], 0) for name in columns))
        for key, namer, pictures in ROWS
        for words in parts[key]
    ]
    return _table(("Named by", "Pictures", "Tokens", *columns), rows)


def _figures(quality: Mapping[str, Any], sharp: Mapping[str, Any]) -> str:
    rows = [
        ("Autoencoder, peak signal-to-noise ratio", "at least 26 dB",
         f"{sharp['autoencoder_psnr_db']:.1f} dB"),
        *((name, f"at least {least}", f"{sharp[key]:.2f}") for name, least, key in SHARP),
        ("Rank correlation of a token's effects by its text and by its pictures", "",
         "–" if (rho := quality["tokens_text_picture_rank_correlation"]) is None else f"{rho:.2f}"),
        (f"Drawing four pictures on {quality['threads']} CPU threads", "at most 1.0 s",
         f"{quality['seconds_round_of_4']:.2f} s"),
        ("Embedding four pictures", "", f"{quality['seconds_embed_4']:.3f} s"),
        ("Size of both models", "at most 46 MiB", f"{quality['bytes'] / 2**20:.1f} MiB"),
    ]  # fmt: skip
    return _table(("Figure", "Target", "Result"), rows)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
