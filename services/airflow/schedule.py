"""What runs when: the settings of the schedule, and the recipes that it names."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DAG_ID = "ml_data_processing_pipeline"
DEFAULT_RECIPES, DEFAULT_EVERY = "linear", "10m"

RECIPE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
AGE = re.compile(r"([1-9]\d{0,4})([mhd])", re.ASCII)
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
CRON_FIELDS = 5
STAGES = ("ingest", "preprocess", "model")


class ScheduleError(ValueError):
    """A setting of the schedule cannot be meant."""


@dataclass(frozen=True)
class Scheduled:
    """A recipe that runs on schedule."""

    dag_id: str
    recipe: str
    title: str
    description: str
    seed: int
    model: str
    """Its name in the registry; empty where the recipe has no [model]."""
    stages: tuple[str, ...] = STAGES
    """Those that it has; ingest runs the recipes that it reads."""


def read_recipes(environment: Mapping[str, str], folder: Path = ROOT / "recipes") -> list[Scheduled]:
    """The recipes of SCHEDULE_RECIPES; of one alone the DAG's name is the pipeline's own.

    Raises:
        ScheduleError: one of them is not there.
    """
    said = environment.get("SCHEDULE_RECIPES") or DEFAULT_RECIPES
    names = list(dict.fromkeys(name.strip() for name in said.split(",") if name.strip()))
    return [_read_recipe(name, DAG_ID if len(names) == 1 else f"{DAG_ID}_{name}", folder) for name in names]


def read_interval(environment: Mapping[str, str]) -> timedelta | str:
    """How often: a time from one run to the next, or five fields of cron.

    Raises:
        ScheduleError: SCHEDULE_EVERY is neither.
    """
    said = (environment.get("SCHEDULE_EVERY") or DEFAULT_EVERY).strip()
    if match := AGE.fullmatch(said):
        return timedelta(**{UNITS[match[2]]: int(match[1])})
    if len(said.split()) == CRON_FIELDS:
        return said
    raise ScheduleError(
        f'SCHEDULE_EVERY={said}: expected a time such as 10m, 6h or 1d, or five fields of cron such as "*/10 * * * *"'
    )


def _read_recipe(name: str, dag_id: str, folder: Path) -> Scheduled:
    path = folder / f"{name}.toml"
    if not RECIPE.fullmatch(name) or not path.is_file():
        known = ", ".join(sorted(path.stem for path in folder.glob("*.toml")))
        raise ScheduleError(f'SCHEDULE_RECIPES: no recipe "{name}" in this image; there are {known}')
    recipe = tomllib.loads(path.read_text(encoding="utf-8"))
    return Scheduled(
        dag_id=dag_id,
        recipe=name,
        title=recipe["title"],
        description=recipe.get("description", ""),
        seed=recipe.get("seed", 42),
        model=(recipe["model"].get("name") or name) if "model" in recipe else "",
        stages=tuple(stage for stage in STAGES if stage in recipe or stage == "ingest"),
    )
