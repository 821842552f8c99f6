"""Seeds: all randomness in a session derives from the session's seed."""

import hashlib
import secrets

from personalize.errors import SessionError

LARGEST_SEED = 2**31 - 1


def derived_seed(*parts: object) -> int:
    """A seed computed from `parts`, from 0 to 2^63 - 1 and equal in every process."""
    digest = hashlib.sha256("/".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def checked_seed(seed: int | None) -> int:
    """The given seed, or a random seed for None.

    Raises:
        SessionError: the seed is outside 0 to LARGEST_SEED.
    """
    if seed is None:
        return secrets.randbelow(LARGEST_SEED)
    if not 0 <= seed <= LARGEST_SEED:
        raise SessionError(
            "Expected a seed from 0 to {high}, found {found}. Choose another.", high=LARGEST_SEED, found=seed
        )
    return seed
