"""Whether the API serves the version in production, and answers its example as the model did when it was trained."""

import logging
import math
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from services.airflow.ask import AwayError, RefusedError, Service

LOOK_SECONDS = 2.0
SERVED_SECONDS = 180.0
"""For the API to start, ask the registry, fetch the version and check it."""
TOLERANCE = 1e-5
"""How far two ways of asking one model may differ, as in relay/registry/contract.py, which writes the example."""

NOT_THERE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
"""MLflow's codes for a model, and for an alias, that does not exist."""

log = logging.getLogger("airflow.task")


class DeploymentError(Exception):
    """The version in production is not served, or answers otherwise than it should."""


@dataclass(frozen=True)
class Deployment:
    """A model between the registry and the API."""

    model: str
    registry: Service
    api: Service

    def find_holder(self) -> int | None:
        """The version in production; None when there is none.

        Raises:
            AwayError, RefusedError: the registry does not answer, or not so.
        """
        query = urlencode({"name": self.model, "alias": "production"})
        try:
            found = self.registry.ask("GET", f"/api/2.0/mlflow/registered-models/alias?{query}")
        except RefusedError as error:
            if error.code in NOT_THERE:
                return None
            raise
        return int(found["model_version"]["version"])

    def await_served(self, seconds: float = SERVED_SECONDS) -> dict[str, Any]:
        """What the API says of the version in production, once it serves that.

        Raises:
            DeploymentError: it does not, or nothing is in production.
            AwayError: it does not answer at all.
        """
        end, served, hint = time.monotonic() + seconds, "nothing", ""
        while True:
            holder = self.find_holder()
            if holder is None:
                raise DeploymentError(f"no version of {self.model} is in production: the gate let none pass")
            try:
                found: dict[str, Any] = self.api.ask("GET", f"/models/{quote(self.model)}")
                served = f"version {found['model_version']}"
                if int(found["model_version"]) == holder:
                    log.info("the API serves %s %s, which is in production", self.model, holder)
                    return found
            except RefusedError as error:
                require_allowed(error)
                served = str(error)
                hint = f". Where MODEL_URI in .env names models, add models:/{self.model}@production" * (
                    error.status == 404
                )
            except AwayError:
                if time.monotonic() > end:
                    raise
            if time.monotonic() > end:
                raise DeploymentError(
                    f"{self.model} {holder} is in production; after {seconds:g} s the API has {served}{hint}"
                )
            time.sleep(LOOK_SECONDS)

    def check_example(self, contract: dict[str, Any], request_id: str) -> None:
        """Ask the API for the model's own example.

        Args:
            contract: what the API says of the version.
            request_id: by which the prediction log knows who asked.

        Raises:
            DeploymentError: it answers otherwise than the model did when it was trained.
        """
        example = contract["example"]
        try:
            answer = self.api.ask(
                "POST", f"/models/{quote(self.model)}/predict", example["records"], {"X-Request-ID": request_id}
            )
        except RefusedError as error:
            raise DeploymentError(str(error)) from None
        if answer["model_version"] != contract["model_version"]:
            raise AwayError(
                f"version {answer['model_version']} came into production meanwhile: it is looked at next time"
            )
        if difference := find_difference(contract, answer):
            raise DeploymentError(f"{self.model} {contract['model_version']}: {difference}")
        log.info("%d examples are answered as promised: %s", len(example["records"]), answer["predictions"][:5])


def require_allowed(error: RefusedError) -> None:
    """Return when the API may yet serve the model: also one that it does not know, whose first version this may be.

    Raises:
        DeploymentError: waiting changes nothing.
    """
    if error.status in (401, 403):
        raise DeploymentError("the API wants a key: name the file that holds it by API_KEY_FILE in .env") from None


def find_difference(contract: dict[str, Any], answer: dict[str, Any]) -> str:
    """How an answer differs from the contract's example; empty when it does not."""
    example = contract["example"]
    if len(answer["predictions"]) != len(example["predictions"]):
        return f"{len(example['predictions'])} examples got {len(answer['predictions'])} answers"
    pairs = list(zip(answer["predictions"], example["predictions"], strict=True))
    # Twice: either may have been computed by the model itself or by its ONNX file, on another processor.
    spread = contract["spread"] or 1.0
    for number, (found, promised) in enumerate(pairs, start=1):
        is_number = contract["task"] == "regression"
        if not (_is_near(found, promised, spread) if is_number else found == promised):
            return f"example {number} is answered with {found!r}, promised was {promised!r}"
    told = zip(answer.get("probabilities") or (), example["probabilities"] or (), strict=False)
    for number, (found, promised) in enumerate(told, start=1):
        if not _is_near(found, promised, 1.0):
            return f"example {number} gets the probability {found}, promised was {promised}"
    return ""


def _is_near(found: float, promised: float, scale: float) -> bool:
    return math.isclose(found, promised, rel_tol=1e-6, abs_tol=2 * TOLERANCE * scale)
