"""Sends labels to the API, some thousand at a time, and adds up what became of them."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from loguru import logger

from relay.handoff import interrupt
from relay.handoff.errors import RelayError, UsageError
from relay.registry.portions import cut_portions

PART_ROWS = 5_000
PART_BYTES = 2_000_000
"""Of a request; the API takes 10,000 labels and 4 MB unless its settings say otherwise."""

ANSWER_SECONDS = 60.0
PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Before an attempt is repeated: the same labels again add nothing."""

TOO_LARGE = 413
MOST_SHOWN = 1_000
"""Refused labels that the answer lists."""

Numbered = tuple[int, dict[str, Any]]


class ApiAwayError(RelayError):
    """The API does not answer, or refuses the whole request."""

    kind = "api_away"


@dataclass
class Sent:
    """What became of the labels of a file."""

    states: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    refused: list[dict[str, Any]] = field(default_factory=list)
    """The first ones: line of the file, reason and detail."""

    @property
    def total(self) -> int:
        """All labels that were answered."""
        return sum(self.states.values())

    def take(self, part: Sequence[Numbered], answer: dict[str, Any]) -> None:
        """Add the answer to a part."""
        for line in answer["lines"]:
            self.states[line["state"]] += 1
            if line["state"] == "refused":
                self.reasons[line["reason"]] += 1
                if len(self.refused) < MOST_SHOWN:
                    number = part[line["line"] - 1][0]
                    self.refused.append({"line": number, "reason": line["reason"], "detail": line["detail"]})


@dataclass(frozen=True)
class Api:
    """Where labels go."""

    url: str
    key: str = field(default="", repr=False)

    def send(self, labels: Iterable[Numbered]) -> Sent:
        """Send all labels, and say so after each part.

        Raises:
            ApiAwayError: the API does not answer, or refuses a part as a whole; parts before it are kept.
        """
        sent = Sent()
        for part in cut(labels):
            self._send_part(part, sent)
            logger.info("{:,} labels sent: {}", sent.total, say_states(sent))
        return sent

    def _send_part(self, part: Sequence[Numbered], sent: Sent) -> None:
        """Send a part, in halves where the API takes less at once."""
        answer = self._post(part, sent.total)
        if answer is not None:
            sent.take(part, answer)
            return
        middle = len(part) // 2
        self._send_part(part[:middle], sent)
        self._send_part(part[middle:], sent)

    def _post(self, part: Sequence[Numbered], before: int) -> dict[str, Any] | None:
        """The answer to a part; None where it is too large for the API."""
        body = "\n".join(json.dumps(label) for _, label in part).encode()
        for pause in (*PAUSES_SECONDS, None):
            interrupt.check()
            try:
                return self._ask(body)
            except HTTPError as error:
                said = _read_problem(error)
                if error.code == TOO_LARGE and len(part) > 1:
                    return None
                if error.code != 503 or pause is None:
                    raise self._explain(error.code, said, before) from None
                logger.warning("the API answers 503 ({}): trying again in {:g} s", said, pause)
                time.sleep(pause)
            except (URLError, HTTPException, OSError, ValueError) as error:
                reason = getattr(error, "reason", error)
                if pause is None or before == 0:  # nothing was sent yet: the address is wrong, or nothing runs there
                    raise ApiAwayError(
                        f"the API does not answer at {self.url} ({reason}); {before:,} labels were sent before",
                        next_step="Start it (`python -m serve`, or `make serve`), or name it with --api; sending the "
                        "file again adds no label twice",
                    ) from None
                time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _ask(self, body: bytes) -> dict[str, Any]:
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise UsageError(f"--api {self.url}: expected http://host:port")
        headers = {"Content-Type": "application/x-ndjson"}
        headers |= {"Authorization": f"Bearer {self.key}"} if self.key else {}
        request = Request(f"{self.url}/labels", body, headers)  # noqa: S310 - http(s) only, see above
        with urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - as above
            found: dict[str, Any] = json.loads(answer.read())
            return found

    def _explain(self, status: int, said: str, before: int) -> ApiAwayError:
        steps = {
            401: "Name the file that holds the API's key with --key-file, or set API_KEY_FILE",
            404: "Update the API: this one is of an earlier release and takes one label at a time",
        }
        step = steps.get(status, "Sending the file again adds no label twice")
        return ApiAwayError(
            f"the API at {self.url} answers {status}: {said}; {before:,} labels were sent before", next_step=step
        )


def cut(labels: Iterable[Numbered]) -> Iterator[list[Numbered]]:
    """Parts that a request can hold; each label is a line."""
    return cut_portions(labels, lambda numbered: len(json.dumps(numbered[1])) + 1, PART_ROWS, PART_BYTES)


def say_states(sent: Sent) -> str:
    """`4,990 added, 10 refused`."""
    words = [f"{number:,} {state}" for state, number in sent.states.items() if number]
    return ", ".join(words) or "none"


def _read_problem(error: HTTPError) -> str:
    try:
        return str(json.loads(error.read())["detail"])
    except (ValueError, KeyError, TypeError, OSError, HTTPException):
        return str(error.reason)
