"""``render``: pictures of one prompt, in a folder."""

import argparse
from pathlib import Path

from models.output import write_line
from personalize.commands.command import Flags
from personalize.errors import SettingsError
from personalize.settings import Settings


def render_flags(parser: argparse.ArgumentParser) -> None:
    """Flags of `render`."""
    parser.add_argument("--prompt", required=True, help='such as "a fox, watercolor"')
    parser.add_argument("--count", type=int, default=1, help="number of pictures, with successive seeds")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first picture")
    parser.add_argument("--out", type=Path, default=Path("."), help="folder for the PNG files")


def run_render(chosen: Flags, settings: Settings) -> None:
    """Write pictures of one prompt to a folder, and print the paths of the files. No file is replaced."""
    from personalize.assembly import load_renderer
    from personalize.files import NumberedFiles
    from personalize.progress import ConsoleProgress
    from personalize.seeds import LARGEST_SEED
    from personalize.session.record import PictureRecord
    from personalize.session.subject import LONGEST_PROMPT, check_line

    prompt = check_line(chosen.prompt, "prompt", LONGEST_PROMPT, "a fox, watercolor")
    if not 1 <= chosen.count <= 1000:
        raise SettingsError(f"Expected a count from 1 to 1000, found {chosen.count}. Choose another.")
    if not 0 <= chosen.seed <= LARGEST_SEED:
        raise SettingsError(
            "Expected a seed from 0 to {high}, found {found}. Choose another.",
            high=LARGEST_SEED,
            found=chosen.seed,
        )
    try:
        chosen.out.mkdir(parents=True, exist_ok=True)
        files = NumberedFiles(chosen.out)  # before the drawing, which may take minutes
    except OSError as error:
        raise _no_folder(error) from error
    _say_if_unknown(prompt, settings)
    renderer = load_renderer(settings)
    progress = ConsoleProgress()
    records = [PictureRecord(renderer.name, prompt, "", chosen.seed + n) for n in range(chosen.count)]
    contents = renderer.render(records, lambda done, of: progress("denoising", done, of))
    try:
        for record, content in zip(records, contents, strict=True):
            write_line(str(files.write(f"{record.seed}-{prompt}", ".png", content)))
    except BrokenPipeError:
        raise  # nobody reads the names of the files any more
    except OSError as error:
        raise _no_folder(error) from error


def _say_if_unknown(prompt: str, settings: Settings) -> None:
    """Warn about a prompt whose subject the model has not learned."""
    import logging

    from personalize.assembly import known_subjects, load_words

    known = known_subjects(settings)
    if known is not None and not known.knows(prompt, load_words(settings).tokens):
        logging.getLogger(__name__).warning("%s", known.note(prompt))


def _no_folder(error: OSError) -> SettingsError:
    return SettingsError(f"Expected a folder to write to in --out, found: {error}. Choose another folder.")
