"""Palate: from flags and environment to settings, parts, page and server. No logic."""

import contextlib
import logging
import os
import sys

from models.errors import ModelError
from models.proxies import leave_out_unusable_proxies
from personalize.commands import FlagParser
from personalize.errors import PersonalizeError
from personalize.settings import Settings
from personalize.ui.http.port import free_port
from personalize.ui.http.shutdown import leave
from personalize.ui.temporary_folder import temporary_folder


def read_settings(arguments: list[str]) -> Settings:
    """Settings from flags and the environment.

    Raises:
        SettingsError: one does not fit.
    """
    parser = FlagParser(
        prog="app.py",
        description="Learns your taste in pictures from the ones you pick.",
        epilog="Every setting is also read from the environment, under the name in brackets; a flag wins.",
    )
    for row in Settings.table():
        facts = "; ".join(part for part in (row.unit, f"default {row.default or 'none'}") if part)
        parser.add_argument(
            *row.flags, dest=row.name, metavar="X", help=f"{row.meaning} ({facts}) [{row.environment}]"
        )
    return Settings.from_environment(os.environ, **vars(parser.parse_args(arguments)))


def say(text: str) -> None:
    """Write a line to the console at once."""
    with contextlib.suppress(OSError):  # the page is served even if nobody reads the console
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def run(settings: Settings) -> None:
    """Build the parts and serve the page until the process is told to end."""
    free_port(settings.host, settings.port)  # a port in use is said at once, not after minutes
    leave_out_unusable_proxies()
    with temporary_folder(settings.folder, settings.cache):  # before gradio and torch are imported
        _run(settings)


def _run(settings: Settings) -> None:
    from personalize.assembly import assemble, open_store, prepare_parts, try_models
    from personalize.preparation.population import with_population
    from personalize.progress import ConsoleProgress
    from personalize.rounds.personalizer import Personalizer
    from personalize.rounds.tidying import Tidying
    from personalize.ui.background import BackgroundRenders
    from personalize.ui.http.server import serve
    from personalize.ui.page import build_page, example_subjects

    store = open_store(settings)
    parts = assemble(settings)
    progress = ConsoleProgress()
    try_models(parts, progress)
    vocabulary, renderer, embedder = parts.vocabulary, parts.renderer, parts.embedder
    preparation = with_population(
        prepare_parts(parts, progress),
        store,
        renderer,
        embedder,
        fewest=settings.population,
        lapse=settings.lapse,
    )
    examples = example_subjects(vocabulary)
    personalizer = Personalizer(
        preparation, store, renderer, embedder, parts.settings, banked=examples, known=parts.known
    )
    renders = BackgroundRenders()
    page = build_page(personalizer, settings, vocabulary, renders)

    tidying = Tidying(personalizer)

    def ready(url: str) -> None:
        say(f"Palate is ready at {url}")
        personalizer.request_bank()
        tidying.start()

    serve(page, personalizer, settings, ready, renders.metrics)
    tidying.close()
    renders.close()
    personalizer.queue.close()
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
