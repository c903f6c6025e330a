"""What happens to a finished result: it is sent, compared with the champion, and promoted or not."""

import getpass
import json
import socket
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from loguru import logger

from model.release.known import SETTLED, identify_result, is_settled
from model.release.lineage import trace
from relay.handoff import interrupt
from relay.handoff.files import Fingerprints
from relay.handoff.location import DatasetLocation
from relay.handoff.lock import one_writer
from relay.handoff.receipt import Receipt
from relay.handoff.recipe import Recipe
from relay.handoff.settings import PROMOTE, Settings
from relay.registry.connection import Address, explain_mlflow, find_experiment, find_registry, open_registry
from relay.registry.promotion import now_utc, promote
from relay.registry.task import ModelTask
from relay.registry.versions import GATE, RESULT, Version, find_production, read_version
from relay.results.output import ResultLocation

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from model.release.promotion_gate import Candidate, Decision
    from model.training.estimator.rows import Part


@dataclass(frozen=True)
class Finished:
    """A result in force and where it belongs."""

    recipe: Recipe
    settings: Settings
    receipt: Receipt
    promote: str = PROMOTE.default

    @property
    def location(self) -> ResultLocation:
        """The folder of results."""
        return ResultLocation(self.settings.data_dir, self.recipe.name)


def track(finished: Finished) -> None:
    """Send a result to the registry, unless that knows it, and let the gate decide.

    Raises:
        RegistryAwayError: the registry does not answer; the result is in place and can be sent later.
        PromotionError: another promotion came between.
    """
    name, settings = f"model {finished.recipe.name}", finished.settings
    address = find_registry(settings.data_dir, settings.tracking_uri)
    if address is None:
        logger.info("{}: tracking is off", name)
        return
    if is_settled(address, finished.receipt):
        return
    # One sender of a recipe at a time: the second one finds that all is there.
    with one_writer(settings.data_dir, f"mlflow/{finished.recipe.name}", "model", now_utc()):
        if is_settled(address, finished.receipt):
            return
        client = open_registry(address)
        with explain_mlflow(address):
            interrupt.check()
            run_id, version = find_sent(client, address, finished) or send(client, address, finished)
            logger.info("{}: tracked as run {} in {}", name, run_id[:8], describe(address))
            if version is not None:
                decide_and_promote(client, version, finished)
            client.set_tag(run_id, SETTLED, "yes")


def describe(address: Address) -> str:
    """The registry in a few words."""
    return str(address.folder) if address.folder is not None else address.uri


def send(client: "MlflowClient", address: Address, finished: Finished) -> tuple[str, Version | None]:
    """The run and version that a result becomes."""
    from model.release.send import send_result

    return send_result(client, address, finished.location, trace(finished.settings.data_dir, finished.receipt))


def find_sent(client: "MlflowClient", address: Address, finished: Finished) -> tuple[str, Version | None] | None:
    """The finished run of a result whose gate has not spoken, as after a kill; None when there is none."""
    from model.release.send import VERSION

    filters = f"tags.`{RESULT}` = '{identify_result(finished.receipt)}' and attributes.status = 'FINISHED'"
    runs = client.search_runs([find_experiment(client, address, finished.recipe.name)], filters, max_results=1)
    if not runs:
        return None
    name, _, number = runs[0].data.tags.get(VERSION, "").rpartition("/")
    return runs[0].info.run_id, read_version(client, name, int(number)) if name else None


def decide_and_promote(client: "MlflowClient", version: Version, finished: Finished) -> None:
    """Ask the gate, write its word into the version's tags, and promote where it says so."""
    name = f"model {finished.recipe.name}"
    champion = find_production(client, version.name)
    if champion is not None and champion.number == version.number:
        return  # promoted before a kill came
    interrupt.check()
    decision = decide(client, version, champion, finished)
    client.set_model_version_tag(version.name, str(version.number), GATE, json.dumps(decision.to_json()))
    if not decision.passes:
        logger.warning("{}: {} {} is not promoted: {}", name, version.name, version.number, decision.why)
        return
    interrupt.check()  # MLflow's client can swallow an interrupt, and a promotion is seen by others
    promote(client, version.name, version.number, name_user(), decision.why, expected=decision.champion)
    logger.info("{}: {} {} is production now: {}", name, version.name, version.number, decision.why)


def decide(client: "MlflowClient", version: Version, champion: Version | None, finished: Finished) -> "Decision":
    """The gate's word on a version."""
    from model.release.promotion_gate import Decision, judge_challenger

    number = None if champion is None else champion.number
    if finished.promote == "never":
        return Decision(False, "promotion was switched off (--promote never)", number)
    if finished.promote == "always":
        return Decision(True, "promoted without comparison (--promote always)", number)
    challenger = _load(client, version, finished.location.latest.resolve())
    if champion is None:
        return judge_challenger(challenger, None, None, finished.recipe.seed)
    with TemporaryDirectory() as scratch:
        other = _load(client, champion, Path(scratch) / "champion")
        test = None if challenger.contract.task == ModelTask.AUTHORSHIP else _read_test(finished)
        return judge_challenger(challenger, other, test, finished.recipe.seed)


def name_user() -> str:
    """Who runs this, as far as the system knows."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = "somebody"
    return f"{user} on {socket.gethostname()}"


def _load(client: "MlflowClient", version: Version, folder: Path) -> "Candidate":
    """A version with its model, every file held against its digest; fetched unless it lies there."""
    from model.release.promotion_gate import Candidate
    from relay.registry.artifacts import check_files, fetch_version
    from relay.registry.contract import MODEL_FILE
    from relay.registry.model_file import read_model

    contract = check_files(folder, version) if folder.exists() else fetch_version(client, version, folder)
    return Candidate(
        number=version.number,
        contract=contract,
        model=read_model((folder / MODEL_FILE).read_bytes(), contract.files[MODEL_FILE]),
        split=version.split,
        data_sha256=version.data_sha256,
    )


def _read_test(finished: Finished) -> "Part":
    """The test rows of the dataset that the result was trained on.

    Raises:
        DatasetDamagedError, DatasetMissingError: it is not there any more.
    """
    from sklearn.base import is_classifier

    from model.parameters import EstimatorParameters, parse_parameters
    from model.training.estimator.resolve import build_estimator
    from model.training.estimator.rows import read_split
    from relay.handoff.dataset import open_dataset
    from relay.handoff.errors import DatasetMissingError

    data_dir, recipe = finished.settings.data_dir, finished.recipe
    location = DatasetLocation(data_dir, f"processed/{recipe.name}", "preprocess")
    dataset = open_dataset(
        location, Fingerprints(data_dir / ".state", data_dir), f"python -m preprocess {recipe.argument}"
    )
    if dataset.receipt.fingerprint not in finished.receipt.key.inputs.values():
        raise DatasetMissingError(
            f"{location.parquet} was written anew since {recipe.name} was trained, so there are no common test rows",
            next_step=f"Run `python -m model {recipe.argument}`",
        )
    parameters = parse_parameters(recipe)
    assert isinstance(parameters, EstimatorParameters)  # noqa: S101 - the caller asks for such models only
    estimator = build_estimator(parameters.estimator, parameters.options, recipe.seed)
    return read_split(dataset.table(), recipe.columns, as_classes=is_classifier(estimator)).test
