"""The error of this package; its message is one sentence of the form: Expected X, found Y. Do Z."""


class ModelError(Exception):
    """A model is unknown, missing or damaged, or does not support a request."""
