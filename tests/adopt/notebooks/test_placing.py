"""Recipes and modules are placed whole, and nothing that a person has edited is overwritten."""

import json
from pathlib import Path

import pytest

from adopt.notebooks.placing import NameTakenError, Places, hash_files, place_files, require_free, set_aside
from relay.handoff.errors import UsageError

FILES = {"recipes/forum.toml": b"title", "recipes/forum/__init__.py": b"code", "data/forum/a.csv": b"x\n1\n"}


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "data").mkdir()
    return Places(tmp_path / "recipes", tmp_path / "data", "forum")


def list_files(places: Places) -> list[str]:
    root = places.recipes.parent
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def adopt(places: Places) -> None:
    place_files(places, FILES)
    places.report.mkdir(parents=True)
    (places.report / "report.json").write_text(json.dumps({"files": hash_files(FILES)}))


def test_all_files_are_placed(places: Places) -> None:
    place_files(places, FILES)
    assert list_files(places) == sorted(FILES)


def test_one_that_is_there_leaves_none_of_the_others(places: Places) -> None:
    (places.recipes / "forum").mkdir()
    (places.recipes / "forum" / "__init__.py").write_bytes(b"mine")
    with pytest.raises(NameTakenError, match="forum/__init__"):
        place_files(places, FILES)
    assert list_files(places) == ["recipes/forum/__init__.py"]
    assert not (places.data / "forum").exists()


def test_data_that_is_there_with_the_same_content_is_no_clash(places: Places) -> None:
    (places.data / "forum").mkdir()
    (places.data / "forum" / "a.csv").write_bytes(b"x\n1\n")
    place_files(places, FILES)
    assert list_files(places) == sorted(FILES)


@pytest.mark.parametrize("name", ["forum.toml", "forum.py", "forum/notes.txt"])
def test_a_recipe_or_module_of_that_name_is_never_overwritten(places: Places, name: str) -> None:
    path = places.recipes / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    with pytest.raises(NameTakenError, match=f"recipes/{name} is there already"):
        require_free(places)


def test_an_earlier_adoption_may_be_written_again(places: Places) -> None:
    adopt(places)
    assert list(require_free(places)) == list(FILES)


@pytest.mark.parametrize("name", list(FILES))
def test_an_adoption_that_was_edited_is_never_overwritten(places: Places, name: str) -> None:
    adopt(places)
    places.find(name).write_text("edited")
    with pytest.raises(NameTakenError, match=f"{name} was edited after it was adopted"):
        require_free(places)


def test_what_was_set_aside_comes_back_unless_all_is_done(
    places: Places, tmp_path_factory: pytest.TempPathFactory
) -> None:
    adopt(places)
    before = list_files(places)
    scratch = tmp_path_factory.mktemp("scratch")
    seen: list[str] = []

    def fail() -> None:
        with set_aside(places, require_free(places), scratch):
            seen.extend(list_files(places))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert seen == ["data/adopted/forum/report.json"]
    assert list_files(places) == before
    with set_aside(places, require_free(places), scratch) as done:
        place_files(places, {"recipes/forum.toml": b"new"})
        done.append("done")
    assert (places.recipes / "forum.toml").read_bytes() == b"new"
    assert not (places.recipes / "forum" / "__init__.py").exists()


def test_a_subcommand_is_no_name(places: Places) -> None:
    with pytest.raises(UsageError, match="subcommand"):
        require_free(Places(places.recipes, places.data, "predict"))
