"""The public names of the package."""

import personalize


def test_every_public_name_exists_and_is_documented() -> None:
    assert len(personalize.__all__) > 10
    for name in personalize.__all__:
        assert getattr(personalize, name).__doc__
