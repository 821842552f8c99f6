"""The one error of this package; its message says what was expected, what was found, and what to do."""


class ModelError(Exception):
    """A model is unknown, missing, damaged, or was asked for what it cannot do."""
