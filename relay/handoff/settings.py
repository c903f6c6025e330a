"""What a stage takes from the command line, and from the environment where the command line is silent."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from relay.handoff.database import read_database_url
from relay.handoff.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
"""The folder that holds the stages: the checkout on a laptop, /app in an image."""

RECIPES_DIR = ROOT / "recipes"

OFF = "off"
"""The value of MLFLOW_TRACKING_URI that switches tracking off."""

ENVIRONMENT = {
    "RECIPES": "recipes to run, a comma list",
    "RECIPE": "the recipe to run; goes before RECIPES",
    "OVERRIDES": "changes to the recipe, a comma list such as model.chunks=50,seed=7",
    "DATA_DIR": "folder of the datasets",
    "LOG_DIR": "folder of the logs",
    "LOG_LEVEL": "DEBUG, INFO, WARNING or ERROR",
    "RELAY_REFRESH": "ask sources again: never, always, or an age such as 6h (empty: as the recipe says)",
    "MLFLOW_TRACKING_URI": "an MLflow server, http://host:port (empty: embedded in data/mlflow/; off: no tracking)",
    "USE_POSTGRES": "true: datasets become tables of PostgreSQL too, and predictions are logged there (empty: false)",
    "DATABASE_URL": "which PostgreSQL, postgresql://user:password@host:5432/database; goes before USE_POSTGRES",
    "POSTGRES_URL": "which one USE_POSTGRES means (empty: postgresql://relay@localhost:5432/relay)",
    "DATABASE_PASSWORD_FILE": "file with its password, where the URL has none",
    "PROMOTE": "whether a new model version may become production: auto (the gate decides), never, always",
}
"""Every variable that the stages read; `.env.example` lists them."""


@dataclass(frozen=True)
class Settings:
    """Where a stage reads and writes, and which recipes it runs."""

    recipes: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    data_dir: Path = ROOT / "data"
    log_dir: Path = ROOT / "logs"
    log_level: str = "INFO"
    refresh: str = ""
    tracking_uri: str = ""
    """Where runs and models are registered; only the stage that trains looks at it."""
    database_url: str = field(default="", repr=False)  # it may hold a password
    """PostgreSQL where datasets are published and the source `sql` asks; empty: nowhere."""


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that the environment names; an empty variable counts as not set.

    Raises:
        UsageError: LOG_LEVEL is none of the four levels, or the variables of the database contradict themselves.
    """
    level = (environment.get("LOG_LEVEL") or "INFO").upper()
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise UsageError(f"LOG_LEVEL={level}: expected DEBUG, INFO, WARNING or ERROR")
    return Settings(
        recipes=tuple(split_list(environment.get("RECIPE") or environment.get("RECIPES") or "")),
        overrides=tuple(split_list(environment.get("OVERRIDES") or "")),
        data_dir=Path(environment.get("DATA_DIR") or ROOT / "data").absolute(),
        log_dir=Path(environment.get("LOG_DIR") or ROOT / "logs").absolute(),
        log_level=level,
        refresh=environment.get("RELAY_REFRESH") or "",
        tracking_uri=environment.get("MLFLOW_TRACKING_URI") or "",
        database_url=read_database_url(environment),
    )


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
