"""Personal pictures beside plain ones: the values a page shows, and which of several tries is kept."""

from dataclasses import dataclass

from torch import Tensor

from personalize.rendering import OnStep
from personalize.taste import Opinion


@dataclass(frozen=True)
class Pair:
    """One subject drawn twice from the same seed: as it is, and in the person's taste.

    Attributes:
        plain, personal: hashes of the pictures.
        plain_prompt, prompt: what was drawn.
        tokens: what the taste added, and why.
        seed: of both.
    """

    plain: str
    personal: str
    plain_prompt: str
    prompt: str
    tokens: tuple[Opinion, ...]
    seed: int


@dataclass(frozen=True)
class PersonalSet:
    """Pairs of one subject, made together; `seed` makes them again.

    Attributes:
        subject: what was drawn.
        strength: share of the liked tokens that were used.
        seed: of the first pair.
        pairs: best first.
        without: words that were left out, as asked.
    """

    subject: str
    strength: float
    seed: int
    pairs: tuple[Pair, ...]
    without: tuple[str, ...] = ()


def pick_seeds(utilities: Tensor) -> list[int]:
    """For each of N prompts, which of its M tries to keep: the one of most expected utility.

    Args:
        utilities: Float[N, M], of the pictures drawn.
    """
    return [int(row) for row in utilities.argmax(dim=1).tolist()]


class Portion:
    """An `on_step` that reports a part of a longer work as that part of the whole, in thousandths."""

    WHOLE = 1000

    def __init__(self, on_step: OnStep | None, start: float, stop: float) -> None:
        """Report from `start` to `stop` of the whole, 0..1."""
        self._on_step, self._start, self._stop = on_step, start, stop

    def __call__(self, done: int, steps: int) -> None:
        """So many of this part's steps are done."""
        if self._on_step is not None:
            share = self._start + (self._stop - self._start) * done / max(1, steps)
            self._on_step(round(self.WHOLE * share), self.WHOLE)
