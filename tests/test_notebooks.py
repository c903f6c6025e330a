"""The notebooks run from top to bottom on a fresh data folder, and are committed without output."""

import json
from pathlib import Path

import nbclient
import nbformat
import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PROMISED = {
    "4.your-own": ("'as in the notebook': True", "arguments.rate 0.1 -> 0.05", "the same bytes"),
    "5.adopt": ("'figure predicted_prices': 'exact'", "def train(", "was removed in pandas 2.0"),
}
"""Notebook -> what its outputs show: a command that fails in one stops nothing."""
QUICK = "4.your-own"
"""Runs also in `make test`: it needs no other notebook, and runs all three stages."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for all of them, as for a person who opens them in order."""
    return tmp_path_factory.mktemp("notebooks")


def test_there_is_a_notebook_for_each_stage_and_two_for_own_code() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["1.ingest", "2.preprocess", "3.model", "4.your-own", "5.adopt"]


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=() if path.stem == QUICK else pytest.mark.slow) for path in NOTEBOOKS],
    ids=lambda path: path.stem,
)
def test_a_notebook_runs_from_top_to_bottom(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(folder / "data"))
    monkeypatch.setenv("LOG_DIR", str(folder / "logs"))
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": ROOT / "notebooks"}})
    client.execute()
    shown = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.outputs]
    assert len(shown) >= 5
    text = json.dumps([cell.outputs for cell in shown])
    assert [words for words in PROMISED.get(path.stem, ()) if words not in text] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_output(path: Path) -> None:
    cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in cells] == [[]] * len(cells)
    assert [cell["execution_count"] for cell in cells] == [None] * len(cells)
