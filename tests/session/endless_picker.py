"""A program that answers rounds and saves pictures until it is killed.

Run it as `python -m tests.session.endless_picker URL PICTURES`. It prints one line after each call to the
store that returned.
"""

import itertools
import sys
from pathlib import Path

from personalize.session.database_store import DatabaseStore
from tests.session.examples import pick, round_, saved, session


def main(url: str, pictures: str) -> None:
    """Answer rounds and save pictures forever."""
    store = DatabaseStore(url, Path(pictures))
    store.create(session())
    for number in itertools.count(1):
        hashes = [saved(store, 3 * number + option) for option in range(3)]
        print("pictures", *hashes, flush=True)  # noqa: T201
        store.append_round("token", round_(number))
        store.set_pictures("token", number, hashes)
        print("round", number, flush=True)  # noqa: T201
        store.append_answer("token", number, pick(number % 3))
        print("answer", number, flush=True)  # noqa: T201
        if number % 5 == 0:
            store.undo("token")
            store.append_answer("token", number, pick(2))


if __name__ == "__main__":
    main(*sys.argv[1:])
