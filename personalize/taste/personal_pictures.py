"""Renders personal pictures: any subject in a taste, each beside the plain picture of the same seed."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from personalize.errors import SessionError
from personalize.progress import OnStep, ProgressSlice
from personalize.rounds.personalizer import Personalizer
from personalize.seeds import LARGEST_SEED, checked_seed
from personalize.taste.drawing_speed import draws_for_a_picture
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
        pairs: the pairs.
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

    Each personal picture is the best of several that are drawn, of different good prompts. Their number is at
    most `settings.best_of` (see `draws_for_a_picture`). The best one has the highest utility above the plain
    picture, as the embedder sees both, less `settings.caution` standard errors.

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
    own_seeds = [(first_seed + row) % LARGEST_SEED for row in range(count)]
    plain_prompt = vocabulary.prompt(subject, [0] * vocabulary.horizon)
    share = 1.0 / (loop.settings.best_of + 2)
    begun = time.monotonic()
    plain = loop.render_prompts(token, [plain_prompt] * count, own_seeds, ProgressSlice(on_step, 0.0, share))
    tries = draws_for_a_picture(loop, (time.monotonic() - begun) / count, count) if strength else 1
    excluded = [vocabulary.index(word) for word in without if word in vocabulary.tokens[1:]]
    paths = recommend(loop, estimate, count=count * tries, strength=strength, without=excluded)
    candidates = [one for row in range(count) for one in _candidates(paths.tolist(), row, count, tries)]
    rendered = loop.render_prompts(
        token,
        [vocabulary.prompt(subject, path) for path, _ in candidates],
        [(first_seed + further) % LARGEST_SEED for _, further in candidates],
        ProgressSlice(on_step, share, 1.0 - share),
    )
    effects = loop.features(rendered).reshape(count, tries, -1) - loop.features(plain)[:, None]
    sure = estimate.utility(effects) - loop.settings.caution * estimate.standard_error(effects)
    best = [row * tries + nth for row, nth in enumerate(sure.argmax(dim=1).tolist())]
    seeds = [(first_seed + candidates[place][1]) % LARGEST_SEED for place in best]
    plain = loop.render_prompts(
        token, [plain_prompt] * count, seeds, ProgressSlice(on_step, 1.0 - share, 1.0)
    )
    opinions = {opinion.token: opinion for opinion in opinions_of(loop.preparation, estimate)}
    pairs = []
    for row, place in enumerate(best):
        path = candidates[place][0]
        tokens = tuple(opinions[vocabulary.tokens[number]] for number in path if number)
        prompt = vocabulary.prompt(subject, path)
        pairs.append(Pair(plain[row], rendered[place], plain_prompt, prompt, tokens, seeds[row]))
    return PersonalSet(subject, strength, first_seed, tuple(pairs), tuple(without))


def _candidates(
    paths: Sequence[Sequence[int]], row: int, count: int, tries: int
) -> list[tuple[tuple[int, ...], int]]:
    """The prompts that are drawn for one pair, each with its distance from the first seed.

    The pairs share the recommended paths out, so that pairs show different prompts where there are enough.
    The prompts of a pair have one seed. Where they are fewer than `tries`, each of them gets further seeds.
    """
    distinct = list(dict.fromkeys(tuple(path) for path in paths))
    own = distinct[row::count] or [distinct[row % len(distinct)]]
    return [(own[nth % len(own)], row + count * (nth // len(own))) for nth in range(tries)]
