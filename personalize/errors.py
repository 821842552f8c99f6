"""The tree of errors; every message says what was expected, what was found, and what to do.

::

    PersonalizeError
    |-- SettingsError        a flag or an environment variable does not fit
    |-- VocabularyError      a vocabulary's files, an unknown token, a path that may not be said
    |-- ShapeError           tensors whose axes do not agree
    |-- DesignError          a design that cannot be posed (no path, too few distinct prompts)
    |-- StoreError           the database or a picture is missing, damaged or locked
    |-- RenderError          the renderer failed; nothing was lost
    |   `-- StalledError         the renderer makes no step
    |-- CancelledError       somebody stopped it
    `-- SessionError         what a person asked for does not fit the session
        |-- LimitError            too much at once; it says how long to wait
        |-- UnknownSessionError   no session has this token
        `-- StaleAnswerError      the round does not wait for an answer (any more)

A solver that did not converge is no error: its result has a status.
"""


class PersonalizeError(Exception):
    """Base of all errors that are meant to be read by a person."""


class SettingsError(PersonalizeError):
    """A flag or an environment variable does not fit."""


class VocabularyError(PersonalizeError):
    """A vocabulary's files are unusable, a token is unknown, or a path may not be said."""


class ShapeError(PersonalizeError):
    """The axes of tensors do not agree."""


class DesignError(PersonalizeError):
    """A design cannot be posed."""


class StoreError(PersonalizeError):
    """The database or a picture is missing, damaged or locked."""


class RenderError(PersonalizeError):
    """The renderer failed; what was answered before is kept."""


class StalledError(RenderError):
    """The renderer makes no step; it may go on by itself, or need a restart."""


class CancelledError(PersonalizeError):
    """Somebody stopped what was being drawn; nothing of it is kept."""


class SessionError(PersonalizeError):
    """What a person asked for does not fit the session."""


class LimitError(SessionError):
    """Too much at once; `wait_s` seconds later there is room again."""

    def __init__(self, message: str, wait_s: int) -> None:
        """A sentence, and the seconds to wait."""
        super().__init__(message)
        self.wait_s = wait_s


class UnknownSessionError(SessionError):
    """No session has this token."""


class StaleAnswerError(SessionError):
    """The round does not wait for an answer, or not any more."""
