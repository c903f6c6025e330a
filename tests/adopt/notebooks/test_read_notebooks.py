import json
from pathlib import Path
from typing import Any

import pytest

from adopt.notebooks.plan import CellRef, NotebookError, RefusalKind
from adopt.notebooks.read import read_notebooks


def write_notebook(path: Path, *cells: str | dict[str, Any], metadata: dict[str, Any] | None = None) -> Path:
    """A notebook file: a text is a code cell, one that begins with `#md ` a Markdown cell."""
    written = []
    for cell in cells:
        if isinstance(cell, dict):
            written.append(cell)
        elif cell.startswith("#md "):
            written.append({"cell_type": "markdown", "metadata": {}, "source": [cell[4:]]})
        else:
            written.append(
                {"cell_type": "code", "metadata": {}, "outputs": [], "source": cell.splitlines(keepends=True)}
            )
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata or {}, "cells": written}))
    return path


def read_refusals(*paths: Path) -> list[tuple[RefusalKind, str]]:
    with pytest.raises(NotebookError) as raised:
        read_notebooks(paths)
    return [(refusal.kind, refusal.message) for refusal in raised.value.refusals]


def test_cells_are_counted_from_1_with_markdown(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "a.ipynb", "#md # Title", "x = 1", "#md ## One", "#md two", "", "y = 2")
    (notebook,) = read_notebooks([path])
    assert [(cell.number, cell.text, cell.markdown) for cell in notebook.cells] == [
        (2, "x = 1\n", "# Title"),
        (6, "y = 2\n", "## One\n\ntwo"),
    ]


def test_stored_outputs_and_tags_come_along(tmp_path: Path) -> None:
    cell = {
        "cell_type": "code",
        "metadata": {"tags": ["ingest"]},
        "source": "print(1)\n2",
        "outputs": [
            {"output_type": "stream", "name": "stdout", "text": ["1\n"]},
            {"output_type": "stream", "name": "stderr", "text": ["warning\n"]},
            {"output_type": "execute_result", "data": {"text/plain": ["2"]}, "metadata": {}, "execution_count": 1},
        ],
    }
    failed = {**cell, "source": "x", "outputs": [{"output_type": "error", "ename": "NameError", "evalue": "x"}]}
    (notebook,) = read_notebooks([write_notebook(tmp_path / "a.ipynb", cell, failed)])
    assert [(cell.tags, cell.stored_text, cell.stored_error) for cell in notebook.cells] == [
        (("ingest",), "1\n2", ""),
        (("ingest",), "", "NameError"),
    ]


def test_the_kernels_name_does_not_matter(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "a.ipynb", "x = 1", metadata={"kernelspec": {"name": "my-old-env"}})
    assert len(read_notebooks([path])[0].cells) == 1


@pytest.mark.parametrize(
    "metadata", [{"language_info": {"name": "R"}}, {"kernelspec": {"name": "ir", "language": "R"}}]
)
def test_another_language_is_refused(tmp_path: Path, metadata: dict[str, Any]) -> None:
    path = write_notebook(tmp_path / "a.ipynb", "x <- 1", metadata=metadata)
    assert read_refusals(path) == [(RefusalKind.LANGUAGE, "a.ipynb is written in R, not in Python.")]


def test_python_2_is_one_reason_for_all_its_cells(tmp_path: Path) -> None:
    path = write_notebook(
        tmp_path / "a.ipynb", "%matplotlib inline\nprint 'x'", "try:\n    x\nexcept A, e:\n    y", "x =="
    )
    with pytest.raises(NotebookError) as raised:
        read_notebooks([path])
    (refusal,) = raised.value.refusals
    assert refusal.kind is RefusalKind.PYTHON_2
    assert refusal.message == "a.ipynb is written in Python 2: cell 1 has `print 'x'`."
    assert refusal.cells == (CellRef(0, 1), CellRef(0, 2))


def test_all_files_are_looked_at_before_the_refusal(tmp_path: Path) -> None:
    broken = write_notebook(tmp_path / "a.ipynb", "x = 1", "y = = 2", "z = ")
    other = tmp_path / "b.ipynb"
    other.write_text("{")
    empty = write_notebook(tmp_path / "c.ipynb", "#md nothing")
    assert read_refusals(broken, other, empty, tmp_path / "d.ipynb") == [
        (RefusalKind.SYNTAX, "a.ipynb, cell 2 is not valid Python: `y = = 2` (invalid syntax)."),
        (RefusalKind.SYNTAX, "a.ipynb, cell 3 is not valid Python: `z =` (invalid syntax)."),
        (
            RefusalKind.OTHER,
            f"{other} is not a notebook: Expecting property name enclosed in double quotes: line 1 column 2 (char 1).",
        ),
        (RefusalKind.NO_RESULT, "c.ipynb has no code."),
        (RefusalKind.OTHER, f"{tmp_path / 'd.ipynb'} does not exist."),
    ]


def test_a_notebook_of_an_older_format_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    cells = [
        {"cell_type": "heading", "level": 1, "source": ["Title"], "metadata": {}},
        {"cell_type": "code", "input": ["x = 1"], "outputs": [], "language": "python", "metadata": {}},
    ]
    document = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]}
    path.write_text(json.dumps(document))
    (cell,) = read_notebooks([path])[0].cells
    assert (cell.number, cell.text, cell.markdown) == (2, "x = 1\n", "# Title")


PERCENT = '''# %% [markdown]
# # Title
# text
# %% tags=["ingest"]
x = 1
# %timeit x
# %% [markdown]
"""
## Part
"""
#%% a title
y = 2
'''


def test_percent_files_have_the_same_cells(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(PERCENT)
    (notebook,) = read_notebooks([path])
    assert [(cell.number, cell.text, cell.markdown, cell.tags) for cell in notebook.cells] == [
        (2, "x = 1\n# %timeit x\n", "# Title\ntext", ("ingest",)),
        (4, "y = 2\n", "## Part", ()),
    ]


def test_jupytext_writes_magics_as_comments(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(
        "# ---\n# jupyter:\n#   jupytext:\n#     format: percent\n# ---\n\n# %%\n# %matplotlib inline\nx = 1\n"
    )
    (notebook,) = read_notebooks([path])
    assert [(cell.number, cell.text, [magic.line for magic in cell.magics]) for cell in notebook.cells] == [
        (1, "pass\nx = 1\n", ["%matplotlib inline"])
    ]


def test_a_script_without_markers_is_one_cell(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("import os\nx = 1\n")
    assert [cell.number for cell in read_notebooks([path])[0].cells] == [1]
