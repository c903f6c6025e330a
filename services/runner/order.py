"""What may be ordered: a stage of a fixed list, for a recipe, with a seed. Nothing else can be said.

A recipe is passed on by its name, after the options: the stage looks for it in the image's `recipes/` and in the data
folder's. There a name that is a command of the stage is refused, and no name looks like an option or a path.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SERVICES = {
    "ingest": "ingest",
    "preprocess": "preprocess",
    "train": "train",
    "rollback": "train",
    "rollback-harm": "train",
    "monitor": "monitor",
}
"""What may be run -> the service of docker-compose.yml whose container it is run in."""

ROLLBACKS = {
    "rollback": "its deployment failed",
    "rollback-harm": "its labels showed harm within its probation",
}
"""A rollback -> the reason that the history keeps."""

FIXED_VARIABLES = {"ingest": {"RELAY_REFRESH": "always"}}
"""What a run on schedule has in its environment other than the service: the source is asked each time."""

LASTING = ("api", "model")
"""The services that may be started when they do not run."""

RECIPE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
"""As relay/handoff/data_recipe.py has it, which is not in the runner's image; a test compares them."""
RUN = re.compile(r"[a-z0-9]{8,64}", re.ASCII)
HIGHEST_SEED = 2**32 - 1
"""Of NumPy's seeds, https://numpy.org/doc/stable/reference/random/legacy.html."""


class RefusedError(Exception):
    """The order is none of those that are carried out."""


@dataclass(frozen=True)
class Order:
    """One run of a stage."""

    run: str
    """Whoever asks again with the same one gets the container that is there."""
    stage: str
    recipe: str
    seed: int | None = None
    """None: the recipe's own."""
    version: int | None = None
    """Of a rollback: it is done only while this version is in production."""

    @property
    def service(self) -> str:
        """The service in whose image, with whose rights, it runs."""
        return SERVICES[self.stage]

    def arguments(self, run_id: str) -> list[str]:
        """The arguments of the stage, whose journal entry has this id and is printed too: `read_entry` finds it.

        A rollback is not a run of a stage and has no entry; the monitor's answer is its report, so it prints none.
        """
        if self.stage == "monitor":
            return ["--run-id", run_id, self.recipe]
        if self.stage in ROLLBACKS:
            once = ["--probation"] if self.stage == "rollback-harm" else []
            return ["rollback", "--expected", str(self.version), *once, "--why", ROLLBACKS[self.stage], self.recipe]
        seed = [] if self.seed is None else ["--set", f"seed={self.seed}"]
        return [*seed, "--run-id", run_id, "--json", self.recipe]


def read_order(said: Any) -> Order:
    """The order in a request.

    Raises:
        RefusedError: it holds anything but a run, a stage, a recipe and a seed; a rollback has a version instead of
            the seed, the monitor neither.
    """
    if not isinstance(said, Mapping):
        raise RefusedError("expected an object with run, stage, recipe and seed")
    stage = said.get("stage")
    if not isinstance(stage, str) or stage not in SERVICES:
        raise RefusedError(f"stage: expected one of {', '.join(SERVICES)}")
    number = {**dict.fromkeys(ROLLBACKS, "version"), "monitor": ""}.get(stage, "seed")
    if unknown := sorted(map(str, set(said) - {"run", "stage", "recipe", number or "recipe"})):
        taken = f"run, stage, recipe and {number}" if number else "run, stage and recipe"
        raise RefusedError(f"unknown: {', '.join(unknown)}; a {stage} takes {taken}")
    _require(said, "run", RUN)
    _require(said, "recipe", RECIPE)
    if not number:
        return Order(run=said["run"], stage=stage, recipe=said["recipe"])
    value = said.get(number)
    if stage in ROLLBACKS and value is None:
        raise RefusedError("version: a rollback says which version it takes out of production")
    if value is not None and (type(value) is not int or not 0 <= value <= HIGHEST_SEED):
        raise RefusedError(f"{number}: expected a whole number from 0 to {HIGHEST_SEED}")
    return Order(run=said["run"], stage=stage, recipe=said["recipe"], **{number: value})


def require_run(run: str) -> str:
    """The id of a run.

    Raises:
        RefusedError: it cannot be one.
    """
    return _require({"run": run}, "run", RUN)


def _require(said: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise RefusedError(f"{name}: expected {pattern.pattern}")
    return value
