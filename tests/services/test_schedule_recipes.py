"""The schedule finds recipes where the stages find them, though nothing of `relay` is in its image."""

from pathlib import Path

import pytest

from relay.handoff import data_recipe, recipe, recipe_file
from relay.handoff.errors import RelayError
from relay.handoff.recipe import load_recipe
from services.airflow import schedule
from services.airflow.schedule import ScheduleError, read_recipes

TEXT = """
title = "Customers"
[columns]
age = { type = "int", role = "input" }
[ingest]
source = "file"
path = "data/uploads/people.csv"
"""


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The project's recipes and those in the data folder."""
    folders = (tmp_path / "project", tmp_path / "data" / "recipes")
    for folder in folders:
        folder.mkdir(parents=True)
    for module in (recipe_file, recipe):
        monkeypatch.setattr(module, "RECIPES_DIR", folders[0])
    return folders


def ask_both(places: tuple[Path, Path], name: str) -> tuple[str, str]:
    """What a stage and the schedule say of a name: its title, or refused."""
    try:
        by_stage = load_recipe(name, data_dir=places[1].parent).title
    except RelayError:
        by_stage = "refused"
    try:
        by_schedule = read_recipes({"SCHEDULE_RECIPES": name}, *places)[0].title
    except ScheduleError:
        by_schedule = "refused"
    return by_stage, by_schedule


def test_a_recipe_in_the_data_folder_is_found(places: tuple[Path, Path]) -> None:
    (places[1] / "people.toml").write_text(TEXT)
    assert ask_both(places, "people") == ("Customers", "Customers")


def test_equal_names_are_refused(places: tuple[Path, Path]) -> None:
    (places[1] / "people.toml").write_text(TEXT)
    (places[0] / "People.toml").write_text(TEXT)
    assert ask_both(places, "people") == ("refused", "refused")
    with pytest.raises(ScheduleError, match=r"two recipes have the name people, in recipes/ and in data/recipes/"):
        read_recipes({"SCHEDULE_RECIPES": "people"}, *places)


def test_links_large_files_and_what_is_no_toml_are_refused(places: tuple[Path, Path]) -> None:
    (places[0] / "real.toml").write_text(TEXT)
    (places[1] / "link.toml").symlink_to(places[0] / "real.toml")
    (places[1] / "large.toml").write_text(TEXT + "#" * data_recipe.LARGEST_FILE)
    (places[1] / "deep.toml").write_text("title = " + "[" * 100_000)
    (places[1] / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    (places[1] / "empty.toml").write_text("")
    for name in ("link", "large", "deep", "bytes", "empty", "nothing"):
        assert ask_both(places, name) == ("refused", "refused"), name


def test_both_take_the_same_names_and_sizes() -> None:
    assert (schedule.RECIPE.pattern, schedule.LARGEST_FILE) == (data_recipe.NAME.pattern, data_recipe.LARGEST_FILE)


def test_it_looks_in_the_images_recipes_and_in_the_data_folder() -> None:
    root = Path(schedule.__file__).resolve().parents[2]
    assert (root / "recipes", root / "data" / "recipes") == schedule.FOLDERS
