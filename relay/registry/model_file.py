"""Reading model files: the bytes must be those that a training wrote, and hold only types that we trust.

In this order: a file of skops describes objects that are built and indices that are followed, so nothing in it is
looked at before its SHA-256 is the expected one.
"""

import hashlib
from pathlib import Path
from typing import Any

from relay.handoff.errors import ModelError, RelayError
from relay.registry.trusted import list_trusted
from relay.registry.unpacked import require_fitting

OURS = (
    "numpy.dtype",
    "relay.registry.calendar_parts.CalendarParts",
    "relay.registry.rounding.Float32Rounding",
    "sklearn._loss.loss.HalfTweedieLossIdentity",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.kernels.ConstantKernel",
    "sklearn.gaussian_process.kernels.Product",
    "sklearn.gaussian_process.kernels.RBF",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
    "stylometry.attribution.AuthorshipClassifier",
)
"""Types we trust beyond those that skops trusts: data holders that scikit-learn's fitted estimators consist of, and our
own estimator.

Trees and neighbours hold indices that are followed without a check, which is why the SHA-256 comes first.
"""


OWN_PREFIX = "recipes."
"""Of the types in a recipe's own module."""


class ModelTamperedError(RelayError):
    """A file of a model is not the one that a training wrote."""

    kind = "model_tampered"


class ModelUntrustedError(ModelError):
    """A model file holds types that are not on our list."""

    kind = "model_untrusted"


def read_model(file: bytes | Path, sha256: str, name: str = "", *, is_own: bool = False, stage: str = "model") -> Any:
    """The model in a skops file.

    Args:
        file: its content, or where it lies; read once, so that what is checked is what is loaded.
        sha256: of the whole file, from a contract or a receipt, never from beside the file unchecked.
        name: what messages call it; its path when empty.
        is_own: whether types of a recipe's own module are trusted: only where that module's code was checked.
        stage: whose lock must pin the packages of other estimators, such as xgboost; `serve` for the API.

    Raises:
        ModelTamperedError: the bytes are others; nothing in them was looked at.
        ModelTooLargeError: they unpack to more than MODEL_MAX_UNPACKED_BYTES; nothing of them was unpacked.
        ModelUntrustedError: it holds types that are not on our list; none of them was built.
    """
    name = name or (str(file) if isinstance(file, Path) else "the model file")
    content = file.read_bytes() if isinstance(file, Path) else file
    check_digest(content, sha256, name)
    require_fitting(content, name)
    import skops.io  # takes as long as scikit-learn to import: who serves the ONNX file does without it

    unknown = _list_unknown(content, name) - set(OURS)
    own = {kind for kind in unknown if kind.startswith(OWN_PREFIX)} if is_own else set()
    others = unknown & list_trusted(stage) if unknown - own else set()
    if foreign := _list_foreign(own):
        raise ModelUntrustedError(
            f"{name} needs {', '.join(foreign)}, which the recipe's own code does not define",
            next_step="Define the class or function at the top level of a file in recipes/, and train again",
        )
    strange = sorted(unknown - own - others)
    if strange:
        raise ModelUntrustedError(
            f"{name} needs {', '.join(strange)}, which our list of trusted types does not hold: "
            "choose another estimator or other options, or add the type to OURS in relay/registry/model_file.py"
        )
    return skops.io.loads(content, trusted=[*OURS, *sorted(own | others)])


def _list_foreign(own: set[str]) -> list[str]:
    """Those types of own modules that these modules do not define."""
    if not own:
        return []
    from relay.handoff.own.loading import is_defined  # other models do without it

    return [kind for kind in sorted(own) if not is_defined(kind)]


def list_own_types(content: bytes) -> list[str]:
    """The types of a recipe's own module that a model file holds, such as recipes.own_parts.Offers, sorted.

    Args:
        content: of a file whose digest was checked, or that was just written.
    """
    return sorted(kind for kind in _list_unknown(content, "the model file") if kind.startswith(OWN_PREFIX))


def _list_unknown(content: bytes, name: str) -> set[str]:
    """The types in a model file that skops itself does not trust."""
    import skops.io

    try:
        return set(skops.io.get_untrusted_types(data=content))
    except Exception as error:  # whatever skops raises when the description of the objects has gaps
        raise ModelUntrustedError(
            f"{name} cannot be read as a skops file: {type(error).__name__}: {error}",
            next_step="Train again, or go back to another version",
        ) from error


def check_digest(content: bytes, sha256: str, name: str) -> None:
    """Make sure that a file's content is the expected one.

    Raises:
        ModelTamperedError: it is not.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelTamperedError(
            f"{name}: SHA-256 {found[:12]}…, expected {sha256[:12]}…: it was changed or cut after training, and is not "
            "loaded. Train again, or go back to another version"
        )
