"""The plan of a study's session: the kind and arm of every round, computed from the session's seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from personalize.errors import SettingsError
from personalize.settings import Settings

AGAIN_AFTER = 6
"""A repeat follows its common question after more rounds than this, so that the first pick is forgotten."""


@dataclass(frozen=True)
class Step:
    """One round of the plan.

    Attributes:
        kind: "learn" for a learning question, "common" for a question that every participant gets, "again"
            for a repeat of a common question in another order.
        arm: strategy of a learning question; "" for other kinds.
        question: number of the common question, from 0; -1 for a learning question.
    """

    kind: Literal["learn", "common", "again"]
    arm: str = ""
    question: int = -1


@dataclass(frozen=True)
class Study:
    """The design of a study.

    Attributes:
        arms: the compared strategies.
        learning: number of learning rounds of each arm in a session.
        common: number of common questions in a session.
        again: number of common questions that are asked twice.
    """

    arms: tuple[str, ...]
    learning: int
    common: int
    again: int

    def __post_init__(self) -> None:
        """Check that the study is possible.

        Raises:
            SettingsError: there are fewer than two different arms, no rounds, or more repeats than common
                questions.
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
            SettingsError: the study is not possible.
        """
        return cls(settings.study_arms, settings.study_learning, settings.study_common, settings.study_again)

    def plan(self, seed: int) -> tuple[Step, ...]:
        """The rounds of a session in order.

        Every block has one learning round of each arm in random order, so no arm gets the fresher half of a
        session. Common questions are spread evenly among the learning rounds, in a random order of their own.
        Repeats come last, in the order of their first questions. A repeat that would come too soon is left
        out.

        Args:
            seed: seed of the session.
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
    """The steps without repeats that follow their question within AGAIN_AFTER rounds."""
    plan: list[Step] = []
    for step in steps:
        if step.kind == "again":
            first = next(i for i, s in enumerate(plan) if s.kind == "common" and s.question == step.question)
            if len(plan) - first <= AGAIN_AFTER:
                continue
        plan.append(step)
    return tuple(plan)
