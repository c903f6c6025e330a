"""Projects whose recipe has a module beside it."""

import json
from pathlib import Path
from typing import Any

from projects import LINEAR, Project, linear_columns, make_project

OWN = LINEAR.replace(
    'kind = "estimator"\nestimator = "sklearn.linear_model.LinearRegression"', 'kind = "python"\nfunction = "train"'
)
"""The straight line, learned by a user's function."""

BUILT = LINEAR.replace("sklearn.linear_model.LinearRegression", "build_model")
"""The straight line, by an estimator that a user's function builds."""

BUILD_POWERS = """
def build_model(degree: int = 1):
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from .parts import Powers
    return make_pipeline(Powers(degree), LinearRegression())
"""
"""Builds it from a transformer `Powers` in a file beside, parts.py."""


def mine(folder: Path, code: str, recipe: str, columns: dict[str, Any] | None = None) -> Project:
    """A project of points near a line whose recipe `case` has this module."""
    project = make_project(folder, recipe, columns or linear_columns(), "case")
    (folder / "case.py").write_text(code)
    return project


def failure(project: Project) -> str:
    """The message of the last run."""
    lines = (project.folder / "logs" / "runs.jsonl").read_text().splitlines()
    return str(json.loads(lines[-1])["error"]["message"])
