"""A version's folder -> a model that may be served, after everything that can be checked was checked."""

import hashlib
import json
from pathlib import Path
from typing import Any

from loguru import logger
from pydantic import ValidationError

from relay.handoff.errors import RelayError
from relay.handoff.own.module import PACKAGE
from relay.registry.contract import (
    CODE_FOLDER,
    CONTRACT_FILE,
    LINEAGE_FILE,
    MODEL_FILE,
    ONNX_FILE,
    UNSERVED_NEXT,
    Contract,
)
from relay.registry.model_file import read_model
from relay.registry.onnx_file import INEXACT, open_onnx
from relay.registry.own_code import AGAIN, OwnCodeRefusedError, show_name
from relay.registry.predictions import find_difference
from relay.registry.task import ModelTask
from serve.errors import NoAnswerError
from serve.predictor import OnnxPredictor, OwnPredictor, PipelinePredictor, Predictor
from serve.record_keys import find_record_key
from serve.schema import make_schema
from serve.store import Served, VersionRef

LONGEST_REASON = 300
"""Characters of another library's words."""


class VersionRefusedError(RelayError):
    """A version's files are not those that were registered, or it does not answer as it did there."""

    kind = "version_refused"


def load_folder(folder: Path, ref: VersionRef) -> Served:
    """The version in a folder of its files, its input example answered as at its training.

    Raises:
        VersionRefusedError: a file is gone or is another one, or the answers differ.
        ModelTamperedError: the model file is not what its digest says, or holds types that we do not trust.
    """
    where = f"version {ref.version} of {ref.model}"
    try:
        return _load(folder, ref, where)
    except (RelayError, OSError):
        raise
    except Exception as error:  # what a file makes skops, scikit-learn or own code raise: none of it may be served
        what = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:LONGEST_REASON]
        raise VersionRefusedError(
            f"{where} cannot be loaded: {what}", next_step="Train and register it again, or roll back"
        ) from error


def _load(folder: Path, ref: VersionRef, where: str) -> Served:
    contract, content = _read_contract(folder, ref, where)
    if contract.why_unserved:
        raise VersionRefusedError(f"{where} is not servable: {contract.why_unserved}", next_step=UNSERVED_NEXT)
    served = Served(
        ref=ref,
        contract=contract,
        schema=make_schema(contract.inputs, contract.limits, find_record_key(contract.record_key)),
        predictor=_open_predictor(folder, contract, content, where),
        lineage=_read_lineage(folder, ref, where),
    )
    check_example(served, where)
    return served


def check_example(served: Served, where: str) -> None:
    """Make sure that the input example is answered as it was when the model was trained.

    Raises:
        VersionRefusedError: it is not.
    """
    if not served.contract.example.records:
        raise VersionRefusedError(
            f"{where}: its contract has no example, so its answers cannot be checked",
            next_step="Train and register it again",
        )
    records = served.schema.read_values(served.contract.example.records)
    try:
        found = served.predictor.answer(records)
        served.predictor.answer_plainly(records)  # warms it, and a model that cannot must not be served
    except NoAnswerError as error:
        raise VersionRefusedError(f"{where}: its example is not answered: {error.message}") from error
    difference = find_difference(served.contract, found)
    if difference:
        raise VersionRefusedError(
            f"{where}: {difference}: it is not served. Train and register it with the packages that run here"
        )


def _read_contract(folder: Path, ref: VersionRef, where: str) -> tuple[Contract, bytes]:
    """The contract, and its bytes, which a signature vouches for."""
    content = _read_file(folder / CONTRACT_FILE, ref.contract_sha256, where)
    try:
        contract = Contract.from_json(content)
    except (ValueError, KeyError, ValidationError) as error:
        raise VersionRefusedError(f"{where}: {CONTRACT_FILE} is no contract: {str(error).splitlines()[0]}") from error
    if contract.model != ref.model:
        raise VersionRefusedError(f"{where}: its contract is of the model {contract.model}")
    return contract, content


def _open_predictor(folder: Path, contract: Contract, content: bytes, where: str) -> Predictor:
    if strange := [name for name in contract.files if name not in (MODEL_FILE, ONNX_FILE)]:
        raise VersionRefusedError(f"{where}: its contract names {show_name(strange[0])} as a model file. {AGAIN}")
    contents = {name: _read_file(folder / name, sha256, where) for name, sha256 in contract.files.items()}
    if ONNX_FILE in contents:
        onnx = open_onnx(contents[ONNX_FILE])
        if onnx.is_exact_for(contract.inputs):
            return OnnxPredictor(contract, onnx)
        logger.warning("{}: {}", where, INEXACT)
    if MODEL_FILE not in contents:
        raise VersionRefusedError(f"{where}: its contract names no {MODEL_FILE}, expected one to load")
    if contract.code:
        return _open_own(folder, (contract, content), contents[MODEL_FILE], where)
    model = read_model(contents[MODEL_FILE], contract.files[MODEL_FILE], stage="serve")
    if contract.task == ModelTask.AUTHORSHIP:
        from serve.authorship import AuthorshipPredictor

        return AuthorshipPredictor(contract, model)
    return PipelinePredictor(contract, model)


def _open_own(folder: Path, contract: tuple[Contract, bytes], model_file: bytes, where: str) -> Predictor:
    """The predictor of a model with own code, whose files, signature and types are checked first."""
    from relay.registry.own_model import open_own_model

    try:
        model = open_own_model(folder, *contract, model_file, stage="serve")
    except OwnCodeRefusedError as error:
        raise VersionRefusedError(f"{where}: {error.message}", next_step=error.next_step) from error
    return OwnPredictor(PipelinePredictor(contract[0], model), folder / CODE_FOLDER / PACKAGE)


def _read_file(path: Path, sha256: str, where: str) -> bytes:
    """A file's bytes, which are the ones that are then loaded: nothing is read twice."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise VersionRefusedError(f"{where}: {path} cannot be read: {error.strerror}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise VersionRefusedError(
            f"{where}: {path.name} has the SHA-256 {found[:12]}…, registered was {sha256[:12]}…: it is not served. "
            "Register it again, or roll back"
        )
    return content


def _read_lineage(folder: Path, ref: VersionRef, where: str) -> dict[str, Any] | None:
    path = folder / LINEAGE_FILE
    if ref.lineage_sha256:
        return _parse_lineage(_read_file(path, ref.lineage_sha256, where), where)
    if path.is_symlink() or not path.is_file():
        return None
    return _parse_lineage(path.read_bytes(), where)


def _parse_lineage(content: bytes, where: str) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise VersionRefusedError(f"{where}: {LINEAGE_FILE} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise VersionRefusedError(f"{where}: {LINEAGE_FILE} is not a JSON object")
    return found
