"""Damaged, locked or forbidden files are refused in a sentence and stay unchanged."""

import contextlib
import errno
import os
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from personalize.errors import StoreError
from personalize.session.database_store import DatabaseStore
from personalize.settings import Settings
from tests.session.examples import content, pick, record, round_, saved, session


def opened(folder: Path, lock_wait_s: float = 0.2) -> DatabaseStore:
    return DatabaseStore(
        f"sqlite:///{folder / 'palate.sqlite3'}", folder / "pictures", lock_wait_s=lock_wait_s
    )


@pytest.fixture(scope="module")
def fifty_rounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store that has a session of fifty rounds. Tests damage copies of it."""
    folder = tmp_path_factory.mktemp("fifty")
    store = opened(folder)
    store.create(session())
    for number in range(1, 51):
        store.append_round("token", round_(number))
        store.append_answer("token", number, pick())
    saved(store, 1)
    store.close()
    return folder


@pytest.fixture
def filled(fifty_rounds: Path, tmp_path: Path) -> Path:
    """A database with a session of fifty rounds, in this test's own folder."""
    shutil.copytree(fifty_rounds, tmp_path, dirs_exist_ok=True)
    return tmp_path / "palate.sqlite3"


def files_in(folder: Path) -> dict[str, bytes]:
    """The contents of every file with data of its own; SQLite's -shm index has none."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith("-shm") and path.stat().st_size
    }


def three_parts(error: StoreError) -> bool:
    """Check that a message has three parts: the expectation, the finding and a remedy."""
    message = str(error)
    return (
        message.startswith("Expected ")
        and " found " in message.replace("found:", "found ")
        and (message.rstrip().endswith(".") and ". " in message)
    )


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "overwritten with text": lambda data: b"hello, I was a database" * 100,
    "one byte": lambda data: b"x",
    "beginning lost": lambda data: bytes(4096) + data[4096:],
    "header only": lambda data: data[:100],
    "cut in half": lambda data: data[: len(data) // 2],
    "pages of noise": lambda data: data[:8192] + bytes(i * 7 % 256 for i in range(8192)) + data[16384:],
    "table of contents lost": lambda data: data[:100] + bytes(1000) + data[1100:],
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_database_is_refused_and_left_as_it_is(filled: Path, tmp_path: Path, name: str) -> None:
    filled.write_bytes(DAMAGES[name](filled.read_bytes()))
    before = files_in(tmp_path)
    for _ in range(2):
        with pytest.raises(StoreError, match="damaged") as caught:
            opened(tmp_path)
        assert three_parts(caught.value) and str(filled) in str(caught.value)
        assert files_in(tmp_path) == before


@pytest.mark.parametrize("lost", ["emptied", "removed"])
def test_a_log_without_its_database_is_not_thrown_away(tmp_path: Path, lost: str) -> None:
    living = tmp_path / "living"
    store = opened(living)
    store.create(session())
    kept = tmp_path / "copy"
    kept.mkdir()
    log = (living / "palate.sqlite3-wal").read_bytes()
    store.close()
    (kept / "palate.sqlite3-wal").write_bytes(log)
    if lost == "emptied":
        (kept / "palate.sqlite3").touch()
    with pytest.raises(StoreError, match="log palate.sqlite3-wal"):
        opened(kept)
    assert (kept / "palate.sqlite3-wal").read_bytes() == log


def test_answers_still_in_the_log_are_read_after_a_crash(tmp_path: Path) -> None:
    living = tmp_path / "living"
    store = opened(living)
    store.create(session())
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for path in living.glob("palate.sqlite3*"):
        if not path.name.endswith("-shm"):
            (crashed / path.name).write_bytes(path.read_bytes())
    store.close()
    again = opened(crashed)
    assert again.load("token") == session()
    again.close()


def read(store: DatabaseStore) -> None:
    """Read a session, if the store can."""
    with contextlib.suppress(StoreError):
        store.load("token")


def test_a_database_that_is_removed_while_it_is_open_takes_no_answer(filled: Path, tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.append_round("token", round_(51))
    away = tmp_path / "moved away"
    filled.rename(away)
    for _ in range(2):
        with pytest.raises(StoreError, match="removed") as caught:
            store.append_answer("token", 51, pick())
        assert three_parts(caught.value) and str(filled) in str(caught.value)
    with pytest.raises(StoreError, match="removed"):
        store.check()
    threads = [threading.Thread(target=lambda: read(store)) for _ in range(8)]  # new connections
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not filled.exists()
    away.rename(filled)
    store.check()
    store.append_answer("token", 51, pick())
    store.close()
    again = opened(tmp_path)
    assert again.load("token").answered[-1].number == 51
    again.close()


def test_another_file_in_the_place_of_an_open_database_is_not_written_to(
    filled: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    opened(other).close()
    store = opened(tmp_path)
    filled.rename(tmp_path / "moved away")
    (other / "palate.sqlite3").rename(filled)
    before = filled.read_bytes()
    with pytest.raises(StoreError, match="another file") as caught:
        store.create(session("other"))
    assert three_parts(caught.value) and filled.read_bytes() == before
    store.close()


def test_a_database_damaged_while_it_is_open_is_named(filled: Path, tmp_path: Path) -> None:
    store = opened(tmp_path)
    data = filled.read_bytes()
    filled.write_bytes(data[:100] + bytes(len(data) - 100))
    with pytest.raises(StoreError, match="damaged") as caught:
        store.load("token")
    assert three_parts(caught.value)
    store.close()


def test_another_programs_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "palate.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
        connection.commit()
    with pytest.raises(StoreError, match="another program's tables"):
        opened(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("bookmarks",)]


def test_another_versions_database_is_refused(filled: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute("UPDATE palate_schema SET version = 99")
        connection.commit()
    with pytest.raises(StoreError, match="found version 99"):
        opened(tmp_path)


def test_a_locked_database_is_named_and_nothing_is_lost(filled: Path, tmp_path: Path) -> None:
    store = opened(tmp_path)
    with closing(sqlite3.connect(filled, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another program") as caught:
            store.append_round("token", round_(51))
        assert three_parts(caught.value)
        assert len(store.load("token").rounds) == 50  # reading still works
        other.execute("ROLLBACK")
    store.append_round("token", round_(51))
    store.close()
    with closing(sqlite3.connect(filled, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="locked by another program"):
            opened(tmp_path)


@pytest.mark.parametrize("place", ["database", "pictures"])
def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    database = tmp_path / ("file" if place == "database" else "") / "palate.sqlite3"
    pictures = tmp_path / ("file" if place == "pictures" else "") / "pictures"
    with pytest.raises(StoreError, match="Expected to (keep sessions in|write pictures to).*choose another"):
        DatabaseStore(f"sqlite:///{database}", pictures)
    assert (tmp_path / "file").read_text() == "not a folder"


def test_a_folder_in_the_place_of_the_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "palate.sqlite3").mkdir()
    with pytest.raises(StoreError, match="Is a directory"):
        opened(tmp_path)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "database URL"),
        ("palate.sqlite3", "database URL"),
        ("postgres://user:secret@host/name", "database URL"),
        ("nonsense://user:secret@host/name", "database URL"),
        ("mysql://user:secret@host/name", "does not fit|SQLite or PostgreSQL"),
        ("sqlite://", "path of a file"),
        ("sqlite:///:memory:", "path of a file"),
        ("sqlite:///file:x?mode=memory&uri=true", "path of a file"),
        ("postgresql+psycopg://user:secret@127.0.0.1:1/name", "to answer"),
    ],
)
def test_a_url_that_does_not_fit_is_refused_without_its_password(tmp_path: Path, url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as caught:
        DatabaseStore(url, tmp_path / "pictures")
    assert three_parts(caught.value) and "secret" not in str(caught.value)


def picture_file(folder: Path, picture: str) -> Path:
    return folder / "pictures" / picture[:2] / f"{picture}.png"


@pytest.mark.parametrize("damage", ["cut", "emptied", "one bit", "removed"])
def test_a_damaged_picture_is_refused_and_can_be_restored(tmp_path: Path, damage: str) -> None:
    store = opened(tmp_path)
    picture = saved(store, 1)
    path = picture_file(tmp_path, picture)
    data = path.read_bytes()
    if damage == "removed":
        path.unlink()
    else:
        changed = {"cut": data[:-1], "emptied": b"", "one bit": bytes([data[0] ^ 1]) + data[1:]}
        path.write_bytes(changed[damage])
    with pytest.raises(StoreError, match="Render its round again") as caught:
        store.read_picture(picture)
    assert three_parts(caught.value)
    assert store.record_of(picture) == record(1)
    store.restore_picture(picture, content(1))
    assert store.read_picture(picture) == content(1)
    store.close()


@pytest.mark.parametrize("code", ["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"])
def test_a_share_that_cannot_flush_a_folder_keeps_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    flushed: list[str] = []
    flush = os.fsync

    def flush_file_only(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            flushed.append("folder")
            raise OSError(getattr(errno, code), os.strerror(getattr(errno, code)))
        flushed.append("file")
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", flush_file_only)
    store = opened(tmp_path)
    flushed.clear()
    assert store.read_picture(saved(store, 1)) == content(1)
    assert flushed == ["file", "folder", "folder"]
    store.close()


def test_a_folder_that_the_disk_fails_to_flush_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(tmp_path)
    flush = os.fsync

    def fail_for_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", fail_for_folders)
    with pytest.raises(StoreError, match="Input/output error"):
        saved(store, 1)
    with pytest.raises(StoreError, match="Input/output error"):  # the next start says it before the page
        opened(tmp_path)
    store.close()


@pytest.mark.parametrize(
    "name", ["50%25", "a?b", "a#b", "a b", "it's", 'so "so"', "bücher ✿", "dot.", "a;b&c=d", "a+b", "~x", "-"]
)
def test_the_database_is_beside_the_pictures_whatever_the_folder_is_called(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    settings = Settings(data=folder)
    store = DatabaseStore(settings.database, settings.picture_place)
    store.create(session())
    saved(store, 1)
    store.close()
    again = DatabaseStore(settings.database, settings.picture_place)
    assert again.load("token").token == "token"
    again.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert {"palate.sqlite3", "pictures"} <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_picture_that_cannot_be_written_is_not_there_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    store = opened(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(*((os, "fsync", full) if step == "fsync" else (Path, "replace", full)))
        with pytest.raises(StoreError, match="No space left on device") as caught:
            store.save_picture(record(1), content(1))
    assert three_parts(caught.value)
    assert store.find_picture(record(1)) is None
    assert not [path for path in (tmp_path / "pictures").rglob("*") if path.is_file()]
    assert store.read_picture(saved(store, 1)) == content(1)
    store.close()


def test_what_a_killed_program_left_unfinished_is_cleared_away_later(tmp_path: Path) -> None:
    opened(tmp_path).close()
    old, young = (tmp_path / "pictures" / "ab" / f".{name}.part" for name in ("old", "young"))
    old.parent.mkdir()
    for path in (old, young):
        path.write_bytes(b"half a pic")
    os.utime(old, (0, 0))
    opened(tmp_path).close()
    assert not old.exists() and young.exists()


def test_deleting_leaves_no_file_and_no_word_behind(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.create(session(subject="an unmistakable zeppelin"))
    picture = saved(store, 1)
    store.own("token", [picture])
    store.delete("token")
    store.close()
    assert not picture_file(tmp_path, picture).exists()
    assert b"zeppelin" not in b"".join(files_in(tmp_path).values())


def test_the_token_is_not_written_down(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.create(session("a-very-secret-token"))
    assert b"very-secret" not in b"".join(files_in(tmp_path).values())
    store.close()


def test_each_connection_is_set_up_for_answers_to_last(tmp_path: Path) -> None:
    store = DatabaseStore(f"sqlite:///{tmp_path / 'palate.sqlite3'}", tmp_path / "pictures")
    with store._database.reading() as rows:  # noqa: SLF001
        found = {
            name: rows.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    store.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 15000, "foreign_keys": 1}
