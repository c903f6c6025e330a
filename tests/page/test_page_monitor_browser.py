"""The screen Monitor in a real browser: its buttons do what they say, and it fits every screen."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browsing import CHROMIUM, DESK, SIZES, assert_fits, picture, serve
from monitor_reports import make_break, make_labelled, make_quiet
from monitor_store import fill
from page_folders import Folders, write_documents

from page.run.job import RunFiles
from relay.monitoring.opening import open_store
from relay.monitoring.store import Event

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium"),
]

MODEL = "linear"


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Folders]]:
    """The page over a store in which data broke, and later the next version harms."""
    folders = Folders(tmp_path_factory.mktemp("monitor") / "project")
    folders.root.mkdir()
    write_documents(folders.root)
    fill(folders.data / "serve", make_quiet(MODEL), make_break(MODEL), make_labelled(MODEL, "4"))
    with serve(folders) as url:
        yield url, folders


def press(page: Any, title: str, *, why: str) -> Any:
    """Press a button, and fill in its dialog."""
    page.get_by_role("button", name=title).click()
    dialog = page.get_by_role("dialog")
    for label, text in (("Your name", "Ada"), ("Why?", why)):
        dialog.get_by_label(label).fill(text)
        dialog.get_by_label(label).press("Tab")
    dialog.get_by_role("button", name=title).click()
    return dialog


def read_events(folders: Folders) -> list[Event]:
    with open_store(folders.data / "serve", is_reader=True) as store:
        return store.list_events(MODEL)


@pytest.mark.parametrize("size", [*SIZES, "desk"])
def test_the_screen_fits_in_light_and_dark(
    open_page: Callable[..., Any], watched: tuple[str, Folders], size: str
) -> None:
    page = open_page(f"/monitor?recipe={MODEL}", watched[0])
    page.get_by_text("Blocks of records").click()
    width, height = SIZES.get(size, DESK)
    page.set_viewport_size({"width": width, "height": height})
    page.get_by_text("p of dependence").first.wait_for(state="attached")
    assert_fits(page, width)
    picture(page, "monitor", size)


def test_the_lines_of_the_chart_are_drawn(open_page: Callable[..., Any], watched: tuple[str, Folders]) -> None:
    page = open_page(f"/monitor?recipe={MODEL}", watched[0])
    chart = page.get_by_role("img", name="Evidence over time, now: records 2.8, an alarm from 3.4")
    chart.wait_for()
    assert chart.locator("img").evaluate("e => e.decode().then(() => e.naturalWidth > 0)")
    assert chart.locator("b").last.get_attribute("title").endswith("losses with labels 2.6")


def test_a_person_accepts_holds_and_trains(open_page: Callable[..., Any], watched: tuple[str, Folders]) -> None:
    url, folders = watched
    page = open_page(f"/monitor?recipe={MODEL}", url)
    dialog = press(page, "Accept as reference", why="")
    dialog.get_by_text("Fill in your name and the reason.").wait_for()
    dialog.get_by_role("button", name="Cancel").click()
    dialog.wait_for(state="detached")
    assert [event.kind for event in read_events(folders)] == ["decision"] * 3
    press(page, "Accept as reference", why="a new region")
    page.get_by_text("Accepted. The next look").wait_for()
    with open_store(folders.data / "serve", is_reader=True) as store:
        baseline = store.find_baseline(MODEL, "4")
    assert baseline is not None
    assert (baseline.who, baseline.why, baseline.window) == ("Ada", "a new region", "v4-10000")
    press(page, "Hold", why="labels are being checked")
    page.get_by_text("Noted in the decision record.").wait_for()
    assert (read_events(folders)[0].data["action"], read_events(folders)[0].who) == ("hold", "Ada")
    press(page, "Train again", why="")
    page.get_by_text("A run has begun").wait_for()
    assert (read_events(folders)[0].data["action"], read_events(folders)[0].text) == ("train", "by hand")
    files = RunFiles(folders.settings, MODEL)
    job = files.find()
    assert job is not None
    assert [step.stage for step in job.record.steps] == ["ingest", "preprocess", "model"]
    files.cancel(job)
