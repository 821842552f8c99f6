"""Palate: flags and environment -> settings -> parts -> page -> launch. No logic."""

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import NoReturn

from models.errors import ModelError
from personalize.errors import PersonalizeError, SettingsError
from personalize.settings import Settings
from personalize.ui.http.port import free_port
from personalize.ui.http.shutdown import leave

ASSETS = Path(__file__).parent / "assets"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say it as all settings do."""
        raise SettingsError(f"Expected flags as in --help, found this: {message}. Correct it.")


def read_settings(arguments: list[str]) -> Settings:
    """Settings from flags and the environment.

    Raises:
        SettingsError: one does not fit.
    """
    parser = _Parser(
        prog="app.py",
        description="Learns your taste in pictures from the ones you pick.",
        epilog="Every setting is also read from the environment, under the name in brackets; a flag wins.",
    )
    for row in Settings.table():
        facts = "; ".join(part for part in (row.unit, f"default {row.default or 'none'}") if part)
        parser.add_argument(
            row.flag, dest=row.name, metavar="X", help=f"{row.meaning} ({facts}) [{row.environment}]"
        )
    return Settings.from_environment(os.environ, **vars(parser.parse_args(arguments)))


def say(text: str) -> None:
    """Write a line to the console at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def run(settings: Settings) -> None:
    """Build the parts and serve the page until the process is told to end."""
    free_port(settings.host, settings.port)  # a port in use is said at once, not after minutes
    from models import find_model, load_embedder, load_renderer
    from personalize.preparation.population import with_population
    from personalize.preparation.prepare import prepare
    from personalize.progress import ConsoleProgress
    from personalize.rounds.personalizer import Personalizer
    from personalize.session.database_store import DatabaseStore
    from personalize.ui.background import Drawing
    from personalize.ui.http.server import serve
    from personalize.ui.page import build_page, example_subjects
    from personalize.vocabulary.loading import load_vocabulary, vocabulary_folder

    store = DatabaseStore(settings.database, settings.pictures)
    own = find_model(settings.model, settings.clip).vocabulary
    words = vocabulary_folder(settings, ASSETS / "vocabulary", own)
    vocabulary = load_vocabulary(settings, ASSETS / "vocabulary", own)
    renderer = load_renderer(
        settings.model,
        settings.threads,
        changes=settings.model_changes,
        compiled=settings.compile,
        checked=bool(settings.safety),
    )
    embedder = load_embedder(settings.model, settings.threads, clip=settings.clip)
    preparation = prepare(vocabulary, renderer, embedder, settings, ConsoleProgress(), shipped=words)
    preparation = with_population(preparation, store, renderer, embedder, settings)
    examples = example_subjects(vocabulary)
    personalizer = Personalizer(preparation, store, renderer, embedder, settings, banked=examples)
    drawing = Drawing()
    page = build_page(personalizer, settings, vocabulary, drawing)

    def ready(url: str) -> None:
        say(f"Palate is ready at {url}")
        drawing.begin("bank", (), lambda on_step: personalizer.fill_bank())

    serve(page, personalizer, settings, ready, drawing.metrics)
    drawing.close()
    renderer.close()


def main(arguments: list[str]) -> int:
    """The exit code: 0, 2 after one sentence when something does not fit, 130 when interrupted early."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        run(read_settings(arguments))
    except (PersonalizeError, ModelError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 130  # as shells write it; before the page is served there is nothing to put in order
    return 0


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
