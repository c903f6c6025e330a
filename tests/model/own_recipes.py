"""Projects whose recipe has a module beside it."""

import json
from pathlib import Path
from typing import Any

from projects import LINEAR, Project, linear_columns, make_project

OWN = LINEAR.replace(
    'kind = "estimator"\nestimator = "sklearn.linear_model.LinearRegression"', 'kind = "python"\nfunction = "train"'
)
"""The straight line, learned by a user's function."""


def mine(folder: Path, code: str, recipe: str, columns: dict[str, Any] | None = None) -> Project:
    """A project of points near a line whose recipe `case` has this module."""
    project = make_project(folder, recipe, columns or linear_columns(), "case")
    (folder / "case.py").write_text(code)
    return project


def failure(project: Project) -> str:
    """The message of the last run."""
    lines = (project.folder / "logs" / "runs.jsonl").read_text().splitlines()
    return str(json.loads(lines[-1])["error"]["message"])
