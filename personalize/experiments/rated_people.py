"""People whose taste is a table of ratings: real answers of real people, from a file.

Such a person picks the better rated item; ties are decided by lot. Every person is asked about some of the
items that they rated, and examined on their other ratings. Nothing is known of items without a rating.
"""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy
import torch
from numpy.lib.npyio import NpzFile
from torch import Tensor

from personalize.errors import SettingsError
from personalize.experiments.bank import Bank
from personalize.experiments.linear_people import APPROVED
from personalize.experiments.people import Person
from personalize.seeds import derived_seed

EXAM = 200
"""Questions that a person's exam is drawn as. Questions without a better option are left out."""

HELD_OUT = 3
"""One rating in this many is kept for the exam."""

FEWEST = 4
"""Fewest ratings of a person, as a multiple of the options of a question."""


@dataclass(frozen=True, eq=False)
class RatedPerson(Person):
    """Somebody with a rating for some items, whose better rated items win.

    Attributes:
        utility: Float[N], the ratings; NaN where there is none.
        liked_from: lowest rating that the person likes.
    """

    liked_from: float = float("inf")

    @classmethod
    def of(cls, ratings: Tensor, lapse: float = 0.0) -> "RatedPerson":
        """The person with the ratings Float[N], NaN where there is none.

        The steps of a scale are the different ratings of this person. The liked steps are the highest ones,
        as many as at most APPROVED of the ratings reach, and always the top step.
        """
        given = ratings[~ratings.isnan()]
        steps: Tensor = torch.unique(given)
        few = (given[None] >= steps[:, None]).double().mean(dim=1) <= APPROVED
        liked = steps[few] if bool(few.any()) else steps[-1:]
        return cls(ratings, lapse=lapse, liked_from=float(liked[0]))

    def likes(self, rows: Tensor) -> Tensor:
        """Float[..., K] of items Long[..., K]: the chance of each to be picked: the best rated, by lot."""
        ratings = self.utility[rows]
        best = (ratings == ratings.amax(dim=-1, keepdim=True)).to(ratings)
        return best / best.sum(dim=-1, keepdim=True)

    def pick(self, rows: Tensor, turn: int, generator: torch.Generator) -> int:
        """The place of the pick among Long[K]."""
        chances = (1.0 - self.lapse) * self.likes(rows) + self.lapse / len(rows)
        return int(torch.multinomial(chances, 1, generator=generator))

    def approves(self, rows: Tensor, turn: int, generator: torch.Generator) -> Tensor:
        """Bool[K]: which of the items Long[K] stand on a liked step of the scale."""
        liked = (self.utility[rows] >= self.liked_from).to(self.utility)
        chances = (1.0 - self.lapse) * liked + 0.5 * self.lapse
        return torch.rand(len(rows), generator=generator, dtype=chances.dtype) < chances


@dataclass(frozen=True, eq=False)
class RatedPeople:
    """All people of a file who rated enough, in an order by lot.

    Attributes:
        features: Float[N, d].
        ratings: Float[P, N]; NaN where a person rated nothing.
        banks: what each of P people is asked about and examined on.
        left_out: number of people of the file with too few ratings, or with one rating for all items.
    """

    features: Tensor
    ratings: Tensor
    banks: tuple[Bank, ...]
    left_out: int

    @property
    def covariance(self) -> Tensor:
        """Float[d, d], of all items."""
        return torch.cov(self.features.T).reshape(self.features.shape[1], -1)

    @property
    def items(self) -> int:
        """N, the number of items."""
        return len(self.features)

    @property
    def exam_questions(self) -> int:
        """Fewest questions in a person's exam."""
        return min(len(bank.exam) for bank in self.banks)

    def __len__(self) -> int:
        """P, the number of people."""
        return len(self.banks)

    def meet(self, number: int, lapse: float) -> tuple[RatedPerson, Bank]:
        """The person of that number, with a share of slips, and what they are asked about."""
        return RatedPerson.of(self.ratings[number], lapse), self.banks[number]

    @classmethod
    def of(cls, features: Tensor, ratings: Tensor, options: int, seed: int) -> "RatedPeople":
        """The people of a table who rated enough for questions of K options.

        Args:
            features: Float[N, d].
            ratings: Float[P, N]; NaN where a person rated nothing.
            options: K.
            seed: of the order of the people, of what is held out, and of the exams.

        Raises:
            SettingsError: fewer than 2 people rated enough.
        """
        generator = torch.Generator().manual_seed(derived_seed(seed, "rated people"))
        kept, banks = [], []
        for row in torch.randperm(len(ratings), generator=generator).tolist():
            bank = _bank(features, ratings[row], options, generator)
            if bank is not None:
                kept.append(row)
                banks.append(bank)
        if len(kept) < 2:
            raise SettingsError(
                f"Expected at least 2 people with {FEWEST * options} ratings or more that are not all the "
                f"same, found {len(kept)} of {len(ratings)}. Give more ratings, or fewer --options."
            )
        return cls(features, ratings[kept], tuple(banks), len(ratings) - len(kept))

    @classmethod
    def of_file(cls, file: Path, options: int, seed: int) -> "RatedPeople":
        """The people of an npz file with the arrays `features` Float[N, d] and `ratings` Float[P, N].

        Raises:
            SettingsError: no such file, other arrays, or too few people who rated enough.
        """
        return cls.of(*_read(file), options, seed)


def _bank(features: Tensor, ratings: Tensor, options: int, generator: torch.Generator) -> Bank | None:
    """What a person is asked about and examined on; None if they rated too little."""
    rated = torch.nonzero(~ratings.isnan())[:, 0]
    if len(rated) < FEWEST * options:
        return None
    shuffled = rated[torch.randperm(len(rated), generator=generator)]
    ordered = shuffled[ratings[shuffled].argsort(stable=True)]
    held = torch.arange(len(ordered)) % HELD_OUT == 1  # from every part of the scale
    apart, askable = ordered[held], ordered[~held]
    draws = torch.rand(EXAM, len(apart), generator=generator).argsort(dim=1)[:, :options]
    exam = apart[draws]
    differ = ratings[exam].amax(dim=1) > ratings[exam].amin(dim=1)
    if not bool(differ.any()) or bool((ratings[askable] == ratings[askable[0]]).all()):
        return None
    return Bank(features, features, askable, exam[differ])


def _read(file: Path) -> tuple[Tensor, Tensor]:
    """The features Float[N, d] and the ratings Float[P, N] of a file.

    Raises:
        SettingsError: the file or its arrays do not fit.
    """
    wanted = "Expected an npz file with features and ratings in --people-file"
    try:
        with file.open("rb") as stream:  # numpy leaves a damaged file open
            loaded = numpy.load(stream, allow_pickle=False)
            if not isinstance(loaded, NpzFile):
                raise SettingsError(f"{wanted}, found one array. Save both with numpy.savez.")
            missing = [name for name in ("features", "ratings") if name not in loaded]
            if missing:
                raise SettingsError(f"{wanted}, found no {' and no '.join(missing)}. Add them by name.")
            features, ratings = loaded["features"], loaded["ratings"]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise SettingsError(f"{wanted}, found: {error}. Choose another file.") from error
    for name, array, axes in (("features", features, "N x d"), ("ratings", ratings, "P x N")):
        if array.dtype.kind not in "fiub" or array.ndim != 2 or 0 in array.shape:
            raise SettingsError(
                f"Expected {name} in --people-file to be numbers {axes}, found {array.dtype} "
                f"{list(array.shape)}. Correct the array."
            )
    x = torch.from_numpy(features.astype(numpy.float64))
    table = torch.from_numpy(ratings.astype(numpy.float64))
    if table.shape[1] != len(x):
        raise SettingsError(
            f"Expected one column of ratings an item in --people-file, found {table.shape[1]} columns and "
            f"{len(x)} rows of features. Give both the same number N."
        )
    if not bool(x.isfinite().all()):
        raise SettingsError("Expected finite features in --people-file, found others. Correct the file.")
    if bool(table.isinf().any()):
        raise SettingsError(
            "Expected ratings in --people-file to be finite, or NaN for none, found an infinite one. "
            "Correct the file."
        )
    if len(x) < 2 or not float(x.var(dim=0).sum()) > 0.0:
        raise SettingsError(
            "Expected items that differ in their features in --people-file, found all alike. "
            "Give other features."
        )
    return x, table
