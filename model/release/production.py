"""The version of a recipe's model that is in production, out of the registry: fetched once, checked each time.

Its files lie in `data/.state/models/<model>/<version>-<digest>/`, whole or not at all. Who is production is asked of
the registry every time; while it is away there is no answer.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from relay.handoff.disk import is_unwritable
from relay.handoff.errors import ModelError, RelayError
from relay.handoff.own.failure import say_failure
from relay.handoff.own.module import PACKAGE
from relay.handoff.settings import OFF, Settings
from relay.registry.artifacts import check_files, fetch_version
from relay.registry.connection import Address, explain_mlflow, find_registry, open_registry
from relay.registry.contract import CODE_FOLDER, CONTRACT_FILE, MODEL_FILE, ONNX_FILE, UNSERVED_NEXT, Cell, Contract
from relay.registry.errors import RegistryEmptyError, RegistryMissingError
from relay.registry.model_file import ModelTamperedError, check_digest, read_model
from relay.registry.own_code import OwnCodeRefusedError
from relay.registry.quick import Holder, find_holder
from relay.registry.task import ModelTask
from relay.registry.versions import CONTRACT_SHA256, Version, read_version, require_digest

if TYPE_CHECKING:  # NumPy and ONNX Runtime: whoever only asks for the contract needs neither
    from relay.registry.onnx_file import OnnxModel
    from relay.registry.predictions import Predictions, Record

KEEP = 3
"""Versions of a model whose files are kept."""


@dataclass(frozen=True)
class Production:
    """The version that holds `production`, its files checked."""

    version: Version
    folder: Path
    contract: Contract


@dataclass(frozen=True)
class OpenModel:
    """A model that answers as its contract promises."""

    contract: Contract
    onnx: "OnnxModel | None"
    model: Any
    """Of the model file; None where the ONNX file answers."""
    own_folder: Path | None = None
    """Where its own code lies, if it needs any."""

    def answer(self, records: "Sequence[Record]") -> "Predictions":
        """The answers to some records."""
        from relay.registry.predictions import predict_with_model, predict_with_onnx

        if self.onnx is not None:
            return predict_with_onnx(self.contract, self.onnx, records)
        with self.explaining():
            return predict_with_model(self.contract, self.model, records)

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """While the model file's model is asked: what its own code raises, SystemExit too, is said in one line.

        Raises:
            ModelError: own code failed.
        """
        try:
            yield
        except BaseException as error:
            if self.own_folder is None or isinstance(error, RelayError | KeyboardInterrupt):
                raise
            raise ModelError(f"the model's own code failed: {say_failure(error, self.own_folder)}") from error

    def measure(self, records: "Sequence[Record]") -> tuple[list[Cell], list[float] | None]:
        """The answers, and of each one figure that can be compared with the first one's: a number or a probability.

        Two classes: of the positive one; more: of the one that is answered to the first record; None without
        probabilities.
        """
        answers = self.answer(records)
        if self.contract.task == ModelTask.REGRESSION:
            return answers.predictions, [float(number or 0) for number in answers.predictions]
        if self.contract.task != ModelTask.MULTICLASS or answers.probabilities is None:
            return answers.predictions, answers.probabilities
        index = self.contract.classes.index(answers.predictions[0])
        return answers.predictions, self._share_out(records)[:, index].tolist()

    def _share_out(self, records: "Sequence[Record]") -> Any:
        """The probabilities of all classes (n, classes)."""
        from relay.registry.predictions import make_frame, make_matrix

        if self.onnx is not None:
            return self.onnx.predict(make_matrix(self.contract.inputs, records))
        return self.model.predict_proba(make_frame(self.contract.inputs, records))


def find_production(settings: Settings, name: str, recipe: str, number: int | None = None) -> Production:
    """The version in production, or another one, with its contract.

    Args:
        settings: name the registry and the data folder.
        name: of the model.
        recipe: as one names it, for messages.
        number: of a version that is asked instead; None: the one in production.

    Raises:
        RegistryEmptyError: none is in production, there is no such version, or tracking is off.
        RegistryAwayError: the registry does not answer.
        ModelTamperedError: a file is not the one that was registered.
    """
    address = find_registry(settings.data_dir, settings.tracking_uri)
    if address is None:
        raise RegistryEmptyError(
            f"MLFLOW_TRACKING_URI={OFF}: tracking is off, so no model is in production",
            next_step="Unset it, or set it to the address of a server",
        )
    hint = f". Promote one that was, see `python -m model list {recipe}`"
    if number is not None:
        version = _read_version(address, name, number, recipe)
    elif (holder := _find_holder(address, name)) is not None:
        version = Version(name, holder.version, holder.run_id, 0.0, is_production=True, tags=holder.tags)
    else:
        raise RegistryEmptyError(
            f"no version of {name} is in production",
            next_step=f"Train one (`python -m model {recipe}`), or promote one "
            f"(`python -m model list {recipe}`, then `python -m model promote {recipe} VERSION`)",
        )
    require_digest(name, version.number, version.tags, hint)
    folder = _find_folder(settings, version)
    return Production(version, folder, _have_files(address, version, folder))


def _read_version(address: Address, name: str, number: int, recipe: str) -> Version:
    """A version by its number.

    Raises:
        RegistryEmptyError: the model has no such version.
        RegistryAwayError: the registry does not answer.
    """
    missing = RegistryEmptyError(f"{name} has no version {number}", next_step=f"See `python -m model list {recipe}`")
    if address.is_embedded and not address.database.exists():  # opening it would make one
        raise missing
    client = open_registry(address)
    try:
        with explain_mlflow(address):
            return read_version(client, name, number)
    except RegistryEmptyError:
        raise missing from None


def _find_holder(address: Address, name: str) -> Holder | None:
    """The version in production; None also where nothing was registered yet."""
    try:
        return find_holder(address, name)
    except RegistryMissingError:
        return None


def _find_folder(settings: Settings, version: Version) -> Path:
    name = f"{version.number}-{version.tags[CONTRACT_SHA256][:12]}"
    return settings.data_dir / ".state" / "models" / version.name / name


def _have_files(address: Address, version: Version, folder: Path) -> Contract:
    """The contract among the version's files, which are fetched where they are not there or not whole."""
    with ExitStack() as stack:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(FileLock(folder.parent / ".lock", mode=0o666))
        except OSError as error:
            if not (is_unwritable(error) and folder.exists()):
                raise
            return check_files(folder, version)  # nothing can be fetched
        if folder.exists():
            try:
                return check_files(folder, version)
            except (ModelTamperedError, OwnCodeRefusedError):
                shutil.rmtree(folder)  # only a copy: the registry's files decide
        client = open_registry(address)
        with explain_mlflow(address):
            contract = fetch_version(client, version, folder)
        others = [path for path in folder.parent.iterdir() if path.is_dir() and path != folder]
        for path in sorted(others, key=lambda path: path.stat().st_mtime_ns, reverse=True)[KEEP - 1 :]:
            shutil.rmtree(path, ignore_errors=True)
        return contract


def require_answers(production: Production) -> None:
    """Return where the version may be asked.

    Raises:
        ModelError: its model needs own code, or answers no rows.
    """
    if why := production.contract.why_unserved:
        version = production.version
        raise ModelError(f"version {version.number} of {version.name} is not asked: {why}", next_step=UNSERVED_NEXT)


def _read_model(production: Production) -> Any:
    """The model in the model file of a version.

    Raises:
        ModelTamperedError, ModelUntrustedError: it cannot be trusted.
        ModelError: its own code may not run here.
    """
    contract, folder = production.contract, production.folder
    if not contract.code:
        return read_model(folder / MODEL_FILE, contract.files[MODEL_FILE])
    from relay.registry.own_model import open_own_model

    content = (folder / CONTRACT_FILE).read_bytes()
    check_digest(content, production.version.tags[CONTRACT_SHA256], CONTRACT_FILE)
    try:
        return open_own_model(folder, contract, content, (folder / MODEL_FILE).read_bytes(), stage="model")
    except OwnCodeRefusedError as error:
        where = f"version {production.version.number} of {production.version.name}"
        raise ModelError(f"{where} is not asked: {error.message}", next_step=error.next_step) from error


def open_model(production: Production) -> OpenModel:
    """The model, by its ONNX file where that is exact, after it has answered its example as it did at its training.

    Raises:
        ModelTamperedError: the bytes are not those of the contract.
        ModelError: it cannot be opened, or answers otherwise.
    """
    from relay.registry.predictions import find_difference

    contract, where = production.contract, f"version {production.version.number} of {production.version.name}"
    onnx, model = None, None
    if contract.has_onnx:
        from relay.registry.onnx_file import open_onnx

        content = (production.folder / ONNX_FILE).read_bytes()
        check_digest(content, contract.files[ONNX_FILE], ONNX_FILE)
        found = open_onnx(content)
        onnx = found if found.is_exact_for(contract.inputs) else None
    if onnx is None:
        model = _read_model(production)
    own_folder = production.folder / CODE_FOLDER / PACKAGE if contract.code else None
    opened = OpenModel(contract, onnx, model, own_folder)
    difference = find_difference(contract, opened.answer(contract.example.records))
    if difference:
        raise ModelError(
            f"{where}: {difference}: it is not asked", next_step="Train and register it with the packages used here"
        )
    return opened
