"""JSON over HTTP to the services beside this one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

ANSWER_SECONDS = 60


class AwayError(Exception):
    """A service does not answer."""


class RefusedError(Exception):
    """A service answers that it will not, or cannot; `status` and, where the service gives one, `code` say which."""

    def __init__(self, why: str, status: int, code: str = "") -> None:
        super().__init__(why)
        self.status, self.code = status, code


@dataclass(frozen=True)
class Service:
    """A service by its address, such as http://api:8000, and a bearer token where it wants one."""

    name: str
    url: str
    token: str = ""

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """The answer.

        Raises:
            AwayError: there is none.
            RefusedError: it is one of refusal.
        """
        sent = {"Content-Type": "application/json", **(headers or {})}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        content = None if body is None else json.dumps(body).encode()
        address = f"{self.url.rstrip('/')}{path}"
        request = Request(address, content, sent, method=method)  # noqa: S310 - of the settings, not of a caller
        # A proxy that the host gives to its containers does not know the names of this network.
        is_neighbour = "." not in (urlsplit(self.url).hostname or "")
        opener = build_opener(ProxyHandler({})) if is_neighbour else build_opener()
        try:
            with opener.open(request, timeout=ANSWER_SECONDS) as answer:
                return json.loads(answer.read())
        except HTTPError as error:
            said = error.read().decode(errors="replace")
            why = f"{self.name} answers {method} {path} with {error.code}: {said[:2000]}"
            raise RefusedError(why, error.code, _read_code(said)) from None
        except (OSError, ValueError) as error:
            raise AwayError(f"{self.name} does not answer at {self.url}: {getattr(error, 'reason', error)}") from None


def _read_code(said: str) -> str:
    """MLflow's name for what is wrong; empty where the answer holds none."""
    try:
        found = json.loads(said)
    except ValueError:
        return ""
    return str(found.get("error_code", "")) if isinstance(found, dict) else ""
