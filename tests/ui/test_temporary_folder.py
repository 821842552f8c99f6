"""Temporary files: private, below the data folder, gone after the end, and after a kill at the next start."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from personalize.errors import StoreError
from personalize.ui.temporary_folder import LOCK, NAME, UPLOADS, remove_older, temporary_folder

HOLDS = """
import sys, time
from pathlib import Path
from personalize.ui.temporary_folder import UPLOADS, temporary_folder
data = Path(sys.argv[1])
with temporary_folder(data, data / "cache") as folder:
    (folder / UPLOADS / "taste.json").write_text("{}")
    print(folder, flush=True)
    time.sleep(600)
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_temporary_files_are_private_and_end_with_the_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", "/somewhere")
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    before = tempfile.gettempdir()
    data = tmp_path / "new" / "data"
    with temporary_folder(data, data / "cache") as folder:
        assert folder.parent == (data / NAME).resolve()
        assert os.environ["GRADIO_TEMP_DIR"] == str(folder / UPLOADS)
        assert os.environ["TORCHINDUCTOR_CACHE_DIR"] == str(data / "cache" / "compiled")
        assert {mode(path) for path in (data / NAME, folder, folder / UPLOADS)} == {0o700}
        with tempfile.NamedTemporaryFile() as file:
            assert Path(file.name).parent == folder
        (folder / UPLOADS / "taste.json").write_text("{}")
    assert list((data / NAME).iterdir()) == []
    assert os.environ["GRADIO_TEMP_DIR"] == "/somewhere" and "TORCHINDUCTOR_CACHE_DIR" not in os.environ
    assert tempfile.gettempdir() == before


def test_a_folder_that_others_could_read_becomes_private(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir(mode=0o777)
    with temporary_folder(tmp_path, tmp_path / "cache"):
        assert mode(tmp_path / NAME) == 0o700


def test_the_next_start_clears_what_a_kill_left_and_nothing_else(tmp_path: Path) -> None:
    def start() -> tuple["subprocess.Popen[str]", Path]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        return process, Path(process.stdout.readline().strip())

    outside = tmp_path / "kept.json"
    outside.write_text("{}")
    killed, left = start()
    running, used = start()
    try:
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        (tmp_path / NAME / "link").symlink_to(outside)
        assert (left / UPLOADS / "taste.json").exists()
        with temporary_folder(tmp_path, tmp_path / "cache") as folder:
            assert {path.name for path in (tmp_path / NAME).iterdir()} == {used.name, folder.name}
        assert (used / UPLOADS / "taste.json").exists() and outside.exists()
    finally:
        running.kill()
        running.communicate()


def test_a_folder_without_a_lock_yet_is_spared_while_it_is_new(tmp_path: Path) -> None:
    new, old = tmp_path / NAME / "new", tmp_path / NAME / "old"
    for folder in (new, old):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    with temporary_folder(tmp_path, tmp_path / "cache") as folder:
        assert {path.name for path in (tmp_path / NAME).iterdir()} == {new.name, folder.name}


def test_a_file_system_without_locks_is_no_error_and_nobody_s_folder_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", refuse)
    (tmp_path / NAME / "left").mkdir(parents=True)
    (tmp_path / NAME / "left" / LOCK).touch()
    with temporary_folder(tmp_path, tmp_path / "cache") as folder:
        assert {path.name for path in (tmp_path / NAME).iterdir()} == {"left", folder.name}


@pytest.mark.parametrize("place", ["data", f"data/{NAME}"])
def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path: Path, place: str) -> None:
    file = tmp_path / place
    file.parent.mkdir(exist_ok=True)
    file.touch()
    with (
        pytest.raises(StoreError, match="choose another data folder"),
        temporary_folder(tmp_path / "data", tmp_path / "cache"),
    ):
        pass
    assert file.is_file()


def test_what_nobody_reads_is_deleted_after_a_while(tmp_path: Path) -> None:
    old, new = tmp_path / "1a" / "old.json", tmp_path / "2b" / "new.json"
    for file in (old, new):
        file.parent.mkdir()
        file.touch()
    past = time.time() - 1000
    os.utime(old, (past, past))
    os.utime(old.parent, (past, past))
    remove_older(tmp_path, 600)
    assert not old.exists() and new.exists()
    os.utime(old.parent, (past, past))  # the deletion wrote it
    remove_older(tmp_path, 600)
    assert [path.name for path in tmp_path.iterdir()] == ["2b"]
