"""Step lengths."""

import pytest

from personalize.design.step_size import ExactLineSearch, OpenLoop


def test_open_loop_is_two_over_n_plus_two_and_stays_inside() -> None:
    lengths = [OpenLoop().length(n, lambda _: 1.0, 1.0) for n in range(4)]
    assert lengths == pytest.approx([1.0, 2 / 3, 0.5, 0.4])
    assert OpenLoop().length(0, lambda _: 1.0, 0.3) == 0.3


@pytest.mark.parametrize("power", [1, 3, 9])
@pytest.mark.parametrize("root", [1e-4, 0.2, 0.77])
def test_line_search_finds_the_root_from_the_rising_side(root: float, power: int) -> None:
    def derivative(x: float) -> float:
        return (root - x) * (1.0 + (x - root) ** 2) ** power

    length = ExactLineSearch().length(0, derivative, 1.0)
    assert 0.0 <= derivative(length) <= 1e-4 * derivative(0.0)


def test_line_search_goes_all_the_way_when_it_keeps_rising_and_nowhere_when_it_falls() -> None:
    assert ExactLineSearch().length(0, lambda x: 2.0 - x, 0.7) == 0.7
    assert ExactLineSearch().length(0, lambda x: -1.0 - x, 0.7) == 0.0
    assert ExactLineSearch().length(0, lambda x: 1.0 - x, 0.0) == 0.0


def test_line_search_moves_even_where_false_position_lands_on_its_own_end() -> None:
    def derivative(length: float) -> float:
        return 2500.0 if length < 0.25 else (0.5 - length) * 1e-12

    assert ExactLineSearch().length(0, derivative, 1.0) >= 0.25
