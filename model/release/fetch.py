"""The results of a run that the registry knows, though its folder below `data/output/` may be gone.

They lie in `data/.state/runs/<run>/`, whole or not at all: the folder of results as it was sent, and `lineage.json`.
"""

import shutil
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from relay.handoff.errors import DatasetDamagedError
from relay.handoff.files import hash_file, hash_json, sync_file
from relay.handoff.receipt import Receipt
from relay.registry.contract import LINEAGE_FILE
from relay.registry.errors import RegistryEmptyError
from relay.registry.versions import RESULT, identify_result
from relay.results.load import RUN, find_runs
from relay.results.output import check_folder

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

KEEP = 20
"""Fetched runs that are kept; any other can be fetched again."""


def fetch_run(client: "MlflowClient", run_id: str, data_dir: Path) -> Path:
    """The folder with the results of a run, each file held against the receipt, and that against the run's tag.

    Raises:
        RegistryEmptyError: there is no such run, or it was not logged by Relay.
        DatasetDamagedError: what the registry keeps is not what was sent.
        MlflowException: its files cannot be had.
    """
    result = _find_run(client, run_id).data.tags.get(RESULT)
    if result is None:
        raise RegistryEmptyError(f"run {run_id} was not logged by Relay: it has no results to fetch")
    runs = find_runs(data_dir)
    folder = runs / run_id
    if folder.exists():
        try:
            _check(folder, result)
        except DatasetDamagedError:
            shutil.rmtree(folder)  # only a copy: fetched again
        else:
            return folder
    runs.mkdir(parents=True, exist_ok=True)
    # A name of its own: two who fetch the same run do not touch each other's files.
    scratch = Path(mkdtemp(prefix=".", suffix=".tmp", dir=runs))
    try:
        client.download_artifacts(run_id, "result", str(scratch))
        _check(scratch / "result", result)
        client.download_artifacts(run_id, LINEAGE_FILE, str(scratch / "result"))
        for path in (scratch / "result").rglob("*"):
            if path.is_file():
                sync_file(path)
        if not folder.exists():
            (scratch / "result").rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    _prune(runs, folder)
    return folder


def _find_run(client: "MlflowClient", run_id: str) -> "Run":
    from mlflow.exceptions import MlflowException

    if RUN.fullmatch(run_id):
        try:
            return client.get_run(run_id)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
    raise RegistryEmptyError(
        f"the registry knows no run {run_id}", next_step="See the run ids in `python -m model list RECIPE --json`"
    )


def _check(folder: Path, result: str) -> Receipt:
    """The receipt of a folder that is the one of a result.

    Raises:
        DatasetDamagedError: it is not.
    """
    receipt = check_folder(folder, hash_file)
    if identify_result(receipt) != result or hash_json(receipt.files) != receipt.fingerprint:
        raise DatasetDamagedError(f"{folder}: the receipt is not the one of the run", next_step="Train again")
    return receipt


def _prune(runs: Path, fetched: Path) -> None:
    others = [path for path in runs.iterdir() if RUN.fullmatch(path.name) and path != fetched]
    for path in sorted(others, key=lambda path: path.stat().st_mtime_ns, reverse=True)[KEEP - 1 :]:
        shutil.rmtree(path, ignore_errors=True)
