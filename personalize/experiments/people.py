"""Simulated people: tastes over pictures, tokens or items, and how well an estimate foresees their picks.

Some tastes are linear in what the learner sees (`linear_people`). Other people judge by another eye or by
rules about pixels. Every taste is scaled so that knowing it foresees a stated share of picks.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from personalize.experiments.linear_people import APPROVED, concept_taste
from personalize.experiments.picture_bank import PictureBank
from personalize.preference.simulated_user import calibrate

GRID = 6


WAVES = 192
"""Random waves that the other eye is made of."""


SLIPS = 0.15


WAVERING = 0.7
"""Spread of a wavering taste's change at each question, as a share of the taste's own spread."""


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

    def approves(self, rows: Tensor, turn: int, generator: torch.Generator) -> Tensor:
        """Bool[K]: which of the items Long[K] the person likes, each by itself.

        An item is liked with the probability of a logit between its utility and a level that does not move:
        the utility that APPROVED of all items exceed.
        """
        utility = self.later if self.later is not None and turn >= self.change else self.utility
        level = utility.quantile(1.0 - APPROVED)
        worth = utility[rows]
        if self.jitter is not None:
            worth = worth + self.jitter(generator)[rows]
        chances = (1.0 - self.lapse) * torch.sigmoid(worth - level) + 0.5 * self.lapse
        return torch.rand(len(rows), generator=generator, dtype=chances.dtype) < chances

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

    def rank(self, rows: Tensor, turn: int, generator: torch.Generator) -> list[int]:
        """The places among Long[K] from most to least liked, by repeated picks among the remaining ones."""
        remaining = list(range(len(rows)))
        order = []
        while len(remaining) > 1:
            order.append(remaining.pop(self.pick(rows[remaining], turn, generator)))
        return [*order, *remaining]


def decided(utility: Tensor, exam: Tensor, oracle: float) -> Tensor:
    """Float[N]: the utility scaled so that knowing it foresees that share of picks of Long[M, K]."""
    utility = utility - utility.mean()
    scale = calibrate(torch.ones(1, dtype=utility.dtype), utility[exam][..., None], oracle)
    return float(scale) * utility


def oracle_of(person: Person, exam: Tensor) -> float:
    """The share that knowing the taste exactly foresees, over Long[M, K]."""
    return float(person.likes(exam).amax(dim=1).mean())


Judge = Callable[[torch.Generator], Person]


def kinds(bank: PictureBank, effects: Tensor, exam: Tensor, oracle: float, change: int) -> dict[str, Judge]:
    """The kinds of people, by name; each makes another person from a generator.

    Args:
        bank: what they judge.
        effects: Float[S, D], what tokens do in the learner's eye, of which linear tastes are mixtures.
        exam: Long[M, K], on which knowing a person foresees `oracle` of the picks, before slips.
        oracle: decidedness.
        change: answers after which those who change their mind do.
    """
    eye, rules = other_eye(bank.pixels), pixel_rules(bank.pixels)

    def linear(chance: torch.Generator) -> Person:
        return Person(decided(bank.embeddings @ concept_taste(effects, chance), exam, oracle))

    def other(chance: torch.Generator) -> Person:
        weights = torch.randn(eye.shape[1], generator=chance, dtype=torch.float64)
        return Person(decided(eye @ weights, exam, oracle))

    def by_rule(chance: torch.Generator) -> Person:
        """One rule first and another at half its weight, each wanted or unwanted."""
        first, second = torch.randperm(rules.shape[1], generator=chance)[:2].tolist()
        signs = torch.randint(2, (2,), generator=chance) * 2.0 - 1.0
        utility = signs[0] * rules[:, first] + 0.5 * signs[1] * rules[:, second]
        return Person(decided(utility, exam, oracle))

    def wavering(chance: torch.Generator) -> Person:
        person = linear(chance)
        spread = person.utility.std()

        def jitter(moment: torch.Generator) -> Tensor:
            change = bank.embeddings @ concept_taste(effects, moment)
            return WAVERING * spread * (change - change.mean()) / change.std()

        return replace(person, jitter=jitter)

    return {
        "linear in the learner's eye": linear,
        "by another eye": other,
        "by rules about pixels": by_rule,
        "slips at 15 %": lambda chance: replace(linear(chance), lapse=SLIPS),
        "wavers": wavering,
        "changes the mind half-way": lambda chance: replace(
            linear(chance), later=linear(chance).utility, change=change
        ),
    }


def pixel_rules(pixels: Tensor) -> Tensor:
    """Float[N, 6] of Float[N, px, px, 3], standardised: warmth, brightness, colour, contrast, edges, centre.

    Warmth is red less blue, colour the spread of the channels, centre how much lighter the middle is.
    """
    luma = pixels.mean(dim=-1)
    edges = luma.diff(dim=1).abs().mean(dim=(1, 2)) + luma.diff(dim=2).abs().mean(dim=(1, 2))
    third = luma.shape[1] // 3
    middle = luma[:, third:-third, third:-third].mean(dim=(1, 2))
    found = torch.stack(
        (
            (pixels[..., 0] - pixels[..., 2]).mean(dim=(1, 2)),
            luma.mean(dim=(1, 2)),
            (pixels.amax(dim=-1) - pixels.amin(dim=-1)).mean(dim=(1, 2)),
            luma.flatten(1).std(dim=1),
            edges,
            middle - luma.mean(dim=(1, 2)),
        ),
        dim=1,
    )
    return _standard(found)


def other_eye(pixels: Tensor, seed: int = 20_513) -> Tensor:
    """Float[N, WAVES]: random waves of the colours and edges on a grid: an eye that no learning has formed.

    cos(W z + b) with z the standardised means of colour and of edge strength on GRID x GRID cells, W fixed.
    """
    cells = torch.nn.functional.adaptive_avg_pool2d(pixels.permute(0, 3, 1, 2), GRID).flatten(1)
    luma = pixels.mean(dim=-1)
    edges = luma.diff(dim=1).abs()[:, :, :-1] + luma.diff(dim=2).abs()[:, :-1]
    drawn = torch.nn.functional.adaptive_avg_pool2d(edges[:, None], GRID).flatten(1)
    z = _standard(torch.cat((cells, drawn), dim=1))
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(z.shape[1], WAVES, generator=generator, dtype=torch.float64) / z.shape[1] ** 0.5
    phases = 2.0 * torch.pi * torch.rand(WAVES, generator=generator, dtype=torch.float64)
    return torch.cos(z @ weights + phases)


def _standard(x: Tensor) -> Tensor:
    return (x - x.mean(dim=0)) / x.std(dim=0).clamp(min=1e-9)
