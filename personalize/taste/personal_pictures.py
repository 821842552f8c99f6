"""Personal pictures: any subject in a person's taste, each beside the plain picture of the same seed."""

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
    """Pairs of pictures of a subject: plain, and in this person's taste.

    Args:
        loop: over the session.
        token: of the session.
        subject: what to draw; checked as for `Personalizer.start`.
        strength: share of the liked tokens that are used, 0..1. Of none the taste chooses nothing, not
            even among tries, so the first picture is that of the seed.
        seed: of the first pair; a random one unless given. The same seed gives the same set.
        count: pairs.
        without: words of the vocabulary that are not to be added, however liked.
        on_step: progress of all drawing together.

    Raises:
        SessionError: the subject or a number does not fit.
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
    first, estimate = checked_seed(seed), loop.estimate(token)
    tries = loop.settings.best_of if strength else 1
    left_out = [vocabulary.index(word) for word in without if word in vocabulary.tokens[1:]]
    paths = recommend(loop, estimate, count=count, strength=strength, without=left_out)
    prompts = [vocabulary.prompt(subject, path) for path in paths]
    seeds = [[(first + row * tries + nth) % LARGEST_SEED for nth in range(tries)] for row in range(count)]
    drawn = loop.render_prompts(
        token,
        [prompt for prompt in prompts for _ in range(tries)],
        [seed for row in seeds for seed in row],
        ProgressSlice(on_step, 0.0, tries / (tries + 1)),
    )
    utilities = estimate.utility(loop.features(drawn)).reshape(count, tries)
    kept = utilities.argmax(dim=1).tolist()
    chosen = [row[nth] for row, nth in zip(seeds, kept, strict=True)]
    plain_prompt = vocabulary.prompt(subject, [0] * vocabulary.horizon)
    plain_steps = ProgressSlice(on_step, tries / (tries + 1), 1.0)
    plain = loop.render_prompts(token, [plain_prompt] * count, chosen, plain_steps)
    opinions = {opinion.token: opinion for opinion in opinions_of(loop.preparation, estimate)}
    pairs = []
    for row, path in enumerate(paths.tolist()):
        said = tuple(opinions[vocabulary.tokens[number]] for number in path if number)
        personal = drawn[row * tries + kept[row]]
        pairs.append(Pair(plain[row], personal, plain_prompt, prompts[row], said, chosen[row]))
    return PersonalSet(subject, strength, first, tuple(pairs), tuple(without))
