"""A map of styles in a real browser: its tabs with their pictures, and a text that somebody pastes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browsing import CHROMIUM, PATIENCE_MS, SIZES, assert_fits, picture, wait_for_chart
from page_folders import WORDS, Folders, write_paper

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium"),
]

PICTURES = {
    "Tree": "tree",
    "Time": "time",
    "Words": "words",
    "Trust": "neighbours",
    "Consensus": "consensus",
    "Markers": "oppose",
    "Rolling": "rolling",
}


def choose_tab(page: Any, title: str) -> Any:
    page.get_by_role("tab", name=title, exact=True).click()
    panel = page.locator("[role=tabpanel]:visible").first
    panel.wait_for()
    return panel


def ask(page: Any, text: str) -> None:
    page.get_by_label("A text").fill(text)
    page.get_by_role("button", name="Ask").click()
    # The first question loads the libraries, on a machine that may be busy.
    page.get_by_text("Imposters:").wait_for(timeout=PATIENCE_MS)
    page.get_by_text("The large star is your text").wait_for()


@pytest.mark.parametrize(
    ("recipe", "titles"),
    [
        ("styles", ["Tree", "Words", "Trust"]),
        ("papers", ["Tree", "Time", "Words", "Trust", "Markers", "Consensus", "Rolling"]),
    ],
)
def test_each_tab_shows_its_picture_and_offers_its_vectors(
    open_page: Callable[..., Any], recipe: str, titles: list[str]
) -> None:
    page = open_page(f"/?recipe={recipe}")
    for title in titles:
        panel = choose_tab(page, title)
        image = panel.locator("img").last
        image.wait_for()
        image.evaluate("e => e.decode()")
        assert image.evaluate("e => e.naturalWidth") > 500
        with page.expect_download() as download:
            panel.get_by_role("button", name=f"{PICTURES[title]}.svg").click()
        assert download.value.suggested_filename == f"{recipe}-{PICTURES[title]}.svg"
        assert "<svg" in Path(download.value.path()).read_text(encoding="utf-8")


def test_every_tab_fits_every_screen(open_page: Callable[..., Any]) -> None:
    page = open_page("/?recipe=papers")
    for size, (width, height) in SIZES.items():
        for title in ("Map", "Tree", "Time", "Words", "Trust", "Markers", "Consensus", "Rolling", "Unknown"):
            page.set_viewport_size({"width": width, "height": height})
            panel = choose_tab(page, title)
            if title == "Map":
                wait_for_chart(page)
                trust = panel.get_by_text("How far to trust it").bounding_box()
                chart = panel.locator("[data-testid=stVegaLiteChart]").bounding_box()
                assert (trust["x"] > chart["x"] + chart["width"] - 1) == (size == "laptop")  # beside it, or below
            assert_fits(page, width)
            picture(page, f"tab-{title.lower()}", size, ("light",) if size == "laptop" else ("dark",))


@pytest.mark.parametrize(
    ("recipe", "text", "label"),
    [
        ("styles", " ".join(WORDS["Ben"].split() * 40), "Ben"),
        ("papers", write_paper("MADISON", 77, words=900), "MADISON"),
    ],
)
def test_a_pasted_text_is_answered_on_every_screen(
    open_page: Callable[..., Any], server: tuple[str, Folders], recipe: str, text: str, label: str
) -> None:
    page = open_page(f"/?recipe={recipe}")
    ask(page, text)
    answer = page.locator("[data-testid=stTable]:visible").last
    assert answer.locator("tbody tr").first.inner_text().split()[0] == label
    page.get_by_text("Attribution is unreliable below").last.wait_for()
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.get_by_text("The large star is your text").wait_for()
        assert_fits(page, width)
        picture(page, f"ask-{recipe}", size, ("light",) if size == "laptop" else ("dark",))
