"""The first that anybody asks a fresh server for may be any page: an address that was sent, or a bookmark."""

from collections.abc import Callable
from typing import Any

import pytest
from browsing import CHROMIUM, serve
from page_folders import Folders

from relay.handoff.settings import ROOT

SCREENS = sorted(path.stem for path in (ROOT / "page" / "screens").glob("[!_]*.py"))
OTHERS = [screen for screen in SCREENS if screen != "run"]


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium")
@pytest.mark.parametrize("screen", [pytest.param("run", marks=pytest.mark.smoke), *OTHERS])
def test_a_first_visit_goes_straight_to_any_page(full: Folders, open_page: Callable[..., Any], screen: str) -> None:
    path = "/" if screen == "home" else f"/{screen}"
    with serve(full) as url:
        page = open_page(path if screen == "home" else f"{path}?recipe=linear", url)
        assert page.locator("h1").inner_text() != ""
        assert page.get_by_text("encountered an error").count() == 0
        links = page.get_by_test_id("stTopNavLink")
        assert sorted(link.inner_text().split()[-1].lower() for link in links.all()) == SCREENS
        assert page.evaluate("location.pathname") == path


def test_no_folder_beside_the_main_script_makes_streamlit_guess_the_pages() -> None:
    # It runs each file of a folder `pages` there by itself, without the main script, until the first `st.navigation`.
    assert (ROOT / "page" / "app.py").is_file()
    assert not (ROOT / "page" / "pages").exists()
