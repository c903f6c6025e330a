"""A checkout of its own for the screen New: what it creates never lies in the real `recipes/`."""

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from page_folders import Folders, write_styles

from relay.handoff.settings import ROOT

PARTS = ("relay", "stylometry", "drift", "adopt", "ingest", "preprocess", "model", "page", "recipes", ".streamlit")

HOSTILE = ("<img src=x onerror=window.hit=1>", "=HYPERLINK(1)", "**x** [y](http://evil.example)", "$x$ :red[z]")
"""Cells that a page could take for HTML, a formula or Markdown."""


@dataclass(frozen=True)
class NewProject(Folders):
    """A copy of the code with its data folder."""

    @property
    def code(self) -> Path:
        """The checkout."""
        return self.root / "checkout"

    @property
    def data(self) -> Path:
        return self.code / "data"

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"RECIPES": self.styles}


def write_project(root: Path, *, has_recipes: bool) -> NewProject:
    """The copy; without `recipes/`, new recipes go into the data folder, as where that cannot be written."""
    project = NewProject(root)
    for part in PARTS:
        if part != "recipes" or has_recipes:
            shutil.copytree(ROOT / part, project.code / part, ignore=shutil.ignore_patterns("__pycache__"))
    write_styles(root)
    return project


def write_customers(path: Path, rows: int = 400) -> Path:
    """A file of customers as a German Excel writes it, with a target, a text and hostile cells."""
    draw = random.Random(4)
    lines = ["customer_id;age;monthly;<b>note</b>;left"]
    for number in range(rows):
        age, monthly = draw.randint(18, 90), draw.randint(500, 9000) / 100
        left = "yes" if draw.random() < (0.7 if age < 35 else 0.2) else "no"
        cells = (f"C{number:05}", "NA" if number % 80 == 7 else str(age), f"{monthly:.2f}".replace(".", ","))
        lines.append(";".join((*cells, HOSTILE[number % len(HOSTILE)], left)))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
