"""Contact sheets: pictures of a model with what was asked for under each, to be looked at by a person."""

from __future__ import annotations

from pathlib import Path

from models.composer.compose import SLOTS, caption
from models.diffusion import DiffusersRenderer
from models.evaluation.blind import captions, random_rows
from models.evaluation.grid import labelled
from models.evaluation.report import FIRST_SEED, Job, OnProgress, draw

SUBJECTS = (
    "a fox",
    "an owl",
    "a castle",
    "a rocket",
    "a mushroom",
    "a cup of coffee",
    "a sailboat",
    "a robot",
)
LABEL_PX = 24
QUALITY = 80


def sheet(
    renderer: DiffusersRenderer,
    prompts: list[str],
    labels: list[str],
    columns: int,
    file: Path,
    on_progress: OnProgress = lambda what, done, of: None,
    seed: int = FIRST_SEED,
) -> None:
    """Pictures of `prompts`, row by row, each above its label; JPEG at `file`."""
    jobs = [Job(prompt, seed + n % columns) for n, prompt in enumerate(prompts)]
    pictures = draw(renderer, jobs, on_progress, f"drawing {file.name}")
    out = labelled(
        pictures,
        [_folded(label) for label in labels],
        columns,
        shown_px=pictures.shape[1],
        label_px=LABEL_PX,
        font_px=9,
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    out.save(file, quality=QUALITY, optimize=True)


def _folded(label: str, wide: int = 27) -> str:
    """On two lines."""
    if len(label) <= wide:
        return label
    cut = label.rfind(" ", 0, wide) if " " in label[:wide] else wide
    return f"{label[:cut]}\n{label[cut + 1 :]}"


def subjects_by_medium(
    renderer: DiffusersRenderer, file: Path, on_progress: OnProgress = lambda what, done, of: None
) -> None:
    """SUBJECTS in every medium."""
    media = SLOTS["medium"]
    pairs = [(subject, medium) for subject in SUBJECTS for medium in media]
    prompts = [caption(subject, (medium,)) for subject, medium in pairs]
    labels = [f"{subject}, {medium or '(plain)'}" for subject, medium in pairs]
    sheet(renderer, prompts, labels, len(media), file, on_progress)


def all_subjects(
    renderer: DiffusersRenderer,
    subjects: tuple[str, ...],
    file: Path,
    on_progress: OnProgress = lambda what, done, of: None,
) -> None:
    """Every subject, plain."""
    sheet(renderer, list(subjects), list(subjects), 12, file, on_progress)


def tokens_by_subject(
    renderer: DiffusersRenderer, folder: Path, on_progress: OnProgress = lambda what, done, of: None
) -> None:
    """Every token of a slot on three subjects, a sheet for each slot."""
    for slot, tokens in SLOTS.items():
        prompts = [
            f"{subject}, {token}" for subject in ("a cat", "a house", "a tulip") for token in tokens[1:]
        ]
        sheet(renderer, prompts, prompts, len(tokens) - 1, folder / f"slot-{slot}.jpg", on_progress)


def random_combinations(
    renderer: DiffusersRenderer,
    subjects: tuple[str, ...],
    file: Path,
    on_progress: OnProgress = lambda what, done, of: None,
    count: int = 40,
    words: int = 2,
) -> None:
    """Random subjects with a medium and other tokens, `words` in all, for a person to say what is recognised.

    Each has a combination of subject and two tokens that no training step saw.
    """
    prompts = captions(random_rows(len(subjects), count, words), subjects)
    sheet(renderer, prompts, prompts, 10, file, on_progress)
