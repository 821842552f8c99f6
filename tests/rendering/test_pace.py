"""How many pictures are drawn together: as many as pay, found while several sessions wait."""

import pytest

from personalize.rendering.pace import TRIES, Pace
from tests.rendering.bench import AHEAD, Bench, done


def learned(marginal: float, most: int, batches: int = 40) -> list[int]:
    """The sizes of the batches where each further round costs this share of the first."""
    pace, sizes = Pace(4, lambda: most), []
    for _ in range(batches):
        size = pace.size
        sizes.append(size)
        pace.note(size, 1.0 + marginal * (size / 4 - 1.0))
    return sizes


@pytest.mark.parametrize(("marginal", "size"), [(0.0, 32), (0.1, 32), (0.5, 8), (0.9, 4), (1.0, 4)])
def test_the_largest_batch_that_pays_is_found(marginal: float, size: int) -> None:
    sizes = learned(marginal, 32)
    assert sizes[0] == 4 and set(sizes[-10:]) == {size}


def test_a_size_that_does_not_pay_is_tried_a_few_times_only() -> None:
    assert learned(1.0, 32) == [4] * TRIES + [8] * TRIES + [4] * (40 - 2 * TRIES)


def test_no_batch_is_larger_than_the_renderer_takes_now() -> None:
    assert max(learned(0.0, 12)) == 12
    most = [32]
    pace = Pace(4, lambda: most[0])
    for _ in range(20):
        pace.note(pace.size, 1.0)
    assert pace.size == 32
    most[0] = 8  # memory ran out
    assert pace.size == 8
    most[0] = 1
    assert pace.size == 4  # the renderer divides it itself


def test_one_slow_batch_of_a_size_does_not_decide() -> None:
    pace = Pace(4, lambda: 8)
    for _ in range(TRIES):
        pace.note(4, 1.0)
    for spent_s in (60.0, 1.1, 1.1):
        assert pace.size == 8
        pace.note(8, spent_s)
    assert pace.size == 8


def test_small_batches_say_nothing_about_the_size_but_count_for_the_time() -> None:
    pace = Pace(4, lambda: 8)
    pace.note(2, 6.0)
    assert pace.picture_s == 3.0 and pace.seconds_a_picture == {}


@pytest.mark.parametrize(("marginal", "together"), [(0.1, 2), (1.0, 1)])
def test_the_queue_joins_sessions_only_where_that_pays(marginal: float, together: int) -> None:
    bench = Bench(capacity=0, most=lambda: 8)
    bench.free, bench.batch_s = True, lambda pictures: 1.0 + marginal * (pictures / 4 - 1.0)
    for number in range(2 * TRIES):
        futures = [bench.ask(f"{session}{number}-") for session in "ab"]
        while not all(future.done() for future in futures):
            assert bench.queue.draw_next()
        assert done(*futures) == [[f"#{s}{number}-{n}" for n in range(4)] for s in "ab"]
    bench.batches.clear()
    futures = [bench.ask(f"{session}-") for session in "abcd"]
    while bench.queue.draw_next():
        pass
    done(*futures)
    assert [len(batch) for batch in bench.batches] == [4 * together] * (4 // together)
    bench.queue.close()


def test_guesses_never_ride_along_with_what_somebody_waits_for() -> None:
    bench = Bench(capacity=0, most=lambda: 8)
    bench.free = True
    for number in range(2 * TRIES):
        futures = [bench.ask(f"a{number}-"), bench.ask(f"b{number}-", AHEAD)]
        while bench.queue.draw_next():
            pass
        done(*futures)
    assert {len({name[0] for name in batch}) for batch in bench.batches} == {1}
    bench.queue.close()
