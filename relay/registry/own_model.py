"""Loading a model that needs own code: files, trust, modules, types, in this order; the model file comes last."""

from pathlib import Path
from typing import Any

from relay.handoff.errors import RelayError
from relay.handoff.own.failure import say_failure
from relay.registry.contract import MODEL_FILE, Contract
from relay.registry.model_file import ModelUntrustedError, check_digest, list_own_types, read_model
from relay.registry.own_code import OwnCodeRefusedError, read_code, require_trusted
from relay.registry.own_modules import OwnModules


def open_own_model(folder: Path, contract: Contract, content: bytes, model_file: bytes, *, stage: str) -> Any:
    """The model of a version whose model file holds types of own code.

    Args:
        folder: of the version's files.
        contract: of the version.
        content: the bytes of the contract, whose digest was checked.
        model_file: the bytes of the model file.
        stage: whose lock must pin the packages of other types; `serve` for the API.

    Raises:
        OwnCodeRefusedError: the code may not run here, or does not load.
        ModelTamperedError, ModelUntrustedError: the model file is another one, or holds other types.
    """
    files = read_code(folder, contract)
    require_trusted(folder, content, files)
    modules = OwnModules(files, stage)
    return read_own_model(model_file, contract, modules, stage=stage)


def read_own_model(content: bytes, contract: Contract, modules: OwnModules, *, stage: str) -> Any:
    """The model in a model file, by types of own code that is trusted.

    Args:
        content: the bytes of the model file.
        contract: of the version.
        modules: the version's own code, imported.
        stage: whose lock must pin the packages of other types.

    Raises:
        OwnCodeRefusedError: it does not load with this code.
        ModelTamperedError, ModelUntrustedError: the model file is another one, or holds other types.
    """
    check_digest(content, contract.files[MODEL_FILE], MODEL_FILE)
    strange = [kind for kind in list_own_types(content) if not modules.defines(kind)]
    if strange:
        raise ModelUntrustedError(
            f"{MODEL_FILE} needs {', '.join(strange)}, which the version's own code does not define",
            next_step="Define the class or function at the top level of a file in recipes/, and train again",
        )
    try:
        with modules.visible():
            return read_model(content, contract.files[MODEL_FILE], MODEL_FILE, is_own=True, stage=stage)
    except RelayError:
        raise
    except BaseException as error:  # building an object runs the user's code
        raise OwnCodeRefusedError(
            f"{MODEL_FILE} cannot be loaded with its own code: {say_failure(error, modules.folder)}"
        ) from error
