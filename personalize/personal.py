"""Personal pictures beside plain ones: the values a page shows, and which of several tries is kept."""

from dataclasses import dataclass

from torch import Tensor

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
