"""From a dropped file to a run, and back, in a real browser."""

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import CHROMIUM, DESK, SIZES, assert_fits, picture, serve
from new_project import NewProject, write_customers, write_project

from page.new.uploads import MadeRecipe, keep_file, note_recipe
from relay.handoff.files import hash_file
from relay.handoff.settings import Settings

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium"),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NewProject, str]]:
    """A checkout whose recipes can be written, and the address of its page."""
    made = write_project(tmp_path_factory.mktemp("new"), has_recipes=True)
    with serve(made, code=made.code) as url:
        yield made, url


def drop(page: Any, file: Path) -> None:
    """Upload a file and wait for its draft."""
    page.locator("input[type=file]").set_input_files(file)
    create(page).wait_for()


def create(page: Any) -> Any:
    return page.get_by_role("button", name=re.compile("Create and run( with .*)?$"))


def settle(page: Any) -> None:
    """Wait until the script has run: what is drawn again in the meantime cannot be clicked."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def choose(page: Any, label: str, value: str) -> None:
    """Choose in a list; one that is drawn again while it is open closes, and is opened again."""
    option = page.get_by_role("option", name=value, exact=True)
    for _ in range(10):
        settle(page)
        page.get_by_label(label, exact=True).click()
        try:
            option.click(timeout=5_000)
        except Exception:
            continue
        return
    raise AssertionError(f"{label} has no {value}")


def edit_cell(page: Any, row: int, column: int, text: str) -> None:
    """Type into a cell of the table of columns, by the keys of a spreadsheet: the table is drawn on a canvas."""
    grid = page.locator("[data-testid=stDataFrame]").last
    for _ in range(10):
        settle(page)
        grid.scroll_into_view_if_needed()
        box = grid.locator("canvas").first.bounding_box()
        page.mouse.click(box["x"] + 30, box["y"] + 38 + 35 * row + 17)
        try:
            grid.locator(f"#glide-cell-0-{row}[aria-selected=true]").wait_for(state="attached", timeout=3_000)
        except Exception:  # a message above the table came or went, and the table moved
            continue
        break
    for at in range(column + 1):
        # A key that comes before the cell is chosen is lost.
        grid.locator(f"#glide-cell-{at}-{row}[aria-selected=true]").wait_for(state="attached")
        page.keyboard.press("ArrowRight" if at < column else "Enter")
    editor = page.locator("#portal textarea, #portal input").first
    editor.fill(text)
    editor.press("Enter")
    editor.wait_for(state="detached")


WATCH = """() => {
    window.distances = new Set();
    const top = selector => document.querySelector(selector)?.getBoundingClientRect().top;
    const look = () => {
        const distance = Math.round(top("[data-testid=stMetric]") - top("h2"));
        if (!Number.isNaN(distance)) window.distances.add(distance);
        requestAnimationFrame(look);
    };
    look();
}"""
"""Notes how far the figures have been below the name of the file."""

TYPE, ROLE, RULES = 1, 2, 5
"""Numbers of columns of the table."""


@pytest.mark.slow
def test_a_file_is_drafted_corrected_created_run_and_deleted(
    open_page: Callable[..., Any], project: tuple[NewProject, str], tmp_path: Path
) -> None:
    made, url = project
    page = open_page("/new", url)
    drop(page, write_customers(tmp_path / "customers.csv"))
    page.get_by_text("400 of 400").wait_for()
    cells = page.locator("[data-testid=stDataFrame]").first.locator("[role=gridcell]")
    for text in ("<img src=x onerror=window.hit=1>", "=HYPERLINK(1)", "**x** [y](http://evil.example)"):
        cells.get_by_text(text, exact=True).first.wait_for(state="attached")
    assert (page.evaluate("window.hit"), page.locator("main img").count()) == (None, 0)

    edit_cell(page, 1, RULES, "min: 40")
    page.get_by_text("expected keys as in a recipe, such as min").wait_for()
    assert create(page).is_disabled()
    edit_cell(page, 1, RULES, "min = 40")
    page.get_by_text("would be rejected, and a run stops above 1%").wait_for()
    page.get_by_text("Most of them in age").wait_for()
    edit_cell(page, 1, RULES, "min = 18, max = 90")
    page.get_by_text("400 of 400").wait_for()

    choose(page, "Target", "monthly")
    recipe = page.locator("code", has_text="[ingest]")
    recipe.filter(has_text="HistGradientBoostingRegressor").wait_for(state="attached")
    choose(page, "Target", "left")
    recipe.filter(has_text="HistGradientBoostingClassifier").wait_for(state="attached")
    choose(page, "Model", "HistGradientBoostingClassifier (boosted)")
    recipe.filter(has_text='use = "boosted"').wait_for(state="attached")
    name = page.get_by_label("Name of the recipe", exact=True)
    name.fill("../evil")
    name.press("Enter")
    page.get_by_text("The name is still customers").wait_for()
    name.fill("clients")
    name.press("Enter")
    page.get_by_text("recipes/clients.toml").wait_for()
    for size, (width, height) in {"desk": DESK, "phone": SIZES["phone"]}.items():
        page.set_viewport_size({"width": width, "height": height})
        assert_fits(page, width)
        picture(page, "new", size)
    page.set_viewport_size(dict(zip(("width", "height"), DESK, strict=True)))

    create(page).click()
    page.get_by_text(re.compile("Done in")).wait_for()
    assert page.url.endswith("?recipe=clients")
    written = tomllib.loads((made.code / "recipes" / "clients.toml").read_text("utf-8"))
    age = written["columns"]["age"]
    assert (age["min"], age["max"], written["model"]["use"]) == (18, 90, "boosted")
    assert written["ingest"]["path"] == "data/uploads/customers.csv"

    page.get_by_role("link", name="New").click()
    page.get_by_role("button", name="Delete recipe clients").click()
    page.get_by_role("button", name="Delete clients", exact=True).click()
    page.get_by_text("Deleted the recipe clients. data/raw/clients.parquet").wait_for()
    assert not (made.code / "recipes" / "clients.toml").exists()
    page.get_by_role("button", name="Delete file").click()
    page.get_by_role("button", name="Delete the file", exact=True).click()
    page.get_by_text("Deleted data/uploads/customers.csv.").wait_for()
    assert list((made.data / "uploads").iterdir()) == []
    assert (made.data / "raw" / "clients.parquet").exists()


@pytest.mark.slow
def test_where_recipes_cannot_be_written_it_runs_from_the_data_folder(
    open_page: Callable[..., Any], tmp_path: Path
) -> None:
    made = write_project(tmp_path, has_recipes=False)
    with serve(made, code=made.code) as url:
        page = open_page("/new", url)
        drop(page, write_customers(tmp_path / "customers.csv"))
        page.get_by_text("data/recipes/customers.toml").wait_for()
        create(page).click()
        page.get_by_text(re.compile("Done in")).wait_for()
        page.reload()
        page.get_by_text(re.compile("Done in")).wait_for()
    recipe = made.data / "recipes" / "customers.toml"
    assert (recipe.stat().st_mode & 0o777, page.url.endswith("?recipe=customers")) == (0o644, True)
    assert (made.data / "output" / "customers" / "latest").is_symlink()


@pytest.mark.slow
def test_a_type_and_a_role_that_were_chosen_in_the_table_stay(
    open_page: Callable[..., Any], project: tuple[NewProject, str], tmp_path: Path
) -> None:
    _, url = project
    page = open_page("/new", url)
    drop(page, write_customers(tmp_path / "kinds.csv"))
    page.evaluate(WATCH)
    recipe = page.locator("code", has_text="[ingest]")
    edit_cell(page, 1, TYPE, "category")
    recipe.filter(has_text=re.compile(r'age = \{[^}]*type = "category"')).wait_for(state="attached")
    edit_cell(page, 2, ROLE, "ignore")
    recipe.filter(has_text=re.compile(r'monthly = \{[^}]*role = "ignore"')).wait_for(state="attached")
    edit_cell(page, 1, RULES, 'allowed = ["50"]')
    page.get_by_text("would be rejected, and a run stops above 1%").wait_for()
    settle(page)
    distances = page.evaluate("Array.from(window.distances)")
    assert max(distances) - min(distances) <= 2  # the spinner, which came and went, moved nothing
    said = recipe.text_content()
    assert re.search(r'age = \{[^}]*type = "category"', said)
    assert re.search(r'monthly = \{[^}]*role = "ignore"', said)


@pytest.mark.slow
def test_after_a_deletion_no_other_recipe_is_offered_for_one(
    open_page: Callable[..., Any], project: tuple[NewProject, str]
) -> None:
    made, url = project
    settings = Settings(data_dir=made.data, log_dir=made.root / "logs")
    upload = keep_file(settings, "late.csv", memoryview(b"a,b\n1,2\n"), 1000)
    for name in ("late", "late_b"):
        path = made.code / "recipes" / f"{name}.toml"
        path.write_text('title = "Late"\n[ingest]\nsource = "file"\npath = "data/uploads/late.csv"\n')
        note_recipe(settings, upload, MadeRecipe(name=name, sha256=hash_file(path)))
    page = open_page("/new", url)
    page.get_by_role("button", name=re.compile("Delete recipe late$")).click()
    page.get_by_role("button", name="Delete late", exact=True).dblclick()
    page.get_by_text("Deleted the recipe late.").wait_for()
    settle(page)
    assert page.get_by_text("Deletes the recipe").count() == 0
    assert not (made.code / "recipes" / "late.toml").exists()
    assert (made.code / "recipes" / "late_b.toml").exists()
