"""Home: a card for each recipe, a tour, and the addresses that lead to it or past it."""

from collections.abc import Callable
from typing import Any

import pytest
from browsing import CHROMIUM, SIZES, assert_fits, picture
from page_folders import Folders
from streamlit.testing.v1 import AppTest
from test_page_app import APP, button, words
from variables import VARIABLES

from page.home.cards import read_card
from page.home.tour import GLOSSARY
from page.run.progress import say_status
from relay.results.load import load_latest


def open_home(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name in ("DATA_DIR", "LOG_DIR", "RECIPES"):
        monkeypatch.setenv(name, folders.environment[name])
    app = AppTest.from_file(APP, default_timeout=120).run()
    assert not app.exception
    return app


def test_each_recipe_with_a_result_has_a_card_and_the_others_a_line(
    full: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_home(full, monkeypatch)
    assert app.title[0].value == "Relay"
    assert sorted(found.value for found in app.subheader) == [
        "A line through noisy points",
        "Three ways of writing",
        "Two men, one subject",
    ]
    said = words(app)
    assert "R², explained share of the variance: 0.99" in said
    assert said.count("Made 20") == 3
    assert "Borrowers" in said  # the description of `credit`, which has no result
    assert [found.label for found in app.button if found.label == "Open"] == ["Open"] * 3


def test_a_card_leads_to_its_recipe(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_home(full, monkeypatch)
    app.button(key=f"open-{full.papers}").click().run()
    assert app.title[0].value == "Two men, one subject"


def test_the_tour_opens_and_closes_and_each_term_is_explained(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_home(full, monkeypatch)
    assert "1 · Recipe" not in words(app)
    button(app, "Tour").click().run()
    assert all(f"{number} · " in words(app) for number in range(1, 6))
    button(app, "Tour").click().run()
    assert "1 · Recipe" not in words(app)
    assert set(GLOSSARY) == {"fingerprint", "receipt", "key", "contract", "gate", "alias", "profile", "window"}


def test_what_is_wrong_with_one_recipe_stands_on_its_card_and_hides_no_other(
    full: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = load_latest(full.settings, "styles").folder
    (folder / "metrics.json").write_text("{}", encoding="utf-8")
    card = read_card(full.settings, full.styles)
    assert "metrics.json" in card.problem
    app = open_home(full, monkeypatch)
    assert "metrics.json" in words(app)
    assert len(app.subheader) == 2


def test_the_outcome_of_the_last_run_stands_on_the_card(full: Folders) -> None:
    record = """{"recipe": "linear", "command": [], "overrides": [], "pid": 1, "host": "h", "log": "l",
        "started_unix": 1.0, "ended_unix": 2.0, "steps": [{"stage": "ingest", "state": "done"},
        {"stage": "preprocess", "state": "failed", "exit_code": 1}]}"""
    (full.data / ".runs").mkdir(exist_ok=True)
    (full.data / ".runs" / "linear.json").write_text(record, encoding="utf-8")
    card = read_card(full.settings, "linear")
    assert card.job is not None
    assert say_status(card.job) == "failed in preprocess, 1970-01-01 00:00 UTC"


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium")
def test_home_is_the_address_without_a_recipe_and_old_links_still_lead_to_run(open_page: Callable[..., Any]) -> None:
    page = open_page("/")
    page.get_by_text("Words", exact=True).wait_for()
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        assert_fits(page, width)
        picture(page, "home", size)
    for path in ("/?recipe=styles", "/run?recipe=styles"):
        page = open_page(path)
        assert page.locator("h1").inner_text() == "Three ways of writing"
        page.reload()
        page.get_by_text("Made 20").first.wait_for()
        assert page.evaluate("location.pathname + location.search") == "/run?recipe=styles"
