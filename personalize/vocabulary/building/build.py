"""From the lists to the files of a vocabulary: what is not acceptable or said twice is left out, and told."""

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
    """What became of the candidates: tokens kept by slot, and refused ones with the reason."""

    kept: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[str, str, str]] = field(default_factory=list)


def chosen(
    slots: list[SlotList], subjects: list[str], acceptable: Acceptable
) -> tuple[list[SlotList], Report]:
    """The slots with the tokens that are kept, each text in the first slot that has it."""
    seen = {same(subject): "a subject" for subject in subjects}
    report, result = Report(), []
    for slot in slots:
        kept: list[Entry] = []
        for entry in slot.entries:
            reason = _reason(entry, acceptable) or seen.get(same(entry.text), "")
            if reason:
                report.refused.append((slot.name, entry.text, reason))
                continue
            seen[same(entry.text)] = f"also in {slot.name}"
            kept.append(entry)
        report.kept[slot.name] = len(kept)
        result.append(SlotList(slot.number, slot.name, slot.about, tuple(kept)))
    return result, report


def _reason(entry: Entry, acceptable: Acceptable) -> str:
    offence = acceptable.offends(entry.text)
    if offence:
        return f"offends: {offence}"
    if not entry.source.startswith(CURATED) and not acceptable.common(entry.text):
        return "rare"
    return ""


def write(slots: list[SlotList], folder: Path) -> None:
    """Slot files of tokens, sources and kinds; files of slots that are gone are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*-*.txt"):
        old.unlink()
    for slot in slots:
        lines = "".join("\t".join((e.text, e.source, e.kind)).rstrip("\t") + "\n" for e in slot.entries)
        text = NOTE.format(about=slot.about) + COLUMNS + lines
        (folder / f"{slot.number}-{slot.name}.txt").write_text(text, encoding="utf-8")
