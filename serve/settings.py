"""What the service reads from the environment; the command line goes before it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from loguru import logger

from relay.handoff.database import read_database_url
from relay.handoff.errors import UsageError
from relay.handoff.renamed_variables import rename_variables
from relay.handoff.settings import ROOT

ENVIRONMENT = {
    "API_PORT": "port (empty: 8000)",
    "API_ADDRESS": "where to listen (empty: 127.0.0.1, this machine alone)",
    "API_WORKERS": "processes that answer (empty: 1)",
    "MODEL_URI": "models to serve, a comma list such as models:/credit@production; the first answers /predict",
    "API_KEY_SHA256": "SHA-256 of the key that callers must send, as 64 hex digits (empty: no key)",
    "API_MAX_BODY_BYTES": "bytes of a request's body, at most (empty: 4194304)",
    "API_MAX_ROWS": "records of a request, at most (empty: 10000)",
    "API_TIMEOUT": "seconds that a request may take, at most (empty: 30)",
    "PREDICTION_LOG_ON_FAILURE": "when the prediction log cannot be written: refuse (503) or answer (empty: refuse)",
    "RETENTION_DAYS": "days that the prediction log keeps (empty: all)",
    "SERVE_DIR": "folder of its copies of models and of the log in SQLite (empty: serve/ in DATA_DIR)",
    "REGISTRY_POLL_SECONDS": "how often the registry is asked who holds production (empty: 10)",
}
"""Every variable of the service alone; what it shares with the stages stands in SHARED."""

SHARED = (
    *("DATA_DIR", "LOG_DIR", "LOG_LEVEL", "MLFLOW_TRACKING_URI"),
    *("USE_POSTGRES", "DATABASE_URL", "POSTGRES_URL", "DATABASE_PASSWORD_FILE"),
)

MODEL_URI = re.compile(r"models:/([A-Za-z0-9_.-]+)@([A-Za-z0-9_.-]+)")


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model of the registry and the alias whose holder is served."""

    name: str
    alias: str


@dataclass(frozen=True, slots=True)
class Settings:
    """How the service runs."""

    models: tuple[ModelName, ...] = ()
    port: int = 8000
    address: str = "127.0.0.1"
    workers: int = 1
    database_url: str = field(default="", repr=False)  # it may hold a password
    api_key_sha256: str = field(default="", repr=False)
    max_body: int = 4 << 20
    max_rows: int = 10_000
    timeout: float = 30.0
    log_failure: Literal["refuse", "answer"] = "refuse"
    retention_days: float | None = None
    follow_seconds: float = 10.0
    data_dir: Path = ROOT / "data"
    serve_dir: Path | None = None
    log_dir: Path = ROOT / "logs"
    log_level: str = "INFO"
    tracking_uri: str = field(default="", repr=False)

    @property
    def folder(self) -> Path:
        """What the service keeps: verified copies of the models, and the prediction log in SQLite."""
        return self.serve_dir or self.data_dir / "serve"


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that the environment names; an empty variable counts as not set.

    Raises:
        UsageError: a variable holds what it cannot.
    """
    environment = rename_variables(environment, ENVIRONMENT, logger.warning)
    failure = environment.get("PREDICTION_LOG_ON_FAILURE") or "refuse"
    if failure not in ("refuse", "answer"):
        raise UsageError(f"PREDICTION_LOG_ON_FAILURE={failure}: expected refuse or answer")
    level = (environment.get("LOG_LEVEL") or "INFO").upper()
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise UsageError(f"LOG_LEVEL={level}: expected DEBUG, INFO, WARNING or ERROR")
    return Settings(
        models=parse_models(environment.get("MODEL_URI") or ""),
        port=int(_read_number(environment, "API_PORT", 8000, whole=True, most=65_535)),
        address=environment.get("API_ADDRESS") or "127.0.0.1",
        workers=int(_read_number(environment, "API_WORKERS", 1, whole=True, most=256)),
        database_url=read_database_url(environment),
        api_key_sha256=_read_key(environment),
        max_body=int(_read_number(environment, "API_MAX_BODY_BYTES", 4 << 20, whole=True)),
        max_rows=int(_read_number(environment, "API_MAX_ROWS", 10_000, whole=True)),
        timeout=_read_number(environment, "API_TIMEOUT", 30.0),
        log_failure="answer" if failure == "answer" else "refuse",
        retention_days=_read_number(environment, "RETENTION_DAYS", 0.0) if environment.get("RETENTION_DAYS") else None,
        follow_seconds=_read_number(environment, "REGISTRY_POLL_SECONDS", 10.0),
        data_dir=Path(environment.get("DATA_DIR") or ROOT / "data").absolute(),
        serve_dir=Path(environment["SERVE_DIR"]).absolute() if environment.get("SERVE_DIR") else None,
        log_dir=Path(environment.get("LOG_DIR") or ROOT / "logs").absolute(),
        log_level=level,
        tracking_uri=environment.get("MLFLOW_TRACKING_URI") or "",
    )


def parse_models(text: str) -> tuple[ModelName, ...]:
    """The models of MODEL_URI, in its order.

    Raises:
        UsageError: a part names no alias; a version or a file is not served, for nobody has put it in force.
    """
    models = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = MODEL_URI.fullmatch(part)
        if found is None:
            raise UsageError(
                f"MODEL_URI: found {part!r}, expected models:/<name>@<alias>, such as models:/credit@production"
            )
        models.append(ModelName(*found.groups()))
    names = [model.name for model in models]
    if len(set(names)) < len(names):
        raise UsageError(f"MODEL_URI={text}: expected each model once")
    return tuple(models)


def _read_number(
    environment: Mapping[str, str], name: str, default: float, *, whole: bool = False, most: float = 1e12
) -> float:
    text = environment.get(name) or ""
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= most or (whole and not value.is_integer()):
        limit = f" of at most {most:,.0f}" if most < 1e12 else ""
        raise UsageError(f"{name}={text}: expected a {'whole ' if whole else ''}number above 0{limit}")
    return value


def _read_key(environment: Mapping[str, str]) -> str:
    digest = (environment.get("API_KEY_SHA256") or "").strip().lower()
    if digest and not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise UsageError(
            "API_KEY_SHA256: expected 64 hex digits, the SHA-256 of the key: "
            'make them with `printf %s "$KEY" | sha256sum`'
        )
    return digest
