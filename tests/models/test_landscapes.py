"""Landscapes: every land under every sky, the same in every size, and dark at night."""

import numpy as np
import pytest

from models.composer.lands import LANDS, landscape
from models.composer.skies import SKIES


@pytest.mark.parametrize("land", LANDS)
def test_a_land_has_the_light_of_its_sky_and_comes_again_from_its_seed(land: str) -> None:
    day, night, again = (
        landscape(sky, land, np.random.default_rng(1), 64) for sky in ("day", "night", "day")
    )
    assert (day == again).all() and day.shape == (64, 64, 3) and day.min() >= 0 and day.max() <= 1
    if land not in ("underwater", "moon"):  # water and the moon's ground have their own light
        assert night.mean() < 0.7 * day.mean()


@pytest.mark.parametrize("sky", SKIES)
def test_a_sky_is_the_same_picture_in_another_size(sky: str) -> None:
    small, large = (landscape(sky, "meadow", np.random.default_rng(3), px) for px in (64, 128))
    shrunk = large.reshape(64, 2, 64, 2, 3).mean(axis=(1, 3))
    assert np.abs(small - shrunk).mean() < 0.03
