"""`source = "python"`: a function of the recipe gives the rows. When it is called, and what it may give."""

import json
from typing import Any

import pytest

Desk = Any  # tests/conftest.py

RECIPE = """
title = "Orders"
[columns]
id = {{ type = "int", role = "id" }}
price = {{ type = "float", role = "input", null = true }}
[ingest]
source = "python"
function = "load"
{more}
"""

COUNTED = "import os\nfrom pathlib import Path\nimport pyarrow as pa\n{more}\ndef load({parameters}):\n    "
COUNTED += "with Path('{calls}').open('a') as file:\n        file.write('called\\n')\n    {body}\n"
TABLE = "return pa.table({'id': [1, 2], 'price': [2.5, None]})"


def write(desk: Desk, body: str = TABLE, more: str = "", parameters: str = "", head: str = "") -> str:
    """A recipe with a function that counts its calls; gives its path."""
    code = COUNTED.format(calls=desk.folder / "calls", body=body, parameters=parameters, more=head)
    (desk.folder / "orders.py").write_text(code)
    return desk.recipe(RECIPE.format(more=more), "orders")


def count_calls(desk: Desk) -> int:
    """How often the function was called."""
    return len((desk.folder / "calls").read_text().splitlines())


def failure(desk: Desk) -> str:
    """The message of the last run."""
    return str(json.loads((desk.logs / "runs.jsonl").read_text().splitlines()[-1])["error"]["message"])


def test_it_is_called_once_and_again_when_its_code_a_parameter_or_the_age_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(desk, parameters="n: int = 1", more="[ingest.arguments]\nn = 2")
    assert [desk.run("ingest", path), desk.run("ingest", path)] == [0, 0]
    assert (count_calls(desk), desk.outcomes("ingest")) == (1, ["ran", "unchanged"])
    assert desk.run("ingest", path, "--force") == 0
    assert count_calls(desk) == 1  # as a download, what is kept is read again
    assert desk.run("ingest", path, "--set", "ingest.arguments.n=3") == 0
    assert count_calls(desk) == 2
    assert "ingest orders: runs, parameter arguments.n 2 -> 3" in desk.said("ingest")
    monkeypatch.setenv("RELAY_REFRESH", "always")
    assert desk.run("ingest", path, "--set", "ingest.arguments.n=3") == 0
    assert (count_calls(desk), desk.outcomes("ingest")[-1]) == (3, "unchanged")
    monkeypatch.delenv("RELAY_REFRESH")
    write(desk, body=f"{TABLE}  # another", parameters="n: int = 1", more="[ingest.arguments]\nn = 3")
    assert desk.run("ingest", path) == 0
    assert (count_calls(desk), desk.outcomes("ingest")[-1]) == (4, "ran")
    assert "ingest orders: runs, code recipes/orders.py: load" in desk.said("ingest")


def test_rows_are_kept_as_they_came_and_the_key_has_the_sha256_of_what_is_kept(desk: Desk) -> None:
    body = "return pa.table({'id': ['1', '2', 'x'], 'price': [2.5, None, 1]})"
    assert desk.run("ingest", write(desk, body, more="max_rejected_share = 0.5")) == 0
    assert desk.rows("raw/orders") == [{"id": 1, "price": 2.5}, {"id": 2, "price": None}]
    receipt = desk.receipt("raw/orders")
    assert (receipt.rejected.rows, receipt.sources[0].where) == (1, "recipes/orders.py: load")
    assert receipt.key.inputs == {"recipes/orders.py: load": receipt.sources[0].sha256}
    kept = [path.name for path in (desk.data / "raw/source/orders").iterdir()]
    assert sorted(kept) == [f"{receipt.sources[0].sha256[:16]}-rows.parquet", "manifest.json"]
    assert not (desk.data / ".state/own/ingest-orders").exists()


FRAMES = {
    "pandas": ("import pandas as pd", "return pd.DataFrame({'id': [1, 2], 'price': [2.5, None]})"),
    "an index": ("import pandas as pd", "return pd.DataFrame({'id': [1, 2], 'price': [2.5, None]}).set_index('id')"),
    "an array": ("import numpy as np", "return np.array([[1, 2.5], [2, np.nan]])"),
    "batches": ("", "yield from pa.table({'id': [1, 2], 'price': [2.5, None]}).to_batches(max_chunksize=1)"),
    "frames of other types": (
        "import pandas as pd",
        "yield pd.DataFrame({'id': [1], 'price': [2.5]})\n    yield pd.DataFrame({'price': [None], 'id': ['2']})",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_of_any_kind_is_cast_to_the_schema(kind: str, desk: Desk) -> None:
    head, body = FRAMES[kind]
    assert desk.run("ingest", write(desk, body, head=head)) == 0
    assert desk.rows("raw/orders") == [{"id": 1, "price": 2.5}, {"id": 2, "price": None}]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("return None", "recipes/orders.py: load gave None (does it end with `return`?); expected a DataFrame"),
        ("return pa.table({'id': [], 'price': []})", "recipes/orders.py: load gave no rows"),
        ("return pa.table({'id': [1]})", 'recipes/orders.py: load: column price is missing; found "id"'),
        ("return pa.table({'id': [1], 'price': [1], 'x': [1]})", 'recipes/orders.py: load: unexpected column "x"'),
        ("return pa.table({'id': [1], 'price': [[1]]})", 'column "price" holds list<element: int64>'),
        ("yield pa.table({'id': [1], 'price': [1]})\n    os._exit(3)", "load ended its process with exit code 3"),
    ],
)
def test_what_a_function_may_not_give_is_said_and_nothing_is_kept_of_it(body: str, why: str, desk: Desk) -> None:
    assert desk.run("ingest", write(desk, body)) == 1
    assert why in failure(desk)
    assert not (desk.data / "raw/orders.parquet").exists()
    assert list((desk.data / "raw/source").rglob("*.part")) == []


def test_a_function_that_fails_leaves_the_rows_of_before(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    body = f"if Path('{desk.folder}/broken').exists(): raise OSError('no route')\n    {TABLE}"
    path = write(desk, body)
    assert desk.run("ingest", path) == 0
    before = desk.bytes("raw/orders")
    (desk.folder / "broken").touch()
    monkeypatch.setenv("RELAY_REFRESH", "always")
    assert desk.run("ingest", path) == 1
    assert "OSError: no route. The rows of " in failure(desk)
    monkeypatch.setenv("RELAY_REFRESH", "never")
    assert (desk.run("ingest", path), desk.bytes("raw/orders")) == (0, before)


def test_the_file_behind_a_path_decides_when_it_is_called(desk: Desk) -> None:
    body = "import json\n    return pa.Table.from_pylist(json.loads(levels.read_text()))"
    path = write(desk, body, parameters="levels: Path = Path('data/levels.json')")
    (desk.data / "levels.json").write_text('[{"id": 1, "price": 2}]')
    assert desk.run("ingest", path) == 0
    (desk.data / "levels.json").write_text('[{"id": 1, "price": 3}]')
    assert (desk.run("ingest", path), desk.rows("raw/orders")) == (0, [{"id": 1, "price": 3.0}])
    assert count_calls(desk) == 2


def test_a_function_that_gives_other_rows_each_time_is_not_reproducible(desk: Desk) -> None:
    body = "import time\n    return pa.table({'id': [1, 2], 'price': [2.5, time.time()]})"
    assert desk.run("ingest", write(desk, body), "--reproduce") == 1
    assert (count_calls(desk), "column price, first in row 2" in failure(desk)) == (2, True)
    assert desk.run("ingest", write(desk), "--reproduce") == 0
    assert (count_calls(desk), desk.said("ingest")[-1]) == (4, "ingest orders: the same bytes")


def test_a_package_that_ingest_does_not_pin_is_named_with_the_file_to_add_it_to(desk: Desk, capfd: Any) -> None:
    path = write(desk, head="import xlrd")
    assert desk.run("ingest", path, "--check") == 1
    assert "xlrd: add it to ingest/requirements.in" in capfd.readouterr().err
