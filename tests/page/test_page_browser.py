"""The page in a real browser, against the real server, with real runs."""

import re
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree, which
from typing import Any

import pytest
from page_folders import Folders

from handoff.receipt import Receipt
from handoff.settings import ROOT

CHROMIUM = which("chromium") or which("chromium-browser") or which("google-chrome")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium"),
]

SCREENSHOTS = Path(__file__).parent / "screenshots"
SIZES = {"laptop": (1280, 800), "phone": (390, 844)}
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
LONG_ROWS = 200_000_000
"""Drawn for much longer than a test waits."""

PATIENCE_MS = 30_000


@pytest.fixture(scope="module")
def server(prepared: Folders, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Folders]]:
    """The page's server on a free port, and the folders that it looks at."""
    folders = Folders(tmp_path_factory.mktemp("browser") / "project")
    copytree(prepared.root, folders.root, symlinks=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "model", "page", "--port", str(port)]
    with (folders.root / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=folders.environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, process)
        yield url, folders
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any, server: tuple[str, Folders]) -> Iterator[Callable[..., Any]]:
    """Opens a page in a browser of its own, which may reach the server alone."""
    contexts = []
    asked: list[str] = []

    def open_one(path: str) -> Any:
        width, height = SIZES["laptop"]
        context = chromium.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", lambda request: asked.append(request.url))
        load(page, server[0] + path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith((server[0], "data:", "blob:"))] == []


def load(page: Any, url: str) -> None:
    """Open an address; a machine whose network changes that moment makes Chromium give up, so try again."""
    for attempt in range(4):
        page.goto(url)
        try:
            page.wait_for_selector("h1", timeout=10_000)
            page.wait_for_selector("[data-testid=stSkeleton]", state="detached")
        except Exception:
            if attempt == 3:
                raise
        else:
            return


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


def test_the_button_runs_the_model_and_its_plot_appears(open_page: Callable[..., Any], server: Any) -> None:
    folders = server[1]
    (folders.data / "output" / "linear" / "latest").unlink()
    page = open_page("/?recipe=linear")
    wait_for(page, "nothing was trained yet")
    page.get_by_text("even if nothing changed").click()
    press(page, "Run")
    wait_for(page, "Running for")
    wait_for(page, "Done in")
    page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first.wait_for()
    assert page.get_by_text("LinearRegression learned y").is_visible()
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
    open_page: Callable[..., Any], server: Any
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
    second.screenshot(path=_name("running", "laptop", "light"))
    press(second, "Cancel")
    for page in (second, first):
        wait_for(page, "The data is whole")
    assert (raw / "linear.parquet").read_bytes() == before
    assert list(raw.glob("*.tmp")) == []


def test_a_run_in_a_terminal_turns_the_button_off_until_it_ends(open_page: Callable[..., Any], server: Any) -> None:
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
        page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("[data-testid=stMain]").evaluate("e => e.scrollWidth - e.clientWidth") <= 0
        assert page.get_by_text("unexpectedly").count() == 0
        # A viewport as high as the page, so that one picture shows all of it.
        whole = page.locator("[data-testid=stMain]").evaluate("e => e.scrollHeight") + 70
        page.set_viewport_size({"width": width, "height": max(whole, height)})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(600)
            page.screenshot(path=_name(name, size, scheme))


def test_an_open_data_page_shows_old_or_new_rows_and_never_half_of_them(
    open_page: Callable[..., Any], server: Any
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


def _name(page: str, size: str, scheme: str) -> str:
    SCREENSHOTS.mkdir(exist_ok=True)
    return str(SCREENSHOTS / f"{page}-{size}-{scheme}.png")
