"""A project whose recipe `rooms` has functions of its own for preparation and model."""

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from once import make_once
from page_folders import Folders

from relay.handoff.settings import Settings

RECIPE = """
title = "Rooms by size"
[columns]
room = { type = "text", role = "id" }
size = { type = "float", role = "input" }
rent = { type = "float", role = "input" }
[ingest]
source = "file"
path = "rooms.csv"
[preprocess]
kind = "python"
function = "clean"
[preprocess.arguments]
since = 2024-01-31
[model]
kind = "python"
function = "study"
score = "fit"
"""

MODULE = '''
from datetime import date
from pathlib import Path
from typing import Literal

import pandas as pd

(Path(__file__).parent / "imported.txt").open("a").write("x")


def clean(
    rooms: pd.DataFrame,
    *,
    since: date,
    least: float = 5.0,
    keep: bool = True,
    currency: Literal["euro", "franc"] = "euro",
    words: list[str] = ["flat"],
    note: str = "",
    limit: int | None = None,
    prices: Path | None = None,
    more: list[Path] = [],
) -> pd.DataFrame:
    """Leave out what is no room.

    Args:
        since: offers from this day on.
        least: square metres.
    """
    if note == "fail":
        raise ValueError(f"the note is {note}")
    from .sizes import is_room

    return rooms[is_room(rooms["size"], least)]


def study(frame: pd.DataFrame, *, bins: int = 10):
    """Draw and count.

    Parameters
    ----------
    bins : int
        Bars of the histogram.
    """
    import matplotlib.pyplot as plt

    Path("notes").mkdir()
    Path("notes/read_me.txt").write_text("kept")
    frame["size"].hist(bins=bins)
    plt.title("Sizes of rooms")
    return {
        "metrics": {"fit": 0.91, "kind": 3.0},
        "tables": {"by size": frame.groupby("size", as_index=False)["rent"].mean()},
        "findings": {"trend": "Larger rooms cost more."},
    }
'''


HELPER = '''
SQUARE_METRES = 1.0


def is_room(sizes, least):
    """Whether <b>each</b> is large enough."""
    return sizes >= least * SQUARE_METRES


def unused():
    pass
'''


@dataclass(frozen=True)
class OwnProject(Folders):
    """The folders of a project with the recipe `rooms`."""

    @property
    def rooms(self) -> str:
        return str(self.root / "rooms.toml")

    @property
    def settings(self) -> Settings:
        return Settings(data_dir=self.data, log_dir=self.logs, recipes=(self.rooms,))

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"RECIPES": f"linear,{self.rooms}"}

    def change(self, old: str, new: str, file: str = "rooms.toml") -> None:
        """Put a text in the recipe, or in another file, in place of another one."""
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


def write_project(root: Path) -> OwnProject:
    """The recipe, its module and its data."""
    draw = random.Random(1)
    lines = [f"r{number},{draw.uniform(4, 60):.1f},{draw.uniform(200, 2000):.0f}" for number in range(100)]
    (root / "rooms.csv").write_text("\n".join(["room,size,rent", *lines]) + "\n", encoding="utf-8")
    (root / "rooms.toml").write_text(RECIPE, encoding="utf-8")
    (root / "rooms.py").write_text(MODULE, encoding="utf-8")
    (root / "sizes.py").write_text(HELPER, encoding="utf-8")
    return OwnProject(root)


def copy_trained(factory: pytest.TempPathFactory) -> OwnProject:
    """The project, run to its end once per test run: a copy of one's own, into which nothing was imported yet."""

    def run_all(root: Path) -> None:
        project = write_project(root)
        project.run_all(*([stage, project.rooms] for stage in ("ingest", "preprocess", "model")))

    root = factory.mktemp("rooms") / "project"
    shutil.copytree(make_once(factory, "rooms", run_all), root, symlinks=True)
    (root / "imported.txt").unlink()
    return OwnProject(root)
