"""The prediction API as the screen Predict asks it: answers, which it logs, and its log."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from secrets import token_hex
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen

from page.predict.ask import (
    ANSWER_SECONDS,
    PART_BYTES,
    PART_ROWS,
    AwayError,
    Given,
    KeyNeededError,
    NothingServedError,
    RefusedError,
    Served,
)
from relay.handoff.errors import RelayError, UsageError
from relay.monitoring.marks import TRIAL, mark_request
from relay.registry.contract import Cell, Contract
from relay.registry.portions import cut_portions

PAGE_ROWS = 200
MOST_PAGES = 5
"""Of the log: it tells the oldest first, so the last ones are found by paging on, and that must end."""

FLAWS_TOLD = 10


@dataclass(frozen=True)
class Logged:
    """The predictions of a time, the newest first."""

    rows: tuple[dict[str, Any], ...]
    has_more: bool
    """Whether later ones were not read."""


@dataclass(frozen=True)
class Api:
    """`python -m serve` at an address."""

    url: str
    model: str
    key: str = field(default="", repr=False)

    def describe(self) -> Served:
        """The version that it serves.

        Raises:
            NothingServedError: none, or the API serves other models.
            AwayError, KeyNeededError: it cannot be asked.
        """
        found = self._ask(f"/models/{quote(self.model)}")
        body = {name: found[name] for name in Contract.model_fields if name in found}
        # The API tells a column's whole declaration; where a file would bring it from is no part of a contract.
        columns = (*body["inputs"].values(), *body.get("record_key", {}).values(), body["target_column"] or {})
        for column in columns:
            column.pop("source", None)
        contract = Contract.from_json(json.dumps(body).encode())
        return Served(found["model"], str(found["model_version"]), found["run_id"], contract)

    def answer(self, records: Sequence[dict[str, Cell]]) -> Given:
        """The answers, which are in its log.

        Raises:
            RefusedError: the records do not keep the contract.
            NothingServedError, AwayError, KeyNeededError: as `describe`.
        """
        # One record by itself: then what is wrong with it is named without its place in a list.
        body = records[0] if len(records) == 1 else list(records)
        found, headers = self._post(f"/models/{quote(self.model)}/predict", body)
        is_logged = headers.get("X-Prediction-Logged") != "false"
        return Given(
            model=found["model"],
            version=str(found["model_version"]),
            predictions=found["predictions"],
            probabilities=found.get("probabilities"),
            prediction_id=found["prediction_id"] if is_logged else "",
            details=tuple(found.get("details") or ()),
        )

    def in_parts(self, records: Sequence[dict[str, Cell]]) -> Iterator[Given]:
        """The answers to many records, a request a part."""
        for part in cut(records):
            yield self.answer(part)

    def list_logged(self, since: str) -> Logged:
        """The predictions of the model since a time, such as 2026-11-20T10:00:00Z or seconds since 1970."""
        rows: list[dict[str, Any]] = []
        after = ""
        for _ in range(MOST_PAGES):
            query = {"since": since, "model": self.model, "limit": PAGE_ROWS, **({"after": after} if after else {})}
            found = self._ask(f"/predictions?{urlencode(query)}")
            rows += found["predictions"]
            after = found["next"] or ""
            if not after:
                break
        return Logged(tuple(reversed(rows)), has_more=bool(after))

    def trace(self, prediction_id: str) -> dict[str, Any]:
        """A prediction with its labels and its lineage."""
        return self._ask(f"/predictions/{quote(prediction_id)}")

    def ask(self, path: str, body: Any = None) -> dict[str, Any]:
        """The answer to a question of another screen; with a body it is posted.

        Raises:
            NothingServedError, AwayError, KeyNeededError, RefusedError: as `answer`.
        """
        return self._ask(path) if body is None else self._post(path, body)[0]

    def _ask(self, path: str) -> dict[str, Any]:
        return self._request(path, None)[0]

    def _post(self, path: str, body: Any) -> tuple[dict[str, Any], Any]:
        return self._request(path, json.dumps(body).encode())

    def _request(self, path: str, content: bytes | None) -> tuple[dict[str, Any], Any]:
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise UsageError(f"API_URL={self.url}: expected http://host:port, or empty for the registry's model")
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {self.key}"} if self.key else {})}
        if content is not None:  # a person tries the model: the monitor does not count it
            headers["X-Request-ID"] = mark_request(TRIAL, token_hex(8))
        request = Request(f"{self.url}{path}", content, headers)  # noqa: S310 - http(s) only, see above
        try:
            with urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - as above
                return json.loads(answer.read()), answer.headers
        except HTTPError as error:
            raise self._explain(error, path) from None
        except (URLError, HTTPException, OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise AwayError(
                f"the API does not answer at API_URL={self.url} ({reason}): start it (`make serve`, natively `python "
                "-m serve`), or start the page without API_URL to ask the registry's model itself"
            ) from None

    def _explain(self, error: HTTPError, path: str) -> RelayError:
        try:
            problem = json.loads(error.read())
        except (OSError, ValueError):
            problem = {}  # a proxy's page, not the API's answer
        detail = str(problem.get("detail") or f"{error.code} {error.reason}")
        match str(problem.get("type", "")).removeprefix("urn:relay:problem:"):
            case "key-missing":
                return KeyNeededError("the API wants another key" if self.key else "the API wants a key")
            case "not-found" | "model-not-ready" if path.startswith("/models/"):
                return NothingServedError(
                    f"the API at {self.url} does not answer for {self.model}: {detail}. Promote a version on the page "
                    f"Models. If MODEL_URI of the API names models, add models:/{self.model}@production"
                )
            case "invalid-records":
                flaws = [one.get("message") or f"{one['field']} is {one['found']}" for one in problem.get("errors", [])]
                return RefusedError("; ".join(flaws[:FLAWS_TOLD]) or detail)
            case "":
                return AwayError(f"API_URL={self.url} answers as Relay's API does not ({detail}): see what it names")
            case _:
                return RefusedError(detail)


def cut(records: Sequence[dict[str, Cell]]) -> Iterator[list[dict[str, Cell]]]:
    """Parts of the records, each small enough for one request."""
    return cut_portions(records, lambda record: len(json.dumps(record)), PART_ROWS, PART_BYTES)
