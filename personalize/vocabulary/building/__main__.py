"""Build `assets/vocabulary/full` again: ``python -m personalize.vocabulary.building``; needs npm once."""

import argparse
import random
import shutil
import sys
from pathlib import Path

from personalize.errors import PersonalizeError
from personalize.vocabulary.building.acceptable import Acceptable
from personalize.vocabulary.building.build import chosen, write
from personalize.vocabulary.building.curated import read_lists
from personalize.vocabulary.building.lists import OpenLists, fetch
from personalize.vocabulary.vocabulary import RULES, SUBJECTS, Vocabulary

ROOT = Path(__file__).parents[3]
COPIED = (SUBJECTS, RULES)


def build(words: Path, out: Path, packages: Path, sample: int) -> str:
    """Write the vocabulary, load it as the app does, and return a report.

    Args:
        words: folder of the hand-written lists.
        out: folder of the vocabulary.
        packages: folder of the npm packages.
        sample: seed of a sample of tokens in the report; 0 for no sample.
    """
    modules = fetch(packages)
    subjects = [
        line for line in (words / SUBJECTS).read_text("utf-8").splitlines() if not line.startswith("#")
    ]
    slots, report = chosen(read_lists(words, OpenLists(modules).words_of), subjects, Acceptable(modules))
    write(slots, out)
    for name in COPIED:
        shutil.copyfile(words / name, out / name)
    vocabulary = Vocabulary.load(out)
    lines = [f"{name:<12} {count:>5}" for name, count in report.kept.items()]
    lines += [f"{'tokens':<12} {vocabulary.size - 1:>5}, {len(report.refused)} refused"]
    if sample:
        lines += [f"refused  {slot}: {text} ({reason})" for slot, text, reason in report.refused]
        for slot in slots:
            entries = random.Random(sample).sample(slot.entries, min(40, len(slot.entries)))
            lines += ["", slot.name, "; ".join(entry.text for entry in entries)]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """The exit code: 0, or 2 after one sentence about an error."""
    parser = argparse.ArgumentParser(prog="python -m personalize.vocabulary.building", description=__doc__)
    parser.add_argument(
        "--words", type=Path, default=ROOT / "assets" / "words", help="folder of the hand-written lists"
    )
    parser.add_argument(
        "--out", type=Path, default=ROOT / "assets" / "vocabulary" / "full", help="folder of the vocabulary"
    )
    parser.add_argument(
        "--packages", type=Path, default=ROOT / ".build" / "lexicon", help="folder of the npm packages"
    )
    parser.add_argument(
        "--sample", type=int, default=0, help="seed: show refused texts and 40 tokens of each slot"
    )
    flags = parser.parse_args(arguments)
    try:
        sys.stdout.write(build(flags.words, flags.out, flags.packages, flags.sample) + "\n")
    except PersonalizeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
