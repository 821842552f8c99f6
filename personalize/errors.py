"""The errors of Palate.

::

    PersonalizeError
    |-- SettingsError        a flag or an environment variable has a wrong value
    |-- VocabularyError      a vocabulary's files, an unknown token, or a path that is not allowed
    |-- ShapeError           the axes of tensors do not agree
    |-- DesignError          a design that is impossible (no path, or too few distinct prompts)
    |-- StoreError           the database or a picture is missing, damaged or locked
    |-- RenderError          the renderer failed; no answer was lost
    |   `-- StalledError         the renderer makes no progress
    |-- CancelledError       a render was stopped
    `-- SessionError         a request that does not fit the session
        |-- LimitError            too many requests; the error has the seconds to wait
        |-- UnknownSessionError   no session has this token
        `-- StaleAnswerError      an answer to a round that is not open

A message has three parts: what was expected, what was found, and what to do. It is a template with named
places and the values for them. The log, the command line and the API show the message. The page shows the
sentence that its catalogue has for the template (`personalize.ui.text`).

A solver that did not converge raises no error: its result has a status.
"""


class PersonalizeError(Exception):
    """Base of all errors that are written for people.

    Attributes:
        template: the message with a named place for each value, such as "found {count}".
        values: the values by the names of their places.
    """

    def __init__(self, template: str, **values: object) -> None:
        """The message is the template with the values in its places.

        A template without values is not formatted, so it may contain braces.

        Args:
            template: what was expected, what was found, and what to do.
            **values: the values by the names of their places.
        """
        self.template, self.values = template, values
        super().__init__(template.format(**values) if values else template)

    def __reduce__(self) -> tuple[object, ...]:
        """A pickled error keeps its template, its values and its other attributes."""
        return _rebuilt, (type(self), self.template, self.values), vars(self)


class SettingsError(PersonalizeError):
    """A flag or an environment variable has a wrong value."""


class VocabularyError(PersonalizeError):
    """The files of a vocabulary are unusable, a token is unknown, or a path is not allowed."""


class ShapeError(PersonalizeError):
    """The axes of tensors do not agree."""


class DesignError(PersonalizeError):
    """A design is impossible."""


class StoreError(PersonalizeError):
    """The database or a picture is missing, damaged or locked."""


class RenderError(PersonalizeError):
    """The renderer failed. All answers are kept."""


class StalledError(RenderError):
    """The renderer makes no progress. It may recover by itself, or need a restart."""


class CancelledError(PersonalizeError):
    """A render was stopped. None of its pictures is kept."""


class SessionError(PersonalizeError):
    """A request does not fit the session."""


class LimitError(SessionError):
    """There were too many requests.

    Attributes:
        wait_s: seconds until the next request is possible.
    """

    def __init__(self, template: str, wait_s: int = 0, **values: object) -> None:
        """The template and its values, and the seconds to wait."""
        super().__init__(template, **values)
        self.wait_s = wait_s


class UnknownSessionError(SessionError):
    """No session has this token."""


class StaleAnswerError(SessionError):
    """The round is not open, or no longer open, for an answer."""


def _rebuilt(kind: type[PersonalizeError], template: str, values: dict[str, object]) -> PersonalizeError:
    return kind(template, **values)
