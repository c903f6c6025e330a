"""The parameters and results of a user's functions in a real browser."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browsing import CHROMIUM, DESK, SIZES, assert_fits, picture, serve
from own_project import OwnProject, write_project

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium"),
]


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OwnProject, str]]:
    """A project with own functions in which nothing has run, and the address of its page."""
    project = write_project(tmp_path_factory.mktemp("rooms"))
    with serve(project) as url:
        yield project, url


def press_run(page: Any) -> None:
    page.get_by_role("button", name=re.compile(r"Run$")).click()


@pytest.mark.slow
def test_a_function_that_fails_and_then_works_is_run_from_its_own_fields(
    open_page: Callable[..., Any], rooms: tuple[OwnProject, str]
) -> None:
    page = open_page("/?recipe=rooms", rooms[1])
    page.get_by_role("tab", name="preprocess").click()
    page.get_by_text("Parameters of clean").wait_for()
    note = page.get_by_label("note", exact=True)
    note.fill("fail")
    note.press("Enter")
    page.get_by_text("preprocess.arguments.note=").first.wait_for()
    press_run(page)
    page.get_by_text("ValueError: the note is fail").first.wait_for()
    assert page.get_by_text("raise ValueError").first.is_visible()
    page.get_by_role("tab", name="preprocess").click()
    note.fill("good")
    note.press("Enter")
    page.get_by_text('preprocess.arguments.note="good"').first.wait_for()
    press_run(page)
    page.get_by_text("Larger rooms cost more.").wait_for()
    page.get_by_text("sizes_of_rooms.png").first.wait_for()
    for size, (width, height) in {"desk": DESK, "phone": SIZES["phone"]}.items():
        page.set_viewport_size({"width": width, "height": height})
        assert_fits(page, width)
        picture(page, "own", size)
    assert (rooms[0].data / "output" / "rooms" / "latest").exists()


def test_a_recipe_of_the_address_that_the_page_does_not_know_is_never_loaded(
    open_page: Callable[..., Any], rooms: tuple[OwnProject, str]
) -> None:
    evil = rooms[0].root / "evil.toml"
    evil.write_text((rooms[0].root / "rooms.toml").read_text("utf-8").replace("Rooms by size", "Evil"), "utf-8")
    page = open_page(f"/?recipe={evil}", rooms[1])
    page.get_by_role("button", name=re.compile(r"Run$")).wait_for()
    assert page.get_by_text("Evil").count() == 0
