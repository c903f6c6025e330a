"""The tasks of the pipeline: a stage run in its own container, and the deployment."""

import logging
import os
from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from services.airflow.ask import AwayError, RefusedError, Service
from services.airflow.deployment import Deployment, DeploymentError
from services.airflow.runs import find_runner, name_run, require_success, run_stage
from services.airflow.watching import ALARM, BrokenDataError, choose_next, find_report, require_whole

LASTING = ("api", "model")

log = logging.getLogger("airflow.task")


class StageOperator(BaseOperator):  # type: ignore[misc]
    """Runs a stage for a recipe, with the seed that the run was given; skipped when nothing has changed."""

    def __init__(self, *, stage: str, recipe: str, **others: Any) -> None:
        super().__init__(**others)
        self.stage, self.recipe = stage, recipe
        self._run = ""

    def execute(self, context: Any) -> dict[str, Any]:
        """Follow the stage's container to its end."""
        instance = context["ti"]
        given = instance.xcom_pull(task_ids="set_seed")
        self._run = name_run(instance.dag_id, instance.run_id, self.task_id)
        order = {"run": self._run, "stage": self.stage, "recipe": self.recipe, "seed": given["seed"]}
        ended = run_stage(find_runner(), order)
        require_success(f"{self.stage} {self.recipe}", ended)
        if ended.is_unchanged:
            raise AirflowSkipException(f"{self.stage} {self.recipe}: unchanged, nothing was to be done")
        return {"outcome": ended.outcome}

    def on_kill(self) -> None:
        """End the container of a task that is ended, or takes too long."""
        if self._run:
            log.info("stops the container of %s %s", self.stage, self.recipe)
            find_runner().ask("POST", f"/runs/{self._run}/stop")


def find_deployment(model: str) -> Deployment:
    """The services between which a model is deployed."""
    key = Path(os.environ["API_KEY_FILE"]).read_text(encoding="utf-8").strip() if os.getenv("API_KEY_FILE") else ""
    return Deployment(
        model,
        Service("the registry", os.environ.get("MLFLOW_TRACKING_URI") or "http://mlflow:5000"),
        Service("the API", os.environ.get("API_URL") or "http://api:8000", key),
    )


def deploy(recipe: str, model: str, context: Any) -> dict[str, Any]:
    """See to it that the version in production is served and answers as it should.

    A version that came into production in this run and does not is taken back.

    Raises:
        AirflowFailException: it was taken back; another attempt would only find the version before.
    """
    instance, deployment = context["ti"], find_deployment(model)
    start_lasting()
    before = instance.xcom_pull(task_ids="set_seed")["production"]
    is_last_try = instance.try_number > instance.max_tries
    try:
        contract = deployment.await_served()
        deployment.check_example(contract, f"deployment-{name_run(instance.dag_id, instance.run_id, 'deploy')[:16]}")
    except (DeploymentError, AwayError) as error:
        holder = deployment.find_holder()
        is_judged = isinstance(error, DeploymentError) or is_last_try
        if is_judged and holder is not None and before is not None and holder != before:
            take_back(recipe, holder, instance, error)
        raise
    return {"model": model, "version": contract["model_version"], "was": before}


def start_lasting() -> None:
    """Start the API and the page where they do not run."""
    for service in LASTING:
        started = find_runner().ask("POST", f"/services/{service}/start")["started"]
        log.info("%s: %s", service, f"started {', '.join(started)}" if started else "runs")


def take_back(recipe: str, version: int, instance: Any, error: Exception) -> None:
    """Bring back the version that was in production before, and fail.

    Raises:
        AirflowFailException: always.
    """
    log.error("%s", error)
    run = name_run(instance.dag_id, instance.run_id, "rollback")
    ended = run_stage(find_runner(), {"run": run, "stage": "rollback", "recipe": recipe, "version": version})
    outcome = "was taken out of production" if ended.exit_code == 0 else "could not be taken out of production"
    raise AirflowFailException(f"{error}. Version {version} {outcome}")


def check_data(model: str, *, is_checked: bool = True) -> None:
    """Stop the pipeline before it trains on data that the monitor calls broken.

    The API is started where it does not run, since only it knows; while it does not answer, nothing is trained.

    Args:
        model: its name in the registry.
        is_checked: False where a person wants the training all the same.

    Raises:
        AirflowFailException: they are broken; another attempt would find the same.
    """
    if not is_checked:
        log.info("trains whatever the monitor says: train_anyway was given")
        return
    deployment = find_deployment(model)
    holder = deployment.find_holder()
    if holder is None:
        log.info("no version of %s is in production yet: there is nothing to watch", model)
        return
    start_lasting()
    try:
        require_whole(find_report(deployment.api, model), holder)
    except BrokenDataError as error:
        raise AirflowFailException(str(error)) from None


def look(recipe: str, model: str, context: Any) -> dict[str, Any]:
    """Let the monitor read the log once; gives what follows, for the tasks after it.

    Raises:
        StageError: the monitor failed. An alarm is no failure.
    """
    instance, deployment = context["ti"], find_deployment(model)
    if deployment.find_holder() is None:
        log.info("no version of %s is in production yet: there is nothing to watch", model)
        return {"next": ""}
    run = name_run(instance.dag_id, instance.run_id, "look")
    ended = run_stage(find_runner(), {"run": run, "stage": "monitor", "recipe": recipe})
    if ended.exit_code != ALARM:
        require_success(f"monitor {recipe}", ended)
    found = find_report(deployment.api, model)
    action = choose_next(found, deployment.find_holder())
    told = {} if found is None else {"version": found.version, "run_id": found.run_id, "reason": found.reason}
    return {"next": action, **told}


def roll_back(recipe: str, version: str, context: Any) -> dict[str, Any]:
    """Take a version out of production whose labels showed harm within its probation.

    Raises:
        StageError: it could not be done.
    """
    instance = context["ti"]
    run = name_run(instance.dag_id, instance.run_id, "roll_back")
    order = {"run": run, "stage": "rollback-harm", "recipe": recipe, "version": int(version)}
    require_success(f"rollback of {recipe} {version}", run_stage(find_runner(), order))
    return {"rolled_back": version}


def find_start(recipe_seed: int, seed: int | None, model: str, reason: str | None = None) -> dict[str, Any]:
    """What a run begins with: its seed, and who is in production before it; `model` is empty where none is trained."""
    if reason:
        log.info("started by: %s", reason)
    log.info("seed: %s", f"{recipe_seed}, the recipe's own" if seed is None else seed)
    if not model:
        return {"seed": seed, "production": None}
    try:
        holder = find_deployment(model).find_holder()
    except RefusedError as error:
        raise AirflowFailException(f"the registry refuses: {error}") from None
    log.info("in production: %s", f"{model} {holder}" if holder else "nothing yet")
    return {"seed": seed, "production": holder}
