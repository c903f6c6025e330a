"""What a model answers: the one name for it in `metrics.json`, in `contract.json`, in the API and on the page."""

from enum import StrEnum


class ModelTask(StrEnum):
    """The kind of answer that a model gives.

    Names that release 0.1 wrote are read as well: `ModelTask("two_classes")` is `ModelTask.BINARY`.
    """

    BINARY = "binary"
    """One of two classes, of which the second is the positive one."""
    MULTICLASS = "multiclass"
    """One of three classes or more."""
    REGRESSION = "regression"
    """A number."""
    AUTHORSHIP = "authorship"
    """The label whose known texts are nearest in style."""
    OTHER = "other"
    """What a user's function made: it does not predict a target, so it can be kept and loaded, but not served."""

    @classmethod
    def _missing_(cls, value: object) -> "ModelTask | None":
        return OLD_NAMES.get(value) if isinstance(value, str) else None


OLD_NAMES = {
    "two_classes": ModelTask.BINARY,
    "several_classes": ModelTask.MULTICLASS,
    "binary classification": ModelTask.BINARY,
    "classification": ModelTask.MULTICLASS,
}
"""Names in contracts (with underscores) and in `metrics.json` (in words) of release 0.1."""
