"""The service's own copies of model versions, and the file that says which one is in force.

    serve/models/credit/3.1f09c2aa/   contract.json, model.onnx, …: whole, or not there
    serve/models/credit/current.json  which of them is served, and what the registry last said

Fetching (one process) fills the folders and writes the file last; each worker follows the file. So the copies are also
what is served after a start without a registry.
"""

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from relay.handoff.column import Column
from relay.handoff.errors import RelayError
from relay.handoff.files import sync_file, sync_folder, write_atomically
from relay.registry.artifacts import check_files, check_lineage
from relay.registry.contract import CONTRACT_FILE, LINEAGE_FILE, MODEL_FILE, ONNX_FILE, REFERENCE_FILE, Contract
from relay.registry.versions import CONTRACT_SHA256, LINEAGE_SHA256, Version
from serve.store import VersionRef

CURRENT = "current.json"
FOUND = ".registry.json"
"""File that says why no model was found in the registry; there are models in the folder otherwise."""
LINEAGE_DIGEST = "lineage.sha256"
"""File beside a lineage with the digest that the registry had; empty for a version of release 0.1."""

KEEP = 3
"""Versions of a model whose model files stay, the one in force among them.

Contract and lineage of all stay, for the log names them.
"""


class ServingState(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be served of a model, and what is known of the registry."""

    ref: VersionRef | None = None
    """None where no version may be served."""
    why: str = ""
    """Why none, or why a newer one is not; empty when all is well."""
    next_step: str = ""
    asked_unix: float | None = None
    away_since_unix: float | None = None


class Copies:
    """The copies of all models."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._targets: dict[tuple[str, str], Column | None] = {}

    def location(self, ref: VersionRef) -> Path:
        """Where the copy of a version lies; another contract under the same number is another copy."""
        return self.folder / ref.model / f"{ref.version}.{ref.contract_sha256[:8]}"

    def current(self, model: str) -> Path:
        """The file that says which version is in force."""
        return self.folder / model / CURRENT

    def list_models(self) -> list[str]:
        """The models of which a version is served, or was refused."""
        return sorted(path.parent.name for path in self.folder.glob(f"*/{CURRENT}"))

    def forget(self, model: str) -> None:
        """Serve a model no longer; its copies stay."""
        self.current(model).unlink(missing_ok=True)

    def read_found(self) -> ServingState:
        """Why there may be no model at all."""
        try:
            return msgspec.json.decode((self.folder / FOUND).read_bytes(), type=ServingState)
        except (OSError, msgspec.MsgspecError):
            return ServingState()

    def write_found(self, state: ServingState) -> None:
        """Note for all workers why there may be no model at all."""
        write_atomically(self.folder / FOUND, msgspec.json.encode(state) + b"\n", sync=False)

    def read(self, model: str) -> ServingState:
        """What is in force; nothing where the file is not there or is no such file."""
        try:
            return msgspec.json.decode(self.current(model).read_bytes(), type=ServingState)
        except FileNotFoundError:
            return ServingState(
                why="no version was fetched yet",
                next_step=f"the registry is being asked; is one production? `python -m model list {model}`",
            )
        except (OSError, msgspec.MsgspecError) as error:
            return ServingState(why=f"{self.current(model)} cannot be read: {error}", next_step="remove it")

    def write(self, model: str, state: ServingState, *, sync: bool) -> None:
        """Put another state in force.

        Raises:
            OSError: the disk refuses.
        """
        write_atomically(self.current(model), msgspec.json.encode(state) + b"\n", sync=sync)

    def keep(self, ref: VersionRef, fetched: Path) -> Path:
        """Copy fetched files to their place, which is then whole.

        Raises:
            OSError: the disk refuses; nothing is half there.
        """
        location = self.location(ref)
        temporary = location.with_name(f".{location.name}.{os.getpid()}.tmp")
        shutil.rmtree(temporary, ignore_errors=True)
        try:
            shutil.copytree(fetched, temporary, symlinks=True)  # a link may lead to anywhere on this machine
            (temporary / LINEAGE_DIGEST).write_text(ref.lineage_sha256, encoding="utf-8")
            for path in temporary.rglob("*"):
                if path.is_file():
                    sync_file(path)
            shutil.rmtree(location, ignore_errors=True)
            temporary.rename(location)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        sync_folder(location.parent)
        return location

    def find_target(self, model: str, version: str) -> Column | None:
        """The column that a version predicts; None where no copy tells, or it has none."""
        if (model, version) not in self._targets:
            for path in sorted((self.folder / model).glob(f"{version}.*/{CONTRACT_FILE}")):
                with suppress(OSError, ValueError, KeyError):
                    self._targets[model, version] = Contract.from_json(path.read_bytes()).target_column
                    break
        return self._targets.get((model, version))

    def is_whole(self, ref: VersionRef) -> bool:
        """Whether the files of a version are those that were registered, by their digests."""
        tags = {CONTRACT_SHA256: ref.contract_sha256}
        tags |= {LINEAGE_SHA256: ref.lineage_sha256} if ref.lineage_sha256 else {}
        version = Version(ref.model, int(ref.version), ref.run_id, 0.0, is_production=True, tags=tags)
        try:
            check_files(self.location(ref), version)
            check_lineage(self.location(ref), version)
        except (RelayError, OSError):
            return False
        return True

    def prune(self, model: str) -> None:
        """Remove the model files of all versions but those that were last in force."""
        whole = [path.parent for path in (self.folder / model).glob(f"[!.]*/{MODEL_FILE}")]
        for path in sorted(whole, key=lambda path: path.stat().st_mtime_ns, reverse=True)[KEEP:]:
            for name in (MODEL_FILE, ONNX_FILE, REFERENCE_FILE):
                (path / name).unlink(missing_ok=True)

    def find_lineage(self, model: str, version: str) -> dict[str, Any] | None:
        """The lineage of a version that was served from here; None where no copy tells."""
        for path in sorted((self.folder / model).glob(f"{version}.*/{LINEAGE_FILE}")):
            if (path.parent / CONTRACT_FILE).exists():
                with suppress(OSError, msgspec.MsgspecError):
                    content = path.read_bytes()
                    if _is_vouched_for(content, path.with_name(LINEAGE_DIGEST)):
                        found: dict[str, Any] = msgspec.json.decode(content)
                        return found
        return None


def _is_vouched_for(content: bytes, digest: Path) -> bool:
    """Whether a lineage is the one that was registered; copies of release 0.1 have no digest."""
    expected = digest.read_text("utf-8").strip() if digest.exists() else ""
    return not expected or hashlib.sha256(content).hexdigest() == expected
