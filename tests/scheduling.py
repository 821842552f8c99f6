"""Which worker runs which tests: all tests of a group (`tests.places.group_of`) run in one worker."""

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.places import TESTS, group_of


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """xdist's scheduling by scope, with the groups of this project as scopes."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(TESTS.parent / nodeid.partition("::")[0])
