"""What sessions leave behind: rows and bytes of a database that real sessions filled, table by table."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from personalize.experiments.benchmarks.stand_ins import HashEmbedder, TimedRenderer
from personalize.preparation.prepare import prepare
from personalize.progress import OnProgress, no_progress
from personalize.rounds.personalizer import Personalizer
from personalize.session.contents import contents_of
from personalize.session.database_store import DatabaseStore
from personalize.settings import Settings
from personalize.vocabulary.vocabulary import Vocabulary

WIDE = 768
"""Numbers of an embedding of the full-size CLIP."""

FIRST = 2
"""Sessions before the measurement, so that the first pages of the tables are there."""


def measure_footprint(
    vocabulary: Vocabulary,
    settings: Settings,
    sessions: int,
    answers: int,
    on_progress: OnProgress = no_progress,
) -> dict[str, Any]:
    """Rows and bytes a session in the database of the settings, with all pictures that are drawn ahead.

    Pictures themselves lie elsewhere, and are not counted.

    Args:
        vocabulary: the words.
        settings: `database_url` says which database; it should be new, or at rest.
        sessions: how many are measured.
        answers: of each session.
        on_progress: called for each session.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = replace(settings, data=Path(folder), bank=0, feature_source="texts")
        renderer, embedder = TimedRenderer(lambda pictures: 0.0, 4), HashEmbedder(WIDE)
        preparation = prepare(vocabulary, renderer, embedder, settings)
        store = DatabaseStore(settings.database, settings.picture_place)
        loop = Personalizer(preparation, store, renderer, embedder, settings)
        for number in range(FIRST):
            _fill(loop, vocabulary.subjects[number], 10**6 + number, answers)
        before = contents_of(settings.database)
        for number in range(sessions):
            on_progress("sessions", number, sessions)
            _fill(loop, vocabulary.subjects[number % len(vocabulary.subjects)], number, answers)
        after = contents_of(settings.database)
        loop.queue.close(wait_s=10.0)
        store.close()
    rows = {name: (after[0][name] - before[0][name]) / sessions for name in after[0]}
    return {
        "database": settings.database_url.partition(":")[0].partition("+")[0] or "sqlite",
        "sessions": sessions,
        "answers": answers,
        "rows_a_session": {name: round(count, 1) for name, count in rows.items() if count},
        "all_rows_a_session": round(sum(rows.values()), 1),
        "bytes_a_session": round((after[1] - before[1]) / sessions),
    }


def _fill(loop: Personalizer, subject: str, seed: int, answers: int) -> None:
    """One session, with everything that is drawn ahead for it."""
    token = loop.start(subject, seed=seed).token
    for number in range(answers):
        round_ = loop.render(token, loop.propose(token).number)
        for job in loop.request_pool(token):
            if job is not None:
                job.result()
        loop.answer(token, round_.number, best=number % round_.options)
