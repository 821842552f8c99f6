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
    """Base of all errors that are meant to be read by a person.

    Attributes:
        template: the message with named places, such as "found {count}"; translations are found by it.
        values: what stands in the places.
    """

    def __init__(self, template: str, **values: object) -> None:
        """A message; without values it is taken as it is, so it may contain braces.

        Args:
            template: what was expected, what was found, and what to do.
            **values: of the places in the template.
        """
        self.template, self.values = template, values
        super().__init__(template.format(**values) if values else template)

    def __reduce__(self) -> tuple[object, ...]:
        """Errors travel between processes with their values."""
        return _rebuilt, (type(self), self.template, self.values)


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

    def __init__(self, template: str, wait_s: int = 0, **values: object) -> None:
        """A message, and the seconds to wait."""
        super().__init__(template, **values)
        self.wait_s = wait_s


class UnknownSessionError(SessionError):
    """No session has this token."""


class StaleAnswerError(SessionError):
    """The round does not wait for an answer, or not any more."""


def _rebuilt(kind: type[PersonalizeError], template: str, values: dict[str, object]) -> PersonalizeError:
    return kind(template, **values)
