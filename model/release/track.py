"""What happens to a finished result: it is sent, compared with the champion, and promoted or not."""

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from loguru import logger

from model.release.known import SETTLED, is_settled
from model.release.lineage import trace
from model.release.signing import explain_signature
from relay.handoff import interrupt
from relay.handoff.lock import one_writer
from relay.handoff.receipt import Receipt
from relay.handoff.recipe import Recipe
from relay.handoff.settings import PROMOTE, Settings
from relay.handoff.user import name_user
from relay.registry.connection import Address, explain_mlflow, find_experiment, find_registry, open_registry
from relay.registry.contract import UNSERVED_NEXT
from relay.registry.monitor_section import read_monitor
from relay.registry.own_code import OwnCodeRefusedError
from relay.registry.promotion import now_utc, promote, settle
from relay.registry.task import ModelTask
from relay.registry.versions import GATE, RESULT, Version, find_production, identify_result, read_version
from relay.results.output import ResultLocation

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from model.release.candidates import Fetched
    from model.release.common_rows import TrainedOn
    from model.release.new_data import NewData
    from model.release.promotion_gate import Decision


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

    lineage = trace(finished.settings.data_dir, finished.receipt)
    return send_result(client, address, finished.location, lineage, recipes=finished.recipe.path.parent)


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
        settle(client, version.name)  # promoted before a kill came, which may have left the old period open
        return
    interrupt.check()
    decision = decide(client, version, champion, finished)
    client.set_model_version_tag(version.name, str(version.number), GATE, json.dumps(decision.to_json()))
    if not decision.passes:
        logger.warning("{}: {} {} is not promoted: {}", name, version.name, version.number, decision.why)
        return
    interrupt.check()  # MLflow's client can swallow an interrupt, and a promotion is seen by others
    promote(client, version.name, version.number, name_user(), decision.why, expected=decision.champion)
    logger.info("{}: {} {} is production now: {}", name, version.name, version.number, decision.why)
    warn_unserved(name, version)


def warn_unserved(name: str, version: Version) -> None:
    """Log what it means that a version was made production which is not servable, or not everywhere."""
    if version.unserved:
        logger.warning(
            "{}: version {} is in production and not servable: {}. The API goes on answering by the version that it "
            "loaded before, if any. {}",
            *(name, version.number, version.unserved, f"{UNSERVED_NEXT}."),
        )
    elif problem := explain_signature(version):
        logger.warning(
            "{}: version {} is in production and {}: only programs whose recipes/ hold its code answer by it; the API "
            "goes on answering by the version that it loaded before, if any",
            *(name, version.number, problem),
        )


def decide(client: "MlflowClient", version: Version, champion: Version | None, finished: Finished) -> "Decision":
    """The gate's word on a version."""
    from model.release.promotion_gate import Decision, judge_challenger

    number = None if champion is None else champion.number
    if finished.promote == "never":
        return Decision(False, "promotion was switched off (--promote never)", number)
    if finished.promote == "always":
        return Decision(True, "promoted without comparison (--promote always)", number)
    from model.release.candidates import fetch

    challenger = fetch(client, version, finished.location.latest.resolve())
    if champion is None:
        new = _read_new(challenger, finished) if read_monitor(finished.recipe).sets_label_delay else None
        return judge_challenger(challenger.open(with_model=False), None, None, finished.recipe.seed, new)
    with TemporaryDirectory() as scratch:
        try:
            other = fetch(client, champion, Path(scratch) / "champion")
        except OwnCodeRefusedError as error:  # such as a version of before versions held their code
            why = f"the version in production cannot be compared ({error.message}): promote by hand if you want it"
            return Decision(False, why, champion.number)
        return _compare(challenger, other, finished)


def _compare(challenger: "Fetched", champion: "Fetched", finished: Finished) -> "Decision":
    """The decision on two versions whose files are at hand."""
    from model.release.candidates import judge_apart
    from model.release.promotion_gate import is_compared_by_record, judge_challenger

    recipe = finished.recipe
    if challenger.contract.why_unserved or is_compared_by_record(challenger.contract, champion.contract):
        return judge_challenger(challenger.open(with_model=False), champion.open(with_model=False), None, recipe.seed)
    if challenger.contract.code or champion.contract.code:
        return judge_apart(recipe, finished.settings.data_dir, (challenger, champion), _find_trained_on(finished))
    mine, other = challenger.open(with_model=True), champion.open(with_model=True)
    new = _read_new(challenger, finished)
    assert new is not None  # noqa: S101 - see is_compared_by_record
    return judge_challenger(mine, other, new.split.test, recipe.seed, new)


def _read_new(challenger: "Fetched", finished: Finished) -> "NewData | None":
    """The rows that a version was trained on; None where they are no rows with a target."""
    from model.release.common_rows import read_new
    from model.release.promotion_gate import is_compared_by_record

    contract = challenger.contract
    if is_compared_by_record(contract, contract) or contract.task == ModelTask.OTHER:
        return None
    as_classes = contract.task != ModelTask.REGRESSION
    return read_new(finished.recipe, finished.settings.data_dir, _find_trained_on(finished), as_classes=as_classes)


def _find_trained_on(finished: Finished) -> "TrainedOn":
    """The fingerprints of what was read, and when the raw rows were fetched."""
    from model.release.common_rows import TrainedOn

    datasets = trace(finished.settings.data_dir, finished.receipt).datasets
    raw = datasets[-1] if datasets and datasets[-1].stage == "ingest" else None
    return TrainedOn([*finished.receipt.key.inputs.values()], raw.started_at_utc if raw else "")
