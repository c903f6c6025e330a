"""A table without a target: a function of the person's own groups its rows, and both files are written or none."""

import random
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from adopt.__main__ import main
from adopt.new_file import write_new
from adopt.recipe.cluster_code import write_code
from adopt.recipe.clusters import count_groups
from adopt.recipe.write import NameTakenError, write_recipe

Desk = Any  # tests/conftest.py
Adopt = Callable[..., tuple[int, str, str]]
DRAW = random.Random(4)
CENTRES = ((2.0, 30.0), (9.0, 31.0), (5.0, 80.0))
ROWS = [
    f"P{number:03d},{DRAW.gauss(width, 0.4):.2f},{DRAW.gauss(height, 3):.1f},{DRAW.choice('AB')}\n"
    for number in range(90)
    for width, height in (CENTRES[number % 3],)
]
HEAD = "part,width (mm),height (mm),group\n"


@pytest.fixture
def adopt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Adopt:
    """`adopt("--name", "x")`: exit code, answer and log for a table of 90 parts without a target."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "parts.csv").write_text(HEAD + "".join(ROWS))

    def run(*words: str) -> tuple[int, str, str]:
        folders = ["--data-dir", str(tmp_path / "data"), "--into", str(tmp_path / "recipes")]
        code = main([str(tmp_path / "data" / "parts.csv"), "--target", "none", *folders, *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_the_rows_of_a_table_without_a_target_are_grouped(adopt: Adopt, tmp_path: Path) -> None:
    code, out, _ = adopt("--dry-run", "--quick", "--set", "model.arguments.seed=3")
    assert (code, (tmp_path / "recipes").exists()) == (0, False)
    recipe, _, module = out.partition(f"{tmp_path}/recipes/parts.py would be:\n")
    assert "Task: groups of similar rows" in recipe
    found = tomllib.loads(recipe.partition("would be:\n")[2])
    assert found["model"] == {"kind": "python", "function": "train", "arguments": {"seed": 3}}
    assert "# 3 groups: of 2 to 8 groups they have the best silhouette among 90 rows, 0." in recipe
    assert 'COLUMNS = ["width_mm", "height_mm"]' in module
    assert "groups: int = 3, seed: int = 0" in module


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        (("--json",), ROWS),
        (("--into", "data/recipes"), ROWS),
        (("--target", "group"), ROWS),
        (("--set", 'columns.width_mm.type="text"'), ROWS),
        (("--unset", "model.function"), ROWS),
        (("--name", "2024"), ROWS),
        ((), ROWS[:49]),
    ],
)
def test_where_no_code_fits_the_recipe_ends_after_preprocess(
    words: tuple[str, ...], rows: list[str], adopt: Adopt, tmp_path: Path
) -> None:
    (tmp_path / "data" / "parts.csv").write_text(HEAD + "".join(rows))
    given = [str(tmp_path / word) if "/" in word else word for word in words]
    code, out, _ = adopt("--dry-run", "--quick", *given)
    assert (code, "def train" in out, 'function = \\"train\\"' in out, 'function = "train"' in out) == (
        0, False, False, False
    )  # fmt: skip


@pytest.mark.parametrize("there", ["parts.py", "parts"])
def test_own_code_that_is_there_is_never_overwritten(there: str, adopt: Adopt, tmp_path: Path) -> None:
    (tmp_path / "recipes").mkdir()
    if there == "parts":
        (tmp_path / "recipes" / there).mkdir()
    else:
        (tmp_path / "recipes" / there).write_text("mine = 1\n")
    code, _, log = adopt()
    assert (code, [one.name for one in (tmp_path / "recipes").iterdir()]) == (2, [there])
    assert f"recipes/{there} is there already, and is never overwritten" in log
    assert "--name parts_2" in log
    assert f"recipes/{there} is there already: choose another --name." in adopt("--dry-run", "--quick")[1]


def test_both_files_are_written_or_none(tmp_path: Path) -> None:
    write_new(tmp_path / "a.toml", b"mine")
    with pytest.raises(NameTakenError, match=r"a\.toml is there already"):
        write_recipe("new", tmp_path / "a.toml", "code")
    write_new(tmp_path / "b_c.py", b"mine")
    with pytest.raises(NameTakenError, match=r"b_c\.py is there already"):
        write_recipe("new", tmp_path / "b-c.toml", "code")
    write_recipe("new", tmp_path / "d-e.toml", "code")
    assert {one.name: one.read_text() for one in tmp_path.iterdir()} == {
        "a.toml": "mine",
        "b_c.py": "mine",
        "d-e.toml": "new",
        "d_e.py": "code",
    }


def test_the_number_of_groups_is_that_of_the_best_silhouette() -> None:
    draw = np.random.default_rng(1)
    centres = draw.integers(0, 4, 400)
    rows = np.column_stack([centres % 2, centres // 2]) * 10 + draw.normal(size=(400, 2))
    rows[::50, 0] = np.nan
    found = count_groups(rows)
    assert found is not None
    assert (found.number, found.rows, found.silhouette > 0.6) == (4, 400, True)
    assert count_groups(np.ones((60, 2))) is None


def test_a_group_of_a_few_rows_is_said_to_be_outliers(adopt: Adopt, tmp_path: Path) -> None:
    plain = [f"P{number:03d},{DRAW.gauss(5, 1):.2f},{DRAW.gauss(30, 3):.1f},A\n" for number in range(230)]
    (tmp_path / "data" / "parts.csv").write_text(HEAD + "".join([*plain, "Q1,90.5,980,B\n", "Q2,91.5,990,B\n"]))
    _, out, _ = adopt("--dry-run", "--quick")
    assert "but one has 2 rows, which are rather outliers" in out


def test_the_drafted_function_groups_all_rows_of_any_frame() -> None:
    frame = pd.DataFrame(
        {
            "id": [f"r{number}" for number in range(60)],
            "size": [number % 2 * 10 + number % 7 * 0.1 for number in range(60)],
            "rows": [None if number == 5 else number % 2 * 4.0 + number % 5 * 0.1 for number in range(60)],
            "group": ["x"] * 60,
            "split": ["train", "test"] * 30,
        }
    )
    code = write_code(["size", "rows"], 2, frame.columns.tolist())
    names: dict[str, Any] = {}
    exec(compile(code, "parts.py", "exec"), names)
    given = names["train"](frame.copy())
    assert list(given["tables"]["rows"].columns) == ["id", "size", "rows", "group", "found_group"]
    assert given["tables"]["rows"]["found_group"].value_counts().tolist() == [30, 30]
    assert sorted(given["tables"]["medians"]["size"].round(1)) == [0.3, 10.3]
    assert given["findings"]["groups"].startswith("2 groups (30, 30 rows): a silhouette of 0.")
    axes = given["figures"]["map"].axes[0]
    assert "% of the variance:\n" in axes.get_xlabel()
    assert {"size", "rows"} <= set(axes.get_xlabel().split())


def test_many_columns_stand_below_each_other() -> None:
    names = [f"column_{number}" for number in range(40)]
    code = write_code(names, 2, names)
    found: dict[str, Any] = {}
    exec(compile(code, "x.py", "exec"), found)
    assert found["COLUMNS"] == names
    assert max(map(len, code.splitlines())) <= 120


@pytest.mark.slow
def test_the_drafted_recipe_runs_with_its_function(adopt: Adopt, tmp_path: Path, desk: Desk) -> None:
    code, out, log = adopt()
    assert (code, log) == (0, "")
    recipe = tmp_path / "recipes" / "parts.toml"
    assert f"Wrote {recipe} and {recipe.with_suffix('.py')}; ingest, preprocess and model accept them." in out
    found = desk.recipe(recipe.read_text(), "parts")
    Path(found).with_suffix(".py").write_text(recipe.with_suffix(".py").read_text())
    (desk.data / "parts.csv").write_text((tmp_path / "data" / "parts.csv").read_text())
    assert [desk.run(stage, found) for stage in ("ingest", "preprocess", "model")] == [0, 0, 0]
    grouped = [row["found_group"] for row in desk.rows("output/parts/latest/rows")]
    assert sorted(map(grouped.count, set(grouped))) == [30, 30, 30]
