"""The next round of a session, whole: its prompts in their order on the screen, and the pictures' seed."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from personalize.design.sampling import question_pool, random_question
from personalize.preference.estimate import TasteEstimate
from personalize.preparation.prepare import Preparation
from personalize.rounds.repeats import question_to_repeat
from personalize.rounds.strategies import STRATEGIES, QuestionContext
from personalize.seeds import LARGEST_SEED, derived_seed
from personalize.session.record import STUDY, Round, Session, Strategy, checked_strategy
from personalize.settings import Settings
from personalize.study.plan import Step, Study

AFTER_A_STUDY: Strategy = "adaptive"
"""How questions are chosen once a study's plan is through."""


def next_round(
    session: Session,
    preparation: Preparation,
    settings: Settings,
    taste: Callable[[Session], TasteEstimate],
    banked: frozenset[str] = frozenset(),
) -> Round:
    """The round after those that the session has; the same for the same session.

    Args:
        session: with the rounds before it.
        preparation: design, MDP and vocabulary.
        settings: `pool`, `max_tokens`, `liked_share`, `warm_up`, `lookahead_rounds`, `repeats`, `kiosk`,
            `bank`, and the plan of a study.
        taste: what the answers of a session tell.
        banked: subjects whose first rounds are few (`settings.bank` each).

    Raises:
        SessionError: the static design was made for another number of options.
        SettingsError: the settings describe no study that can be asked.
    """
    number, seed = len(session.rounds) + 1, session.seed
    strategy = session.strategy
    lookahead = settings.lookahead_rounds
    if strategy == STUDY:
        plan = Study.of(settings).plan(session.seed)
        step = plan[number - 1] if number <= len(plan) else Step("learn", AFTER_A_STUDY)
        if step.kind != "learn":
            return _everybodys(session, preparation, settings, plan, step)
        strategy = checked_strategy(step.arm)
        session, lookahead = _of_arm(session, lookahead, strategy, plan)
    elif (before := question_to_repeat(session, 0 if settings.kiosk else settings.repeats)) is not None:
        return _again(session, preparation, before)
    elif number == 1 and session.subject in banked:
        seed = derived_seed("bank", session.subject, session.seed % settings.bank)
    generator = torch.Generator().manual_seed(derived_seed(seed, number))
    paths = STRATEGIES[strategy].ask(_context(session, preparation, settings, lookahead, taste, generator))
    shown = paths[torch.randperm(len(paths), generator=generator)]
    lot = derived_seed(seed, number, "picture") % LARGEST_SEED
    return _round(number, session.subject, preparation, shown, lot, strategy)


def _context(
    session: Session,
    preparation: Preparation,
    settings: Settings,
    lookahead: int,
    taste: Callable[[Session], TasteEstimate],
    generator: torch.Generator,
) -> QuestionContext:
    """What the question after the session's rounds may depend on.

    The answers of the last `lookahead` rounds count as unknown. So the question can be chosen, and its
    pictures rendered, while the person still looks at those rounds.
    """
    mdp, design = preparation.mdp, preparation.design
    asked = [mdp.path_features(torch.tensor(round_.paths)) for round_ in session.rounds]
    known = max(0, len(asked) - lookahead)
    return QuestionContext(
        mdp=mdp,
        options=session.options,
        generator=generator,
        estimate=lambda: taste(replace(session, rounds=session.rounds[:known])),
        pool=lambda: question_pool(design.policies, mdp, settings.pool, generator, words=settings.max_tokens),
        design=design,
        planning_covariance=preparation.planning_covariance,
        contrast=preparation.prior.contrast,
        asked=asked,
        unanswered=asked[known:],
        max_tokens=settings.max_tokens,
        liked_share=settings.liked_share,
        warm_up=settings.warm_up,
    )


def _of_arm(session: Session, lookahead: int, arm: Strategy, plan: tuple[Step, ...]) -> tuple[Session, int]:
    """The session as if this arm alone had asked, and how many of the lookahead rounds are its own."""
    own = [
        round_
        for round_, step in zip(session.rounds, plan, strict=False)
        if (step.kind, step.arm) == ("learn", arm)
    ]
    late = {round_.number for round_ in session.rounds[max(0, len(session.rounds) - lookahead) :]}
    return replace(session, strategy=arm, rounds=tuple(own)), sum(round_.number in late for round_ in own)


def _everybodys(
    session: Session, preparation: Preparation, settings: Settings, plan: tuple[Step, ...], step: Step
) -> Round:
    """A common question of a study, or one of them once more with its pictures in another order."""
    number = len(session.rounds) + 1
    lot = derived_seed("study", step.question) % LARGEST_SEED
    generator = torch.Generator().manual_seed(lot)
    paths = random_question(preparation.mdp, session.options, generator, words=settings.max_tokens)
    order = torch.Generator().manual_seed(derived_seed(session.seed, number, "order"))
    shown = paths[torch.randperm(len(paths), generator=order)]
    if step.kind == "again":
        before = next(i for i, s in enumerate(plan) if (s.kind, s.question) == ("common", step.question))
        if shown.tolist() == [list(path) for path in session.rounds[before].paths]:
            shown = shown.roll(1, 0)
    return _round(number, session.subject, preparation, shown, lot, "random")


def _again(session: Session, preparation: Preparation, before: Round) -> Round:
    """An earlier round once more: the same pictures, in another order."""
    number, K = len(session.rounds) + 1, before.options
    generator = torch.Generator().manual_seed(derived_seed(session.seed, number, "order"))
    order = torch.randperm(K, generator=generator)
    if order.tolist() == list(range(K)):
        order = order.roll(1)
    shown = torch.tensor(before.paths)[order]
    return _round(number, before.subject, preparation, shown, before.seeds[0], before.strategy)


def _round(
    number: int, subject: str, preparation: Preparation, shown: Tensor, seed: int, strategy: Strategy
) -> Round:
    paths = tuple(tuple(int(n) for n in row) for row in shown.tolist())
    prompts = tuple(preparation.vocabulary.prompt(subject, path) for path in paths)
    return Round(number, subject, paths, prompts, (seed,) * len(paths), (), strategy)
