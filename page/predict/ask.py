"""The two who answer the screen Predict: the API, where API_URL names one, else the registry's production model.

Neither stands in for the other: an API that does not answer is said, for answers of the other kind are in no log.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from page.shell.command import CANCELLED, TIMEOUT, Command, CommandError
from relay.handoff.errors import UNEXPECTED, ModelError, RelayError
from relay.handoff.settings import Settings
from relay.registry.contract import Cell, Contract
from relay.registry.errors import RegistryAwayError, RegistryEmptyError
from relay.registry.reasons import Reason

ANSWER_SECONDS = 35
"""How long the API may take: it gives up after 30 s itself."""

PART_ROWS, PART_BYTES = 1_000, 1_000_000
"""Of a table, what the API gets in one request: it takes 4 MiB, and the progress moves."""


class NothingServedError(RelayError):
    """No version of the model may be asked; the message says what to do next."""

    kind = "nothing_served"


class AwayError(RelayError):
    """Whoever should answer does not."""

    kind = "away"


class KeyNeededError(RelayError):
    """The API wants a key, or another one."""

    kind = "key_needed"


class RefusedError(RelayError):
    """The records cannot be answered; the message says why."""

    kind = "refused"


@dataclass(frozen=True)
class Served:
    """The version that answers, and what it takes."""

    model: str
    version: str
    run_id: str
    contract: Contract


@dataclass(frozen=True)
class Given:
    """Answers to some records."""

    model: str
    version: str
    predictions: list[Cell]
    probabilities: list[float] | None
    prediction_id: str = ""
    """Under which it stands in the prediction log; empty when it was not logged."""
    details: tuple[Any, ...] = ()
    """Of a model of styles, by the API: what else it says of each text."""
    reasons: tuple[Reason, ...] = ()
    style: dict[str, Any] | None = None
    """Of a model of styles, natively: all that `python -m model ask` says."""


class Answering(Protocol):
    """Somebody who answers records."""

    def describe(self) -> Served:
        """The version in production."""

    def answer(self, records: Sequence[dict[str, Cell]]) -> Given:
        """The answers to some records, in one piece."""

    def in_parts(self, records: Sequence[dict[str, Cell]]) -> Iterator[Given]:
        """The answers to many records, part by part."""


@dataclass(frozen=True)
class Registry:
    """The production model out of the registry, asked by `python -m model predict` in a process of its own."""

    settings: Settings
    source: str

    def describe(self) -> Served:
        """The version in production."""
        # No record is sent, so an error of the model is about the version itself.
        found = self._call("--contract", refusals=REFUSALS | {ModelError.kind: NothingServedError})
        contract = Contract.from_json(json.dumps(found["contract"]).encode())
        return Served(found["model"], str(found["model_version"]), found["run_id"], contract)

    def answer(self, records: Sequence[dict[str, Cell]]) -> Given:
        """The answers, without reasons."""
        return _read_given(self._call(records=records))

    def explain(self, record: dict[str, Cell]) -> Given:
        """The answer to one record with the reasons, or with all that a model of styles says."""
        return _read_given(self._call("--reasons", records=[record]))

    def in_parts(self, records: Sequence[dict[str, Cell]]) -> Iterator[Given]:
        """All answers at once: one process loads the model once."""
        yield self.answer(records)

    def _call(
        self,
        *options: str,
        records: Sequence[dict[str, Cell]] = (),
        refusals: Mapping[str, type[RelayError]] | None = None,
    ) -> dict[str, Any]:
        """What the command answered.

        Raises:
            NothingServedError, RefusedError, AwayError: it said so, or took too long.
            CommandError: it failed unexpectedly.
        """
        command = Command(self.settings, "predict", self.source, options, json.dumps(records).encode())
        try:
            found: dict[str, Any] = command.run()
        except CommandError as error:
            if error.kind == UNEXPECTED:
                raise
            raise (refusals or REFUSALS).get(error.kind, RefusedError)(str(error)) from None
        return found


REFUSALS: dict[str, type[RelayError]] = {
    RegistryEmptyError.kind: NothingServedError,
    RegistryAwayError.kind: AwayError,
    TIMEOUT: AwayError,
    CANCELLED: AwayError,
}
"""Kind of the command's error -> what it means here; all others are about the records."""


def _read_given(found: dict[str, Any]) -> Given:
    reasons = found.get("reasons") or [[]]
    return Given(
        model=found["model"],
        version=str(found["model_version"]),
        predictions=found.get("predictions", []),
        probabilities=found.get("probabilities"),
        reasons=tuple(Reason(**reason) for reason in reasons[0]),
        style=found.get("style"),
    )
