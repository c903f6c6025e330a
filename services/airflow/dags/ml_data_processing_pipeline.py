"""The pipeline on a schedule, one DAG for each recipe of SCHEDULE_RECIPES: set the seed, process, train, deploy.

The tasks run the stages' own containers through the runner; nothing of a stage is in this image.
"""

import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from airflow.sdk import DAG, Asset, Param, TaskGroup, task

from services.airflow.schedule import Scheduled, read_interval, read_recipes
from services.airflow.tasks import StageOperator, check_data, deploy, find_start

HIGHEST_SEED = 2**32 - 1
STAGE_TIMEOUT, SHORT_TIMEOUT = timedelta(hours=2), timedelta(minutes=10)

DOCUMENTATION = """
**{title}**. {description}

| task | what happens |
|---|---|
| `set_seed` | the seed of this run: the parameter `seed`, else the recipe's own, {seed} |
| `ingest` | asks the source again and writes `data/raw/{recipe}.parquet` |
| `preprocess` | writes `data/processed/{recipe}.parquet` |
| `check_data` | asks the API what the monitor found; data that it calls broken stop the run here |
| `model` | trains, registers the version in MLflow; the gate decides whether it goes into production |
| `deploy` | starts the API and the page where they do not run, waits until the version in production is served, and asks it for its own example; a version that fails is taken back |

A stage that finds nothing changed is **skipped**; what comes after it runs all the same. A task's log is that of its
container. A recipe without `[model]` ends after its last stage. Trigger it with a configuration such as `{{"seed": 7}}` for another seed, or `{{"train_anyway": true}}` to train on data that the monitor calls broken.
"""  # noqa: E501 - rows of a table


def build_pipeline(scheduled: Scheduled) -> DAG:
    """The DAG of a recipe."""
    recipe = scheduled.recipe
    raw, processed, model = (
        Asset(f"{kind}/{recipe}", f"relay://{kind}/{recipe}") for kind in ("raw", "processed", "model")
    )
    seed = Param(None, type=["null", "integer"], minimum=0, maximum=HIGHEST_SEED, description="empty: the recipe's own")
    reason = Param(None, type=["null", "string"], description="who or what asked for the run, and why")
    anyway = Param(False, type="boolean", description="train also on data that the monitor calls broken")
    with DAG(
        scheduled.dag_id,
        description=f"{scheduled.title}: process, train, deploy",
        schedule=read_interval(os.environ),
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        params={"seed": seed, "reason": reason, "train_anyway": anyway},
        tags=["relay", recipe],
        doc_md=DOCUMENTATION.format(**vars(scheduled)),
        # An unchanged stage is skipped, and what comes after it looks for itself.
        default_args={
            "owner": "relay",
            "retries": 2,
            "retry_delay": timedelta(seconds=30),
            "execution_timeout": STAGE_TIMEOUT,
            "trigger_rule": "none_failed",
        },
    ) as dag:

        @task(execution_timeout=SHORT_TIMEOUT)
        def set_seed(params: Any = None) -> dict[str, Any]:
            return find_start(scheduled.seed, params["seed"], scheduled.model, params["reason"])

        tasks: list[Any] = [set_seed()]
        with TaskGroup("data_processing", prefix_group_id=False, group_display_name="data processing"):
            tasks.append(StageOperator(task_id="ingest", stage="ingest", recipe=recipe, outlets=[raw]))
            if "preprocess" in scheduled.stages:
                tasks.append(
                    StageOperator(
                        task_id="preprocess", stage="preprocess", recipe=recipe, inlets=[raw], outlets=[processed]
                    )
                )
        if "model" in scheduled.stages:

            @task(task_id="check_data", execution_timeout=SHORT_TIMEOUT)
            def check(params: Any = None) -> None:
                check_data(scheduled.model, is_checked=not params["train_anyway"])

            tasks.append(check())
            with TaskGroup("model_engineering", prefix_group_id=False, group_display_name="model engineering"):
                tasks.append(
                    StageOperator(task_id="model", stage="train", recipe=recipe, inlets=[processed], outlets=[model])
                )
            with TaskGroup("deployment", prefix_group_id=False):

                @task(task_id="deploy", execution_timeout=SHORT_TIMEOUT, inlets=[model])
                def deploy_model(**context: Any) -> dict[str, Any]:
                    return deploy(recipe, scheduled.model, context)

                tasks.append(deploy_model())
        for before, after in pairwise(tasks):
            before >> after
    return dag


for _scheduled in read_recipes(os.environ):
    globals()[_scheduled.dag_id] = build_pipeline(_scheduled)
