"""Assembles a deployment from its settings. This module connects `models` with `personalize`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from personalize.settings import Settings

if TYPE_CHECKING:
    from models.catalog import Model
    from personalize.preparation.parts import Parts
    from personalize.preparation.prepare import Preparation
    from personalize.progress import OnProgress
    from personalize.rendering.protocols import Embedder, Renderer
    from personalize.session.store import Store
    from personalize.vocabulary.known_subjects import KnownSubjects
    from personalize.vocabulary.vocabulary import Vocabulary

VOCABULARIES = Path(__file__).parents[1] / "assets" / "vocabulary"


def assemble(settings: Settings) -> "Parts":
    """The vocabulary, the renderer and the embedder of the given settings.

    Raises:
        VocabularyError: the vocabulary, the styles or the list of known subjects cannot be read.
        ModelError: the model is unknown, missing or damaged, or the server that draws does not.
    """
    from personalize.preparation.parts import Parts

    model = _model_of(settings)
    folder = _vocabulary_folder(settings)
    vocabulary = load_words(settings)
    renderer, embedder = _networks(settings)
    return Parts(
        vocabulary, renderer, embedder, settings.with_words(model.words), folder, known_subjects(settings)
    )


def _networks(settings: Settings) -> "tuple[Renderer, Embedder]":
    """The renderer and the embedder: in this process, on Ray, or on an images server with the CLIP here.

    Raises:
        ModelError: as `assemble`, and where Ray is missing or starts no replica.
    """
    import models

    if settings.render_on != "local" and not models.is_server(settings.render_on):
        return models.load_on_ray(
            settings.model,
            settings.render_on,
            folder=settings.cache,
            clip=settings.clip,
            threads=settings.threads,
            least=settings.replicas_least,
            most=settings.replicas_most,
            application=settings.render_application,
            **_drawing(settings),
        )
    renderer = load_renderer(settings)
    embedder = models.load_embedder(
        settings.model, settings.threads, clip=settings.clip, on=settings.render_on
    )
    return renderer, embedder


def load_renderer(settings: Settings) -> "Renderer":
    """What draws without Ray: a pipeline in this process, or an images server.

    Raises:
        ModelError: the model is unknown, missing or damaged, or the server does not draw.
    """
    import models

    return models.load_renderer(
        settings.model,
        settings.threads,
        on=settings.render_on,
        key=settings.render_key,
        answer_s=settings.stall_s,
        **_drawing(settings),
    )


def _drawing(settings: Settings) -> dict[str, Any]:
    """How a model draws, wherever it does."""
    return {
        "changes": settings.model_changes,
        "compiled": settings.compile,
        "checked": bool(settings.safety),
    }


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


def load_words(settings: Settings) -> "Vocabulary":
    """The vocabulary of the given settings, with a person's own styles.

    Raises:
        VocabularyError: the vocabulary or the styles cannot be read.
        ModelError: the model is unknown or missing.
    """
    from personalize.vocabulary.loading import load_vocabulary

    return load_vocabulary(_vocabulary_folder(settings), settings.styles)


def known_subjects(settings: Settings) -> "KnownSubjects | None":
    """The only subjects that the model has learned; None if it draws any.

    Raises:
        VocabularyError: the model's list cannot be read.
        ModelError: the model is unknown or missing.
    """
    from personalize.vocabulary.known_subjects import KnownSubjects

    file = _model_of(settings).subjects
    return KnownSubjects.load(file) if file else None


def _model_of(settings: Settings) -> "Model":
    import models

    here = models.has_files_here(settings.render_on)
    return models.find_model(settings.model, settings.clip, drawn_here=here)


def _vocabulary_folder(settings: Settings) -> Path:
    from personalize.vocabulary.loading import vocabulary_folder

    own = _model_of(settings).vocabulary
    return vocabulary_folder(settings.vocabulary, VOCABULARIES, own)


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

    return DatabaseStore(settings.database, settings.picture_place)
