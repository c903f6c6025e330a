"""The page in a real browser, against the real server, with real runs."""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browsing import CHROMIUM, SIZES, assert_fits, name_screenshot, picture, wait_for_chart
from page_folders import Folders

from relay.handoff.receipt import Receipt

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium"),
]

LONG_ROWS = 200_000_000
"""Drawn for much longer than a test waits."""


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=re.compile(rf"{name}$")).click()


def wait_for(page: Any, text: str) -> None:
    page.get_by_text(text).first.wait_for()


def fill_rows(page: Any, rows: int) -> None:
    page.get_by_role("tab", name="ingest").click()
    field = page.get_by_label("rows", exact=True)
    field.fill(str(rows))
    field.press("Enter")
    wait_for(page, f"ingest.rows={rows}")


def test_the_button_runs_the_model_and_its_plot_appears(
    open_page: Callable[..., Any], server: tuple[str, Folders]
) -> None:
    folders = server[1]
    (folders.data / "output" / "linear" / "latest").unlink()
    page = open_page("/?recipe=linear")
    wait_for(page, "nothing was trained yet")
    page.get_by_text("even if nothing changed").click()
    press(page, "Run")
    wait_for(page, "Running for")
    wait_for(page, "Done in")
    wait_for_chart(page)
    page.get_by_text("LinearRegression learned y").wait_for()
    page.get_by_text(re.compile(r"Download: \d+ files")).click()
    with page.expect_download() as download:
        page.get_by_text("All files as a zip").click()
    names = zipfile.ZipFile(download.value.path()).namelist()
    assert {"fitted_line.png", "metrics.json", "model.skops"} <= {Path(name).name for name in names}


def test_an_unchanged_run_says_so_and_the_keyboard_is_enough(open_page: Callable[..., Any]) -> None:
    page = open_page("/?recipe=linear")
    run = page.get_by_role("button", name=re.compile(r"Run$"))
    run.focus()
    page.keyboard.press("Enter")
    wait_for(page, "Nothing has changed")


def test_a_reload_and_a_second_browser_find_the_run_and_either_can_cancel_it(
    open_page: Callable[..., Any], server: tuple[str, Folders]
) -> None:
    raw = server[1].data / "raw"
    before = (raw / "linear.parquet").read_bytes()
    first = open_page("/?recipe=linear")
    fill_rows(first, LONG_ROWS)
    press(first, "Run")
    wait_for(first, "ingest: running")
    first.reload()
    wait_for(first, "Running for")
    second = open_page("/?recipe=linear")
    wait_for(second, "Running for")
    assert second.get_by_role("button", name=re.compile(r"Run$")).is_disabled()
    second.screenshot(path=name_screenshot("running", "laptop", "light"))
    press(second, "Cancel")
    for page in (second, first):
        wait_for(page, "The data is whole")
    assert (raw / "linear.parquet").read_bytes() == before
    assert list(raw.glob("*.tmp")) == []


def test_a_run_in_a_terminal_turns_the_button_off_until_it_ends(
    open_page: Callable[..., Any], server: tuple[str, Folders]
) -> None:
    page = open_page("/?recipe=linear")
    process = server[1].start("ingest", "linear", "--set", f"ingest.rows={LONG_ROWS}")
    wait_for(page, "Running elsewhere: ingest on")
    assert page.get_by_role("button", name=re.compile(r"Run$")).is_disabled()
    process.terminate()
    assert process.wait() == 130
    page.get_by_text("Running elsewhere").wait_for(state="detached")
    assert page.get_by_role("button", name=re.compile(r"Run$")).is_enabled()


@pytest.mark.parametrize("name", ["run", "map", "data", "compare"])
def test_every_page_fits_every_screen_in_light_and_dark(open_page: Callable[..., Any], name: str) -> None:
    recipe = "styles" if name in ("map", "data") else "linear"
    path = {"run": "/", "map": "/", "data": "/data", "compare": "/compare"}[name]
    page = open_page(f"{path}?recipe={recipe}")
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        wait_for_chart(page)
        assert_fits(page, width)
        picture(page, name, size)


def test_an_open_data_page_shows_old_or_new_rows_and_never_half_of_them(
    open_page: Callable[..., Any], server: tuple[str, Folders]
) -> None:
    folders = server[1]
    page = open_page("/data?recipe=linear")
    seen = set()
    for rows in (2000, 3000):
        writer = folders.start("ingest", "linear", "--set", f"ingest.rows={rows}")
        while writer.poll() is None:
            page.reload()
            page.wait_for_selector("[data-testid=stMetricValue]")
            seen.add(page.locator("[data-testid=stMetricValue]").first.inner_text())
            assert page.get_by_text(re.compile("do not belong|unexpectedly")).count() == 0
    assert seen <= {"100", "2,000", "3,000"}
    # Without a reload the page notices by itself, and what it shows is the receipt's.
    folders.run("ingest", "linear", "--set", "ingest.rows=1234")
    wait_for(page, "1,234")
    fingerprint = Receipt.read(folders.data / "raw" / "linear.json").fingerprint
    wait_for(page, fingerprint)
    wait_for(page, "run preprocess again")
