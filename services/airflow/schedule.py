"""What runs when: the settings of the schedule, and the recipes that it names."""

import re
import stat
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = (ROOT / "recipes", ROOT / "data" / "recipes")
"""Where recipes are looked for: the image's own, and those in the data folder, which is mounted read-only."""
DAG_ID = "ml_data_processing_pipeline"
MONITOR_ID = "monitor"
"""Begins the name of a recipe's second DAG, `monitor_<recipe>`."""
MONITOR_EVERY = timedelta(minutes=10)
DEFAULT_RECIPES, DEFAULT_EVERY = "linear", "10m"

RECIPE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
AGE = re.compile(r"([1-9]\d{0,4})([mhd])", re.ASCII)
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
CRON_FIELDS = 5
STAGES = ("ingest", "preprocess", "model")
LARGEST_FILE = 1_000_000
"""Bytes of a recipe in the data folder, as in relay/handoff/data_recipe.py, whose rules a test compares with these."""


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

    @property
    def monitor_id(self) -> str:
        """The name of the DAG that runs the monitor."""
        return f"{MONITOR_ID}_{self.recipe}"


def read_recipes(environment: Mapping[str, str], *folders: Path) -> list[Scheduled]:
    """The recipes of SCHEDULE_RECIPES; of one alone the DAG's name is the pipeline's own.

    Args:
        environment: with the setting.
        folders: where recipes lie; none: the image's own, and those in the data folder.

    Raises:
        ScheduleError: one of them is not there, there are two of its name, or it cannot be read.
    """
    said = environment.get("SCHEDULE_RECIPES") or DEFAULT_RECIPES
    names = list(dict.fromkeys(name.strip() for name in said.split(",") if name.strip()))
    return [_read_recipe(name, DAG_ID if len(names) == 1 else f"{DAG_ID}_{name}", folders or FOLDERS) for name in names]


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


def _read_recipe(name: str, dag_id: str, folders: Sequence[Path]) -> Scheduled:
    recipe = _read_document(_find_recipe(name, folders), folders)
    try:
        return Scheduled(
            dag_id=dag_id,
            recipe=name,
            title=recipe["title"],
            description=recipe.get("description", ""),
            seed=recipe.get("seed", 42),
            model=(recipe["model"].get("name") or name) if "model" in recipe else "",
            stages=tuple(stage for stage in STAGES if stage in recipe or stage == "ingest"),
        )
    except (KeyError, AttributeError):
        raise ScheduleError(f"SCHEDULE_RECIPES: {name}.toml is no recipe; `python -m ingest {name} --check`") from None


def _find_recipe(name: str, folders: Sequence[Path]) -> Path:
    """The file of a recipe; the stages look for it in the same way, by `relay.handoff.recipe_file`.

    Raises:
        ScheduleError: it does not exist, or exists twice.
    """
    there = [path for folder in folders for path in sorted(folder.glob("*.toml"))]
    found = [path for path in there if path.stem.casefold() == name]
    if not RECIPE.fullmatch(name) or name not in [path.stem for path in found]:
        known = ", ".join(path.stem for path in there if RECIPE.fullmatch(path.stem))
        raise ScheduleError(
            f'SCHEDULE_RECIPES: no recipe "{name}" in this image or in data/recipes/; there are {known}'
        )
    if len(found) > 1:
        raise ScheduleError(
            f"SCHEDULE_RECIPES: two recipes have the name {name}, in recipes/ and in data/recipes/; rename or "
            "delete one"
        )
    return found[0]


def _read_document(path: Path, folders: Sequence[Path]) -> dict[str, Any]:
    """What the file of a recipe holds.

    Raises:
        ScheduleError: it is not TOML; or, in the data folder, a link, no file or too large.
    """
    try:
        found = path.lstat()
        if path.parent != folders[0] and (not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_FILE):
            raise ScheduleError(
                f"SCHEDULE_RECIPES: {path} is a link, no file, or larger than {LARGEST_FILE:,} bytes; a recipe in the "
                "data folder is a file of at most this size"
            )
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ScheduleError(f"SCHEDULE_RECIPES: {path} is not TOML: {error}") from None
    except OSError as error:
        raise ScheduleError(f"SCHEDULE_RECIPES: {path} cannot be read: {error.strerror}") from None
