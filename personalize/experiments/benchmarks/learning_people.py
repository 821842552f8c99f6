"""Whom the learning benchmark asks: people with invented tastes, or people with ratings from a file."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from personalize.experiments.bank import Bank, Items
from personalize.experiments.linear_people import person_for_items
from personalize.experiments.people import Person
from personalize.seeds import derived_seed


class People(Protocol):
    """People by number, each with a bank of items to be asked about and an exam."""

    @property
    def covariance(self) -> Tensor:
        """Float[d, d], of the items' features."""

    @property
    def items(self) -> int:
        """Number of items."""

    @property
    def exam_questions(self) -> int:
        """Questions in a person's exam."""

    def meet(self, number: int, lapse: float) -> tuple[Person, Bank]:
        """The person of that number, with a share of slips, and their bank."""


@dataclass(frozen=True, eq=False)
class InventedPeople:
    """People with tastes by lot, who share one bank and one exam.

    Attributes:
        source: what is shown, the exam and the concepts of tastes.
        oracle: exam accuracy of knowing a taste exactly.
        tastes: name in `personalize.experiments.people.TASTES`.
        seed: of the tastes.
    """

    source: Items
    oracle: float
    tastes: str
    seed: int

    @property
    def covariance(self) -> Tensor:
        """Float[d, d], of what is shown."""
        return self.source.covariance

    @property
    def items(self) -> int:
        """Number of items that can be shown."""
        return len(self.source.shown)

    @property
    def exam_questions(self) -> int:
        """Questions in the exam."""
        return len(self.source.exam)

    @cached_property
    def bank(self) -> Bank:
        """The items that can be shown, and after them those of the exam."""
        shown, exam = self.source.shown, self.source.exam
        x = torch.cat((shown, exam.flatten(0, 1)))
        questions = torch.arange(len(shown), len(x)).reshape(exam.shape[:2])
        return Bank(x, x, torch.arange(len(shown)), questions)

    def meet(self, number: int, lapse: float) -> tuple[Person, Bank]:
        """The person of that number, with a share of slips, and the bank of all."""
        generator = torch.Generator().manual_seed(derived_seed("taste", self.seed, number))
        taste = person_for_items(self.source, self.oracle, 0.0, generator, self.tastes).theta
        return Person(self.bank.learned @ taste, lapse), self.bank
