"""What the service reads from the environment; the command line goes before it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from loguru import logger

from relay.handoff.database import DATABASE_VARIABLES, read_database_url
from relay.handoff.errors import UsageError
from relay.handoff.renamed_variables import rename_variables
from relay.handoff.settings import (
    CODE_KEY_FILE,
    DATA_DIR,
    LOG_DIR,
    LOG_LEVEL,
    MLFLOW_TRACKING_URI,
    MODEL_MAX_UNPACKED_BYTES,
    SERVE_DIR,
)
from relay.handoff.variables import MOST_PORT, Variable, number, text, whole, word

_MODEL_URI = re.compile(r"models:/([A-Za-z0-9_.-]+)@([A-Za-z0-9_.-]+)")


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model of the registry and the alias whose holder is served."""

    name: str
    alias: str


def parse_models(text: str) -> tuple[ModelName, ...]:
    """The models of MODEL_URI, in its order.

    Raises:
        UsageError: a part names no alias; a version or a file is not served, for nobody has put it in force.
    """
    models = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = _MODEL_URI.fullmatch(part)
        if found is None:
            raise UsageError(
                f"MODEL_URI: found {part!r}, expected models:/<name>@<alias>, such as models:/credit@production"
            )
        models.append(ModelName(*found.groups()))
    names = [model.name for model in models]
    if len(set(names)) < len(names):
        raise UsageError(f"MODEL_URI={text}: expected each model once")
    return tuple(models)


def _read_key(given: str) -> str:
    digest = given.strip().lower()
    if digest and not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise UsageError(
            "API_KEY_SHA256: expected 64 hex digits, the SHA-256 of the key: "
            'make them with `printf %s "$KEY" | sha256sum`'
        )
    return digest


API_PORT = whole("API_PORT", "port", 8000, most=MOST_PORT)
API_ADDRESS = text("API_ADDRESS", "where to listen", "127.0.0.1", "127.0.0.1, this machine only")
API_WORKERS = whole("API_WORKERS", "processes that answer", 1, most=256)
MODEL_URI: Variable[tuple[ModelName, ...]] = Variable(
    "MODEL_URI",
    "models to serve, a comma list such as models:/credit@production; the first answers /predict",
    (),
    parse_models,
    shown="every model with a version in production",
)
PREDICT_MODEL = Variable(
    "PREDICT_MODEL",
    "where MODEL_URI is empty, the model that answers /predict; of a comma list the first",
    "",
    lambda given: Path(given.split(",")[0].strip()).name.removesuffix(".toml"),
    shown="the only one",
)
API_KEY_SHA256 = Variable(
    "API_KEY_SHA256", "SHA-256 of the key that callers must send, as 64 hex digits", "", _read_key, shown="no key"
)
API_MAX_BODY_BYTES = whole("API_MAX_BODY_BYTES", "bytes of a request's body, at most", 4 << 20)
API_MAX_ROWS = whole("API_MAX_ROWS", "records of a request, at most", 10_000)
API_TIMEOUT = number("API_TIMEOUT", "seconds that a request may take, at most", 30.0, "30")
PREDICTION_LOG_ON_FAILURE = word(
    "PREDICTION_LOG_ON_FAILURE",
    "when the prediction log cannot be written: refuse (503) or answer",
    ("refuse", "answer"),
)
PREDICTION_LOG_ON_DAMAGE = word(
    "PREDICTION_LOG_ON_DAMAGE",
    "when the prediction log in SQLite is damaged: set-aside and begin a new one, or refuse (503)",
    ("set-aside", "refuse"),
)
RETENTION_DAYS = number("RETENTION_DAYS", "days that the prediction log keeps", None, "all")
REGISTRY_POLL_SECONDS = number(
    "REGISTRY_POLL_SECONDS", "how often the registry is asked which version is in production", 10.0, "10"
)

VARIABLES: tuple[Variable[Any], ...] = (
    *(API_PORT, API_ADDRESS, API_WORKERS, MODEL_URI, PREDICT_MODEL, API_KEY_SHA256, API_MAX_BODY_BYTES, API_MAX_ROWS),
    API_TIMEOUT,
    *(PREDICTION_LOG_ON_FAILURE, PREDICTION_LOG_ON_DAMAGE, RETENTION_DAYS, SERVE_DIR, REGISTRY_POLL_SECONDS),
)
"""Every variable of the service alone."""

SHARED: tuple[Variable[Any], ...] = (
    *(DATA_DIR, LOG_DIR, LOG_LEVEL, MLFLOW_TRACKING_URI, CODE_KEY_FILE, MODEL_MAX_UNPACKED_BYTES),
    *DATABASE_VARIABLES,
)
"""The variables that it shares with the stages."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the service runs."""

    models: tuple[ModelName, ...] = MODEL_URI.default
    """Empty: every model with a version in production."""
    predict_model: str = PREDICT_MODEL.default
    port: int = API_PORT.default
    address: str = API_ADDRESS.default
    workers: int = API_WORKERS.default
    database_url: str = field(default="", repr=False)  # it may hold a password
    api_key_sha256: str = field(default=API_KEY_SHA256.default, repr=False)
    max_body: int = API_MAX_BODY_BYTES.default
    max_rows: int = API_MAX_ROWS.default
    timeout: float = API_TIMEOUT.default
    log_failure: Literal["refuse", "answer"] = "refuse"
    log_damage: Literal["set-aside", "refuse"] = "set-aside"
    retention_days: float | None = RETENTION_DAYS.default
    follow_seconds: float = REGISTRY_POLL_SECONDS.default
    data_dir: Path = DATA_DIR.default
    serve_dir: Path | None = SERVE_DIR.default
    log_dir: Path = LOG_DIR.default
    log_level: str = LOG_LEVEL.default
    tracking_uri: str = field(default=MLFLOW_TRACKING_URI.default, repr=False)

    @property
    def folder(self) -> Path:
        """What the service keeps: verified copies of the models, and the prediction log in SQLite."""
        return self.serve_dir or self.data_dir / "serve"


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that the environment names; an empty variable counts as not set.

    Raises:
        UsageError: a variable has an unsupported value.
    """
    environment = rename_variables(environment, [one.name for one in VARIABLES], logger.warning)
    return Settings(
        models=MODEL_URI.of(environment),
        predict_model=PREDICT_MODEL.of(environment),
        port=API_PORT.of(environment),
        address=API_ADDRESS.of(environment),
        workers=API_WORKERS.of(environment),
        database_url=read_database_url(environment),
        api_key_sha256=API_KEY_SHA256.of(environment),
        max_body=API_MAX_BODY_BYTES.of(environment),
        max_rows=API_MAX_ROWS.of(environment),
        timeout=API_TIMEOUT.of(environment),
        log_failure="answer" if PREDICTION_LOG_ON_FAILURE.of(environment) == "answer" else "refuse",
        log_damage="refuse" if PREDICTION_LOG_ON_DAMAGE.of(environment) == "refuse" else "set-aside",
        retention_days=RETENTION_DAYS.of(environment),
        follow_seconds=REGISTRY_POLL_SECONDS.of(environment),
        data_dir=DATA_DIR.of(environment),
        serve_dir=SERVE_DIR.of(environment),
        log_dir=LOG_DIR.of(environment),
        log_level=LOG_LEVEL.of(environment),
        tracking_uri=MLFLOW_TRACKING_URI.of(environment),
    )
