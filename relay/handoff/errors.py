"""What can go wrong in a way that the reader can act on.

Every message says what was found, what was expected, where, and what to do next.
`handoff.stage` turns a `RelayError` into one line and an exit code; anything else keeps its traceback.
Programs read `ErrorRecord`, never the text.
"""

from dataclasses import dataclass
from enum import StrEnum

from relay.handoff.place import word_commands

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes of all commands."""

UNEXPECTED = "unexpected"
"""Kind of an error that is no RelayError: a mistake of ours."""


@dataclass(frozen=True)
class ErrorRecord:
    """An error as data: what `--json` answers, and what the journal keeps of a failed run."""

    kind: str
    """Which error it is; stays the same when the wording changes."""
    message: str
    """The whole text for people, with what to do next."""
    next: str = ""
    """What to do next, where the error says it apart: a command, or one sentence."""


class RelayError(Exception):
    """Something the reader can put right.

    Args:
        message: what was found, what was expected, and where.
        next_step: what to do next: a command in back quotes, or one sentence. It follows the message in `str(error)`.
            Commands are written as one types them natively; in a container they become those of the host.
    """

    exit_code = FAILED
    kind = "failed"

    def __init__(self, message: str = "", *, next_step: str = "") -> None:
        message, next_step = word_commands(message), word_commands(next_step)
        super().__init__(f"{message.rstrip('.')}. {next_step}" if next_step else message)
        self.message = message
        self.next_step = next_step

    @property
    def record(self) -> ErrorRecord:
        """The error as data."""
        return ErrorRecord(kind=self.kind, message=str(self), next=self.next_step)


class UsageError(RelayError):
    """The command line or the environment asks for something that does not exist."""

    exit_code = USAGE
    kind = "usage"


class RecipeError(RelayError):
    """A recipe file does not say what it must, or says what it must not."""

    kind = "recipe"


class SourceError(RelayError):
    """The data could not be had from where the recipe says that it is."""

    kind = "source"


class SchemaError(RelayError):
    """The data is there, but not the data that the recipe's columns promise."""

    kind = "schema"


class DatasetState(StrEnum):
    """How a dataset, or a folder of results, stands."""

    GOOD = "good"
    MISSING = "missing"
    DAMAGED = "damaged"
    OUTDATED = "outdated"
    """Made from other data than is there now."""


class DatasetMissingError(RelayError):
    """The stage before has not written its dataset yet."""

    kind = "dataset_missing"


class DatasetDamagedError(RelayError):
    """A dataset and its receipt do not belong together, or one of them was changed by hand."""

    kind = "dataset_damaged"


class DatasetReplacedError(RelayError):
    """A dataset in parts was replaced while it was read, and its remaining parts have been removed."""

    kind = "dataset_replaced"


def judge_dataset(error: RelayError) -> DatasetState:
    """The state of a dataset whose receipt could not be read because of this error."""
    return DatasetState.MISSING if isinstance(error, DatasetMissingError) else DatasetState.DAMAGED


class StorageError(RelayError):
    """The disk refuses: full, read-only, or not ours to write."""

    kind = "storage"


class ModelError(RelayError):
    """The model cannot be made from this data with these parameters."""

    kind = "model"


def describe_error(error: BaseException) -> ErrorRecord:
    """Any error as data; one that is no RelayError is `unexpected`."""
    if isinstance(error, RelayError):
        return error.record
    if isinstance(error, KeyboardInterrupt):
        return ErrorRecord(kind="interrupted", message="interrupted")
    return ErrorRecord(kind=UNEXPECTED, message=f"{type(error).__name__}: {error}")
