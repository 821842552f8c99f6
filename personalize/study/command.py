"""``python -m personalize study export | analyse``: the data of a study as one file, and its findings."""

import json
from pathlib import Path

from personalize.errors import PersonalizeError, SettingsError
from personalize.files import write_whole
from personalize.preparation.prepare import Preparation
from personalize.rendering.pictures import Pictures
from personalize.rendering.protocols import Embedder, Renderer
from personalize.session.store import Store
from personalize.settings import Settings
from personalize.study.analysis import analyse
from personalize.study.export import read_study, study_lines
from personalize.study.plan import Study
from personalize.study.report import as_json, in_words


def export_study(
    preparation: Preparation,
    store: Store,
    renderer: Renderer,
    embedder: Embedder,
    settings: Settings,
    out: Path,
) -> int:
    """Write the study of a store to the file `out`, whole or not at all.

    Returns:
        The number of participants.

    Raises:
        SettingsError: the file cannot be written.
        PersonalizeError: the store has no session of a study with this vocabulary and these models.
    """
    pictures = Pictures(store, renderer, embedder, preparation.space)
    sessions = [
        (session, trials)
        for session, trials in store.studied(preparation.vocabulary.fingerprint, embedder.name)
        if session.renderer == renderer.name
    ]
    if not sessions:
        raise PersonalizeError(
            "Expected sessions of a study in this data folder, found none. Run the app with "
            "PALATE_STRATEGY=study, or name another folder with --data."
        )
    facts = {
        "renderer": renderer.name,
        "embedder": embedder.name,
        "vocabulary": preparation.vocabulary.fingerprint,
        "learning": settings.study_learning,
        "common": settings.study_common,
        "again": settings.study_again,
    }
    lines = study_lines(
        Study.of(settings),
        sessions,
        preparation.prior,
        lambda round_: pictures.features(round_.pictures),
        facts,
    )
    try:
        written = (json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        write_whole(out, lambda stream: stream.writelines(line.encode() for line in written))
    except OSError as error:
        raise SettingsError(f"Expected to write {out}, found: {error}. Choose another --out.") from error
    return len(sessions)


def analyse_study(file: Path, *, as_numbers: bool) -> str:
    """The findings of an exported study, as text, or as JSON with `as_numbers`.

    Raises:
        SettingsError: the file does not contain a study.
        PersonalizeError: no participant has enough answers.
    """
    findings = analyse(read_study(file))
    return json.dumps(as_json(findings), indent=2) if as_numbers else in_words(findings)
