"""The next round of a session, whole: its prompts in their order on the screen, and the pictures' seed."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from personalize.design.sampling import random_question
from personalize.preference.estimate import TasteEstimate
from personalize.preparation.prepare import Preparation
from personalize.rounds.repeats import question_to_repeat
from personalize.rounds.strategies import next_question
from personalize.seeds import LARGEST_SEED, derived_seed
from personalize.session.record import Round, Session, Strategy, checked_strategy
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
        settings: see `next_question`; for a study, its plan.
        taste: what the answers of a session tell.
        banked: subjects whose first rounds are few (`settings.bank` each).

    Raises:
        SessionError: see `next_question`.
        SettingsError: the settings describe no study that can be asked.
    """
    number, seed = len(session.rounds) + 1, session.seed
    strategy = session.strategy
    if strategy == "study":
        plan = Study.of(settings).plan(session.seed)
        step = plan[number - 1] if number <= len(plan) else Step("learn", AFTER_A_STUDY)
        if step.kind != "learn":
            return _everybodys(session, preparation, settings, plan, step)
        strategy = checked_strategy(step.arm)
        session, settings = _of_arm(session, settings, strategy, plan)
    elif (before := question_to_repeat(session, 0 if settings.kiosk else settings.repeats)) is not None:
        return _again(session, preparation, before)
    elif number == 1 and session.subject in banked:
        seed = derived_seed("bank", session.subject, session.seed % settings.bank)
    generator = torch.Generator().manual_seed(derived_seed(seed, number))
    paths = next_question(session, preparation, settings, taste, generator)
    shown = paths[torch.randperm(len(paths), generator=generator)]
    lot = derived_seed(seed, number, "picture") % LARGEST_SEED
    return _round(number, session.subject, preparation, shown, lot, strategy)


def _of_arm(
    session: Session, settings: Settings, arm: Strategy, plan: tuple[Step, ...]
) -> tuple[Session, Settings]:
    """The session as if this arm alone had asked, and how many of its rounds may not be looked at yet."""
    own = [
        round_
        for round_, step in zip(session.rounds, plan, strict=False)
        if (step.kind, step.arm) == ("learn", arm)
    ]
    late = {round_.number for round_ in session.rounds[max(0, len(session.rounds) - settings.ahead) :]}
    ahead = sum(round_.number in late for round_ in own)
    return replace(session, strategy=arm, rounds=tuple(own)), replace(settings, ahead=ahead)


def _everybodys(
    session: Session, preparation: Preparation, settings: Settings, plan: tuple[Step, ...], step: Step
) -> Round:
    """A common question of a study, or one of them once more with its pictures in another order."""
    number = len(session.rounds) + 1
    lot = derived_seed("study", step.question) % LARGEST_SEED
    generator = torch.Generator().manual_seed(lot)
    paths = random_question(preparation.mdp, session.options, generator, words=settings.words)
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
