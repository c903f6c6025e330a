"""`--act`: do what a decision asks for, once: a run of the pipeline, or a rollback."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from loguru import logger

from monitor.places import find_serve_folder
from relay.handoff.errors import RelayError
from relay.handoff.place import VARIABLE
from relay.handoff.recipe import STAGE_SECTIONS, Recipe
from relay.handoff.settings import Settings
from relay.handoff.user import name_user
from relay.monitoring.opening import open_store
from relay.monitoring.report import Action, Report
from relay.monitoring.store import Event

NOT_HERE = (
    "nothing: the monitor's container may not train, because it has neither the key that signs own code nor the right "
    "to publish tables. The schedule (`make schedule`) starts this run when its monitor looks next."
)
"""What `--act` says to an order for a training in compose, where another service has what a training needs."""


@dataclass(frozen=True)
class Acted:
    """What was done."""

    text: str


def act(recipe: Recipe, settings: Settings, report: Report) -> Acted:
    """Do what the report's decision asks for, unless it was done already.

    Raises:
        RelayError: the run or the rollback failed; it is not tried again.
    """
    decision, by_hand = report.decision, f"`make run RECIPE={recipe.argument}`"
    if decision.action is Action.SUGGEST:
        return Acted(f'nothing: the recipe only suggests. Run {by_hand}, or set retrain = "auto"')
    if decision.action is Action.TRAIN and os.environ.get(VARIABLE):
        return Acted(f"{NOT_HERE} By hand: {by_hand}")
    if decision.action is Action.ROLLBACK:
        by_hand = f"`python -m model rollback {recipe.argument}`"
    if decision.action not in (Action.TRAIN, Action.ROLLBACK):
        return Acted(f"nothing: the decision is {decision.action}")
    event = Event(
        report.model, report.version, time.time(), "acted", name_user(), f"{decision.action}: {decision.why}",
        {"decision_unix": decision.at_unix, "action": decision.action.value},
    )  # fmt: skip
    with open_store(find_serve_folder(settings), settings.database_url) as store:
        for one in store.list_events(report.model, 1_000):
            if (one.kind, one.version, one.data.get("decision_unix")) == ("acted", report.version, decision.at_unix):
                return Acted("nothing: this decision was acted on already")
        store.add_event(event)  # first: a run that fails or is killed is a person's to repeat
    commands = list_commands(recipe, settings, report)
    for command in commands:
        logger.info("monitor starts: python {}", " ".join(command[1:]))
        ended = subprocess.run(command, check=False, stdout=sys.stderr)  # noqa: S603 - our own programs
        if ended.returncode != 0:
            shown = " ".join(["python", *command[1:4]])
            raise RelayError(
                f"`{shown}` ended with {ended.returncode}: its log is above",
                next_step=f"Correct it, then {by_hand}",
            )
    return Acted("rolled back" if decision.action is Action.ROLLBACK else "trained; the gate decided on the version")


def list_commands(recipe: Recipe, settings: Settings, report: Report) -> list[Sequence[str]]:
    """The commands of a decision, in order."""
    folders = ["--data-dir", str(settings.data_dir)]
    program = [sys.executable, "-m"]
    if report.decision.action is Action.ROLLBACK:
        decision = report.decision
        evidence = json.dumps(
            {"verdict": decision.verdict.value, "log10": decision.evidence_log10, "window": report.window}
        )
        # Once, also where it is called again, and never against a person who promoted the version again.
        rest = [
            "--probation",
            "--expected",
            report.version,
            "--why",
            f"monitor: {decision.why}",
            "--evidence",
            evidence,
        ]
        rest += folders
        return [[*program, "model", "rollback", recipe.argument, *rest]]
    stages = [stage for stage in STAGE_SECTIONS if stage in recipe.sections or stage == "ingest"]
    logs = ["--log-dir", str(settings.log_dir)]
    return [[*program, stage, recipe.argument, *folders, *logs] for stage in stages]
