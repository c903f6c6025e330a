"""MLflow's REST API, one question at a time."""

import json
from collections.abc import Mapping
from typing import Any

from relay.registry.errors import RegistryAwayError

ANSWER_SECONDS = 5
"""How long a server may take for an answer, before we say that it is away."""

UNKNOWN = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
"""What MLflow's API says of a model, and of an alias, that does not exist."""


def ask_server(uri: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON answer of an MLflow server; empty when it says that there is no such thing.

    Args:
        uri: of the server, http(s).
        path: below `api/2.0/mlflow/`.
        body: of a POST; None for a GET.

    Raises:
        RegistryAwayError: it does not answer, refuses, or answers as MLflow does not.
    """
    from urllib.error import HTTPError, URLError  # a tenth of an unchanged run's time, which asks no server
    from urllib.request import Request, urlopen

    content = None if body is None else json.dumps(body).encode()
    request = Request(f"{uri}/api/2.0/mlflow/{path}", content, {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - http(s) only, see find_registry
            found: dict[str, Any] = json.loads(answer.read())
            return found
    except HTTPError as error:
        if _read_code(error) in UNKNOWN:
            return {}
        hint = (
            "Let the server know this name (MLFLOW_EXTRA_HOSTS in .env, MLFLOW_SERVER_ALLOWED_HOSTS elsewhere)"
            if error.code == 403
            else ""
        )
        raise RegistryAwayError(
            f"the MLflow server {uri} refuses: {error.code} {error.reason}", next_step=hint
        ) from None
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise RegistryAwayError(
            f"no MLflow server answers at {uri} ({reason})",
            next_step="Start it (`docker compose up mlflow`), or unset MLFLOW_TRACKING_URI for the embedded registry",
        ) from None


def _read_code(error: Any) -> str:
    try:
        return str(json.loads(error.read()).get("error_code", ""))
    except (OSError, ValueError, AttributeError):
        return ""  # a proxy's page, not MLflow's answer
