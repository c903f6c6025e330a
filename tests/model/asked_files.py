"""Trained models that answer files, and the command that asks them."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from once import make_once
from projects import LINEAR, Project, linear_columns, make_project

from model.__main__ import STAGE
from model.ask.files.answers import find_known_words
from model.ask.files.work import Loaded
from model.release.production import OpenModel, Production, open_model
from relay.handoff.program import main
from relay.registry.contract import CONTRACT_FILE, MODEL_FILE, Contract
from relay.registry.own_code import read_code
from relay.registry.own_model import read_own_model
from relay.registry.own_modules import OwnModules
from relay.registry.versions import Version

IDENTIFIED = LINEAR.replace("[columns]\n", '[columns]\nnumber = { type = "int", role = "id" }\n')
"""The straight line, with an id."""


def load_result(project: Project) -> Loaded:
    """The model of the project's last training, ready to answer."""
    contract = Contract.from_json((project.latest / CONTRACT_FILE).read_bytes())
    if contract.code:
        modules = OwnModules(read_code(project.latest.resolve(), contract), "model")
        model = read_own_model((project.latest / MODEL_FILE).read_bytes(), contract, modules, stage="model")
        return Loaded(OpenModel(contract, None, model, project.latest), {})
    version = Version(contract.model, 1, "", 0.0, is_production=True, tags={})
    opened = open_model(Production(version, project.latest.resolve(), contract))
    return Loaded(opened, find_known_words(opened.model))


def copy_registered(factory: pytest.TempPathFactory, folder: Path) -> Project:
    """A copy of a straight line with an id and two versions, of which the first is in production."""

    def train_both(made: Path) -> None:
        project = make_project(made, IDENTIFIED, {"number": list(range(100)), **linear_columns()}, "line")
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("MLFLOW_TRACKING_URI", raising=False)
            assert project.run() == 0
            assert project.run("--set", "model.options.fit_intercept=false", "--promote", "never") == 0

    made = make_once(factory, "line of two versions", train_both)
    shutil.copytree(made, folder, symlinks=True, ignore=shutil.ignore_patterns("logs"))
    return Project(folder, folder / "line.toml")


def list_options(project: Project, source: Path, out: Path, *more: str) -> list[str]:
    """The arguments of `python -m model` for a prediction of a file."""
    where = ["--data-dir", str(project.data_dir), "--file", str(source), "--out", str(out)]
    return ["predict", str(project.recipe), *where, *more]


class Predicted:
    """A prediction of a file: its exit code, and its document."""

    def __init__(
        self, capsys: pytest.CaptureFixture[str], project: Project, source: Path, out: Path, *more: str
    ) -> None:
        capsys.readouterr()
        self.code = main(STAGE, [*list_options(project, source, out, *more), "--json"])
        self.document: Any = json.loads(capsys.readouterr().out)

    @property
    def outcome(self) -> str:
        """Of a run; the kind of its error where it failed."""
        return str(self.document["outcome"] if self.code == 0 else self.document["error"]["kind"])

    @property
    def message(self) -> str:
        """What an error says."""
        return str(self.document["error"]["message"])


def write_rows(path: Path, columns: dict[str, Any] | pa.Table, rows_of_a_group: int | None = None) -> Path:
    """A Parquet file of these columns."""
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    pq.write_table(table, path, row_group_size=rows_of_a_group)
    return path
