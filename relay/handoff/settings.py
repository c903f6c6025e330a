"""What a stage takes from the command line, and from the environment where the command line is silent."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relay.handoff.database import DATABASE_VARIABLES, read_database_url
from relay.handoff.variables import Variable, folder, text, whole, word

ROOT = Path(__file__).resolve().parents[2]
"""The folder that holds the stages: the checkout on a laptop, /app in an image."""

RECIPES_DIR = ROOT / "recipes"

OFF = "off"
"""The value of MLFLOW_TRACKING_URI that switches tracking off."""


def split_list(text: str) -> list[str]:
    """The parts of a comma list; a comma inside brackets or quotes does not part.

    >>> split_list("model.labels=['a,b'], seed=7")
    ["model.labels=['a,b']", 'seed=7']
    """
    parts, depth, quote = [""], 0, ""
    for sign in text:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
        elif sign == "," and depth == 0:
            parts.append("")
            continue
        parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]


def _read_list(given: str) -> tuple[str, ...]:
    return tuple(split_list(given))


RECIPES: Variable[tuple[str, ...]] = Variable("RECIPES", "recipes to run, a comma list", (), _read_list, shown="none")
RECIPE: Variable[tuple[str, ...]] = Variable(
    "RECIPE", "the recipe to run; goes before RECIPES", (), _read_list, shown="none"
)
OVERRIDES: Variable[tuple[str, ...]] = Variable(
    "OVERRIDES", "changes to the recipe, a comma list such as model.chunks=50,seed=7", (), _read_list, shown="none"
)
DATA_DIR = folder("DATA_DIR", "folder of the datasets", ROOT / "data", "data/")
LOG_DIR = folder("LOG_DIR", "folder of the logs", ROOT / "logs", "logs/")
LOG_LEVEL = word(
    "LOG_LEVEL",
    "lowest level in the log: DEBUG, INFO, WARNING or ERROR",
    ("DEBUG", "INFO", "WARNING", "ERROR"),
    default="INFO",
    read=str.upper,
)
RELAY_REFRESH = text(
    "RELAY_REFRESH", "ask sources again: never, always, or an age such as 6h", "", "as the recipe says"
)
MLFLOW_TRACKING_URI = text(
    "MLFLOW_TRACKING_URI",
    f"an MLflow server, http://host:port, or {OFF} for no tracking",
    shown="embedded in data/mlflow/",
)
PROMOTE = word(
    "PROMOTE", "whether a new model version may become production; auto: the gate decides", ("auto", "never", "always")
)
CODE_KEY_FILE: Variable[Path] = Variable(
    "CODE_KEY_FILE",
    "file of the project's key, by which a training signs own code",
    ROOT / "secrets" / "code_key",
    lambda path: Path(path).absolute(),
    shown="secrets/code_key",
)
MODEL_MAX_UNPACKED_BYTES = whole(
    "MODEL_MAX_UNPACKED_BYTES", "bytes that a model file may hold once it is unpacked", 8_000_000_000
)
SERVE_DIR: Variable[Path | None] = Variable(
    "SERVE_DIR",
    "folder of its copies of models and of the log in SQLite",
    None,
    lambda path: Path(path).absolute(),
    shown="serve/ in DATA_DIR",
)
API_URL = text(
    "API_URL",
    "the API that the page asks for predictions, and that takes labels, http://host:port",
    shown="the registry's model, not logged",
)
API_KEY_FILE = text("API_KEY_FILE", "file with the key that the API asks for", shown="no key")


def _read_scheduler(given: str) -> str:
    if not re.fullmatch(r"(tcp|tls)://[^\s/]+:\d{1,5}", given):
        raise ValueError("the address of a Dask scheduler, tcp://host:8786 or, with certificates, tls://host:8786")
    return given


DASK_SCHEDULER_ADDRESS: Variable[str] = Variable(
    "DASK_SCHEDULER_ADDRESS", "the Dask scheduler whose workers do the work", "", _read_scheduler, shown="this machine"
)
GIT_COMMIT = text("GIT_COMMIT", "the commit noted in the lineage of a result", shown="that of the checkout")

VARIABLES: tuple[Variable[Any], ...] = (
    *(RECIPES, RECIPE, OVERRIDES, DATA_DIR, LOG_DIR, LOG_LEVEL, RELAY_REFRESH, MLFLOW_TRACKING_URI),
    *(*DATABASE_VARIABLES, PROMOTE, CODE_KEY_FILE, MODEL_MAX_UNPACKED_BYTES, DASK_SCHEDULER_ADDRESS),
    GIT_COMMIT,
)
"""Every variable that the stages read."""


@dataclass(frozen=True)
class Settings:
    """Where a stage reads and writes, and which recipes it runs."""

    recipes: tuple[str, ...] = RECIPES.default
    overrides: tuple[str, ...] = OVERRIDES.default
    data_dir: Path = DATA_DIR.default
    log_dir: Path = LOG_DIR.default
    log_level: str = LOG_LEVEL.default
    refresh: str = RELAY_REFRESH.default
    tracking_uri: str = MLFLOW_TRACKING_URI.default
    """Where runs and models are registered; only the stage that trains looks at it."""
    database_url: str = field(default="", repr=False)  # it may hold a password
    """PostgreSQL where datasets are published and the source `sql` asks; empty: nowhere."""


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that the environment names; an empty variable counts as not set.

    Raises:
        UsageError: a variable has an unsupported value, or those of the database contradict each other.
    """
    return Settings(
        recipes=RECIPE.of(environment) or RECIPES.of(environment),
        overrides=OVERRIDES.of(environment),
        data_dir=DATA_DIR.of(environment),
        log_dir=LOG_DIR.of(environment),
        log_level=LOG_LEVEL.of(environment),
        refresh=RELAY_REFRESH.of(environment),
        tracking_uri=MLFLOW_TRACKING_URI.of(environment),
        database_url=read_database_url(environment),
    )
