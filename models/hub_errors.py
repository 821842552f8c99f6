"""Errors of a hub or of the network, as one sentence with the remedy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from models.errors import ModelError


@contextmanager
def explained(repository: str, revision: str) -> Iterator[None]:
    """Turn errors of huggingface_hub into a `ModelError`; complete files are kept for the next attempt.

    Raises:
        ModelError: instead of the library's own errors.
    """
    from httpx2 import HTTPError
    from huggingface_hub import errors

    what = f"{repository} at {revision[:12]}"
    try:
        yield
    except ModelError:
        raise
    except errors.GatedRepoError as error:
        raise ModelError(
            f"Expected to read {what}, found that its owner asks for consent first. Open its page, agree, "
            "and sign in with: hf auth login (or set HF_TOKEN)."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise ModelError(
            f"Expected {what}, found no such revision. Correct --revision, or leave it out for the newest."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise ModelError(
            f"Expected the repository {repository}, found none, or one that is private. Correct its name, or "
            "sign in with: hf auth login (or set HF_TOKEN)."
        ) from error
    except (errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError) as error:
        if os.environ.get("HF_HUB_OFFLINE", "") not in ("", "0"):
            raise ModelError(
                f"Expected to fetch {what}, found HF_HUB_OFFLINE set. Unset it and connect to a network."
            ) from error
        raise ModelError(_unreachable(what, error)) from error
    except errors.HFValidationError as error:
        raise ModelError(f"Expected an id such as owner/name, found this: {error}. Correct it.") from error
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise ModelError(
                f"Expected to read {what}, found that access is denied (HTTP {status}). Sign in with: "
                "hf auth login (or set HF_TOKEN), and agree to its terms on its page."
            ) from error
        raise ModelError(
            f"Expected the files of {what}, found that the hub failed (HTTP {status}). "
            "Try again later: files that have arrived are kept."
        ) from error
    except (HTTPError, ConnectionError, TimeoutError) as error:
        raise ModelError(_unreachable(what, error)) from error
    except OSError as error:
        if "onsistency check failed" in str(error):
            raise ModelError(
                f"Expected the complete files of {what}, found one cut short ({_first_line(error)}). "
                "Fetch again; if it fails again, the hub's file is damaged."
            ) from error
        raise ModelError(
            f"Expected to write the files of {what}, found: {error}. Check the folder in HF_HOME."
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].removesuffix(".")


def _unreachable(what: str, error: Exception) -> str:
    cause = type(error.__cause__ or error).__name__
    return (
        f"Expected a network to fetch {what}, found that the hub does not answer ({cause}). Check the "
        "connection, a proxy (HTTPS_PROXY) or a mirror (HF_ENDPOINT), and try again: files are kept."
    )
