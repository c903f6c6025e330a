"""Fetch one version's files: `python -m serve.fetch_version URI REGISTRY_FOLDER MODEL VERSION FOLDER`.

Reads the registry, writes the files into FOLDER, and answers one JSON document on standard output: a `FetchResult`.
MLflow's client takes 150 MB and two seconds: both go with this process when the version is there.
"""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

import msgspec
from loguru import logger

from relay.handoff.errors import ErrorRecord, RelayError, describe_error
from relay.registry.connection import Address, explain_mlflow, open_registry


class FetchResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a fetch came to: a folder or an error."""

    folder: str | None = None
    """Holds all files of the version; None where there is an error."""
    error: ErrorRecord | None = None


def main(argv: Sequence[str]) -> int:
    """Fetch and answer; gives the exit code, 1 with an error."""
    uri, registry_folder, name, number, into = argv
    address = Address(uri, Path(registry_folder) if registry_folder else None)
    with redirect_stdout(sys.stderr):  # standard output is for the answer: nothing that MLflow prints may be in it
        result = fetch(address, name, int(number), Path(into))
    sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
    return 0 if result.error is None else 1


def fetch(address: Address, name: str, number: int, into: Path) -> FetchResult:
    """Fetch a version, and describe how that went; no error leaves it."""
    try:
        _fetch(address, name, number, into)
    except RelayError as error:
        return FetchResult(error=describe_error(error))
    except Exception as error:
        # The service goes on and says it in its health answer; where it happened is in the log alone.
        logger.opt(exception=error).error("version {} of {} could not be fetched", number, name)
        return FetchResult(error=describe_error(error))
    return FetchResult(folder=str(into))


def _fetch(address: Address, name: str, number: int, into: Path) -> None:
    from relay.registry.artifacts import fetch_version
    from relay.registry.versions import read_version

    client = open_registry(address)
    with explain_mlflow(address):
        fetch_version(client, read_version(client, name, number), into)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
