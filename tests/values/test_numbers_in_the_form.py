"""Numbers typed into the page's form: it answers for what the field shows, or says why not."""

import math
import os
import random
import re
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import commands
import pytest
from checkout import CHECKOUT, HANG_SECONDS, Project
from hypothesis import example, given
from hypothesis import strategies as st

from page.predict.form import write_number
from relay.handoff.recipe import Column
from relay.registry.cells import parse_cell, validate_cell

# The page's tests know where the browser is.
sys.path.append(str(Path(__file__).resolve().parent.parent / "page"))

from browsing import ARGUMENTS, CHROMIUM, PATIENCE_MS, load

AGE = Column(type="int", role="input", min=18, max=120, unit="years")
INCOME = Column(type="float", role="input", null=True, min=0, unit="USD")

RECIPE = """
title = "Late payers"
[ingest]
source = "file"
path = "{folder}/rows.csv"
[preprocess]
kind = "table"
[columns]
age = { type = "int", role = "input", min = 18, max = 120, unit = "years" }
income = { type = "float", role = "input", null = true, min = 0, unit = "USD" }
late = { type = "int", role = "target", allowed = [0, 1] }
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LogisticRegression"
"""

REFUSED = [
    ("age (years)", "500", "age is 500, expected a whole number from 18 to 120 (years)"),
    ("age (years)", "17", "age is 17, expected a whole number from 18 to 120 (years)"),
    ("age (years)", "40.5", "age is 40.5, expected a whole number from 18 to 120 (years)"),
    ("age (years)", "1.000", 'age is "1.000", expected a whole number from 18 to 120 (years)'),
    ("age (years)", "4o", 'age is "4o", expected a whole number from 18 to 120 (years)'),
    ("age (years)", "", "age is required, expected a whole number from 18 to 120 (years)"),
    ("income (USD)", "-1", "income is -1, expected a number of at least 0 (USD)"),
    ("income (USD)", "1-2", 'income is "1-2", expected a number of at least 0 (USD)'),
    ("income (USD)", "1,5", 'income is "1,5", expected a number of at least 0 (USD)'),
    ("income (USD)", "1e400", "income is a number beyond 1.8e+308, expected"),
]


@contextmanager
def serve_page(project: Project, recipe: str) -> Iterator[str]:
    """The checkout's page on a free port, in its own process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folders = {name: str(project.folder / part) for name, part in (("DATA_DIR", "data"), ("LOG_DIR", "logs"))}
    environment = os.environ | folders | {"RECIPES": recipe, "HOME": str(project.folder), "MLFLOW_TRACKING_URI": ""}
    command = [sys.executable, "-m", "model", "page", "--port", str(port)]
    with (project.folder / "page.out").open("wb") as out:
        process = commands.Command(command, cwd=CHECKOUT, env=environment, stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + HANG_SECONDS
        while True:
            assert process.poll() is None, "the page ended"
            assert time.monotonic() < deadline, "the page does not answer"
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(HANG_SECONDS)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium")
def test_a_field_that_breaks_the_contract_turns_the_button_off_with_the_reason(project: Project) -> None:
    draw = random.Random(7)
    rows = [f"{draw.randint(18, 80)},{draw.randint(1_000, 9_000)},{int(draw.random() < 0.3)}\n" for _ in range(200)]
    project.write("rows.csv", "age,income,late\n" + "".join(rows))
    recipe = project.recipe(RECIPE)
    for stage in ("ingest", "preprocess", "model"):
        assert project.run(stage, recipe, MLFLOW_TRACKING_URI="").exit_code == 0
    playwright = pytest.importorskip("playwright.sync_api")
    with serve_page(project, recipe) as url, playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        load(page, f"{url}/predict")
        type_and_look(page)
        browser.close()


def type_and_look(page: Any) -> None:
    """Type what the contract refuses, then what it takes; press the button each time at once, as a person does."""
    predict = page.get_by_role("button", name="Predict", exact=True)
    answer = page.get_by_text("The probability of 1 is")
    predict.wait_for()
    for label, typed, said in REFUSED:
        field = page.locator(f'input[aria-label="{label}"]')
        before = field.input_value()
        field.focus()
        field.press("Control+a")
        page.keyboard.type(typed) if typed else field.press("Delete")
        predict.click(force=True)
        page.get_by_text(said).or_(answer).first.wait_for()
        assert answer.count() == 0, f"{typed} is in the field, and the page answers"
        assert predict.is_disabled()
        field.fill(before)
        page.get_by_text(said).wait_for(state="detached")
    page.locator('input[aria-label="age (years)"]').fill("41")
    predict.click()
    answer.wait_for()
    assert page.locator("[data-testid=stTable] tr", has_text="age").locator("td").nth(1).inner_text() == "41"
    page.locator('input[aria-label="age (years)"]').fill("500")
    answer.wait_for(state="detached")


@given(st.integers())
@example(2**53 + 1)
@example(-(2**63))
@example(10**5000)
def test_a_whole_number_is_read_with_every_digit_or_refused(number: int) -> None:
    column = Column(type="int", role="input")
    sys.set_int_max_str_digits(0)
    text = str(number)
    sys.set_int_max_str_digits(4300)
    cell, fits = validate_cell(parse_cell(text, column), column)
    assert (cell == number) if -(2**63) <= number < 2**63 else not fits


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-3e38, max_value=3e38))
@example(0.1 + 0.2)
@example(5e-324)
@example(2.0**53 + 2)
def test_a_number_that_the_form_begins_with_is_sent_unchanged(number: float) -> None:
    column = Column(type="float", role="input")
    assert validate_cell(parse_cell(write_number(number, column), column), column) == (number, True)


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_whole_number_that_the_form_begins_with_is_sent_unchanged(number: int) -> None:
    column = Column(type="int", role="input")
    assert validate_cell(parse_cell(write_number(number, column), column), column) == (number, True)


@given(st.text(alphabet="0123456789.,_-+eE ", max_size=8))
@example("1_000")
@example("1.000")
@example("-12.345.678")
def test_what_is_typed_is_read_as_python_reads_it_or_refused(typed: str) -> None:
    plain = typed.strip()
    if re.fullmatch(r"[0-9.]+-", plain):  # -5 as some programs write it
        plain = f"-{plain[:-1]}"
    try:
        by_python = None if plain == "" else float(plain)
    except ValueError:
        by_python = math.nan
    cell, fits = validate_cell(parse_cell(typed, INCOME), INCOME)
    if fits:
        assert cell == by_python
        assert "_" not in typed
    age, fits = validate_cell(parse_cell(typed, AGE), AGE)
    assert not fits or (age == by_python and 18 <= age <= 120 and type(age) is int)
