"""How many pictures are drawn for one personal picture: as many as fit into the time that a person waits.

The speed of drawing is measured once and kept in the cache. The same seed therefore gives the same pictures
after a reload and after a restart, and not fewer on a busy day.
"""

import json
import logging
from pathlib import Path

from personalize.files import write_whole
from personalize.rounds.personalizer import Personalizer

FEWEST = 3
"""Pictures for a personal picture that are drawn however long they take."""

INSTANT_S = 0.02
"""Seconds a picture below which nothing was drawn, because the pictures were there already."""

log = logging.getLogger(__name__)


def draws_for_a_picture(loop: Personalizer, waited_s: float, count: int = 1) -> int:
    """Number of pictures to draw for one personal picture, at most the setting `best_of`.

    Args:
        loop: the loop, with its settings `best_of`, `best_of_s` and `cache`.
        waited_s: seconds that one picture has just taken. They count if no speed was measured before.
        count: personal pictures in the set; the time is for all of them.
    """
    most, within_s = loop.settings.best_of, loop.settings.best_of_s
    if not within_s:
        return most
    file = loop.settings.cache / f"drawing-{loop.renderer.name}.json"
    picture_s = _read(file)
    if picture_s is None:
        if waited_s < INSTANT_S:
            return most
        picture_s = waited_s
        _keep(file, picture_s)
    return max(min(most, FEWEST), min(most, int(within_s / (count * picture_s))))


def _read(file: Path) -> float | None:
    """Seconds a picture; None if they were not measured or the file is damaged."""
    try:
        picture_s = float(json.loads(file.read_text(encoding="utf-8"))["picture_s"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return picture_s if picture_s > 0.0 else None


def _keep(file: Path, picture_s: float) -> None:
    content = json.dumps({"picture_s": picture_s}).encode()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, lambda stream: stream.write(content))
    except OSError as error:
        log.warning("The measured speed of drawing cannot be kept: %s", error)
