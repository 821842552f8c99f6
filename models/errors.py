"""The errors of this package; a message is one sentence of the form: Expected X, found Y. Do Z."""


class ModelError(Exception):
    """A model is unknown, missing or damaged, or does not support a request."""


class RemoteError(ModelError):
    """A server that draws gave no picture.

    Attributes:
        template: the message with a named place for each value; the page finds its sentence by it.
        values: the values by the names of their places.
    """

    def __init__(self, template: str, **values: object) -> None:
        """The message is the template with the values in its places."""
        self.template, self.values = template, values
        super().__init__(template.format(**values))
