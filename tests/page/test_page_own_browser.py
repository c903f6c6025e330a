"""The parameters and results of a user's functions in a real browser."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browsing import CHROMIUM, DESK, SIZES, assert_fits, picture, serve
from own_project import OwnProject, copy_trained, write_project

from relay.handoff.receipt import Receipt

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


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OwnProject, str]]:
    """A project with own functions that has run, and the address of its page."""
    project = copy_trained(tmp_path_factory)
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
    page.get_by_text("raise ValueError").first.wait_for()
    page.get_by_role("tab", name="preprocess").click()
    note.fill("good")
    note.press("Enter")
    page.get_by_text('preprocess.arguments.note="good"').first.wait_for()
    press_run(page)
    page.get_by_text("Larger rooms cost more.", exact=True).wait_for()
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
    page.get_by_text("There is no recipe").wait_for()
    assert page.get_by_role("heading", name="Evil").count() == 0


def test_the_tab_code_shows_what_ran_and_what_was_edited_since(
    open_page: Callable[..., Any], trained: tuple[OwnProject, str]
) -> None:
    project, url = trained
    page = open_page("/?recipe=rooms", url)
    page.get_by_role("tab", name="Code").click()
    page.get_by_text("preprocess: clean").wait_for()
    assert page.get_by_text("edited since this run").count() == 0
    digest = Receipt.read(project.data / "processed" / "rooms.json").key.code["recipes/rooms.py: clean"]
    page.get_by_text(digest).wait_for()
    page.get_by_text("recipes/sizes.py: is_room and other statements").click()
    page.get_by_text('"""Whether <b>each</b> is large enough."""').wait_for()
    project.change("least * SQUARE_METRES", "least", "sizes.py")
    page.reload()
    page.get_by_role("tab", name="Code").click()
    page.get_by_text("Edited or removed since this run: recipes/sizes.py: is_room.").wait_for()
    page.get_by_text("recipes/sizes.py: is_room and other statements · edited since this run").click()
    page.get_by_text("the text that ran was not kept").wait_for()
    for size, (width, height) in {"desk": DESK, "phone": SIZES["phone"]}.items():
        page.set_viewport_size({"width": width, "height": height})
        assert_fits(page, width)
        picture(page, "code", size)
    assert not (project.root / "imported.txt").exists()


def break_ingest(project: OwnProject) -> None:
    project.change('path = "rooms.csv"', 'path = "rooms.csv"\nformat = "python"\nfunction = "read"')
    with (project.root / "rooms.py").open("a", encoding="utf-8") as module:
        module.write(f"\n\ndef read(path: Path):\n    {RAISES}\n")


def break_preprocess(project: OwnProject) -> None:
    deep = f"def go(depth):\n        if depth == 0:\n            {RAISES}\n        go(depth - 1)\n\n    go(30)\n    "
    project.change("if note", f"{deep}if note", "rooms.py")


def break_model(project: OwnProject) -> None:
    project.change('Path("notes").mkdir()', RAISES, "rooms.py")


RAISES = 'raise ValueError("<b>bold</b> <img src=x onerror=alert(1)> *a* $b$")'


@pytest.mark.slow
@pytest.mark.parametrize("damage", [break_ingest, break_preprocess, break_model])
def test_a_function_of_each_stage_that_fails_shows_the_users_own_lines_and_its_message_as_text(
    open_page: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory, damage: Callable[[OwnProject], None]
) -> None:
    project = copy_trained(tmp_path_factory)
    damage(project)
    with serve(project) as url:
        page = open_page("/?recipe=rooms", url)
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        press_run(page)
        stage = damage.__name__.removeprefix("break_")
        message = page.get_by_text(f"{stage}: recipes/rooms.py, line ").first
        message.wait_for()
        assert message.inner_text().endswith("ValueError: <b>bold</b> <img src=x onerror=alert(1)> *a* $b$")
        lines = page.locator("[data-testid=stCode]:visible").first.inner_text().strip().splitlines()
        assert lines[-1].strip() == RAISES
        assert len(lines) == (20 if stage == "preprocess" else 2)
        assert page.locator("img[src=x]").count() == 0
        assert dialogs == []
        page.get_by_text("Larger rooms cost more.", exact=True).wait_for()  # the result of before
