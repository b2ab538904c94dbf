"""What a reader can mend: data that will not do, and ids that are not there."""


class DataError(ValueError):
    """Data that is missing, broken or unfit for what was asked; the text says which, and what to do next."""


class UnknownIdError(KeyError):
    """A user or item id that the data does not hold."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""  # KeyError would show the sentence in quotes


class RowError(RuntimeError):
    """Rows of a study could not be computed."""


class ClusterError(RuntimeError):
    """A cluster on which nothing can be computed: nobody answers, or its nodes do not agree."""
