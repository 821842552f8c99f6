"""A program killed during a write: every acknowledged change is in the store, and no partial change."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from personalize.session.database_store import DatabaseStore
from tests.session.examples import pick, round_

REPOSITORY = Path(__file__).parents[2]


def killed(url: str, pictures: Path, lines: int, delay_s: float) -> list[list[str]]:
    """The acknowledgements of a program that was killed `delay_s` after its line number `lines`."""
    command = [sys.executable, "-m", "tests.session.endless_picker", url, str(pictures)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        acknowledged = [program.stdout.readline() for _ in range(lines)]
        time.sleep(delay_s)
        program.kill()  # SIGKILL
        acknowledged += program.stdout.readlines()
    assert program.returncode == -9 and acknowledged[-1], "it was killed, and had not ended by itself"
    return [line.split() for line in acknowledged]


@pytest.mark.slow
@pytest.mark.parametrize("lines", [1, 8, 30, 60])
def test_everything_acknowledged_survives_a_kill(tmp_path: Path, lines: int) -> None:
    url, pictures = f"sqlite:///{tmp_path / 'palate.sqlite3'}", tmp_path / "pictures"
    lines_out = killed(url, pictures, lines, delay_s=random.Random(lines).uniform(0.0, 0.02))
    store = DatabaseStore(url, pictures)
    live = store.load("token")
    acknowledged = {
        kind: [words[1:] for words in lines_out if words[0] == kind]
        for kind in ("pictures", "round", "answer")
    }
    for picture in (picture for hashes in acknowledged["pictures"] for picture in hashes):
        assert store.read_picture(picture) and store.record_of(picture)
    assert [r.number for r in live.rounds] == list(range(1, len(live.rounds) + 1))
    assert len(live.rounds) - len(acknowledged["round"]) in (0, 1)
    for (number,) in acknowledged["round"]:
        found = live.round(int(number))
        assert found.pictures == tuple(acknowledged["pictures"][int(number) - 1])
        assert found.prompts == round_(int(number)).prompts
    for (number,) in acknowledged["answer"]:
        answer = live.round(int(number)).answer
        last = number == acknowledged["answer"][-1][0]  # a later undo may have removed it
        assert (answer is None and last and int(number) % 5 == 0) or (
            answer is not None and answer.best in (int(number) % 3, 2)
        )
    # the session still accepts answers
    if live.current is None:
        store.append_round("token", round_(len(live.rounds) + 1))
    store.append_answer("token", store.load("token").rounds[-1].number, pick())
    assert store.load("token").current is None
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize("delay_s", [1.0, 1.2, 1.4])
def test_a_program_killed_while_it_starts_leaves_a_store_that_opens(tmp_path: Path, delay_s: float) -> None:
    url, pictures = f"sqlite:///{tmp_path / 'palate.sqlite3'}", tmp_path / "pictures"
    command = [sys.executable, "-m", "tests.session.endless_picker", url, str(pictures)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL) as program:
        time.sleep(delay_s)
        program.kill()
    DatabaseStore(url, pictures).close()
