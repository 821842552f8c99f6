"""Contact sheets: pictures of a model, each above its prompt, for a person to look at."""

from __future__ import annotations

from pathlib import Path

from models.composer.compose import SLOTS, caption
from models.diffusion import DiffusersRenderer
from models.evaluation.blind import captions, random_rows
from models.evaluation.drawing import FIRST_SEED, draw
from models.evaluation.grid import labelled
from models.jobs import Job
from models.progress import OnProgress, no_progress

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
SMALL_PX = 128
"""Side of a picture on the sheet of all subjects, which has hundreds."""


def sheet(
    renderer: DiffusersRenderer,
    prompts: list[str],
    labels: list[str],
    columns: int,
    file: Path,
    on_progress: OnProgress = no_progress,
    seed: int = FIRST_SEED,
    shown_px: int | None = None,
) -> None:
    """Draw `prompts` and write them row by row, each above its label, as a JPEG to `file`.

    A picture has its own side on the sheet, or `shown_px`.
    """
    jobs = [Job(prompt, seed + n % columns) for n, prompt in enumerate(prompts)]
    pictures = draw(renderer, jobs, on_progress, f"drawing {file.name}")
    out = labelled(
        pictures,
        [_folded(label) for label in labels],
        columns,
        shown_px=shown_px or pictures.shape[1],
        label_px=LABEL_PX,
        font_px=9,
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    out.save(file, quality=QUALITY, optimize=True)


def _folded(label: str, wide: int = 27) -> str:
    """The label on at most two lines."""
    if len(label) <= wide:
        return label
    cut = label.rfind(" ", 0, wide) if " " in label[:wide] else wide
    return f"{label[:cut]}\n{label[cut + 1 :]}"


def subjects_by_medium(
    renderer: DiffusersRenderer, file: Path, on_progress: OnProgress = no_progress
) -> None:
    """Write a sheet of SUBJECTS in every medium."""
    media = SLOTS["medium"]
    pairs = [(subject, medium) for subject in SUBJECTS for medium in media]
    prompts = [caption(subject, (medium,)) for subject, medium in pairs]
    labels = [f"{subject}, {medium or '(plain)'}" for subject, medium in pairs]
    sheet(renderer, prompts, labels, len(media), file, on_progress)


def all_subjects(
    renderer: DiffusersRenderer,
    subjects: tuple[str, ...],
    file: Path,
    on_progress: OnProgress = no_progress,
) -> None:
    """Write a sheet of every subject without tokens."""
    sheet(renderer, list(subjects), list(subjects), 16, file, on_progress, shown_px=SMALL_PX)


def tokens_by_subject(
    renderer: DiffusersRenderer, folder: Path, on_progress: OnProgress = no_progress
) -> None:
    """Write a sheet for each slot: every token on three subjects."""
    for slot, tokens in SLOTS.items():
        prompts = [
            f"{subject}, {token}" for subject in ("a cat", "a house", "a tulip") for token in tokens[1:]
        ]
        sheet(renderer, prompts, prompts, len(tokens) - 1, folder / f"slot-{slot}.jpg", on_progress)


def random_combinations(
    renderer: DiffusersRenderer,
    subjects: tuple[str, ...],
    file: Path,
    on_progress: OnProgress = no_progress,
    count: int = 40,
    words: int = 2,
) -> None:
    """Write a sheet of random subjects with a medium and other tokens, `words` tokens in all.

    Each picture has a combination of a subject and two tokens that no training step used.
    """
    prompts = captions(random_rows(len(subjects), count, words), subjects)
    sheet(renderer, prompts, prompts, 10, file, on_progress)
