"""A vocabulary: tokens in slots, read from a folder, and the prompt of a path of tokens.

The module hides the file format and the form of a prompt. The first token is the blank. It adds nothing to a
prompt and is allowed in every slot. Every other token belongs to exactly one slot, so no prompt repeats a
token.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from personalize.errors import VocabularyError
from personalize.mdp.prompt_mdp import BLANK, GroupSuccessors

SUBJECTS = "subjects.txt"
RULES = "rules.txt"
EXAMPLES = "examples.txt"
_SLOT_FILE = re.compile(r"(\d+)-(.+)\.txt")


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Tokens in slots, and example subjects.

    Attributes:
        name: name of the vocabulary; the folder's name for a loaded one.
        tokens: S texts; `tokens[0]` is the blank, "".
        slots: H names, in the order of a prompt.
        allowed: Bool[H, S]; the blank is allowed in every slot, any other token in exactly one.
        subjects: subjects to start from.
        successors: rules between neighbouring slots; None if any token may follow any other.
        sources: source of each token, with "" for the blank; empty if unknown.
        examples: those of `subjects` that a first screen offers; empty if none are chosen.
    """

    name: str
    tokens: tuple[str, ...]
    slots: tuple[str, ...]
    allowed: Tensor
    subjects: tuple[str, ...]
    successors: GroupSuccessors | None = None
    sources: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the rules above.

        Raises:
            VocabularyError: a rule is broken; the message names the rule and a remedy.
        """
        H, S = len(self.slots), len(self.tokens)
        if S < 2 or self.tokens[BLANK] != "" or "" in self.tokens[1:]:
            raise VocabularyError(
                "Expected the blank token '' first and at least one token after it, found "
                f"{list(self.tokens[:2])}. Put the blank first, and only there."
            )
        if H == 0 or len(set(self.tokens)) < S or len(set(self.slots)) < H:
            raise VocabularyError(
                f"Expected at least one slot and no name twice, found {H} slots and "
                f"{S - len(set(self.tokens))} repeated tokens. Remove the repetitions."
            )
        if self.allowed.shape != (H, S) or self.allowed.dtype != torch.bool:
            raise VocabularyError(
                f"Expected `allowed` to be Bool[{H}, {S}], found {self.allowed.dtype} "
                f"{list(self.allowed.shape)}. Give one row a slot and one column a token."
            )
        counts = self.allowed.sum(dim=0)
        if not bool(self.allowed[:, BLANK].all()) or not bool((counts[1:] == 1).all()):
            raise VocabularyError(
                "Expected the blank in every slot and every other token in exactly one, found "
                f"{int((counts[1:] != 1).sum())} tokens elsewhere. Correct `allowed`."
            )
        grouped = S if self.successors is None else len(self.successors.groups)
        if grouped != S or len(self.sources) not in (0, S):
            raise VocabularyError(
                f"Expected a group and a source for each of {S} tokens, found {grouped} and "
                f"{len(self.sources)}. Give one of each a token, or leave them out."
            )

    @classmethod
    def load(cls, folder: Path) -> "Vocabulary":
        """Load the vocabulary of a folder: "1-medium.txt", "2-palette.txt", ... and "subjects.txt".

        The files are UTF-8 text with one token on each line. Empty lines and lines that begin with '#' are
        skipped. Slots are sorted by their number. A line may continue with the source and the kind of the
        token, separated by tabs. Each line of "rules.txt" names two kinds of neighbouring slots that exclude
        each other: "medium:photographic", a tab, "texture:brushed". "examples.txt" has some of the subjects.

        Raises:
            VocabularyError: a file is missing or not valid; the message names the file and the line.
        """
        if not folder.is_dir():
            raise VocabularyError(f"Expected a vocabulary folder, found none at {folder}. Check the path.")
        numbered: dict[int, tuple[str, Path]] = {}
        for file in sorted(folder.glob("*.txt")):
            if file.name in (SUBJECTS, RULES, EXAMPLES):
                continue
            match = _SLOT_FILE.fullmatch(file.name)
            if match is None:
                raise VocabularyError(
                    f"Expected files named like '1-medium.txt', found {file}. Rename or remove it."
                )
            number, slot = int(match[1]), match[2]
            if number in numbered:
                raise VocabularyError(
                    f"Expected one file a slot number, found {numbered[number][1]} and {file}. Renumber one."
                )
            numbered[number] = (slot, file)
        if not numbered:
            raise VocabularyError(
                f"Expected at least one slot file such as '1-medium.txt' in {folder}, found none. Add one."
            )
        tokens, slot_of_token, sources, kinds = [""], [-1], [""], [""]
        seen: dict[str, str] = {}
        for row, (_, (slot, file)) in enumerate(sorted(numbered.items())):
            lines = _lines(file)
            if not lines:
                raise VocabularyError(
                    f"Slot '{slot}' has no tokens: expected at least 1 in {file}, found 0. Add a line."
                )
            for place, line in lines:
                token, source, kind = _columns(place, line)
                if token in seen:
                    raise VocabularyError(
                        f"Expected every token once, found '{token}' in {place} and in {seen[token]}. "
                        "Remove one of them."
                    )
                seen[token] = place
                tokens.append(token)
                slot_of_token.append(row)
                sources.append(source)
                kinds.append(f"{slot}:{kind}")
        allowed = torch.arange(len(numbered))[:, None] == torch.tensor(slot_of_token)[None, :]
        allowed[:, BLANK] = True
        subjects = tuple(text for _, text in _lines(folder / SUBJECTS))
        if not subjects:
            raise VocabularyError(f"Expected at least 1 subject in {folder / SUBJECTS}, found 0. Add a line.")
        slots = tuple(slot for _, (slot, _) in sorted(numbered.items()))
        successors = _successors(folder / RULES, slots, kinds) if (folder / RULES).exists() else None
        known_sources = tuple(sources) if any(sources) else ()
        examples = _examples(folder / EXAMPLES, subjects)
        return cls(folder.name, tuple(tokens), slots, allowed, subjects, successors, known_sources, examples)

    def with_slot(self, slot: str, tokens: Sequence[str], source: str) -> "Vocabulary":
        """This vocabulary with one more slot at the end, without rules for its tokens.

        Args:
            slot: name of the new slot.
            tokens: tokens of the new slot.
            source: source of these tokens.

        Raises:
            VocabularyError: the slot or a token exists already.
        """
        added = len(tokens)
        own = torch.zeros(1, self.size + added, dtype=torch.bool)
        own[0, BLANK], own[0, self.size :] = True, True
        old = torch.cat([self.allowed, torch.zeros(self.horizon, added, dtype=torch.bool)], dim=1)
        rules = self.successors
        if rules is not None:
            blank = rules.groups[BLANK].expand(added)
            rules = GroupSuccessors(torch.cat([rules.groups, blank]), rules.allowed)
        return replace(
            self,
            tokens=(*self.tokens, *tokens),
            slots=(*self.slots, slot),
            allowed=torch.cat([old, own]),
            successors=rules,
            sources=(*self.sources, *[source] * added) if self.sources else (),
        )

    @property
    def horizon(self) -> int:
        """H, the number of slots."""
        return len(self.slots)

    @property
    def size(self) -> int:
        """S, the number of tokens, including the blank."""
        return len(self.tokens)

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that depend on all tokens, slots, subjects and rules, but not on the name."""
        lists = (self.slots, self.tokens, self.subjects)
        text = "\x1d".join("\x1e".join(items) for items in lists)
        places = bytes(self.allowed.to("cpu", torch.uint8).flatten().tolist())
        if self.successors is not None:
            places += self.successors.groups.numpy().tobytes() + self.successors.allowed.numpy().tobytes()
        return hashlib.sha256(text.encode() + b"\x1d" + places).hexdigest()[:16]

    def index(self, token: str) -> int:
        """The index of a token in `tokens`.

        Raises:
            VocabularyError: there is no such token.
        """
        found = self._indices.get(token)
        if found is None:
            raise VocabularyError(
                f"Expected a token of the vocabulary '{self.name}', found '{token}'. "
                "Use one of the lines of its files."
            )
        return found

    def slot_of(self, token: str) -> int:
        """The index of a token's slot, 0..H-1.

        Raises:
            VocabularyError: there is no such token, or it is the blank, which belongs to every slot.
        """
        index = self.index(token)
        if index == BLANK:
            raise VocabularyError(
                "Expected a token that belongs to one slot, found the blank, which belongs to all. "
                "Ask for another token."
            )
        return int(self.allowed[:, index].to(torch.uint8).argmax())

    def check_path(self, path: Sequence[int] | Tensor) -> tuple[int, ...]:
        """The path as H integers, after a check that all its tokens are allowed in their slots.

        Raises:
            VocabularyError: the length is wrong, an index is unknown, or a token is in a wrong slot.
        """
        indices = tuple(int(index) for index in path)
        if len(indices) != self.horizon:
            raise VocabularyError(
                f"Expected a path of {self.horizon} tokens, found {len(indices)}. Give one index a slot."
            )
        for row, index in enumerate(indices):
            if not 0 <= index < self.size:
                raise VocabularyError(
                    f"Expected token indices from 0 to {self.size - 1}, found {index} in slot "
                    f"'{self.slots[row]}'. Use the vocabulary that the path was made with."
                )
            if not bool(self.allowed[row, index]):
                raise VocabularyError(
                    f"Expected a token of slot '{self.slots[row]}', found '{self.tokens[index]}'. "
                    "Put it in its own slot."
                )
        return indices

    def prompt(self, subject: str, path: Sequence[int] | Tensor) -> str:
        """The prompt of a path: the subject and the tokens of the path without blanks, joined by commas.

        Raises:
            VocabularyError: the path is not valid (see `check_path`).
        """
        tokens = (self.tokens[index] for index in self.check_path(path) if index != BLANK)
        return ", ".join((subject, *tokens))

    def path_of(self, subject: str, prompt: str) -> tuple[int, ...] | None:
        """The path with `prompt(subject, path) == prompt`, or None if there is none."""
        if not prompt.startswith(subject):
            return None
        path = [BLANK] * self.horizon
        for token in filter(None, prompt.removeprefix(subject).split(", ")):
            index = self._indices.get(token, BLANK)
            if index == BLANK:
                return None
            path[self.slot_of(token)] = index
        return tuple(path) if self.prompt(subject, path) == prompt else None

    @cached_property
    def _indices(self) -> dict[str, int]:
        return {token: index for index, token in enumerate(self.tokens)}


def _columns(place: str, line: str) -> tuple[str, str, str]:
    """The token, source and kind of a line; "" for a missing column.

    Raises:
        VocabularyError: the line has more than three columns, or no token.
    """
    columns = [column.strip() for column in line.split("\t")]
    if len(columns) > 3 or not columns[0]:
        raise VocabularyError(
            f"Expected a token, and after tabs its source and kind, in {place}, found {len(columns)} "
            "columns. Remove tabs inside of them."
        )
    token, source, kind = (*columns, "", "")[:3]
    return token, source, kind


def _successors(file: Path, slots: Sequence[str], kinds: Sequence[str]) -> GroupSuccessors:
    """The successor rules of a file.

    Args:
        file: the rules, one pair of kinds on each line.
        slots: names of the slots in order.
        kinds: kind of each token as "slot:kind"; "" for the blank, which no rule excludes.

    Raises:
        VocabularyError: a line has unknown kinds, or kinds of slots that are not neighbours.
    """
    pairs = []
    for place, line in _lines(file):
        pair = tuple(part.strip() for part in line.split("\t"))
        if len(pair) != 2 or not set(pair) <= set(kinds):
            raise VocabularyError(
                f"Expected two kinds such as 'medium:photographic' with a tab between in {place}, found "
                f"{line!r}. Use kinds of the slot files."
            )
        before, after = (slots.index(part.partition(":")[0]) for part in pair)
        if after != before + 1:
            raise VocabularyError(
                f"Expected kinds of a slot and the one after it in {place}, found {line!r}. "
                "Rules hold between neighbours: number the slots so, or remove the rule."
            )
        pairs.append(pair)
    ruled = sorted({kind for pair in pairs for kind in pair})
    group_of = {kind: number for number, kind in enumerate(ruled, start=1)}
    allowed = torch.ones(len(ruled) + 1, len(ruled) + 1, dtype=torch.bool)
    for first, second in pairs:
        allowed[group_of[first], group_of[second]] = False
    return GroupSuccessors(torch.tensor([group_of.get(kind, 0) for kind in kinds]), allowed)


def _lines(file: Path) -> list[tuple[str, str]]:
    """Pairs of a place (file and line number) and a text, for every line that is not empty or a comment.

    Tabs separate the columns of a line.

    Raises:
        VocabularyError: the file is missing or not UTF-8, or a line has a comma, which separates tokens in a
            prompt, or a control character.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise VocabularyError(
            f"Expected a readable UTF-8 file at {file}, found: {error}. Add or repair it."
        ) from error
    lines = []
    for number, line in enumerate(text.split("\n"), start=1):
        columns = [" ".join(column.split()) for column in line.split("\t")]
        content, place = "\t".join(columns).rstrip(), f"{file}, line {number}"
        if not content or content.startswith("#"):
            continue
        plain = content.replace("\t", "")
        if "," in columns[0] or any(unicodedata.category(character)[0] == "C" for character in plain):
            raise VocabularyError(
                f"Expected text without commas and control characters in {place}, found {content!r}. "
                "Split it into lines or remove them."
            )
        lines.append((place, unicodedata.normalize("NFC", content)))
    return lines


def _examples(file: Path, subjects: tuple[str, ...]) -> tuple[str, ...]:
    """The lines of a file of examples; none without the file."""
    lines = _lines(file) if file.exists() else []
    for place, line in lines:
        if line not in subjects:
            raise VocabularyError(
                f"Expected a subject of {SUBJECTS} in {place}, found '{line}'. Correct one of them."
            )
    return tuple(line for _, line in lines)
