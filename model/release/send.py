"""A finished result as an MLflow run and, where there is a model, as a version of it."""

import json
import math
import re
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.release.lineage import Lineage
from model.release.package import format_json, write_package
from model.release.signing import sign_package
from relay.handoff.files import hash_file
from relay.handoff.receipt import Receipt, flatten
from relay.registry.connection import Address, find_experiment
from relay.registry.contract import CONTRACT_FILE, LINEAGE_FILE, MODEL_FILE, Contract
from relay.registry.versions import (
    CONTRACT_SHA256,
    DATA,
    LINEAGE_SHA256,
    MODEL_SHA256,
    RECIPE,
    RESULT,
    SCORE,
    SIGNED_BY,
    SPLIT,
    UNSERVED,
    Version,
    identify_result,
    read_version,
)
from relay.results.output import ResultLocation

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

VERSION = "relay.version"
"""Run tag: model and version that came of it."""

MAX_PARAM = 6_000
"""Characters that MLflow keeps of a parameter's value."""

MAX_TAG = 5_000
"""Characters that MLflow keeps of a version's tag."""


def read_contract(folder: Path) -> Contract | None:
    """The contract in a folder of results; None where there is no model to use again."""
    path = folder / CONTRACT_FILE
    return Contract.from_json(path.read_bytes()) if path.exists() else None


def send_result(
    client: "MlflowClient", address: Address, location: ResultLocation, lineage: Lineage, *, recipes: Path
) -> tuple[str, Version | None]:
    """Log a result in force and register its model; gives the run's id and the version.

    Args:
        client: of the registry.
        address: of the registry.
        location: of the result.
        lineage: where it comes from.
        recipes: the folder of the recipe, where its own code lies.

    A sending of the same result that was interrupted after its version was made is finished; any other is marked as
    killed, and the result is sent again.

    Raises:
        MlflowException: MLflow refuses or cannot be reached; call again when it is back.
    """
    folder = location.latest.resolve()
    receipt, contract = lineage.result, read_contract(folder)
    experiment = find_experiment(client, address, receipt.recipe)
    for run in _list_runs(client, experiment, receipt):
        if contract is not None and (made := _keep_one(client, contract.model, run.info.run_id)) is not None:
            _finish(client, experiment, run.info.run_id, receipt, made)
            return run.info.run_id, made
        _end_interrupted(client, run)
    run_id = client.create_run(
        experiment, start_time=_read_time(receipt.started_at_utc), run_name=folder.name, tags=_tag_run(receipt, lineage)
    ).info.run_id
    try:
        _log_figures(client, run_id, receipt, json.loads((folder / "metrics.json").read_bytes()))
        _log_dataset(client, run_id, receipt, lineage)
        client.log_artifacts(run_id, str(folder), "result")
        client.log_text(run_id, format_json(lineage.describe()), LINEAGE_FILE)
        package = None if contract is None else (folder, contract, recipes)
        version = None if package is None else _register(client, experiment, run_id, package, lineage)
        _finish(client, experiment, run_id, receipt, version)
    except BaseException:
        _fail_run(client, run_id)
        raise
    return run_id, version


def name_metrics(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Dotted name -> each number of `metrics.json`, in the signs that MLflow allows."""
    flat = flatten(dict(metrics))
    return {
        re.sub(r"[^\w./ -]", "_", name): float(value)
        for name, value in flat.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }


def _tag_run(receipt: Receipt, lineage: Lineage) -> dict[str, str]:
    return {
        RECIPE: receipt.recipe,
        RESULT: identify_result(receipt),
        DATA: next(iter(receipt.key.inputs.values()), ""),
        "relay.key": receipt.key_digest,
        "relay.revision": lineage.revision,
        "relay.overrides": json.dumps(receipt.overrides),
        **{f"relay.version.{name}": value for name, value in receipt.versions.items()},
        "mlflow.note.content": receipt.title,
    }


def _log_figures(client: "MlflowClient", run_id: str, receipt: Receipt, metrics: Mapping[str, Any]) -> None:
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    figures = [Metric(name, value, now, 0) for name, value in name_metrics(metrics).items()]
    values = {"recipe": receipt.recipe, "seed": receipt.seed, **receipt.key.parameters}
    values |= {f"override.{key}": value for key, value in receipt.overrides.items()}
    chosen = {name: value for name, value in values.items() if not name.startswith("columns")}
    params = [
        Param(re.sub(r"[^\w./ -]", "_", name), value if isinstance(value, str) else json.dumps(value)[:MAX_PARAM])
        for name, value in chosen.items()
    ]
    # As many as MLflow takes at once.
    for start in range(0, max(len(figures), 1), 1_000):
        client.log_batch(run_id, metrics=figures[start : start + 1_000])
    for start in range(0, len(params), 100):
        client.log_batch(run_id, params=params[start : start + 100])


def _log_dataset(client: "MlflowClient", run_id: str, receipt: Receipt, lineage: Lineage) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    for address, sha256 in receipt.key.inputs.items():
        source = {"address": address, "sources": [one.model_dump(mode="json") for one in receipt.sources]}
        rows = lineage.datasets[0].rows if lineage.datasets else None
        dataset = Dataset(
            name=address,
            digest=sha256[:36],  # all that MLflow keeps; the tag holds the whole of it
            source_type="relay",
            source=json.dumps(source),
            schema=json.dumps({"columns": receipt.columns})[:65_000],
            profile=json.dumps({"num_rows": rows}),
        )
        tags = [InputTag("mlflow.data.context", "training"), InputTag(DATA, sha256)]
        client.log_inputs(run_id, [DatasetInput(dataset, tags)])


def _register(
    client: "MlflowClient", experiment: str, run_id: str, result: tuple[Path, Contract, Path], lineage: Lineage
) -> Version | None:
    """A new version of the model in a folder of results; the third of `result` is the folder of the recipe."""
    from mlflow.exceptions import MlflowException

    folder, contract, recipes = result
    logged = client.create_logged_model(experiment, name="model", source_run_id=run_id)
    with tempfile.TemporaryDirectory() as scratch:
        package = Path(scratch) / "model"
        write_package(folder, contract, lineage.describe(), package, run_id)
        lineage_sha256 = hash_file(package / LINEAGE_FILE)
        signed_by = sign_package(package, contract, recipes) if contract.code else ""
        client.log_model_artifacts(logged.model_id, str(package))
    client.finalize_logged_model(logged.model_id, "READY")
    try:
        client.create_registered_model(contract.model, description=contract.title)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    receipt = lineage.result
    tags = {
        RECIPE: receipt.recipe,
        DATA: next(iter(receipt.key.inputs.values()), ""),
        RESULT: identify_result(receipt),
        CONTRACT_SHA256: hash_file(folder / CONTRACT_FILE),
        LINEAGE_SHA256: lineage_sha256,
        MODEL_SHA256: contract.files[MODEL_FILE],
        SPLIT: json.dumps(lineage.split),
    }
    if signed_by:
        tags[SIGNED_BY] = signed_by
    if contract.why_unserved:
        tags[UNSERVED] = contract.why_unserved[:MAX_TAG]
    if contract.score is not None:
        tags[SCORE] = contract.score.model_dump_json()
    client.create_model_version(
        contract.model, source=f"models:/{logged.model_id}", run_id=run_id, tags=tags, model_id=logged.model_id
    )
    return _keep_one(client, contract.model, run_id)


def _finish(client: "MlflowClient", experiment: str, run_id: str, receipt: Receipt, version: Version | None) -> None:
    """Say in a run that it is whole, and which version came of it."""
    for run in _list_runs(client, experiment, receipt):
        if run.info.run_id != run_id:  # made by a request that MLflow's client repeated
            _end_interrupted(client, run)
    if version is not None:
        client.set_tag(run_id, VERSION, f"{version.name}/{version.number}")
    end = _read_time(receipt.started_at_utc) + round(receipt.seconds * 1000)
    client.set_terminated(run_id, "FINISHED", end_time=end)


def _keep_one(client: "MlflowClient", name: str, run_id: str) -> Version | None:
    """The one version that came of a run, if any.

    MLflow's client repeats a request whose answer it does not get, and cannot know that the server had done it: then
    there are two equal versions, of which the first stays.
    """
    numbers = sorted(int(found.version) for found in client.search_model_versions(f"run_id = '{run_id}'"))
    for number in numbers[1:]:
        client.delete_model_version(name, str(number))
    return read_version(client, name, numbers[0]) if numbers else None


def _list_runs(client: "MlflowClient", experiment: str, receipt: Receipt) -> list["Run"]:
    """The runs of a result."""
    return list(client.search_runs([experiment], f"tags.`{RESULT}` = '{identify_result(receipt)}'"))


def _end_interrupted(client: "MlflowClient", run: "Run") -> None:
    if run.info.status == "RUNNING":
        client.set_terminated(run.info.run_id, "KILLED")


def _fail_run(client: "MlflowClient", run_id: str) -> None:
    from mlflow.exceptions import MlflowException

    with suppress(MlflowException):  # the first failure is the one to tell; the next sending tidies up
        client.set_terminated(run_id, "FAILED")


def _read_time(utc: str) -> int:
    """Milliseconds since 1970-01-01 UTC."""
    return round(datetime.fromisoformat(utc).timestamp() * 1000)
