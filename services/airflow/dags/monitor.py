"""The monitor on a schedule, one DAG for each recipe with a model: look, then do what its decision says.

A decision to train starts the recipe's pipeline with its reason, once; harm within a version's probation takes it back.
A suggestion, or broken data, is no failure: people read it on the page, and alerts tell them.
"""

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, task

from services.airflow.schedule import MONITOR_EVERY, Scheduled, read_recipes
from services.airflow.tasks import look, roll_back
from services.airflow.watching import ROLLBACK, TRAIN

TIMEOUT = timedelta(minutes=30)

DOCUMENTATION = """
Whether **{title}** is asked about other records than its version in production was tested on, and answers worse.

| task | what happens |
|---|---|
| `look` | the monitor reads the prediction log since its last look; then the API says what it decided |
| `choose` | nothing, `train` or `roll_back` |
| `train` | starts `{dag_id}` with the reason, once for each decision; only with `retrain = "auto"` in the recipe |
| `roll_back` | takes a version back whose labels show harm within its probation |
"""


def build_monitor(scheduled: Scheduled) -> DAG:
    """The DAG that watches a recipe's model."""
    with DAG(
        scheduled.monitor_id,
        description=f"{scheduled.title}: look for drift and harm",
        schedule=MONITOR_EVERY,
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        # Not the pipeline's tags: the page finds the pipeline of a recipe by them.
        tags=["relay-monitor", scheduled.recipe],
        doc_md=DOCUMENTATION.format(**vars(scheduled)),
        default_args={
            "owner": "relay",
            "retries": 2,
            "retry_delay": timedelta(seconds=30),
            "execution_timeout": TIMEOUT,
        },
    ) as dag:

        @task(task_id="look")
        def look_once(**context: Any) -> dict[str, Any]:
            return look(scheduled.recipe, scheduled.model, context)

        @task.branch(task_id="choose")
        def choose(found: dict[str, Any]) -> str | None:
            return {TRAIN: "train", ROLLBACK: "roll_back"}.get(found["next"])

        @task(task_id="roll_back")
        def take_back(found: dict[str, Any], **context: Any) -> dict[str, Any]:
            return roll_back(scheduled.recipe, found["version"], context)

        train = TriggerDagRunOperator(
            task_id="train",
            trigger_dag_id=scheduled.dag_id,
            # One id for one decision: however often it is read, Airflow makes one run of it.
            trigger_run_id="{{ ti.xcom_pull(task_ids='look')['run_id'] }}",
            conf={"reason": "{{ ti.xcom_pull(task_ids='look')['reason'] }}"},
            skip_when_already_exists=True,
        )
        found = look_once()
        choose(found) >> [train, take_back(found)]
    return dag


for _scheduled in read_recipes(os.environ):
    if _scheduled.model:
        globals()[_scheduled.monitor_id] = build_monitor(_scheduled)
