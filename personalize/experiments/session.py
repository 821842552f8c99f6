"""Sessions in which people are asked about the items of a bank: what most experiments share.

A person has a utility for every item, from whatever source. So one loop serves all kinds of people.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from personalize.experiments.arms import Arm, Turn
from personalize.experiments.bank import Bank
from personalize.experiments.people import Person
from personalize.preference.comparison import Comparisons
from personalize.preference.estimate import TasteEstimate, estimate_taste
from personalize.preference.picks import Picks


@dataclass(frozen=True, eq=False)
class Session:
    """What happened.

    Attributes:
        scores: Float[len(at), 3]: expected share of exam picks foreseen, correlation of estimated and true
            utilities within exam questions, and the utility of the best item shown so far in spreads.
        shown: Long[T, K].
        places: Long[T], where on the screen the picks were.
        estimate: the last.
        question_ms: processor time of choosing a question, on average.
        estimate_ms: processor time of an estimate, on average.
    """

    scores: Tensor
    shown: Tensor
    places: Tensor
    estimate: TasteEstimate
    question_ms: float
    estimate_ms: float


def hold(
    arm: Arm,
    person: Person,
    bank: Bank,
    at: Sequence[int],
    seed: int,
    refit: Callable[[int], bool] = lambda turn: True,
) -> Session:
    """One session; options are shuffled on the screen.

    Args:
        arm: how it is asked.
        person: who answers.
        bank: what is shown and examined.
        at: numbers of answers after which to score; the last ends the session.
        seed: of questions and answers; the person's answers take their own numbers.
        refit: whether to estimate again after so many answers, where questions depend on it.
    """
    asking = torch.Generator().manual_seed(2 * seed)
    answering = torch.Generator().manual_seed(2 * seed + 1)
    log = _Log(arm, bank.learned)
    estimate = log.estimate()
    shown: list[Tensor] = []
    by: list[Tensor] = []
    rows = []
    choosing, fitting, fits = 0.0, 0.0, 0
    for turn in range(at[-1]):
        begun = time.process_time()
        question = arm.ask(Turn(bank, turn, estimate, by, asking))
        choosing += time.process_time() - begun
        question = question[torch.randperm(len(question), generator=asking)]
        log.answer(person, question, turn, answering)
        shown.append(question)
        by.append(bank.asked[question])
        if turn + 1 in at or (not arm.blind and refit(turn + 1)):
            begun = time.process_time()
            estimate = log.estimate()
            fitting, fits = fitting + time.process_time() - begun, fits + 1
        if turn + 1 in at:
            rows.append(_scores(person, estimate, bank, shown))
    scores = torch.tensor(rows, dtype=torch.float64)
    question_ms, estimate_ms = 1000.0 * choosing / at[-1], 1000.0 * fitting / fits
    places = torch.tensor(log.places)
    return Session(scores, torch.stack(shown), places, estimate, question_ms, estimate_ms)


class _Log:
    """The answers of one session, as its arm reads them."""

    def __init__(self, arm: Arm, learned: Tensor) -> None:
        """Nothing told yet; `learned` is Float[N, d]."""
        self._arm, self._learned = arm, learned
        self._told = Comparisons.empty(2, learned.shape[1])
        self._ranked: list[Tensor] = []
        self._orders: list[list[int]] = []
        self.places: list[int] = []

    def answer(self, person: Person, question: Tensor, turn: int, chance: torch.Generator) -> None:
        """Ask about the items Long[K], and keep the answer."""
        features = self._learned[question]
        if self._arm.ranking:
            order = person.rank(question, turn, chance)
            self._ranked.append(features)
            self._orders.append(order)
            self.places.append(order[0])
            return
        best = person.pick(question, turn, chance)
        liked: list[int] = []
        disliked: list[int] = []
        if self._arm.best_worst:
            rest = [k for k in range(len(question)) if k != best]
            opposite = replace(
                person, utility=-person.utility, later=None if person.later is None else -person.later
            )
            disliked = [rest[opposite.pick(question[rest], turn, chance)]]
        if self._arm.tiers:
            approved = person.approves(question, turn, chance)
            liked = [k for k in range(len(question)) if approved[k] and k != best and k not in disliked]
        if not self.places:
            self._told = Comparisons.empty(*features.shape)
        self._told = self._told.append(features, best=best, liked=liked, disliked=disliked)
        self.places.append(best)

    def estimate(self) -> TasteEstimate:
        """The taste by all answers."""
        told: Comparisons | Picks = self._told
        if self._ranked:
            told = Picks.of_rankings(torch.stack(self._ranked), torch.tensor(self._orders))
        return estimate_taste(told, self._arm.prior, lapse=self._arm.lapse)


def _scores(person: Person, estimate: TasteEstimate, bank: Bank, shown: Sequence[Tensor]) -> list[float]:
    accuracy, correlation = examine(person, estimate, bank, bank.exam)
    utility = person.final
    best = utility[torch.stack(list(shown))].max()
    spread = utility[bank.askable].std().clamp(min=1e-12)
    return [accuracy, correlation, float((best - utility[bank.askable].mean()) / spread)]


def examine(person: Person, estimate: TasteEstimate, bank: Bank, exam: Tensor) -> tuple[float, float]:
    """Expected share of picks foreseen on Long[M, K], and the correlation of utilities within questions."""
    guess, true = estimate.utility(bank.learned[exam]), person.final[exam]
    right = person.likes(exam).gather(1, guess.argmax(dim=1, keepdim=True)).mean()
    a, b = (u - u.mean(dim=1, keepdim=True) for u in (guess, true))
    return float(right), float((a * b).sum() / (a.norm() * b.norm()).clamp(min=1e-12))
