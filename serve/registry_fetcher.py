"""Versions from the registry that is configured: asked cheaply every few seconds, fetched by a process of its own."""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from handoff.settings import ROOT
from registry.connection import Address
from registry.errors import RegistryAwayError, RegistryEmptyError
from registry.quick import find_holder
from registry.versions import require_digest
from serve.store import VersionRef

FETCH_SECONDS = 300
"""How long fetching one version may take."""

FETCH = """
import sys
from pathlib import Path
from handoff.errors import RelayError
from registry.artifacts import fetch_version
from registry.connection import Address, explain_mlflow, open_registry
from registry.versions import read_version

uri, folder, name, number, into = sys.argv[1:]
address = Address(uri, Path(folder) if folder else None)
try:
    client = open_registry(address)
    with explain_mlflow(address):
        fetch_version(client, read_version(client, name, int(number)), Path(into))
except RelayError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""
"""MLflow's client takes 150 MB and two seconds: they go with this process when a version is there."""


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
        return VersionRef(self.name, str(holder.version), holder.run_id, digest)

    def fetch(self, ref: VersionRef) -> Path:
        """A folder with all files of a version; the next fetch takes it away.

        Raises:
            RegistryAwayError: they cannot be had, or are not what was registered.
        """
        for old in self.scratch.glob("fetched-*"):
            shutil.rmtree(old, ignore_errors=True)
        into = Path(tempfile.mkdtemp(prefix="fetched-", dir=self.scratch)) / "version"
        folder = "" if self.address.folder is None else str(self.address.folder)
        command = [sys.executable, "-c", FETCH, self.address.uri, folder, ref.model, ref.version, str(into)]
        try:
            done = subprocess.run(  # noqa: S603 - our own interpreter and code
                command, cwd=ROOT, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise RegistryAwayError(
                f"fetching version {ref.version} of {ref.model} took over {FETCH_SECONDS} s"
            ) from None
        if done.returncode:
            kind, _, said = done.stderr.strip().rpartition("\n")[2].partition(": ")
            refused = kind in ("ModelTamperedError", "RegistryEmptyError")
            raise (RegistryEmptyError if refused else RegistryAwayError)(said or f"exit code {done.returncode}")
        return into
