"""Versions from the registry that is configured: asked cheaply every few seconds, fetched by a process of its own."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
from loguru import logger

from relay.handoff.errors import ErrorRecord, RelayError
from relay.handoff.settings import ROOT
from relay.registry.connection import Address
from relay.registry.errors import RegistryAwayError, RegistryEmptyError
from relay.registry.model_file import ModelTamperedError
from relay.registry.own_code import OwnCodeRefusedError
from relay.registry.quick import find_holder, find_models
from relay.registry.versions import LINEAGE_SHA256, PRODUCTION, find_since, require_digest
from serve.fetch_version import FetchResult
from serve.loading import VersionRefusedError
from serve.store import VersionRef

FETCH_SECONDS = 300
"""How long fetching one version may take."""

LONGEST_OUTPUT = 4000
"""Bytes of what a failed fetch printed that go into the log."""

REBUILT: Mapping[str, type[RelayError]] = {
    error.kind: error for error in (RegistryAwayError, RegistryEmptyError, ModelTamperedError, OwnCodeRefusedError)
}
"""Kind -> the error that the fetching process answered with. Any other kind is a refusal: the registry did answer."""


@dataclass(frozen=True)
class RegistryFetcher:
    """The versions of one model that hold an alias."""

    address: Address
    name: str
    alias: str
    scratch: Path
    """An existing folder for what is fetched, on the same disk as the copies."""

    def check(self) -> VersionRef | None:
        """The version that holds the alias; None when none does.

        Raises:
            RegistryAwayError: the registry does not answer.
            RegistryEmptyError: the version was not registered by Relay.
        """
        holder = find_holder(self.address, self.name, self.alias)
        if holder is None:
            return None
        digest = require_digest(self.name, holder.version, holder.tags)
        lineage, since = holder.tags.get(LINEAGE_SHA256, ""), find_since(holder.tags)
        return VersionRef(self.name, str(holder.version), holder.run_id, digest, since, lineage)

    def fetch(self, ref: VersionRef) -> Path:
        """A folder with all files of a version; the next fetch takes it away.

        Raises:
            RegistryAwayError: they cannot be had.
            RegistryEmptyError: the version was not registered by Relay.
            VersionRefusedError: fetching it failed in another way.
            ModelTamperedError, OwnCodeRefusedError: a file is not the one that was registered.
        """
        for old in self.scratch.glob("fetched-*"):
            shutil.rmtree(old, ignore_errors=True)
        into = Path(tempfile.mkdtemp(prefix="fetched-", dir=self.scratch)) / "version"
        result = _run_fetch(self.address, ref, into)
        if result.error is not None:
            raise rebuild_error(result.error)
        return into


@dataclass(frozen=True)
class RegistryModels:
    """Every model of a registry that has a version in production."""

    address: Address
    scratch: Path

    def find(self) -> Mapping[str, bool]:
        """Model of which a version is in production -> whether that version can be served.

        Raises:
            RegistryAwayError: the registry does not answer.
        """
        return find_models(self.address)

    def make(self, name: str) -> RegistryFetcher:
        """Where the versions of one of them come from."""
        return RegistryFetcher(self.address, name, PRODUCTION, self.scratch)


def _run_fetch(address: Address, ref: VersionRef, into: Path) -> FetchResult:
    """The answer of a process that fetches a version."""
    folder = "" if address.folder is None else str(address.folder)
    command = [sys.executable, "-m", "serve.fetch_version", address.uri, folder, ref.model, ref.version, str(into)]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and code
            command, cwd=ROOT, capture_output=True, timeout=FETCH_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise RegistryAwayError(f"fetching version {ref.version} of {ref.model} took over {FETCH_SECONDS} s") from None
    try:
        result = msgspec.json.decode(done.stdout, type=FetchResult)
    except msgspec.MsgspecError:
        result = FetchResult()
    if result.error is not None or result.folder is not None:
        return result
    # Killed, or out of memory: what it printed is for people only.
    logger.error("fetching version {} of {} printed: {}", ref.version, ref.model, _cut_output(done.stderr))
    raise VersionRefusedError(
        f"the process that fetches version {ref.version} of {ref.model} ended without an answer, with exit code "
        f"{done.returncode}",
        next_step="It is tried again, less and less often; the log has what it printed",
    )


def rebuild_error(record: ErrorRecord) -> RelayError:
    """The error that a record describes, by its kind."""
    error = REBUILT.get(record.kind, VersionRefusedError)(record.message)
    error.next_step = record.next
    return error


def _cut_output(output: bytes) -> str:
    return output[-LONGEST_OUTPUT:].decode(errors="replace").strip() or "nothing"
