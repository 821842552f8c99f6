"""A bank of items, people who judge them, and sessions in which they are asked: what most experiments share.

The learner sees `learned` features of an item, and a person has a utility for every item that comes from
wherever it likes: the same features, other features, or a rule about pixels. So one loop serves all judges.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from personalize.experiments.items import concept_items
from personalize.preference.estimate import TasteEstimate, TastePrior, estimate_taste
from personalize.preference.logit import Picks
from personalize.preference.simulated_user import calibrate

LAPSE = 0.05
"""Slips that the estimate expects, as in the app."""


@dataclass(frozen=True, eq=False)
class Bank:
    """N items.

    Attributes:
        learned: Float[N, d], features that the estimate and the exam's prediction see.
        asked: Float[N, d], features that questions are chosen by: `learned`, or what is known of an item
            before it is drawn.
        askable: Long[n], items that sessions may show; of one session when they differ by person.
        exam: Long[M, K], questions that no session asks.
    """

    learned: Tensor
    asked: Tensor
    askable: Tensor
    exam: Tensor

    @property
    def covariance(self) -> Tensor:
        """Float[d, d], of what may be shown."""
        return torch.cov(self.learned[self.askable].T)

    def only(self, askable: Tensor) -> "Bank":
        """The bank of a session that may show these."""
        return replace(self, askable=askable)


@dataclass(frozen=True, eq=False)
class Person:
    """Somebody with a utility for every item, who picks by its softmax.

    Attributes:
        utility: Float[N], in nats.
        lapse: share of picks that are slips.
        jitter: draws Float[N], in which the utility wavers for one question, if it does.
        later: the utility from answer `change` on.
        change: number of that answer.
    """

    utility: Tensor
    lapse: float = 0.0
    jitter: Callable[[torch.Generator], Tensor] | None = None
    later: Tensor | None = None
    change: int = 0

    @property
    def final(self) -> Tensor:
        """Float[N]: what the exam asks for: the taste at the end, its mean where it wavers."""
        return self.utility if self.later is None else self.later

    def likes(self, rows: Tensor) -> Tensor:
        """Float[..., K] of items Long[..., K]: how likely each is the best liked, without slips."""
        return self.final[rows].softmax(dim=-1)

    def pick(self, rows: Tensor, turn: int, generator: torch.Generator) -> int:
        """The place of the pick among Long[K]."""
        utility = self.later if self.later is not None and turn >= self.change else self.utility
        worth = utility[rows]
        if self.jitter is not None:
            worth = worth + self.jitter(generator)[rows]
        chances = (1.0 - self.lapse) * worth.softmax(dim=0) + self.lapse / len(rows)
        return int(torch.multinomial(chances, 1, generator=generator))


def decided(utility: Tensor, exam: Tensor, oracle: float) -> Tensor:
    """Float[N]: the utility scaled so that knowing it foresees that share of picks of Long[M, K]."""
    utility = utility - utility.mean()
    scale = calibrate(torch.ones(1, dtype=utility.dtype), utility[exam][..., None], oracle)
    return float(scale) * utility


@dataclass(frozen=True, eq=False)
class Turn:
    """What a question may be chosen by.

    Attributes:
        bank: whose items.
        number: questions asked so far.
        estimate: of the answers so far (at the last refit).
        shown: features Float[K, d] of the questions so far, as chosen by.
        generator: of chance.
    """

    bank: Bank
    number: int
    estimate: TasteEstimate
    shown: Sequence[Tensor]
    generator: torch.Generator

    def pool(self, count: int) -> Tensor:
        """Long[<= count]: askable items at random."""
        n = len(self.bank.askable)
        return self.bank.askable[torch.randperm(n, generator=self.generator)[:count]]


Ask = Callable[[Turn], Tensor]
"""From a turn to Long[K], the items to show."""


@dataclass(frozen=True, eq=False)
class Arm:
    """How questions are asked, and how answers are read.

    Attributes:
        ask: chooses questions.
        prior: of tastes.
        lapse: that the estimate expects.
        best_worst: whether the worst is told too.
        blind: the questions do not depend on answers, so estimates are made for scores alone.
    """

    ask: Ask
    prior: TastePrior
    lapse: float = LAPSE
    best_worst: bool = False
    blind: bool = False


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
    """

    scores: Tensor
    shown: Tensor
    places: Tensor
    estimate: TasteEstimate
    question_ms: float


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
    empty = Picks(
        bank.learned.new_empty(0, 2, bank.learned.shape[1]),
        torch.empty(0, dtype=torch.long),
        torch.ones(0, 2, dtype=torch.bool),
        0,
    )
    estimate = estimate_taste(empty, arm.prior, lapse=arm.lapse)
    shown: list[Tensor] = []
    by: list[Tensor] = []
    orders: list[tuple[int, int]] = []
    rows = []
    spent = 0.0
    for turn in range(at[-1]):
        begun = time.process_time()
        question = arm.ask(Turn(bank, turn, estimate, by, asking))
        spent += time.process_time() - begun
        question = question[torch.randperm(len(question), generator=asking)]
        best = person.pick(question, turn, answering)
        worst = -1
        if arm.best_worst:
            rest = [k for k in range(len(question)) if k != best]
            opposite = replace(
                person, utility=-person.utility, later=None if person.later is None else -person.later
            )
            worst = rest[opposite.pick(question[rest], turn, answering)]
        shown.append(question)
        by.append(bank.asked[question])
        orders.append((best, worst))
        if turn + 1 in at or (not arm.blind and refit(turn + 1)):
            estimate = estimate_taste(_picks(bank, shown, orders), arm.prior, lapse=arm.lapse)
        if turn + 1 in at:
            rows.append(_scores(person, estimate, bank, shown))
    scores = torch.tensor(rows, dtype=torch.float64)
    places = torch.tensor([best for best, _ in orders])
    return Session(scores, torch.stack(shown), places, estimate, 1000.0 * spent / at[-1])


def _picks(bank: Bank, shown: Sequence[Tensor], orders: Sequence[tuple[int, int]]) -> Picks:
    options = bank.learned[torch.stack(list(shown))]
    order = torch.tensor(orders)
    offered = torch.ones(options.shape[:2], dtype=torch.bool)
    if int(order[0, 1]) < 0:
        return Picks(options, order[:, 0], offered, len(order))
    rest = offered.scatter(1, order[:, :1], False)
    both, chosen = torch.cat((options, -options)), torch.cat((order[:, 0], order[:, 1]))
    return Picks(both, chosen, torch.cat((offered, rest)), len(order))


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


def oracle_of(person: Person, exam: Tensor) -> float:
    """The share that knowing the taste exactly foresees, over Long[M, K]."""
    return float(person.likes(exam).amax(dim=1).mean())


def concept_bank(
    count: int, dimension: int, options: int, seed: int
) -> tuple[Bank, Callable[[torch.Generator], Tensor], Tensor]:
    """Items with concept-like features (`concept_items`): the bank, a maker of utilities, and the features.

    A utility is of a random mixture of five concepts, that is of items that are never shown.
    """
    generator = torch.Generator().manual_seed(seed)
    items = concept_items(count, dimension, options, generator)
    x = torch.cat((items.shown, items.exam.flatten(0, 1)))
    exam = torch.arange(count, len(x)).reshape(len(items.exam), options)
    bank = Bank(x, x, torch.arange(count), exam)

    def taste(chance: torch.Generator) -> Tensor:
        chosen = torch.randperm(len(items.concepts), generator=chance)[:5]
        weights = torch.randn(len(chosen), generator=chance, dtype=torch.float64)
        mixture: Tensor = weights @ (items.concepts[chosen] - items.shown.mean(dim=0))
        return mixture

    return bank, taste, x
