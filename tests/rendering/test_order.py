"""Who is drawn next: by purpose, in turns, and nobody starves."""

from personalize.rendering.jobs import Purpose
from personalize.rendering.order import PATIENCE
from tests.rendering.bench import ADOPTION, AHEAD, PICTURES, ROUND, Bench, done, pictures, until


def test_the_order_is_by_purpose(bench: Bench) -> None:
    first = bench.ask("z")
    bench.wait_for_batch()
    jobs = [bench.ask(s, p) for s, p in zip("abcdef", reversed(Purpose), strict=True)]
    bench.draw_all()
    done(first, *jobs)
    assert bench.order() == ["z", "f", "e", "d", "c", "b", "a"]


def test_sessions_take_turns_and_a_large_job_is_drawn_in_parts(bench: Bench) -> None:
    long = bench.ask("a", PICTURES, count=12)
    bench.wait_for_batch()
    others = [bench.ask("b", PICTURES), bench.ask("c", PICTURES)]
    bench.draw_all()
    done(long, *others)
    assert bench.order() == ["a", "b", "c", "a", "a"]


def test_a_session_is_served_in_order(bench: Bench) -> None:
    jobs = [bench.ask("a", first=10 * n) for n in range(3)]
    bench.draw_all()
    done(*jobs)
    assert [batch[0] for batch in bench.batches] == ["a0", "a10", "a20"]


def test_nobody_who_waits_starves(bench: Bench) -> None:
    first = bench.ask("z")
    bench.wait_for_batch()
    patient = bench.ask("p", PICTURES)
    rounds = [bench.ask(chr(ord("A") + n)) for n in range(2 * PATIENCE)]
    bench.draw_all()
    done(first, patient, *rounds)
    assert bench.order().index("p") == PATIENCE + 1


def test_many_who_were_passed_over_delay_a_round_by_one_batch_only(bench: Bench) -> None:
    first = bench.ask("z")
    bench.wait_for_batch()
    adoptions = [bench.ask(chr(ord("a") + n), ADOPTION) for n in range(16)]
    rounds = [bench.ask(chr(ord("A") + n)) for n in range(20)]
    bench.draw_all()
    done(first, *adoptions, *rounds)
    order = bench.order()
    last = max(n for n, session in enumerate(order) if session.isupper())
    late = [n for n, session in enumerate(order[:last]) if session.islower() and n]
    assert late and all(after - before > 1 for before, after in zip(late, late[1:], strict=False))


def test_pictures_that_are_late_too_do_not_starve_an_adoption() -> None:
    bench = Bench(capacity=0)
    bench.free = True
    adoption = bench.ask("p", ADOPTION)
    for n in range(4 * PATIENCE):
        bench.ask(f"A{n}-")
        bench.ask(f"b{n}-", PICTURES)
        bench.queue.draw_next()
    assert adoption.done() and any(session == "b" for session in bench.order())
    bench.queue.close()


def test_a_batch_is_filled_from_several_sessions_where_that_pays() -> None:
    bench = Bench(batch=8)
    busy = bench.ask("z")
    bench.wait_for_batch()
    jobs = [bench.ask(session) for session in "abcd"] + [bench.ask("e", AHEAD)]
    bench.draw_all()
    done(busy, *jobs)
    assert bench.order() == ["z", "ab", "cd", "e"]  # guesses do not slow down those who wait
    bench.queue.close()


def test_the_page_is_told_what_the_queue_knows(bench: Bench) -> None:
    first = bench.queue.submit("a", ROUND, pictures("a"))
    bench.wait_for_batch()
    second, third = (bench.queue.submit(s, ROUND, pictures(s)) for s in "bc")
    bench.ask("d", AHEAD)
    assert [job.progress().waiting for job in (first, second, third)] == [0, 1, 2]
    assert bench.queue.before("a") == 0 and bench.queue.before("c") == 2
    left = [job.progress().left_s for job in (first, second, third)]
    assert left == sorted(left) and left[1] < left[2]
    until(lambda: first.progress().share == 0.5)
    bench.draw_all()
    done(first.future, second.future, third.future)
    assert third.progress().share == 1.0
