"""What is asked when in a session of a study: a plan that follows from the session's seed alone."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from personalize.errors import SettingsError
from personalize.settings import Settings

AGAIN_AFTER = 6
"""Rounds between a common question and the same once more, at least: the first pick should be forgotten."""


@dataclass(frozen=True)
class Step:
    """One round of the plan.

    Attributes:
        kind: "learn" from the answer, "common" for a question that everybody gets, "again" for one of those
            once more, in another order.
        arm: how a learning question is chosen; "" for the others.
        question: number of the common question, from 0; -1 for a learning one.
    """

    kind: Literal["learn", "common", "again"]
    arm: str = ""
    question: int = -1


@dataclass(frozen=True)
class Study:
    """How a study is made.

    Attributes:
        arms: strategies that are compared.
        learning: learning rounds of each arm in a session.
        common: common questions in a session.
        again: common questions that are asked twice.
    """

    arms: tuple[str, ...]
    learning: int
    common: int
    again: int

    def __post_init__(self) -> None:
        """Refuse what cannot be asked.

        Raises:
            SettingsError: fewer than two arms, no rounds, or more repeats than common questions.
        """
        if len(self.arms) < 2 or len(set(self.arms)) < len(self.arms):
            raise SettingsError(
                f"Expected at least two different arms of a study, found '{','.join(self.arms)}'. "
                "Name some, such as adaptive,random."
            )
        if self.learning < 1 or self.common < 1 or not 0 <= self.again <= self.common:
            raise SettingsError(
                f"Expected at least one learning round and common question, and no more repeats than those, "
                f"found {self.learning}, {self.common} and {self.again}. Correct the settings of the study."
            )

    @classmethod
    def of(cls, settings: Settings) -> "Study":
        """The study that the settings describe.

        Raises:
            SettingsError: they cannot be asked.
        """
        return cls(settings.study_arms, settings.study_learning, settings.study_common, settings.study_again)

    def plan(self, seed: int) -> tuple[Step, ...]:
        """The rounds of a session in order.

        Arms alternate in blocks of one round each, in an order drawn for every block, so that none of them
        gets the fresher half of a session. Common questions are spread evenly between the blocks, in an order
        of the session's own; repeats come last, the earliest question first.

        Args:
            seed: of the session.
        """
        lot = random.Random(f"{seed} study")
        learn: list[Step] = []
        for _ in range(self.learning):
            block = [Step("learn", arm) for arm in self.arms]
            lot.shuffle(block)
            learn += block
        order = list(range(self.common))
        lot.shuffle(order)
        steps: list[Step] = []
        placed = 0
        for number, step in enumerate(learn, 1):
            steps.append(step)
            while placed < self.common and placed < self.common * number / len(learn):
                steps.append(Step("common", question=order[placed]))
                placed += 1
        return _spaced([*steps, *(Step("again", question=number) for number in order[: self.again])])


def _spaced(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps, without repeats that would come too soon after the question itself."""
    kept: list[Step] = []
    for step in steps:
        if step.kind == "again":
            first = next(i for i, s in enumerate(kept) if s.kind == "common" and s.question == step.question)
            if len(kept) - first <= AGAIN_AFTER:
                continue
        kept.append(step)
    return tuple(kept)
