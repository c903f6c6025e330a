"""Folders in which the real stages have run, for the page to look at."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import ARGUMENTS, CHROMIUM, PATIENCE_MS, SIZES, load, serve
from loguru import logger
from once import make_once
from page_folders import Folders, write_documents


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """All recipes run to the end, `linear` with an older result beside it: copied, never changed."""

    def run_all(root: Path) -> None:
        folders = Folders(root)
        write_documents(folders.root)
        all_recipes = ("linear", folders.styles, folders.papers)
        folders.run_all(
            *([stage, *all_recipes] for stage in ("ingest", "preprocess")),
            ["model", "linear", "--set", "model.threads=1"],
            ["model", *all_recipes],
        )

    return Folders(make_once(tmp_path_factory, "prepared", run_all))


@pytest.fixture
def full(prepared: Folders, tmp_path: Path) -> Folders:
    """Folders in which everything has run."""
    shutil.copytree(prepared.root, tmp_path / "project", symlinks=True)
    return Folders(tmp_path / "project")


@pytest.fixture
def empty(tmp_path: Path) -> Folders:
    """Folders in which nothing has run."""
    folders = Folders(tmp_path / "project")
    folders.root.mkdir()
    write_documents(folders.root)
    return folders


@pytest.fixture(autouse=True)
def _quiet_log_afterwards() -> Iterator[None]:
    """The page opens a log file in the test's folder: close it with the test."""
    yield
    logger.remove()


@pytest.fixture(scope="module")
def server(prepared: Folders, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Folders]]:
    """The address of the page's server, and the folders that it looks at."""
    folders = Folders(tmp_path_factory.mktemp("browser") / "project")
    shutil.copytree(prepared.root, folders.root, symlinks=True)
    with serve(folders) as url:
        yield url, folders


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser, one for all tests of a file: while its driver runs, no other test can run an event loop."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Opens a page in a browser of its own, which may reach the server alone: the module's, or the one given."""
    contexts = []
    asked: list[str] = []
    allowed = ["data:", "blob:"]

    def open_one(path: str, url: str = "") -> Any:
        url = url or request.getfixturevalue("server")[0]
        allowed.append(url)
        width, height = SIZES["laptop"]
        context = chromium.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", lambda request: asked.append(request.url))
        load(page, url + path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith(tuple(allowed))] == []
