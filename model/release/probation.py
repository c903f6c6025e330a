"""`python -m model rollback RECIPE --probation --expected VERSION`: what the schedule calls where a version harms."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from loguru import logger

from relay.handoff.errors import UsageError
from relay.handoff.recipe import Recipe
from relay.handoff.user import name_user
from relay.handoff.verbs import VerbAnswer
from relay.registry.monitor_section import read_monitor
from relay.registry.probation import end_probation

if TYPE_CHECKING:
    from mlflow import MlflowClient

MOST_EVIDENCE = 3_000
"""Characters: MLflow keeps 5,000 of a tag, which holds the reason too."""


def add_probation_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `rollback` that the schedule uses."""
    parser.add_argument(
        "--probation",
        action="store_true",
        help="roll back the version that --expected names if it was promoted within [monitor] probation and "
        "label_delay, and change nothing otherwise; --why says what the monitor found",
    )
    parser.add_argument("--evidence", default="{}", metavar="JSON", help="of the monitor, kept with the version")


def prepare_end(recipe: Recipe, chosen: argparse.Namespace) -> Callable[["MlflowClient", str], VerbAnswer]:
    """What rolls a version back that harms within its probation; its answer says what was done, or why nothing was.

    Raises:
        UsageError: the version or the evidence is missing or not understood.
    """
    if not chosen.expected or chosen.undo:
        raise UsageError("--probation needs --expected with the number of the version that harms, and no --undo")
    evidence, monitor = read_evidence(chosen.evidence), read_monitor(recipe)
    # The monitor has compared when the harm began; it is known only once the labels of those records are final.
    probation = monitor.probation + monitor.label_delay

    def do(client: "MlflowClient", name: str) -> VerbAnswer:
        found = end_probation(
            client, name, chosen.expected, probation=probation, by=name_user(), why=chosen.why, evidence=evidence
        )
        logger.info("model {}: {}", recipe.name, found.why)
        return VerbAnswer(asdict(found), found.why)

    return do


def read_evidence(text: str) -> dict[str, Any]:
    """The evidence of a monitor.

    Raises:
        UsageError: it is not a JSON object, or too long to be kept with a version.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or len(text) > MOST_EVIDENCE:
        raise UsageError(f"--evidence: expected a JSON object of at most {MOST_EVIDENCE:,} characters")
    return found
