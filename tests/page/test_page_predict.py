"""The screen that asks the model in production: by itself, by a real API, and when there is nobody to ask."""

import csv
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import commands
import pytest
from browsing import CHROMIUM, SIZES, assert_fits, picture, serve
from page_folders import Folders
from patience import HANG_SECONDS, wait_for
from streamlit.testing.v1 import AppTest
from variables import VARIABLES

from page.predict.api import PART_ROWS, Api, cut
from page.predict.ask import RefusedError
from page.predict.log import trace
from relay.handoff.errors import SchemaError
from relay.handoff.files import hash_file
from relay.handoff.settings import ROOT
from relay.registry.cells import parse_cell
from relay.registry.contract import Cell, Contract
from relay.registry.reasons import Reason, explain, say_change, say_prediction, say_share
from relay.registry.record_table import RowAnswer, read_table, write_table

# The service's tests know how a server is started.
sys.path.append(str(ROOT / "tests" / "serve"))

from serving import Server

APP = str(ROOT / "page" / "app.py")

no_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium")

LOANS = """
title = "Loans"
description = "Who pays late?"
[ingest]
source = "file"
path = "loans.csv"
[preprocess]
kind = "table"
[columns]
row = { type = "int", role = "id" }
age = { type = "int", role = "input", min = 18, max = 120, unit = "years", description = "Age of the borrower" }
income = { type = "float", role = "input", null = true, min = 0, unit = "USD" }
home = { type = "category", role = "input", allowed = ["own", "rent"] }
late = { type = "int", role = "target", allowed = [0, 1] }
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LogisticRegression"
"""

TRAIN = """
import sys
from importlib import import_module
from relay.handoff.program import main
for stage in ("ingest", "preprocess", "model"):
    assert main(import_module(f"{stage}.__main__").STAGE, [sys.argv[1]]) == 0
"""


class Lending(Folders):
    """Folders in which a model of loans is in production in an embedded registry."""

    url = ""
    """Of the API that the page is to ask."""

    @property
    def loans(self) -> str:
        return str(self.root / "loans.toml")

    @property
    def environment(self) -> dict[str, str]:
        rest = {name: text for name, text in super().environment.items() if name != "MLFLOW_TRACKING_URI"}
        return rest | {"RECIPES": self.loans, "API_URL": self.url}


class Asking(Lending):
    """The same folders, for a page that asks the API."""


def write_loans(folder: Path) -> None:
    """400 borrowers: who rents pays late more often, who is young too."""
    draw = random.Random(7)
    lines = ["row,age,income,home,late"]
    for row in range(400):
        age, home = draw.randint(18, 80), draw.choice(("own", "rent"))
        income = "" if row % 10 == 0 else draw.randint(1_000, 9_000)
        late = draw.random() < (0.35 if home == "rent" else 0.05) + (0.2 if age < 30 else 0)
        lines.append(f"{row},{age},{income},{home},{int(late)}")
    (folder / "loans.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "loans.toml").write_text(LOANS, encoding="utf-8")


@pytest.fixture(scope="module")
def lending(tmp_path_factory: pytest.TempPathFactory) -> Lending:
    folders = Lending(tmp_path_factory.mktemp("predict") / "project")
    folders.root.mkdir()
    write_loans(folders.root)
    command = [sys.executable, "-c", TRAIN, folders.loans]
    commands.run(command, cwd=ROOT, env=folders.environment, check=True, capture_output=True)
    lay_damaged_copy(folders)
    return folders


def lay_damaged_copy(folders: Lending) -> None:
    """A copy of the model such as a full disk leaves: everything that is asked here first has to notice it."""
    results = folders.data / "output" / "loans" / "latest"
    copy = folders.data / ".state" / "models" / "loans" / f"1-{hash_file(results / 'contract.json')[:12]}"
    copy.mkdir(parents=True)
    (copy / "contract.json").write_bytes((results / "contract.json").read_bytes())
    (copy / "model.skops").write_bytes((results / "model.skops").read_bytes()[:1000])


@pytest.fixture(scope="module")
def server(lending: Lending) -> Iterator[tuple[str, Lending]]:
    with serve(lending) as url:
        yield url, lending


@pytest.fixture(scope="module")
def api(lending: Lending) -> Iterator[Server]:
    server = Server(lending.data, ("loans",), {"MLFLOW_TRACKING_URI": "", "LOG_DIR": str(lending.logs)}).start()
    wait_for(lambda: server.get("/health").status == 200, "a model in force")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def page_with_api(lending: Lending, api: Server) -> Iterator[str]:
    folders = Asking(lending.root)
    Asking.url = f"http://127.0.0.1:{api.port}"
    with serve(folders) as url:
        yield url


def contract_of(lending: Lending) -> Contract:
    return Contract.from_json((lending.data / "output" / "loans" / "latest" / "contract.json").read_bytes())


def fill(page: Any, age: str, home: str, income: str = "") -> None:
    """Fill the form in and send it."""
    page.get_by_role("textbox", name="age (years)").fill(age)
    page.get_by_role("textbox", name="income (USD)").fill(income)
    page.get_by_role("combobox", name="home").click()
    page.get_by_role("option", name=home).click()
    page.get_by_role("button", name="Predict", exact=True).click()


def read_reasons(page: Any) -> list[list[str]]:
    """The rows of the reasons, once they are there."""
    table = page.locator("[data-testid=stTable]", has_text="Moves it by").locator("tbody")
    table.locator("tr").first.wait_for()
    found: list[list[str]] = table.locator("tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))"
    )
    return found


def upload(page: Any, text: str) -> None:
    content = {"name": "people.csv", "mimeType": "text/csv", "buffer": text.encode()}
    page.locator("input[type=file]").set_input_files(content)


def download(page: Any) -> list[dict[str, str]]:
    with page.expect_download() as found:
        page.get_by_role("button", name="Download all answers").click()
    with found.value.path().open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.browser
@no_chromium
def test_a_filled_form_is_answered_with_probability_base_rate_and_reasons(open_page: Callable[..., Any]) -> None:
    page = open_page("/predict")
    page.get_by_text("This page answers itself, from the registry in").wait_for()
    fill(page, "25", "rent")
    page.get_by_text("The probability of 1 is").wait_for()
    assert "the base rate is" in page.get_by_text("The probability of 1 is").inner_text()
    reasons = {row[0]: row for row in read_reasons(page)}
    assert reasons["home"][1:2] + reasons["home"][3:4] == ["rent", "own"]
    assert reasons["home"][2].startswith("+")
    assert reasons["income"][1] == "not known"
    page.get_by_text("so the changes do not add up").wait_for()
    page.get_by_text("By loans, version 1; not logged.").wait_for()
    page.get_by_text("Predictions made here are not logged.").wait_for()
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        assert_fits(page, width)
        picture(page, "predict-registry", size, ("dark",))


@pytest.mark.browser
@no_chromium
def test_a_file_is_answered_row_by_row_and_rows_that_break_the_contract_are_named(
    open_page: Callable[..., Any],
) -> None:
    page = open_page("/predict")
    upload(page, "name,AGE,income,home\nAnn,40,3000,own\n")
    page.get_by_text("the file lacks the columns age (is it AGE?)").wait_for()
    upload(page, "name,age,income,home\nAnn,40,3000,own\nBob,17,,rent\nCid,25,,rent\n")
    page.get_by_text("1 of 3 rows do not keep the model's contract; the others can be answered.").wait_for()
    page.locator("td", has_text="age is 17, expected a whole number from 18 to 120 (years)").wait_for()
    page.get_by_role("button", name="Predict 2 rows").click()
    page.get_by_text("2 of 3 rows answered by version 1, not logged.").wait_for()
    rows = download(page)
    assert [(row["name"], row["prediction"], row["model_version"]) for row in rows] == [
        ("Ann", "0", "1"),
        ("Bob", "", ""),
        ("Cid", "1", "1"),
    ]
    assert rows[1]["problem"] == "age is 17, expected a whole number from 18 to 120 (years)"
    assert float(rows[0]["probability"]) < float(rows[2]["probability"])


@pytest.mark.browser
@no_chromium
def test_the_api_answers_logs_and_leads_back_to_the_source(
    open_page: Callable[..., Any], page_with_api: str, api: Server, lending: Lending
) -> None:
    page = open_page("/predict", page_with_api)
    page.get_by_text("The API at").wait_for()
    page.get_by_role("textbox", name="age (years)").fill("500")  # in no log: see below
    page.get_by_text("age is 500, expected a whole number from 18 to 120 (years)").wait_for()
    fill(page, "25", "rent")
    page.get_by_text("logged as prediction").wait_for()
    id_ = page.get_by_text("logged as prediction").inner_text().rpartition(" ")[2].rstrip(".")
    assert api.get(f"/predictions/{id_}").json["input"] == [{"age": 25, "income": None, "home": "rent"}]
    assert read_reasons(page)[0][0] == "home"
    upload(page, "age,income,home\n40,3000,own\n25,,rent\n")
    page.get_by_role("button", name="Predict 2 rows").click()
    page.get_by_text("2 of 2 rows answered by version 1, logged.").wait_for()
    many = download(page)[1]["prediction_id"]
    assert api.get(f"/predictions/{many.removesuffix('/1')}").json["output"]["predictions"] == [0, 1]
    # What was computed for the reasons was asked of the registry's files: the log holds what people asked, no more.
    assert len(api.get("/predictions?since=2020-01-01").json["predictions"]) == 2
    page.get_by_role("button", name="Refresh").click()
    page.locator("td", has_text=f"…{id_[-8:]}").wait_for()
    page.get_by_role("button", name="Show its way back").click()
    page.locator(".relay-box", has_text="prediction").last.wait_for()
    chain = page.locator(".relay-chain").inner_text()
    receipt = Folders(lending.root).data / "raw" / "loans.json"
    assert [word in chain for word in ("loans.csv", "raw data", "loans 1", many.removesuffix("/1"))] == [True] * 4
    page.locator("td", has_text=read_source_sha256(receipt)).wait_for()
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        assert_fits(page, width)
        picture(page, "predict-api", size, ("light",))


def read_source_sha256(receipt: Path) -> str:
    """Of the file that the rows were read from."""
    found: str = json.loads(receipt.read_bytes())["sources"][0]["sha256"]
    return found


def look(folders: Folders, monkeypatch: pytest.MonkeyPatch, recipe: str, **environment: str) -> AppTest:
    """The screen without a browser."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name in ("DATA_DIR", "LOG_DIR"):
        monkeypatch.setenv(name, folders.environment[name])
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    app = AppTest.from_file(APP, default_timeout=HANG_SECONDS)
    app.query_params["recipe"] = recipe
    app.run()
    app.switch_page("screens/predict.py").run()
    assert (list(app.exception), list(app.error)) == ([], [])
    return app


def read(kind: Any) -> str:
    return "\n".join(str(element.value) for element in kind).replace("\\", "")


def test_without_a_version_in_production_the_screen_says_what_to_do(
    empty: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty.data.mkdir()
    said = read(look(empty, monkeypatch, "linear").info)
    assert "No version of linear is in production. Train one (`python -m model linear`)" in said


def test_tracking_that_is_off_is_said(empty: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    empty.data.mkdir()
    assert "tracking is off" in read(look(empty, monkeypatch, "linear", MLFLOW_TRACKING_URI="off").info)


def test_an_api_that_is_away_is_said_and_nobody_answers_in_its_place(
    lending: Lending, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = look(lending, monkeypatch, lending.loans, RECIPES=lending.loans, API_URL="http://127.0.0.1:9")
    assert "The API does not answer at API_URL=http://127.0.0.1:9" in read(app.warning)
    assert [button.label for button in app.button] == ["Try again"]


def test_an_api_that_serves_other_models_is_said_with_the_setting(
    lending: Lending, api: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = read(look(lending, monkeypatch, "linear", API_URL=f"http://127.0.0.1:{api.port}").info)
    assert "configured are loans" in said
    assert "models:/linear@production" in said


def test_a_record_that_the_api_refuses_is_told_without_its_place_in_a_list(api: Server) -> None:
    client = Api(f"http://127.0.0.1:{api.port}", "loans")
    with pytest.raises(RefusedError, match=r"^age is 17, expected a whole number from 18 to 120"):
        client.answer([{"age": 17, "income": None, "home": "rent"}])


@pytest.mark.slow
def test_the_screen_loads_no_library_that_computes(lending: Lending) -> None:
    look = f"""
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({APP!r}, default_timeout={HANG_SECONDS}).run()
app.switch_page("screens/predict.py").run()
next(button for button in app.button if button.label == "Predict").click().run()
assert any("the base rate is" in found.value for found in app.markdown), app
print(sorted({{"mlflow", "sklearn", "scipy", "skops", "onnxruntime"}} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, env=lending.environment, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"


def ask(lending: Lending, content: str, *options: str) -> "subprocess.CompletedProcess[str]":
    return commands.run(
        [sys.executable, "-m", "model", "predict", lending.loans, *options],
        cwd=ROOT, env=lending.environment, input=content, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_person_reads_the_answer_and_its_reasons_on_the_terminal(lending: Lending) -> None:
    done = ask(lending, '{"age": 25, "income": null, "home": "rent"}', "--reasons")
    lines = done.stdout.splitlines()
    assert (done.returncode, lines[0].startswith("loans 1, run "), lines[0].endswith("; not logged")) == (0, True, True)
    assert lines[2].startswith("late: 1. The probability of 1 is ")
    assert lines[3].startswith('  home = "rent": +')


def test_all_that_is_wrong_with_a_record_is_named_on_the_terminal(lending: Lending) -> None:
    done = ask(lending, '{"agee": 25, "income": -1, "home": "boat"}')
    assert done.returncode == 1
    said = done.stderr
    assert "agee is not an input of this model: did you mean age?" in said
    assert "age is missing, expected a whole number from 18 to 120 (years)" in said
    assert "income is -1, expected a number of at least 0 (USD)" in said
    assert 'home is "boat", expected one of "own", "rent"' in said


def test_a_copy_of_the_model_that_is_damaged_is_fetched_again(lending: Lending) -> None:
    assert ask(lending, "", "--contract").returncode == 0
    (kept,) = (lending.data / ".state" / "models" / "loans").glob("1-*/model.skops")
    assert hash_file(kept) == contract_of(lending).files["model.skops"]


def test_each_reason_is_the_change_when_one_input_gets_its_usual_value(lending: Lending) -> None:
    contract = contract_of(lending)

    def measure(records: Any) -> tuple[list[Cell], list[float]]:
        shares = [0.2 + (0.5 if record["home"] == "rent" else 0.0) + record["age"] / 1000 for record in records]
        return [int(share > 0.5) for share in shares], shares

    assert contract.usual is not None
    usual = contract.usual["age"]
    assert isinstance(usual, int)
    record: dict[str, Cell] = {"age": usual + 10, "income": None, "home": "rent"}
    found = {reason.column: reason for reason in explain(contract, record, measure)}
    assert round(found["age"].change or 0, 6) == 0.01
    assert (found["income"].change, say_change(contract, found["income"])) == (0.0, "0")
    assert (found["home"].usual, say_change(contract, found["home"])) == ("own", "+50 points")


def test_a_number_is_told_with_its_unit_and_a_probability_beside_the_base_rate(lending: Lending) -> None:
    two = contract_of(lending).model_copy(update={"base_rate": 0.067, "threshold": 0.23})
    assert say_prediction(two, 0, 0.12) == (
        "late: 0. The probability of 1 is 12 %, the base rate is 6.7 %. The answer is 1 from 23 % on."
    )
    unit = two.target_column.model_copy(update={"unit": "USD"})
    number = two.model_copy(update={"task": "regression", "target_column": unit})
    assert say_prediction(number, 10.97312, None) == "late: 10.973 USD."
    assert say_change(number, Reason("age", 1, 2, 9.0, 9.0, -1.25)) == "-1.25 USD"


@pytest.mark.parametrize(
    ("share", "told"),
    [(0.12, "12 %"), (0.067, "6.7 %"), (0.00002, "below 0.01 %"), (0.9964, "99.64 %"), (1.0, "above 99.99 %")],
)
def test_a_probability_is_told_with_two_digits_that_count(share: float, told: str) -> None:
    assert say_share(share) == told


def test_an_empty_cell_is_a_missing_value(lending: Lending) -> None:
    inputs = contract_of(lending).inputs
    assert [parse_cell("", inputs[name]) for name in ("age", "income", "home")] == [None, None, None]
    assert [parse_cell(text, inputs["age"]) for text in (" 25", "25.0", "9007199254740993", "x")] == [
        25, 25.0, 9007199254740993, "x",
    ]  # fmt: skip


def test_a_file_keeps_its_own_columns_beside_the_answers(lending: Lending) -> None:
    table = read_table(b"prediction,home,income,age\nmine,own,,40\n", contract_of(lending).inputs)
    written = write_table(table, {0: RowAnswer(0, 0.25, "1", "abc/0")}).decode().splitlines()
    assert written == [
        "prediction,home,income,age,prediction_by_model,probability,model_version,prediction_id,problem",
        "mine,own,,40,0,0.25,1,abc/0,",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file has no rows"),
        (b"age;income;home\n1;2;own\n", "Separate the columns by commas."),
        (b"age,income,home,age\n40,,own,41\n", "the file has age more than once"),
        (b"age,income,home\n40,,\xff\n", "the file is not UTF-8"),
        (b"age,income,home\n" + b"40,,own\n" * 10_001, "the file has 10,001 rows, expected at most 10,000"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(lending: Lending, content: bytes, said: str) -> None:
    with pytest.raises(SchemaError, match=said.replace(".", r"\.")):
        read_table(content, contract_of(lending).inputs)


def test_a_large_table_goes_to_the_api_in_parts_that_it_takes() -> None:
    records: list[dict[str, Cell]] = [{"x": number} for number in range(2 * PART_ROWS + 1)]
    parts = list(cut(records))
    assert ([len(part) for part in parts], [one for part in parts for one in part]) == ([1_000, 1_000, 1], records)
    assert [len(part) for part in cut([{"text": "a" * 600_000}] * 3)] == [1, 1, 1]


def test_the_way_back_names_each_source_with_its_checksum() -> None:
    found = {"model": "loans", "model_version": "3", "run_id": "0" * 32, "prediction_id": "abc", "input": [{}]}
    source = {"where": "https://example.org/loans.csv", "sha256": "12" * 32}
    stops = trace(found | {"timestamp": "2026-11-20T10:00:00Z"}, {"steps": [], "sources": [source]})
    assert stops[0].lines == ("https://example.org/loans.csv (SHA-256 121212121212)",)
    assert [stop.title for stop in stops] == ["source", "version", "prediction"]
