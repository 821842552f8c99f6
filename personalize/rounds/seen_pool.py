"""The pool of the strategy `adaptive-seen`: pictures that were drawn and embedded, but not shown yet.

Words foresee a picture poorly: within a subject, the sum of the effects of two tokens explains 0.18 of the
variance of its features (0.44 after one scale is fitted). The strategy therefore chooses among pictures that
exist, by their own embeddings. While a person looks at a round, further prompts are drawn: half from the
policies of the design, half at random. The pictures of all rounds stay in the pool until they are shown.

The example subjects have a shared pool beside it, which is drawn while nobody waits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from personalize.design.sampling import question_pool
from personalize.preparation.prepare import Preparation
from personalize.seeds import LARGEST_SEED, derived_seed
from personalize.session.record import PictureRecord, Session
from personalize.settings import Settings
from personalize.vocabulary.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class SeenPool:
    """P pictures of different prompts about one subject.

    Attributes:
        paths: P paths of H token indices.
        prompts: P prompts.
        seeds: P seeds.
        pictures: P hashes.
        features: computes Float[P, d], the features of the pictures.
        drawn: hashes of all pictures that the session may show, by their records.
    """

    paths: tuple[tuple[int, ...], ...]
    prompts: tuple[str, ...]
    seeds: tuple[int, ...]
    pictures: tuple[str, ...]
    features: Callable[[], Tensor]
    drawn: Mapping[PictureRecord, str]

    def __len__(self) -> int:
        """P, the number of pictures."""
        return len(self.pictures)


def pool_of(
    session: Session,
    vocabulary: Vocabulary,
    drawn: Mapping[PictureRecord, str],
    features_of: Callable[[Sequence[str]], Tensor],
) -> SeenPool:
    """The pool of a session.

    Args:
        session: the session. Prompts of its live rounds are left out, whatever their seed.
        vocabulary: the vocabulary of the prompts.
        drawn: hashes of pictures by their records. Pictures of other subjects are left out.
        features_of: from N hashes to Float[N, d].
    """
    shown = {path for round_ in session.rounds for path in round_.paths}
    found: dict[tuple[int, ...], tuple[PictureRecord, str]] = {}
    for record, picture in sorted(drawn.items(), key=lambda pair: (pair[0].prompt, pair[0].seed)):
        if record.renderer != session.renderer or record.negative_prompt:
            continue
        path = vocabulary.path_of(session.subject, record.prompt)
        if path is not None and path not in shown:
            found.setdefault(path, (record, picture))
    pictures = tuple(picture for _, picture in found.values())
    return SeenPool(
        tuple(found),
        tuple(record.prompt for record, _ in found.values()),
        tuple(record.seed for record, _ in found.values()),
        pictures,
        lambda: features_of(pictures),
        drawn,
    )


def prompts_to_draw(
    session: Session, preparation: Preparation, settings: Settings
) -> list[tuple[tuple[int, ...], int]]:
    """Paths and seeds of the further pictures that are drawn while the last round of a session is looked at.

    The next round by words is drawn before them and counts. There are `settings.drawn_ahead - K` of them, or
    none where that would be fewer than K, because the choice would then be no choice.
    """
    count = settings.drawn_ahead - session.options
    if count < session.options:
        return []
    number = len(session.rounds)
    return _candidates(derived_seed(session.seed, number, "drawn ahead"), count, preparation, settings)


def ahead_seeds(seed: int, rounds: int) -> set[int]:
    """Seeds of all pictures that were drawn ahead for a session with that seed and number of rounds."""
    by_words = {derived_seed(seed, number, "picture") % LARGEST_SEED for number in range(1, rounds + 2)}
    further = {_picture_seed(derived_seed(seed, number, "drawn ahead")) for number in range(rounds + 1)}
    return by_words | further


def shared_prompts(
    subject: str, preparation: Preparation, settings: Settings
) -> list[tuple[tuple[int, ...], int]]:
    """Paths and seeds of the `settings.shared_pool` pictures in the shared pool of an example subject."""
    if not settings.shared_pool:
        return []
    return _candidates(derived_seed("shared pool", subject), settings.shared_pool, preparation, settings)


def _candidates(
    seed: int, count: int, preparation: Preparation, settings: Settings
) -> list[tuple[tuple[int, ...], int]]:
    generator = torch.Generator().manual_seed(seed)
    paths = question_pool(
        preparation.design.policies, preparation.mdp, count, generator, max_tokens=settings.max_tokens
    )
    return [(tuple(path), _picture_seed(seed)) for path in paths.tolist()]


def _picture_seed(seed: int) -> int:
    return derived_seed(seed, "picture") % LARGEST_SEED
