"""Assembles a deployment from its settings. This module connects `models` with `personalize`."""

from pathlib import Path
from typing import TYPE_CHECKING

from personalize.settings import Settings

if TYPE_CHECKING:
    from personalize.preparation.parts import Parts
    from personalize.preparation.prepare import Preparation
    from personalize.progress import OnProgress
    from personalize.session.store import Store

VOCABULARIES = Path(__file__).parents[1] / "assets" / "vocabulary"


def assemble(settings: Settings) -> "Parts":
    """The vocabulary, the renderer and the embedder of the given settings.

    Raises:
        VocabularyError: the vocabulary or the styles cannot be read.
        ModelError: the model is unknown, missing or damaged.
    """
    import models
    from personalize.preparation.parts import Parts
    from personalize.vocabulary.loading import load_vocabulary, vocabulary_folder

    model = models.find_model(settings.model, settings.clip)
    folder = vocabulary_folder(settings.vocabulary, VOCABULARIES, model.vocabulary)
    vocabulary = load_vocabulary(folder, settings.styles)
    renderer = models.load_renderer(
        settings.model,
        settings.threads,
        changes=settings.model_changes,
        compiled=settings.compile,
        checked=bool(settings.safety),
    )
    embedder = models.load_embedder(settings.model, settings.threads, clip=settings.clip)
    return Parts(vocabulary, renderer, embedder, settings.with_words(model.words), folder)


def try_models(parts: "Parts", on_progress: "OnProgress") -> None:
    """Draw a first picture and embed it, so that a model that cannot do this fails before anybody picks.

    Raises:
        ModelError: drawing or embedding failed, or what was drawn is no picture.
    """
    from personalize.rendering.png import open_picture

    picture = parts.renderer.warm_up(
        parts.vocabulary.subjects[0], lambda done, of: on_progress("drawing a first picture", done, of)
    )
    parts.embedder.embed_pictures([open_picture(picture)])


def prepare_parts(parts: "Parts", on_progress: "OnProgress") -> "Preparation":
    """Token effects, feature space, MDP, prior and design, computed now or read from the cache.

    Raises:
        RenderError: the renderer failed.
        StoreError: the cache cannot be written.
    """
    from personalize.preparation.prepare import prepare

    return prepare(
        parts.vocabulary, parts.renderer, parts.embedder, parts.settings, on_progress, shipped=parts.shipped
    )


def open_store(settings: Settings) -> "Store":
    """The store of sessions and pictures of the given settings.

    Raises:
        StoreError: the database or the folder of pictures cannot be opened.
    """
    from personalize.session.database_store import DatabaseStore

    return DatabaseStore(settings.database, settings.pictures)
