"""Files that visitors brought: kept by name, for minutes, and within a size."""

import pytest

from personalize.errors import SessionError
from personalize.ui import brought_files
from personalize.ui.brought_files import KEPT_MINUTES, BroughtFiles


class Clock:
    """Seconds that a test sets."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_file_is_found_by_its_name_only_and_the_newest_counts() -> None:
    files = BroughtFiles()
    files.keep("a page", b"first")
    files.keep("a page", b"second")
    assert files.read("a page") == b"second" and files.find("another") is None
    files.forget("a page")
    files.forget("another")
    with pytest.raises(SessionError, match=f"{KEPT_MINUTES} minutes"):
        files.read("a page")


def test_a_file_is_forgotten_minutes_after_its_last_use() -> None:
    clock = Clock()
    files = BroughtFiles(clock)
    files.keep("used", b"1")
    files.keep("left", b"2")
    clock.now_s = 60 * KEPT_MINUTES - 1
    assert files.find("used") == b"1"
    clock.now_s += 2
    assert files.find("left") is None and files.find("used") == b"1"


def test_the_file_unused_for_longest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brought_files, "MOST_BYTES", 10)
    files = BroughtFiles()
    for name in "abc":
        files.keep(name, b"12345")
    assert [files.find(name) for name in "abc"] == [None, b"12345", b"12345"]
