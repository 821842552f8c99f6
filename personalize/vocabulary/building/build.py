"""From the lists to the files of a vocabulary, without unacceptable or duplicate tokens."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from personalize.vocabulary.building.acceptable import Acceptable, same
from personalize.vocabulary.building.curated import CURATED, Entry, SlotList

NOTE = (
    "# {about}\n"
    "# Made by `python -m personalize.vocabulary.building` from assets/words: change that, not this.\n"
)
COLUMNS = "# token <tab> source <tab> kind\n"


@dataclass
class Report:
    """The outcome of the filter.

    Attributes:
        kept: number of accepted tokens by slot.
        refused: slot, text and reason of each refused token.
    """

    kept: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[str, str, str]] = field(default_factory=list)


def chosen(
    slots: list[SlotList], subjects: list[str], acceptable: Acceptable
) -> tuple[list[SlotList], Report]:
    """The slots with their accepted tokens, and the report. A duplicate stays in its first slot only."""
    seen = {same(subject): "a subject" for subject in subjects}
    report, result = Report(), []
    for slot in slots:
        accepted: list[Entry] = []
        for entry in slot.entries:
            reason = _reason(entry, acceptable) or seen.get(same(entry.text), "")
            if reason:
                report.refused.append((slot.name, entry.text, reason))
                continue
            seen[same(entry.text)] = f"also in {slot.name}"
            accepted.append(entry)
        report.kept[slot.name] = len(accepted)
        result.append(SlotList(slot.number, slot.name, slot.about, tuple(accepted)))
    return result, report


def _reason(entry: Entry, acceptable: Acceptable) -> str:
    offence = acceptable.offends(entry.text)
    if offence:
        return f"offends: {offence}"
    if not entry.source.startswith(CURATED) and not acceptable.common(entry.text):
        return "rare"
    return ""


def write(slots: list[SlotList], folder: Path) -> None:
    """Write one file for each slot with tokens, sources and kinds; remove all earlier slot files."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*-*.txt"):
        old.unlink()
    for slot in slots:
        lines = "".join("\t".join((e.text, e.source, e.kind)).rstrip("\t") + "\n" for e in slot.entries)
        text = NOTE.format(about=slot.about) + COLUMNS + lines
        (folder / f"{slot.number}-{slot.name}.txt").write_text(text, encoding="utf-8")
