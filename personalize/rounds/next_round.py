"""Composes the next round of a session: its prompts in screen order, and the seed of its pictures."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from personalize.design.sampling import question_pool, random_question
from personalize.preference.estimate import TasteEstimate
from personalize.preparation.prepare import Preparation
from personalize.rounds.repeats import question_to_repeat
from personalize.rounds.seen_pool import SeenPool
from personalize.rounds.strategies import STRATEGIES, QuestionContext, seen_question
from personalize.seeds import LARGEST_SEED, derived_seed
from personalize.session.record import STUDY, Round, Session, Strategy, checked_strategy
from personalize.settings import Settings
from personalize.study.plan import Step, Study

AFTER_A_STUDY: Strategy = "adaptive"
"""Strategy of the rounds after the end of a study's plan."""


def next_round(
    session: Session,
    preparation: Preparation,
    settings: Settings,
    taste: Callable[[Session], TasteEstimate],
    banked: frozenset[str] = frozenset(),
    pool: SeenPool | None = None,
) -> Round:
    """The round that follows the rounds of the session. The same inputs always give the same round.

    Args:
        session: the session with its earlier rounds.
        preparation: the design, the MDP and the vocabulary.
        settings: `pool`, `max_tokens`, `liked_share`, `warm_up`, `lookahead_rounds`, `repeats`, `kiosk`,
            `bank`, and the settings of a study.
        taste: computes the estimate from the answers of a session.
        banked: subjects with only `settings.bank` different first rounds, which are rendered in advance.
        pool: the pictures among which `adaptive-seen` chooses, if there are at least K; the round then has
            its pictures. None for a choice by words.

    Raises:
        SessionError: the static design has another number of options.
        SettingsError: the settings describe an impossible study.
    """
    number, seed = len(session.rounds) + 1, session.seed
    strategy = session.strategy
    lookahead = settings.lookahead_rounds
    if strategy == STUDY:
        plan = Study.of(settings).plan(session.seed)
        step = plan[number - 1] if number <= len(plan) else Step("learn", AFTER_A_STUDY)
        if step.kind != "learn":
            return _common_question(session, preparation, settings, plan, step)
        strategy = checked_strategy(step.arm)
        session, lookahead = _session_of_arm(session, lookahead, strategy, plan)
    elif (earlier := question_to_repeat(session, 0 if settings.kiosk else settings.repeats)) is not None:
        return _repeated_round(session, preparation, earlier)
    if pool is not None and STRATEGIES[strategy].seen and len(pool) >= session.options:
        generator = torch.Generator().manual_seed(derived_seed(seed, number))
        return _seen_round(number, session, settings, pool, taste(session), generator)
    if number == 1 and session.subject in banked:
        seed = derived_seed("bank", session.subject, session.seed % settings.bank)
    generator = torch.Generator().manual_seed(derived_seed(seed, number))
    paths = STRATEGIES[strategy].ask(_context(session, preparation, settings, lookahead, taste, generator))
    shown = paths[torch.randperm(len(paths), generator=generator)]
    picture_seed = derived_seed(seed, number, "picture") % LARGEST_SEED
    return _round(number, session.subject, preparation, shown, picture_seed, strategy)


def _seen_round(
    number: int,
    session: Session,
    settings: Settings,
    pool: SeenPool,
    estimate: TasteEstimate,
    generator: torch.Generator,
) -> Round:
    """The question among pictures of the pool that the answers so far leave most open."""
    rows = seen_question(
        pool.features(),
        estimate,
        options=session.options,
        generator=generator,
        liked_share=settings.liked_share,
        warm_up=settings.warm_up,
    )
    order = rows[torch.randperm(len(rows), generator=generator)].tolist()
    return Round(
        number,
        session.subject,
        tuple(pool.paths[row] for row in order),
        tuple(pool.prompts[row] for row in order),
        tuple(pool.seeds[row] for row in order),
        tuple(pool.pictures[row] for row in order),
        session.strategy,
    )


def _context(
    session: Session,
    preparation: Preparation,
    settings: Settings,
    lookahead: int,
    taste: Callable[[Session], TasteEstimate],
    generator: torch.Generator,
) -> QuestionContext:
    """The inputs of the strategy that chooses the next question.

    The answers of the last `lookahead` rounds count as unknown. The question can therefore be chosen and
    rendered while the person still looks at those rounds.
    """
    mdp, design = preparation.mdp, preparation.design
    asked = [mdp.path_features(torch.tensor(round_.paths)) for round_ in session.rounds]
    known = max(0, len(asked) - lookahead)
    return QuestionContext(
        mdp=mdp,
        options=session.options,
        generator=generator,
        estimate=lambda: taste(replace(session, rounds=session.rounds[:known])),
        pool=lambda: question_pool(
            design.policies, mdp, settings.pool, generator, max_tokens=settings.max_tokens
        ),
        design=design,
        planning_covariance=preparation.planning_covariance,
        contrast=preparation.prior.contrast,
        asked=asked,
        unanswered=asked[known:],
        max_tokens=settings.max_tokens,
        liked_share=settings.liked_share,
        warm_up=settings.warm_up,
    )


def _session_of_arm(
    session: Session, lookahead: int, arm: Strategy, plan: tuple[Step, ...]
) -> tuple[Session, int]:
    """The session with the learning rounds of one arm only, and the number of them in the lookahead."""
    learning = [
        round_
        for round_, step in zip(session.rounds, plan, strict=False)
        if (step.kind, step.arm) == ("learn", arm)
    ]
    latest = {round_.number for round_ in session.rounds[max(0, len(session.rounds) - lookahead) :]}
    arm_lookahead = sum(round_.number in latest for round_ in learning)
    return replace(session, strategy=arm, rounds=tuple(learning)), arm_lookahead


def _common_question(
    session: Session, preparation: Preparation, settings: Settings, plan: tuple[Step, ...], step: Step
) -> Round:
    """A common question of a study, or its repeat with the pictures in another order."""
    number = len(session.rounds) + 1
    picture_seed = derived_seed("study", step.question) % LARGEST_SEED
    generator = torch.Generator().manual_seed(picture_seed)
    paths = random_question(preparation.mdp, session.options, generator, max_tokens=settings.max_tokens)
    order = torch.Generator().manual_seed(derived_seed(session.seed, number, "order"))
    shown = paths[torch.randperm(len(paths), generator=order)]
    if step.kind == "again":
        first = next(i for i, s in enumerate(plan) if (s.kind, s.question) == ("common", step.question))
        if shown.tolist() == [list(path) for path in session.rounds[first].paths]:
            shown = shown.roll(1, 0)
    return _round(number, session.subject, preparation, shown, picture_seed, "random")


def _repeated_round(session: Session, preparation: Preparation, earlier: Round) -> Round:
    """A repeat of an earlier round: the same pictures in another order."""
    number, K = len(session.rounds) + 1, earlier.options
    generator = torch.Generator().manual_seed(derived_seed(session.seed, number, "order"))
    order = torch.randperm(K, generator=generator)
    if order.tolist() == list(range(K)):
        order = order.roll(1)
    shown = torch.tensor(earlier.paths)[order]
    round_ = _round(number, earlier.subject, preparation, shown, 0, earlier.strategy)
    return replace(round_, seeds=tuple(earlier.seeds[place] for place in order.tolist()))


def _round(
    number: int, subject: str, preparation: Preparation, shown: Tensor, seed: int, strategy: Strategy
) -> Round:
    """An unanswered round of the paths `shown`, Long[K, H] in screen order."""
    paths = tuple(tuple(int(n) for n in row) for row in shown.tolist())
    prompts = tuple(preparation.vocabulary.prompt(subject, path) for path in paths)
    return Round(number, subject, paths, prompts, (seed,) * len(paths), (), strategy)
