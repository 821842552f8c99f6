"""A study as one JSONL file: a header with a data dictionary, then a line for every participant.

Nothing in it opens a session or says who somebody is: participants are numbered in an order drawn by lot,
and instants are seconds since the participant's start.
"""

import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from personalize.errors import SettingsError
from personalize.preference.estimate import TastePrior
from personalize.session.record import Round, Session, Trial
from personalize.study.plan import Study

VERSION = 1
LARGEST = 512 << 20
"""Bytes of a file that is read."""

DICTIONARY = {
    "study": "header line: what the study was",
    "arms": "ways of choosing questions that are compared within people",
    "options": "pictures a question, K",
    "prior_covariance": "d x d, covariance of the features of the prompts one may see",
    "participant": "a number drawn by lot",
    "rounds": "answered rounds in order",
    "number": "of the round in the session, from 1",
    "kind": "learn: a taste is learned from it; common: everybody gets it; again: a common one once more",
    "arm": "how a learning question was chosen",
    "question": "number of the common question",
    "subject": "what the pictures show",
    "prompts": "K prompts in screen order",
    "features": "K x d, what the embedder sees in the pictures, in screen order",
    "best": "index of the picked picture in screen order, or null for none of these",
    "worst": "index of the least liked picture, or null",
    "seconds": "from the participant's start to the answer",
    "proof": "trials of the blind proof: subject, whether the personal picture stood first, which was chosen",
}
"""What every name in the file means; also its second entry."""


def study_lines(
    study: Study,
    sessions: Iterable[tuple[Session, Sequence[Trial]]],
    prior: TastePrior,
    features_of: Callable[[Round], Tensor],
    facts: Mapping[str, Any],
) -> Iterator[dict[str, Any]]:
    """The header, then every participant.

    Args:
        study: how it was made.
        sessions: with their trials; those of other strategies are left out.
        prior: of tastes, whose covariance the file names.
        features_of: Float[K, d] of a round.
        facts: of the model and the version, for the header.
    """
    chosen = [(session, trials) for session, trials in sessions if session.strategy == "study"]
    random.SystemRandom().shuffle(chosen)
    yield {
        "study": VERSION,
        "arms": list(study.arms),
        "options": chosen[0][0].options if chosen else 0,
        "prior_covariance": [[round(value, 9) for value in row] for row in prior.covariance.tolist()],
        "participants": len(chosen),
        **facts,
        "dictionary": DICTIONARY,
    }
    for number, (session, trials) in enumerate(chosen, 1):
        yield _participant(number, study, session, trials, features_of)


def _participant(
    number: int,
    study: Study,
    session: Session,
    trials: Sequence[Trial],
    features_of: Callable[[Round], Tensor],
) -> dict[str, Any]:
    plan = study.plan(session.seed)
    rounds = []
    for round_ in session.answered:
        answer = round_.answer
        if answer is None or round_.number > len(plan):
            continue
        step = plan[round_.number - 1]
        rounds.append(
            {
                "number": round_.number,
                "kind": step.kind,
                "arm": step.arm,
                "question": step.question,
                "subject": round_.subject,
                "prompts": list(round_.prompts),
                "features": [[round(value, 6) for value in row] for row in features_of(round_).tolist()],
                "best": answer.best,
                "worst": answer.worst,
                "seconds": round((answer.at - session.created).total_seconds(), 1),
            }
        )
    proof = [
        {"subject": trial.subject, "personal_first": trial.personal_first, "chosen": trial.chosen}
        for trial in trials
    ]
    return {"participant": number, "subject": session.subject, "rounds": rounds, "proof": proof}


def read_study(file: Path) -> list[dict[str, Any]]:
    """The lines of a file that `study_lines` made.

    Raises:
        SettingsError: no such file, too large, or not of a study.
    """
    try:
        if file.stat().st_size > LARGEST:
            raise SettingsError(
                f"Expected a study of at most {LARGEST >> 20} MiB, found {file} larger. Name another file."
            )
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"Expected a study as JSON lines in {file}, found: {error}. Export it with: "
            "python -m personalize study export"
        ) from error
    header = lines[0] if lines else None
    if not isinstance(header, dict) or header.get("study") != VERSION:
        raise SettingsError(
            f"Expected a study of version {VERSION} in {file}, found another file. Export it with: "
            "python -m personalize study export"
        )
    wanted = {"arms", "options", "prior_covariance"}
    people = lines[1:]
    if not wanted <= set(header) or not all(
        isinstance(person, dict) and {"rounds", "proof"} <= set(person) for person in people
    ):
        raise SettingsError(f"Expected {', '.join(sorted(wanted))} and participants in {file}, found less.")
    return lines
