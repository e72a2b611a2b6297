"""The error for files that are no model, or damaged, or too new."""

__all__ = ["ModelFileError"]


class ModelFileError(ValueError):
    """A file that `logitron.load` refuses; the message says what was expected and what was found.

    Examples
    --------
    >>> from logitron.persistence import ModelFileError
    >>> issubclass(ModelFileError, ValueError)
    True
    """
