"""Renders personal pictures: any subject in a taste, each beside the plain picture of the same seed."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from personalize.errors import SessionError
from personalize.preference.estimate import TasteEstimate
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

    At full strength, the pictures in the pool of the session count too if they have its subject. They were
    drawn while the person looked at the rounds, and not shown. A pair takes one if it is better than all that
    were drawn for the pair. It has the seed of that picture.

    Args:
        loop: the loop of the session.
        token: token of the session.
        subject: subject of the pictures; checked as in `Personalizer.start`.
        strength: share of the liked tokens in the prompts, 0..1. At 0 each prompt is rendered once, so the
            first picture has exactly the given seed.
        seed: seed of the first pair; a random one if None. The same seed gives the same set, as long as the
            answers and the pool stay the same.
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
    beside = loop.features(plain)
    effects = loop.features(rendered).reshape(count, tries, -1) - beside[:, None]
    best = []
    for row, worths in enumerate(_sure(loop, estimate, effects)):
        place = row * tries + int(worths.argmax())
        path, further = candidates[place]
        best.append(
            _Chosen(rendered[place], path, (first_seed + further) % LARGEST_SEED, float(worths.max()))
        )
    opinions = {opinion.token: opinion for opinion in opinions_of(loop.preparation, estimate)}
    if strength == 1.0:
        avoided = {vocabulary.index(word) for word, opinion in opinions.items() if opinion.disliked}
        pool = _of_the_pool(loop, token, subject, avoided | set(excluded))
        if pool:
            effects = loop.features([one.picture for one in pool]) - beside.mean(dim=0)
            worths = _sure(loop, estimate, effects)
            pool = [replace(one, worth=float(worth)) for one, worth in zip(pool, worths, strict=True)]
        best = _with_pool(best, pool)
    plain = loop.render_prompts(
        token, [plain_prompt] * count, [one.seed for one in best], ProgressSlice(on_step, 1.0 - share, 1.0)
    )
    pairs = [
        Pair(
            beside_it,
            one.picture,
            plain_prompt,
            vocabulary.prompt(subject, one.path),
            tuple(opinions[vocabulary.tokens[number]] for number in one.path if number),
            one.seed,
        )
        for beside_it, one in zip(plain, best, strict=True)
    ]
    return PersonalSet(subject, strength, first_seed, tuple(pairs), tuple(without))


@dataclass(frozen=True)
class _Chosen:
    """A picture for one pair: its hash, words and seed, and its cautious utility above plain pictures."""

    picture: str
    path: tuple[int, ...]
    seed: int
    worth: float = 0.0


def _sure(loop: Personalizer, estimate: TasteEstimate, effects: Tensor) -> Tensor:
    """Float[...] of Float[..., d]: the utility of effects, less the caution."""
    return estimate.utility(effects) - loop.settings.caution * estimate.standard_error(effects)


def _of_the_pool(loop: Personalizer, token: str, subject: str, avoided: set[int]) -> list[_Chosen]:
    """Pictures of the session's pool with that subject and none of those words."""
    if subject != loop.session(token).subject:
        return []
    return [
        _Chosen(one.picture, one.path, one.record.seed)
        for one in loop.unshown_pictures(token)
        if avoided.isdisjoint(one.path)
    ]


def _with_pool(best: Sequence[_Chosen], pool: Sequence[_Chosen]) -> list[_Chosen]:
    """The best of each pair, or a better picture of the pool in its place; no words stand in two pairs.

    The worst pair is improved first.
    """
    chosen, left = list(best), sorted(pool, key=lambda one: -one.worth)
    for row in sorted(range(len(chosen)), key=lambda row: chosen[row].worth):
        taken = {one.path for one in chosen}
        other = next((one for one in left if one.path not in taken), None)
        if other is not None and other.worth > chosen[row].worth:
            chosen[row] = other
            left.remove(other)
    return chosen


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
