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

FIRST = 8
"""Pictures that exist before the first question, where pictures are drawn in every round."""


@dataclass(frozen=True, eq=False)
class Session:
    """What happened.

    Attributes:
        scores: Float[len(at), 3]: expected share of exam picks foreseen, correlation of estimated and true
            utilities within exam questions, and the utility of the best item shown so far in spreads.
        shown: Long[T, K].
        places: Long[T], where on the screen the picks were.
        taps: Long[T], taps of each answer: the pick, and one for every mark.
        estimates: one for each row of the scores; the last is `estimate`.
        drawn: Long[n], the items that were drawn until the end, shown or not.
        question_ms: processor time of choosing a question, on average.
        estimate_ms: processor time of an estimate, on average.
    """

    scores: Tensor
    shown: Tensor
    places: Tensor
    taps: Tensor
    estimates: tuple[TasteEstimate, ...]
    drawn: Tensor
    question_ms: float
    estimate_ms: float

    @property
    def estimate(self) -> TasteEstimate:
        """The last estimate."""
        return self.estimates[-1]


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
    estimate = before = log.estimate()
    order = _order(arm, bank, asking)
    shown: list[Tensor] = []
    by: list[Tensor] = []
    estimates, rows = [], []
    choosing, fitting, fits = 0.0, 0.0, 0
    for turn in range(at[-1]):
        begun = time.process_time()
        offered = _offered(arm, bank, order, shown)
        known, unanswered = (before, by[-1:]) if arm.behind else (estimate, [])
        question = arm.ask(Turn(offered, turn, known, by, asking, unanswered))
        choosing += time.process_time() - begun
        question = question[torch.randperm(len(question), generator=asking)]
        log.answer(person, question, turn, answering)
        shown.append(question)
        by.append(bank.asked[question])
        before = estimate
        if turn + 1 in at or (not arm.blind and refit(turn + 1)):
            begun = time.process_time()
            estimate = log.estimate()
            fitting, fits = fitting + time.process_time() - begun, fits + 1
        if turn + 1 in at:
            estimates.append(estimate)
            rows.append(_scores(person, estimate, bank, shown))
    return Session(
        torch.tensor(rows, dtype=torch.float64),
        torch.stack(shown),
        torch.tensor(log.places),
        torch.tensor(log.taps),
        tuple(estimates),
        torch.stack(shown).flatten() if arm.drawn is None else order[: _count(arm, shown)],
        1000.0 * choosing / at[-1],
        1000.0 * fitting / fits,
    )


class _Log:
    """The answers of one session, as its arm reads them."""

    def __init__(self, arm: Arm, learned: Tensor) -> None:
        """Nothing told yet; `learned` is Float[N, d]."""
        self._arm, self._learned = arm, learned
        self._told = Comparisons.empty(2, learned.shape[1])
        self._ranked: list[Tensor] = []
        self._orders: list[list[int]] = []
        self.places: list[int] = []
        self.taps: list[int] = []

    def answer(self, person: Person, question: Tensor, turn: int, chance: torch.Generator) -> None:
        """Ask about the items Long[K], and keep the answer."""
        features = self._learned[question]
        if self._arm.ranking:
            order = person.rank(question, turn, chance)
            self._ranked.append(features)
            self._orders.append(order)
            self.places.append(order[0])
            self.taps.append(len(order) - 1)
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
        self.taps.append(1 + len(liked) + len(disliked))

    def estimate(self) -> TasteEstimate:
        """The taste by all answers."""
        told: Comparisons | Picks = self._told
        if self._ranked:
            told = Picks.of_rankings(torch.stack(self._ranked), torch.tensor(self._orders))
        return estimate_taste(told, self._arm.prior, lapse=self._arm.lapse)


def _order(arm: Arm, bank: Bank, generator: torch.Generator) -> Tensor:
    """Long[n]: the askable items in the order in which they are drawn, at random."""
    if arm.drawn is None:
        return bank.askable
    return bank.askable[torch.randperm(len(bank.askable), generator=generator)]


def _count(arm: Arm, shown: Sequence[Tensor]) -> int:
    """Items drawn so far: the first question's, and so many in every round that was looked at."""
    return FIRST + len(shown) * (arm.drawn or 0)


def _offered(arm: Arm, bank: Bank, order: Tensor, shown: Sequence[Tensor]) -> Bank:
    """The bank of what the next question may show."""
    if not arm.once and arm.drawn is None:
        return bank
    drawn = order if arm.drawn is None else order[: _count(arm, shown)]
    return bank.only(drawn[~torch.isin(drawn, torch.stack(list(shown)))] if shown else drawn)


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
