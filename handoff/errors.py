"""What can go wrong in a way that the reader can act on.

Every message says what was found, what was expected, where, and what to do next.
`handoff.stage` turns a `RelayError` into one line and an exit code; anything else keeps its traceback.
"""


class RelayError(Exception):
    """Something the reader can put right."""

    exit_code = 1


class UsageError(RelayError):
    """The command line or the environment asks for something that does not exist."""

    exit_code = 2


class RecipeError(RelayError):
    """A recipe file does not say what it must, or says what it must not."""


class SourceError(RelayError):
    """The data could not be had from where the recipe says that it is."""


class ContractError(RelayError):
    """The data is there, but not the data that the recipe's columns promise."""


class DatasetMissingError(RelayError):
    """The stage before has not written its dataset yet."""


class DatasetDamagedError(RelayError):
    """A dataset and its receipt do not belong together, or one of them was changed by hand."""


class StorageError(RelayError):
    """The disk refuses: full, read-only, or not ours to write."""


class ModelError(RelayError):
    """The model cannot be made from this data with these parameters."""
