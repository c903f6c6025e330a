"""`format = "python"`: a function of the recipe reads the files that a source brings."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from http_server import Page, PageServer, serve

Desk = Any  # tests/conftest.py


@pytest.fixture
def server() -> Iterator[PageServer]:
    """A server on loopback."""
    with serve() as running:
        yield running


RECIPE = """
title = "Mine"
[columns]
{columns}
[ingest]
source = "file"
path = "{path}"
format = "python"
function = "read"
{more}
"""

PAIR = 'id = { type = "int", role = "id" }\nprice = { type = "float", role = "input", null = true }'

HEAD = "from pathlib import Path\nimport pyarrow as pa\n"


def write(desk: Desk, code: str, path: str, columns: str = PAIR, more: str = "") -> str:
    """A recipe whose function reads files; gives its path."""
    (desk.folder / "mine.py").write_text(HEAD + code)
    return desk.recipe(RECIPE.format(columns=columns, path=path, more=more), "mine")


def failure(desk: Desk) -> str:
    """The message of the last run."""
    return str(json.loads((desk.logs / "runs.jsonl").read_text().splitlines()[-1])["error"]["message"])


SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

WORKBOOK = f"""
import zipfile
from xml.etree import ElementTree

SHEET = "{SHEET}"


def read(workbook: Path, sheets: int = 2) -> pa.Table:
    tables = []
    with zipfile.ZipFile(workbook) as parts:
        texts = [node.text for node in ElementTree.fromstring(parts.read("xl/sharedStrings.xml")).iter(SHEET + "t")]
        for number in range(1, sheets + 1):
            root = ElementTree.fromstring(parts.read(f"xl/worksheets/sheet{{number}}.xml"))
            rows = [[_read_cell(cell, texts) for cell in row] for row in root.iter(SHEET + "row")]
            tables.append({{row[0]: row[1] for row in rows}})
    prices, amounts = tables
    return pa.table({{"name": list(prices), "value": [float(prices[key]) * int(amounts[key]) for key in prices]}})


def _read_cell(cell, texts):
    value = cell.find(SHEET + "v").text
    return texts[int(value)] if cell.get("t") == "s" else value
"""


def make_workbook(sheets: list[dict[str, float]]) -> bytes:
    """An Excel workbook as the program itself packs it: parts of XML, texts shared."""
    texts = list(dict.fromkeys(name for sheet in sheets for name in sheet))
    space = f'xmlns="{SHEET[1:-1]}"'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as parts:
        shared = "".join(f"<si><t>{text}</t></si>" for text in texts)
        parts.writestr("xl/sharedStrings.xml", f"<sst {space}>{shared}</sst>")
        for number, sheet in enumerate(sheets, 1):
            rows = "".join(
                f'<row><c t="s"><v>{texts.index(name)}</v></c><c><v>{value}</v></c></row>'
                for name, value in sheet.items()
            )
            parts.writestr(
                f"xl/worksheets/sheet{number}.xml", f"<worksheet {space}><sheetData>{rows}</sheetData></worksheet>"
            )
    return file.getvalue()


def test_a_workbook_with_two_sheets(desk: Desk) -> None:
    columns = 'name = { type = "category", role = "input" }\nvalue = { type = "float", role = "target" }'
    (desk.data / "stock.xlsx").write_bytes(make_workbook([{"pen": 1.5, "ink": 8}, {"ink": 2, "pen": 10}]))
    path = write(desk, WORKBOOK, "data/stock.xlsx", columns)
    assert desk.run("ingest", path) == 0
    assert desk.rows("raw/mine") == [{"name": "pen", "value": 15.0}, {"name": "ink", "value": 16.0}]
    assert list(desk.receipt("raw/mine").key.inputs) == ["data/stock.xlsx"]
    assert (desk.run("ingest", path), desk.outcomes("ingest")) == (0, ["ran", "unchanged"])


NESTED = """
import json
import pandas as pd


def read(path: Path) -> pd.DataFrame:
    features = json.loads(path.read_text())["features"]
    frame = pd.json_normalize([{**one["properties"], "id": one["id"]} for one in features])
    frame["longitude"] = [one["geometry"]["coordinates"][0] for one in features]
    return frame.rename(columns={"quake.magnitude": "magnitude"}).set_index("id")
"""


def test_nested_json(desk: Desk) -> None:
    features = [
        {"id": number, "geometry": {"coordinates": [x, 0]}, "properties": {"quake": {"magnitude": size}}}
        for number, x, size in ((7, 10.5, 4), (8, -20, None))
    ]
    (desk.folder / "quakes.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    columns = "\n".join(
        [
            'id = { type = "int", role = "id" }',
            'magnitude = { type = "float", role = "input", null = true }',
            'longitude = { type = "float", role = "input" }',
        ]
    )
    assert desk.run("ingest", write(desk, NESTED, "quakes.geojson", columns)) == 0
    assert [tuple(row.values()) for row in desk.rows("raw/mine")] == [(7, 4.0, 10.5), (8, None, -20.0)]


FOLDER = """
from xml.etree import ElementTree


def read(paths: list[Path]):
    for path in paths:
        offers = ElementTree.parse(path).getroot().findall("offer")
        yield pa.table({"id": [one.get("id") for one in offers], "price": [one.findtext("price") for one in offers]})
"""


def test_a_folder_of_xml_files_in_the_order_of_their_names(desk: Desk) -> None:
    (desk.data / "offers").mkdir()
    for name, price in (("b", "2.50"), ("a", "?")):
        offer = f'<offer id="{ord(name)}"><price>{price}</price></offer>'
        (desk.data / f"offers/{name}.xml").write_text(f"<offers>{offer}{offer.replace(price, '7')}</offers>")
    assert desk.run("ingest", write(desk, FOLDER, "data/offers/*.xml", more="max_rejected_share = 0.5")) == 0
    assert [tuple(row.values()) for row in desk.rows("raw/mine")] == [(97, 7.0), (98, 2.5), (98, 7.0)]
    rejected = desk.rows("rejected/ingest/mine")
    assert [(row["row"], row["reason"]) for row in rejected] == [(1, "price: not a number")]


ZIP = """
import zipfile
from collections.abc import Iterator
import pyarrow.csv


def read(path: Path) -> Iterator[pa.RecordBatch]:
    assert path.name == "orders.zip", path.name
    with zipfile.ZipFile(path) as members:
        for name in sorted(members.namelist()):
            with members.open(name) as file:
                yield from pa.csv.read_csv(file).to_batches()
"""


@pytest.fixture(name="packed")
def fixture_packed() -> bytes:
    """A zip of two CSV files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as members:
        members.writestr("2.csv", "price,id\n2.5,3\n")
        members.writestr("1.csv", "id,price\n1,\n2,4\n")
    return file.getvalue()


def test_a_zip_of_csv_files_behind_a_url(desk: Desk, server: PageServer, packed: bytes) -> None:
    url = server.add("/orders.zip", Page(packed))
    path = write(desk, ZIP, "", PAIR)
    text = Path(path).read_text().replace('source = "file"\npath = ""', f'source = "http"\nurl = "{url}"')
    Path(path).write_text(text)
    assert desk.run("ingest", path) == 0
    assert [tuple(row.values()) for row in desk.rows("raw/mine")] == [(1, None), (2, 4.0), (3, 2.5)]
    (desk.folder / "mine.py").write_text(HEAD + ZIP.replace("sorted(", "list("))
    assert desk.run("ingest", path) == 0
    assert [row["id"] for row in desk.rows("raw/mine")] == [3, 1, 2]
    assert len(server.asked("/orders.zip", "Accept")) == 1  # other code reads what was fetched before


def expect_failure(desk: Desk, path: str, *arguments: str) -> str:
    """What a run says that fails."""
    assert desk.run("ingest", path, *arguments) == 1
    return failure(desk)


READ_LINES = "def read({takes}):\n    return pa.table({{'id': [1], 'price': [2]}})\n"

WRONG: dict[str, tuple[str, str, str]] = {
    "several files for one path": (
        READ_LINES.format(takes="path: Path"),
        "",
        "read takes one path, path, and there are 2 files: data/1.txt, data/2.txt, …",
    ),
    "another annotation": (
        READ_LINES.format(takes="rows: pa.Table"),
        "",
        "rows has the type pa.Table; a function that reads files takes a Path, which is one file, or a list[Path]",
    ),
    "no argument": (READ_LINES.format(takes=""), "", "read takes 0 positional arguments; expected 1 for the data"),
    "an unknown argument": (
        READ_LINES.format(takes="path: Path, sheet: str = 'a'"),
        "[ingest.arguments]\nshet = 'b'",
        'recipes/mine.py: read has no parameter shet (did you mean "sheet"?); it takes sheet',
    ),
    "a file that is changed meanwhile": (
        "def read(paths: list[Path]):\n    paths[0].write_text('x')\n    return pa.table({'id': [1], 'price': [1]})\n",
        "",
        "data/1.txt: the file changed while it was read",
    ),
    "a timeout": (
        "import time\ndef read(paths: list[Path]):\n    time.sleep(60)\n",
        "timeout = 0.2",
        "read was not done after its timeout of 0.2 s, and was ended",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_function_that_cannot_read_the_files_is_told_why(what: str, desk: Desk) -> None:
    code, more, why = WRONG[what]
    for name in ("1", "2"):
        (desk.data / f"{name}.txt").write_text(name)
    assert why in expect_failure(desk, write(desk, code, "data/*.txt", more=more))
    assert not (desk.data / "raw/mine.parquet").exists()


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ('format = "python"', 'format = "python" needs function'),
        ('format = "csv"\nfunction = "read"', 'function needs format = "python"'),
        ("timeout = 3.0", 'timeout needs format = "python"'),
    ],
)
def test_the_keys_of_a_function_need_each_other(keys: str, why: str, desk: Desk) -> None:
    text = RECIPE.format(columns=PAIR, path="x.csv", more="").replace('format = "python"\nfunction = "read"', keys)
    assert why in expect_failure(desk, desk.recipe(text, "mine"))


def test_a_recipe_without_a_function_has_nothing_of_one_in_its_key() -> None:
    from ingest.parameters import FileSection

    dumped = FileSection(source="file", path="x.csv").model_dump(mode="json")
    assert {"function", "arguments", "timeout"} & set(dumped) == set()
