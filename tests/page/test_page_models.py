"""The screen of models, in a real browser, against a real embedded registry; what it says when there is none."""

import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browsing import CHROMIUM, SIZES, assert_fits, picture, serve
from page_folders import Folders
from patience import HANG_SECONDS
from registered import Registered, copy_registered
from streamlit.testing.v1 import AppTest
from variables import VARIABLES

from page.models.registry_view import VersionList, plan_promotion, plan_rollback, plan_undo
from relay.handoff.settings import ROOT
from relay.registry.versions import UNSERVED, ProductionPeriod, Version
from relay.results.load import find_runs

APP = str(ROOT / "page" / "app.py")

no_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium")


def describe(number: int, *periods: ProductionPeriod, is_production: bool = False) -> Version:
    return Version("linear", number, "", 0.0, is_production, dict(period.to_tag() for period in periods))


def hold(before: int | None, *, undoes: int | None = None, until: str | None = None) -> ProductionPeriod:
    return ProductionPeriod(1, "2026-11-20T10:00:00.000000Z", until, "Ann", "why", before, undoes)


def test_nothing_can_be_rolled_back_before_a_second_version_was_production() -> None:
    first = describe(1, hold(None), is_production=True)
    version_list = VersionList((describe(2), first), 0.0)
    assert (plan_rollback(version_list), plan_undo(version_list)) == (None, None)


def test_a_promotion_holds_only_while_the_version_that_the_dialog_names_is_production() -> None:
    version_list = VersionList((describe(2), describe(1, hold(None), is_production=True)), 0.0)
    assert plan_promotion(version_list, version_list.versions[0]).verb == ("promote", "2", "--expected", "1")
    nothing = VersionList((describe(1),), 0.0)
    assert plan_promotion(nothing, nothing.versions[0]).verb == ("promote", "1", "--expected", "0")


def test_a_version_that_relay_did_not_register_is_promoted_with_a_warning() -> None:
    version_list = VersionList((describe(1),), 0.0)
    assert any("it will not be served" in sentence for sentence in plan_promotion(version_list, describe(1)).sentences)


def test_a_version_that_is_not_servable_is_promoted_with_the_reason() -> None:
    version = replace(describe(2), tags={UNSERVED: "its answer to a row changes when it is asked again"})
    sentences = plan_promotion(VersionList((version,), 0.0), version).sentences
    told = "Version 2 is not servable: its answer to a row changes when it is asked again. The API will not use it."
    assert told in sentences


def test_only_a_rollback_that_is_in_force_can_be_undone() -> None:
    second = describe(2, hold(1, until="2026-11-20T11:00:00.000000Z"))
    version_list = VersionList((second, describe(1, hold(None, undoes=2), is_production=True)), 0.0)
    undo = plan_undo(version_list)
    assert undo is not None
    assert undo.verb == ("rollback", "--undo", "--expected", "1")


def open_screen(folders: Folders, monkeypatch: pytest.MonkeyPatch, uri: str | None, recipe: str = "linear") -> AppTest:
    """The screen, without a browser."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name in ("DATA_DIR", "LOG_DIR", "RECIPES"):
        monkeypatch.setenv(name, folders.environment[name])
    if uri is not None:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    app = AppTest.from_file(APP, default_timeout=HANG_SECONDS)
    app.query_params["recipe"] = recipe
    app.run()
    app.switch_page("screens/models.py").run()
    assert not app.exception
    return app


def look(folders: Folders, monkeypatch: pytest.MonkeyPatch, uri: str | None, recipe: str = "linear") -> str:
    """What the screen says where nothing went wrong."""
    app = open_screen(folders, monkeypatch, uri, recipe)
    assert not app.error
    kinds = (app.info, app.warning)
    return "\n".join(str(element.value) for kind in kinds for element in kind).replace("\\", "")


def test_tracking_that_is_off_is_said_with_the_way_to_switch_it_on(
    empty: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Tracking is off (`MLFLOW_TRACKING_URI=off`)" in look(empty, monkeypatch, "off")


def test_a_version_that_is_not_servable_stands_so_on_the_screen_with_the_row(
    empty: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = "its answer to a row depends on the rows beside it, such as x = 3: 1 alone and 0 in one batch"
    version = describe(2, hold(None), is_production=True)
    version = replace(version, tags={**version.tags, UNSERVED: why})
    monkeypatch.setattr("page.models.registry_view.ask_registry", lambda *_, **__: VersionList((version,), time.time()))
    app = open_screen(empty, monkeypatch, None)
    assert [error.value.replace("\\", "") for error in app.error] == [
        f"Not servable: {why}. Promote another version, roll back, or change what the reason names and train again."
    ]
    assert any("Not servable" in found.value for found in app.markdown)


def test_a_server_that_is_away_is_said_with_what_to_start(empty: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    said = look(empty, monkeypatch, "http://127.0.0.1:9")
    assert "no MLflow server answers at http://127.0.0.1:9" in said
    assert "docker compose up mlflow" in said


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Registered:
    return copy_registered(tmp_path_factory)


def test_without_versions_the_screen_says_how_to_make_one(folders: Registered, monkeypatch: pytest.MonkeyPatch) -> None:
    said = look(folders, monkeypatch, None, recipe="docstrings")
    assert "No version yet: press Run" in said
    assert "python -m model track docstrings" in said


@pytest.fixture(scope="module")
def server(folders: Registered) -> Iterator[tuple[str, Registered]]:
    with serve(folders) as url:
        yield url, folders


def box(page: Any, number: int) -> Any:
    return page.locator(f".st-key-version-{number}")


def read_history(page: Any, rows: int) -> list[list[str]]:
    """Version, until when, and why of each row, the newest first, once there are so many."""
    table = page.locator("[data-testid=stTable]", has_text="By whom and why").locator("tbody")
    table.locator("tr").nth(rows - 1).wait_for()
    cells = table.locator("tr").evaluate_all("rows => rows.map(row => [...row.cells].map(cell => cell.innerText))")
    return [[row[0], row[2], row[3].split(": ", 1)[1]] for row in cells]


@pytest.mark.browser
@no_chromium
def test_versions_are_promoted_rolled_back_and_brought_back(open_page: Callable[..., Any]) -> None:
    page = open_page("/models?recipe=linear")
    assert [row[0] for row in read_history(page, 1)] == ["1"]
    assert re.search(r"too much worse: r2 -0\.05\d* against 0\.99", box(page, 2).inner_text())
    assert "Gate: refused" in box(page, 2).inner_text()
    assert "In production" in box(page, 1).inner_text()
    assert box(page, 1).get_by_role("button", name="Promote").count() == 0
    assert page.get_by_role("button", name="Roll back").is_disabled()

    box(page, 2).get_by_role("button", name="Promote").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Production changes from version 1 (r2 0.99").wait_for()
    dialog.get_by_text("The gate refused version 2").wait_for()
    dialog.get_by_label("Why?").fill("we look at it")
    dialog.get_by_label("Why?").press("Tab")
    dialog.get_by_role("button", name="Promote version 2").click()
    page.get_by_text("Version 2 is production now.").wait_for()
    box(page, 2).locator(".stMarkdownBadge", has_text=re.compile("In production")).wait_for()
    history = read_history(page, 2)
    assert [row[0] for row in history] == ["2", "1"]
    assert history[0][1:] == ["now", "we look at it"]

    page.get_by_role("button", name="Roll back").click()
    page.get_by_role("dialog").get_by_role("button", name="Roll back to version 1").click()
    page.get_by_text("Rolled back: version 1 is production again.").wait_for()
    page.get_by_role("button", name="Undo the rollback").click()
    page.get_by_role("dialog").get_by_role("button", name="Bring version 2 back").click()
    page.get_by_text("The rollback is undone: version 2 is production again.").wait_for()
    box(page, 2).locator(".stMarkdownBadge", has_text=re.compile("In production")).wait_for()
    assert [row[0] for row in read_history(page, 4)] == ["2", "1", "2", "1"]
    assert page.get_by_role("button", name="Undo the rollback").count() == 0


@pytest.mark.browser
@no_chromium
def test_an_alias_that_was_moved_outside_is_noticed_and_the_card_is_shown(
    open_page: Callable[..., Any], folders: Registered
) -> None:
    page = open_page("/models?recipe=linear")
    read_history(page, 1)
    other = 2 if box(page, 1).locator(".stMarkdownBadge", has_text=re.compile("In production")).count() else 1
    with sqlite3.connect(folders.data / "mlflow" / "mlflow.db") as database:
        database.execute("update registered_model_aliases set version = ? where alias = 'production'", (other,))
    page.get_by_role("button", name="Refresh").click()
    page.locator("td", has_text="the alias was moved outside Relay").wait_for()
    assert read_history(page, 1)[0] == [str(other), "now", "the alias was moved outside Relay"]
    page.get_by_role("button", name="Make the card").click()
    page.get_by_text("What it is not for").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as HTML").click()
    assert download.value.path().read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.locator("img").first.wait_for()
        assert_fits(page, width)
        picture(page, "models", size)


@pytest.mark.slow
def test_the_page_asks_the_registry_without_loading_it(folders: Registered) -> None:
    look = f"""
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({APP!r}, default_timeout={HANG_SECONDS})
app.query_params["recipe"] = "linear"
app.run()
app.switch_page("screens/models.py").run()
next(button for button in app.button if button.label == "Make the card").click().run()
assert any("What it is not for" in found.value for found in app.markdown), app
print(sorted({{"mlflow", "sklearn", "scipy", "skops", "onnxruntime"}} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, env=folders.environment, check=True, capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_a_fetched_result_is_compared_beside_the_kept_ones(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    (older,) = (folder for folder in (full.data / "output" / "linear").iterdir() if is_older(folder))
    fetched = find_runs(full.data) / "0123456789abcdef0123456789abcdef"
    fetched.parent.mkdir(parents=True)
    older.rename(fetched)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name in ("DATA_DIR", "LOG_DIR", "RECIPES"):
        monkeypatch.setenv(name, full.environment[name])
    app = AppTest.from_file(APP, default_timeout=HANG_SECONDS)
    app.query_params["recipe"] = "linear"
    app.run()
    app.switch_page("screens/compare.py").run()
    assert (list(app.exception), list(app.error), list(app.warning)) == ([], [], [])
    assert "threads" in [row["What"] for row in app.table[0].value.to_dict("records")]
    assert "Ask the registry" in [button.label for button in app.button]


def is_older(folder: Path) -> bool:
    """Whether a folder of results is whole and not the one in force."""
    return not folder.is_symlink() and folder != (folder.parent / "latest").resolve() and folder.is_dir()
