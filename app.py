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
from personalize.ui.ending import leave
from personalize.ui.port import free_port

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
    parser = _Parser(prog="app.py", description="Learns your taste in pictures from the ones you pick.")
    parser.add_argument("--model", help="name (see python -m models list), a folder, or a hub id")
    parser.add_argument("--clip", help="CLIP that sees the pictures: name, folder or hub id")
    parser.add_argument("--steps", type=int, help="denoising steps; 0 for the model's own number")
    parser.add_argument("--guidance", type=float, help="classifier-free guidance; -1 for the model's own")
    parser.add_argument("--picture-px", type=int, help="side of the pictures in pixels; 0: the model's own")
    parser.add_argument("--host", help="address to listen on; 0.0.0.0 lets other machines in")
    parser.add_argument("--port", type=int, help="port to listen on; 0 takes a free one")
    parser.add_argument("--data", type=Path, help="folder of sessions, pictures and caches")
    parser.add_argument("--options", type=int, help="pictures a round")
    parser.add_argument("--rounds", type=int, help="rounds that a session is planned for")
    parser.add_argument("--seed", type=int, help="seed of every session, to play one again")
    return Settings.from_environment(os.environ, **vars(parser.parse_args(arguments)))


def say(text: str) -> None:
    """Write a line to the console at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def run(settings: Settings) -> None:
    """Build the parts and serve the page until the process is told to end."""
    free_port(settings.host, settings.port)  # a port in use is said at once, not after minutes
    from models import load_embedder, load_renderer
    from personalize.earlier import with_population
    from personalize.mdp.vocabulary import Vocabulary
    from personalize.personalizer import Personalizer
    from personalize.preparation import prepare
    from personalize.progress import ConsoleProgress
    from personalize.session.database_store import DatabaseStore
    from personalize.ui.drawing import Drawing
    from personalize.ui.page import build_page, example_subjects
    from personalize.ui.server import serve

    store = DatabaseStore(settings.database, settings.pictures)
    words = ASSETS / "vocabulary" / "mini"
    vocabulary = Vocabulary.load(words)
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
