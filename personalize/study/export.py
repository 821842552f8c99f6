"""A study as one JSONL file: a header with a data dictionary, then one line for each participant.

The file contains no session tokens, names or addresses. Subjects are the participants' own texts.
Participants are numbered in random order, and times are seconds since the participant's start.
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
"""Largest size of a file to read, in bytes."""

DICTIONARY = {
    "study": "header line: version of the file format",
    "arms": "strategies that are compared within people",
    "options": "K, the number of pictures in a question",
    "prior_covariance": "d x d, covariance of the features of prompts",
    "participant": "number of the participant, in random order",
    "rounds": "answered rounds in order, without those whose answer is damaged",
    "number": "number of the round in the session, from 1",
    "kind": "learn: for the taste of an arm; common: the same for everybody; again: a repeated one",
    "arm": "strategy that chose a learning question",
    "question": "number of the common question, from 0; -1 for a learning question",
    "subject": "the subject of the pictures",
    "prompts": "K prompts in screen order",
    "features": "K x d, features of the pictures' embeddings, in screen order",
    "best": "index of the picked picture in screen order, or null for none of these",
    "worst": "index of the only disliked picture in screen order, or null",
    "liked": "indices of other pictures that are marked as liked",
    "disliked": "indices of pictures that are marked as disliked",
    "seconds": "seconds from the participant's start to the answer",
    "proof": "trials of the blind test: subject, whether the personal picture was first, and the choice",
}
"""The meaning of the names in the file; the header contains it as "dictionary"."""


def study_lines(
    study: Study,
    sessions: Iterable[tuple[Session, Sequence[Trial]]],
    prior: TastePrior,
    features_of: Callable[[Round], Tensor],
    facts: Mapping[str, Any],
) -> Iterator[dict[str, Any]]:
    """The header line, then one line for each participant.

    Args:
        study: design of the study.
        sessions: sessions with their trials; sessions with another strategy are left out.
        prior: prior of tastes; the header contains its covariance.
        features_of: from a round to Float[K, d], the features of its pictures.
        facts: more entries of the header, such as the models.
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
    for round_ in session.counted:
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
                "liked": list(answer.liked),
                "disliked": list(answer.disliked),
                "seconds": round((answer.at - session.created).total_seconds(), 1),
            }
        )
    proof = [
        {"subject": trial.subject, "personal_first": trial.personal_first, "chosen": trial.chosen}
        for trial in trials
    ]
    return {"participant": number, "subject": session.subject, "rounds": rounds, "proof": proof}


def read_study(file: Path) -> list[dict[str, Any]]:
    """The header and the participants of a file from `study_lines`.

    Raises:
        SettingsError: the file does not exist, is too large, or does not contain a study.
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
        raise SettingsError(
            f"Expected {', '.join(sorted(wanted))} and participants in {file}, found an incomplete file. "
            "Export it again."
        )
    return lines
