"""Renders personal pictures: any subject in a taste, each beside the plain picture of the same seed."""

from collections.abc import Sequence
from dataclasses import dataclass

from personalize.errors import SessionError
from personalize.progress import OnStep, ProgressSlice
from personalize.rounds.personalizer import Personalizer
from personalize.seeds import LARGEST_SEED, checked_seed
from personalize.taste.recommend import recommend
from personalize.taste.summary import Opinion, opinions_of


@dataclass(frozen=True)
class Pair:
    """Two pictures of one subject and one seed: a plain picture, and one in the person's taste.

    Attributes:
        plain, personal: hashes of the pictures.
        plain_prompt, prompt: prompts of the plain and of the personal picture.
        tokens: the opinions on the tokens that the taste added.
        seed: seed of both pictures.
    """

    plain: str
    personal: str
    plain_prompt: str
    prompt: str
    tokens: tuple[Opinion, ...]
    seed: int


@dataclass(frozen=True)
class PersonalSet:
    """Several pairs of one subject. The same `seed` gives the same pairs.

    Attributes:
        subject: subject of all pictures.
        strength: share of the liked tokens in the prompts, 0..1.
        seed: seed of the first pair.
        pairs: the pairs, with the best prompt first.
        without: words that the person excluded.
    """

    subject: str
    strength: float
    seed: int
    pairs: tuple[Pair, ...]
    without: tuple[str, ...] = ()


def personal_pictures(
    loop: Personalizer,
    token: str,
    subject: str,
    *,
    strength: float = 1.0,
    seed: int | None = None,
    count: int = 4,
    without: Sequence[str] = (),
    on_step: OnStep | None = None,
) -> PersonalSet:
    """Pairs of a plain and a personal picture of one subject.

    Each personal picture is the best of `settings.best_of` pictures of its prompt, by its expected utility.

    Args:
        loop: the loop of the session.
        token: token of the session.
        subject: subject of the pictures; checked as in `Personalizer.start`.
        strength: share of the liked tokens in the prompts, 0..1. At 0 each prompt is rendered once, so the
            first picture has exactly the given seed.
        seed: seed of the first pair; a random one if None. The same seed gives the same set.
        count: number of pairs, 1..16.
        without: words of the vocabulary that no prompt may contain.
        on_step: reports the progress of all pictures together.

    Raises:
        SessionError: the subject, the count, the strength or the seed is not valid.
        RenderError: the renderer failed.
    """
    vocabulary = loop.preparation.vocabulary
    subject = loop.checked_subject(subject)
    if not 1 <= count <= 16 or not 0.0 <= strength <= 1.0:
        raise SessionError(
            "Expected 1 to 16 pairs and a strength from 0 to 1, found {count} and {strength}. Choose others.",
            count=count,
            strength=f"{strength:g}",
        )
    first_seed, estimate = checked_seed(seed), loop.estimate(token)
    tries = loop.settings.best_of if strength else 1
    excluded = [vocabulary.index(word) for word in without if word in vocabulary.tokens[1:]]
    paths = recommend(loop, estimate, count=count, strength=strength, without=excluded)
    prompts = [vocabulary.prompt(subject, path) for path in paths]
    starts = range(first_seed, first_seed + count * tries, tries)
    seeds = [[(start + nth) % LARGEST_SEED for nth in range(tries)] for start in starts]
    rendered = loop.render_prompts(
        token,
        [prompt for prompt in prompts for _ in range(tries)],
        [seed for row in seeds for seed in row],
        ProgressSlice(on_step, 0.0, tries / (tries + 1)),
    )
    utilities = estimate.utility(loop.features(rendered)).reshape(count, tries)
    best = utilities.argmax(dim=1).tolist()
    best_seeds = [row[nth] for row, nth in zip(seeds, best, strict=True)]
    plain_prompt = vocabulary.prompt(subject, [0] * vocabulary.horizon)
    plain_steps = ProgressSlice(on_step, tries / (tries + 1), 1.0)
    plain = loop.render_prompts(token, [plain_prompt] * count, best_seeds, plain_steps)
    opinions = {opinion.token: opinion for opinion in opinions_of(loop.preparation, estimate)}
    pairs = []
    for row, path in enumerate(paths.tolist()):
        tokens = tuple(opinions[vocabulary.tokens[number]] for number in path if number)
        personal = rendered[row * tries + best[row]]
        pairs.append(Pair(plain[row], personal, plain_prompt, prompts[row], tokens, best_seeds[row]))
    return PersonalSet(subject, strength, first_seed, tuple(pairs), tuple(without))
