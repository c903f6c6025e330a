"""Each screen as axe, a checker of accessibility rules, sees it."""

from typing import Any

import pytest
from browsing import CHROMIUM, DESK, PATIENCE_MS, load
from page_folders import Folders

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium"),
]

SCREENS = {
    "": "Home",
    "run": "Run",
    "new": "New",
    "data": "Data",
    "models": "Models",
    "predict": "Predict",
    "monitor": "Monitor",
    "compare": "Compare",
}
"""Path of each screen -> its title."""

MATTERS = {"moderate", "serious", "critical"}


def find_violations(page: Any) -> set[str]:
    """The rules that matter and that a page breaks, with the first element of each."""
    from axe_playwright_python.sync_playwright import Axe

    return {
        f"{found['id']}: {found['nodes'][0]['html'][:120]}"
        for found in Axe().run(page).response["violations"]
        if found["impact"] in MATTERS
    }


def wait_until_drawn(page: Any) -> None:
    """Wait until the script of the screen has ended and nothing of it is still to come."""
    page.locator("[data-testid=stStatusWidget]").wait_for(state="detached")
    page.locator("[data-testid=stSkeleton]").first.wait_for(state="detached")
    page.wait_for_timeout(500)
    page.locator("[data-testid=stStatusWidget]").wait_for(state="detached")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", SCREENS)
def test_axe_finds_nothing_that_matters(chromium: Any, server: tuple[str, Folders], path: str, theme: str) -> None:
    width, height = DESK
    context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    load(page, f"{server[0]}/{path}{'?recipe=linear' if path else ''}")
    wait_until_drawn(page)
    found, title = find_violations(page), page.title()
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id).filter(id => id)")
    context.close()
    assert found == set()
    assert title == f"{SCREENS[path]} · Relay"
    assert sorted({one for one in ids if ids.count(one) > 1}) == []


def test_axe_finds_a_contrast_that_is_too_low(chromium: Any) -> None:
    page = chromium.new_page()
    page.set_content('<html lang="en"><title>t</title><main><h1>t</h1><p style="color: #999">faint</p></main></html>')
    found = find_violations(page)
    page.close()
    assert [one.split(":")[0] for one in found] == ["color-contrast"]
