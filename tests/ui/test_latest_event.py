"""Only the last thing that a visitor did writes to the page."""

from personalize.ui.latest_event import PAGES, LatestEvent


def test_only_the_last_on_a_page_is_the_last() -> None:
    ours = LatestEvent()
    first = ours.begin("a")
    assert first()
    other = ours.begin("b")
    second = ours.begin("a")
    assert (first(), second(), other()) == (False, True, True)


def test_old_pages_are_forgotten() -> None:
    ours = LatestEvent()
    first = ours.begin("first")
    for number in range(PAGES):
        ours.begin(str(number))
    assert len(ours._counts) == PAGES
    assert first()
