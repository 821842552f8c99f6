"""Sessions about drawn pictures under several ways to ask and to answer, simulated once and kept.

The experiments `pictures` and `cost` read the same sessions. Each person is a file of the cache. A run that
was interrupted therefore goes on where it ended, and two processes may share the people of a run.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import torch
from torch import Tensor

from personalize.experiments.arms import Arm, by_strategy, identical, items_design
from personalize.experiments.bank import SPREAD, Bank
from personalize.experiments.people import Judge, Person, kinds
from personalize.experiments.picture_bank import PictureBank, picture_bank
from personalize.experiments.record import syntax_of
from personalize.experiments.session import FIRST, Session, hold
from personalize.files import write_whole
from personalize.preference.known_share import known_share
from personalize.preparation.effects import measured_effects
from personalize.preparation.parts import Parts
from personalize.progress import OnProgress

RANDOM, WORDS, WORDS_LIKED = "random, one pick", "by words, one pick", "by words, liked marked"
POOL, POOL_WORST = "pool, one pick", "pool, worst marked"
POOL_LIKED, SIX_WORST = "pool, liked marked", "pool, six pictures, worst marked"
SIX_LIKED = "pool, six pictures, liked marked"
STATIC, PAPER = "static, rounded", "static, as the paper states it"
ARMS = (RANDOM, WORDS, WORDS_LIKED, POOL, POOL_WORST, POOL_LIKED, SIX_WORST, SIX_LIKED, STATIC, PAPER)
SIX = {SIX_WORST: 6, SIX_LIKED: 6}
"""Arms with another number of pictures a question, and that number."""

KINDS = {
    "linear": "linear in the learner's eye",
    "rules": "by rules about pixels",
    "another eye": "by another eye",
    "slips": "slips at 15 %",
    "wavers": "wavers",
    "changes": "changes the mind half-way",
}
"""Kinds of people by their short names, and as `people.kinds` calls them."""

WAYS = ("three drawn", "eight drawn", "eight drawn and the pool", "other, three drawn", "other, eight drawn")
"""Ways to a personal picture: of the session's subject, and of another one. *The pool* is of pictures that
were drawn in the session and not shown."""

CAUTION = 0.5
"""Standard errors that are subtracted from an expected utility, as in the app."""

MEASURES = ("accuracy", "reached", "won", "known", "taps", "ceiling")

OWN = ("arms", "bank", "people", "picture_bank", "seen_sessions", "session")
CODE = ("design", "preference", "rounds/strategies.py", *(f"experiments/{name}.py" for name in OWN))
"""Code that the kept sessions depend on; they are simulated again when it changes."""


@dataclass(frozen=True, eq=False)
class Simulated:
    """People of one kind in all arms, scored after some numbers of answers.

    Attributes:
        accuracy: Float[people, arms, n], share of exam picks foreseen.
        reached: Float[people, arms, n, ways], the utility of the personal picture as a fraction of the way
            from the mean styled picture to the best one.
        won: Float[people, arms, n, ways], chance that the personal picture is preferred to a plain one.
        known: Float[people, arms, n], the known share of the taste (`preference.known_share`).
        taps: Float[people, arms], taps an answer, on average.
        ceiling: Float[people], share of exam picks that the best linear taste foresees.
    """

    accuracy: Tensor
    reached: Tensor
    won: Tensor
    known: Tensor
    taps: Tensor
    ceiling: Tensor


def simulated(
    parts: Parts, settings: Mapping[str, Any], on_progress: OnProgress
) -> tuple[dict[str, Simulated], int]:
    """All kinds of people by short name, and the number of pictures in the bank.

    Args:
        parts: networks, vocabulary and the app's settings.
        settings: of `picture_bank`, and "people" of each kind, "exam", "options", "oracle", "at" and "drawn".
        on_progress: told how far it is.
    """
    pictures = picture_bank(parts, settings, on_progress)
    effects = measured_effects(
        parts.vocabulary, parts.renderer, parts.embedder, parts.settings, on_progress, parts.shipped
    )[0]
    people = people_in_arms(pictures, effects, parts.settings.cache, settings, on_progress)
    return people, len(pictures.prompts)


def people_in_arms(
    pictures: PictureBank,
    effects: Tensor,
    cache: Path,
    settings: Mapping[str, Any],
    on_progress: OnProgress,
    part: slice = slice(None),
) -> dict[str, Simulated]:
    """All kinds of people by short name, read from the cache where they were simulated before.

    Args:
        pictures: what is shown and judged.
        effects: Float[S, D], of tokens in the learner's eye.
        cache: folder of the kept files.
        settings: as for `simulated`.
        on_progress: told how far it is.
        part: which of the people, for one of several processes.
    """
    exam = pictures.exam(settings["exam"], settings["options"], settings["seed"])
    arms = [_arms(settings, pictures, exam, subject) for subject in range(settings["subjects"])]
    judges = kinds(pictures, effects, exam, settings["oracle"], settings["at"][-1] // 2)
    folder = cache / f"evidence-sessions-{_key(settings, pictures)}"
    folder.mkdir(parents=True, exist_ok=True)
    kept: dict[str, list[list[Tensor]]] = {kind: [] for kind in KINDS}
    numbers = range(max(settings["people"].values()))[part]
    for number in numbers:
        for kind, name in KINDS.items():
            if number >= settings["people"][kind]:
                continue
            file = folder / f"{kind.replace(' ', '-')}-{number}.npz"
            if not file.exists():
                _keep(file, _person(settings, pictures, arms, judges[name], number))
            kept[kind].append(_read(file))
        on_progress("people in all arms", numbers.index(number) + 1, len(numbers))
    return {kind: Simulated(*map(torch.stack, zip(*rows, strict=True))) for kind, rows in kept.items()}


def _keep(file: Path, rows: dict[str, numpy.ndarray[Any, Any]]) -> None:
    write_whole(file, lambda stream: numpy.savez(stream, allow_pickle=False, **rows))


def _read(file: Path) -> list[Tensor]:
    with numpy.load(file, allow_pickle=False) as rows:
        return [torch.from_numpy(rows[name]) for name in MEASURES]


def _key(settings: Mapping[str, Any], pictures: PictureBank) -> str:
    package = Path(__file__).parents[1]
    paths = [package / part for part in CODE]
    files = [f for path in paths for f in (sorted(path.glob("*.py")) if path.is_dir() else [path])]
    digest = hashlib.sha256("".join(syntax_of(f.read_text(encoding="utf-8")) for f in files).encode())
    facts = {name: value for name, value in settings.items() if name != "people"}
    digest.update(json.dumps([facts, pictures.prompts], sort_keys=True).encode())
    digest.update(pictures.embeddings.numpy().tobytes())
    return digest.hexdigest()[:16]


def _arms(
    settings: Mapping[str, Any], pictures: PictureBank, exam: Tensor, subject: int
) -> dict[str, tuple[Arm, Bank]]:
    """Sessions show one subject, and no picture twice."""
    K, prior, drawn = settings["options"], pictures.preparation.prior, settings["drawn"]
    own = Bank(pictures.learned, pictures.worded, pictures.of_subject(subject, False), exam)
    seen = Bank(own.learned, own.learned, own.askable, exam)
    ask, six = (by_strategy("adaptive", options, liked_share=0.5) for options in (K, SIX[SIX_WORST]))
    design = items_design(own, K, settings["at"][-1], prior.planning_precision(SPREAD))
    rounded = by_strategy("static-rounded", K, design=design, prior=prior)
    paper = by_strategy("static-iid", K, design=identical(design))
    return {
        RANDOM: (Arm(by_strategy("random", K), prior, blind=True, once=True), own),
        WORDS: (Arm(ask, prior, once=True, behind=True), own),
        WORDS_LIKED: (Arm(ask, prior, tiers=True, once=True, behind=True), own),
        POOL: (Arm(ask, prior, drawn=drawn), seen),
        POOL_WORST: (Arm(ask, prior, best_worst=True, drawn=drawn), seen),
        POOL_LIKED: (Arm(ask, prior, tiers=True, drawn=drawn), seen),
        SIX_WORST: (Arm(six, prior, best_worst=True, drawn=drawn), seen),
        SIX_LIKED: (Arm(six, prior, tiers=True, drawn=drawn), seen),
        STATIC: (Arm(rounded, prior, blind=True), own),
        PAPER: (Arm(paper, prior, blind=True), own),
    }


def _person(
    settings: Mapping[str, Any],
    pictures: PictureBank,
    arms: list[dict[str, tuple[Arm, Bank]]],
    judge: Judge,
    number: int,
) -> dict[str, numpy.ndarray[Any, Any]]:
    """One person in all arms: the rows of `Simulated`."""
    person = judge(torch.Generator().manual_seed(1000 * settings["seed"] + number))
    subject = number % settings["subjects"]
    other = (subject + 1) % settings["subjects"]
    accuracy, personal, known, taps = [], [], [], []
    random_prompts = pictures.preparation.mdp.path_features(pictures.preparation.samples)
    for arm, bank in arms[subject].values():
        session = hold(arm, person, bank, settings["at"], 50 + number)
        accuracy.append(session.scores[:, 0])
        personal.append(_personal(person, session, pictures, (subject, other), settings["at"], arm.drawn))
        known.append([known_share(estimate, random_prompts) for estimate in session.estimates])
        taps.append(float(session.taps.double().mean()))
    both = torch.stack(personal)
    return {
        "accuracy": torch.stack(accuracy).numpy(),
        "reached": both[..., 0].numpy(),
        "won": both[..., 1].numpy(),
        "known": numpy.array(known),
        "taps": numpy.array(taps),
        "ceiling": numpy.array(_ceiling(person, arms[subject][RANDOM][1])),
    }


def _ceiling(person: Person, bank: Bank) -> float:
    """What the best taste that is linear in the learner's features foresees of a person's exam picks."""
    rows = bank.askable
    x = bank.learned - bank.learned[rows].mean(dim=0)
    u = person.final - person.final[rows].mean()
    ridge = 1e-6 * float(x[rows].square().sum()) * torch.eye(x.shape[1], dtype=x.dtype)
    theta = torch.linalg.solve(x[rows].T @ x[rows] + ridge, x[rows].T @ u[rows])
    guess = (x @ theta)[bank.exam].argmax(dim=1, keepdim=True)
    return float(person.likes(bank.exam).gather(1, guess).mean())


def _personal(
    person: Person,
    session: Session,
    pictures: PictureBank,
    subjects: tuple[int, int],
    at: list[int],
    drawn: int | None,
) -> Tensor:
    """Float[n, ways, 2]: how far the personal pictures reach, and how often they win.

    The words foresee which prompts are drawn; of the pictures the one with the best estimate is kept.
    """
    utility, found = person.final, []
    for number, estimate in zip(at, session.estimates, strict=True):
        row = []
        learned = estimate.utility(pictures.learned) - CAUTION * estimate.standard_error(pictures.learned)
        for subject in subjects:
            styled = torch.nonzero((pictures.subject == subject) & ~pictures.plain)[:, 0]
            words = pictures.worded[styled]
            foreseen = estimate.utility(words) - CAUTION * estimate.standard_error(words)
            order = styled[foreseen.argsort(descending=True)]
            sets = [order[:3], order[:8]]
            if subject == subjects[0]:
                sets.append(torch.cat((order[:8], _pool(session, number, drawn))))
            plain = utility[(pictures.subject == subject) & pictures.plain]
            mean, best = utility[styled].mean(), utility[styled].max()
            for rows in sets:
                worth = utility[rows[learned[rows].argmax()]]
                row.append(((worth - mean) / (best - mean), torch.sigmoid(worth - plain).mean()))
        found.append(torch.tensor(row, dtype=torch.float64))
    return torch.stack(found)


def _pool(session: Session, answers: int, drawn: int | None) -> Tensor:
    """Long[n]: the pictures that were drawn until so many answers, and not shown."""
    if drawn is None:
        return session.drawn[:0]
    own = session.drawn[: FIRST + drawn * answers]
    return own[~torch.isin(own, session.shown[:answers])]
