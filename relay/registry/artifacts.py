"""The files of a registered version, fetched and held against the digests that were written when it was registered."""

import shutil
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from relay.handoff.files import hash_file, sync_file, sync_folder
from relay.registry.contract import (
    CONTRACT_FILE,
    LINEAGE_FILE,
    MODEL_FILE,
    ONNX_FILE,
    PROFILE_FILE,
    REFERENCE_FILE,
    Contract,
)
from relay.registry.errors import RegistryAwayError
from relay.registry.model_file import ModelTamperedError
from relay.registry.own_code import AGAIN, OwnCodeRefusedError, read_code, show_name
from relay.registry.versions import CONTRACT_SHA256, LINEAGE_SHA256, Version, require_digest

if TYPE_CHECKING:
    from mlflow import MlflowClient


def fetch_version(client: "MlflowClient", version: Version, folder: Path) -> Contract:
    """Put a version's files into a folder, which is whole or not there; gives its contract.

    Raises:
        ModelTamperedError: a file is not the one that was registered.
        RegistryEmptyError: the version was not registered by Relay.
        RegistryAwayError: its files cannot be had.
    """
    require_digest(version.name, version.number, version.tags)
    temporary = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        _download(client, version, temporary)
        contract = check_files(temporary, version)
        check_lineage(temporary, version)
        for path in temporary.rglob("*"):
            if path.is_file():
                sync_file(path)
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
        sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return contract


def check_files(folder: Path, version: Version) -> Contract:
    """The contract in a folder of a version's files, each compared with its digest.

    The version's tag vouches for the contract, the contract for the files that are loaded.

    Raises:
        ModelTamperedError: a file is gone, or not the one that was registered.
        OwnCodeRefusedError: the same, of its own code.
    """
    where = f"version {version.number} of {version.name}"
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            shown = show_name(path.relative_to(folder).as_posix())
            raise ModelTamperedError(f"{where}: {shown} is a symbolic link; links are not followed. {AGAIN}")
    _check(folder / CONTRACT_FILE, version.tags[CONTRACT_SHA256], where)
    try:
        contract = Contract.from_json((folder / CONTRACT_FILE).read_bytes())
    except (ValueError, KeyError, RecursionError) as error:
        why = str(error).splitlines()[0]
        raise ModelTamperedError(f"{where}: {CONTRACT_FILE} is not a contract: {why}. {AGAIN}") from error
    if contract.model != version.name:
        raise ModelTamperedError(f"{where}: its contract is of the model {show_name(contract.model)}. {AGAIN}")
    _check_listed(folder, where, contract.files, (MODEL_FILE, ONNX_FILE), "as a model file")
    _check_listed(folder, where, contract.monitored, (PROFILE_FILE, REFERENCE_FILE), "for the monitor")
    if contract.code:
        try:
            read_code(folder, contract)
        except OwnCodeRefusedError as error:
            raise OwnCodeRefusedError(f"{where}: {error.message}", next_step=error.next_step) from None
    return contract


def _check_listed(folder: Path, where: str, listed: Mapping[str, str], allowed: Collection[str], purpose: str) -> None:
    for name, sha256 in listed.items():
        if name not in allowed:
            raise ModelTamperedError(f"{where}: the contract names {show_name(name)} {purpose}. {AGAIN}")
        _check(folder / name, sha256, where)


def check_lineage(folder: Path, version: Version) -> None:
    """Compare the lineage in a folder of a version's files with its digest; versions of release 0.1 have none.

    Raises:
        ModelTamperedError: it is gone, or not the one that was registered.
    """
    if LINEAGE_SHA256 in version.tags:
        _check(folder / LINEAGE_FILE, version.tags[LINEAGE_SHA256], f"version {version.number} of {version.name}")


def _check(path: Path, sha256: str, where: str) -> None:
    found = hash_file(path) if path.is_file() else "gone"
    if found != sha256:
        raise ModelTamperedError(
            f"{where}: {path.name} is {found[:12]}, registered was {sha256[:12]}: it is not loaded. "
            "Train and register it again, or roll back"
        )


def _download(client: "MlflowClient", version: Version, folder: Path) -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    try:
        uri = client.get_model_version_download_uri(version.name, str(version.number))
        parts = urlsplit(uri)
        if parts.scheme == "file":
            shutil.copytree(url2pathname(parts.path), folder, symlinks=True, dirs_exist_ok=True)
        else:
            download: Callable[..., str] = get_artifact_repository(uri).download_artifacts  # MLflow leaves it untyped
            download("", dst_path=str(folder))
    except (MlflowException, OSError) as error:
        raise RegistryAwayError(
            f"the files of version {version.number} of {version.name} cannot be had: {str(error).splitlines()[0]}"
        ) from error
