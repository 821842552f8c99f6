"""People who judge pictures, of several kinds: in the learner's space, in another, by rules about pixels.

Each kind makes a person with a utility for every picture of a bank; what the learner sees of the pictures
never enters, except for those who are linear in its own space.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from personalize.experiments.bank import Person, decided
from personalize.experiments.people import concept_taste
from personalize.experiments.picture_bank import PictureBank

GRID = 6
WAVES = 192
"""Random waves that the other eye is made of."""

SLIPS = 0.15
WAVERING = 0.7
"""Spread of a wavering taste's change at each question, as a share of the taste's own spread."""

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
