"""The tab Code: the own code that a result comes from, by the receipts and by what lies in recipes/ now."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from own_project import OwnProject, copy_trained
from test_page_app import open_page, words

from page.results.own_code import Piece, StageCode, State, compare_code, find_code, find_dataset_code
from page.results.show_code import LOST
from relay.handoff.receipt import Receipt
from relay.handoff.recipe import load_recipe
from relay.results.load import Result, load_latest
from relay.results.output import RECEIPT, describe_files

CLEAN, STUDY, IS_ROOM = "recipes/rooms.py: clean", "recipes/rooms.py: study", "recipes/sizes.py: is_room"


@pytest.fixture
def project(tmp_path_factory: pytest.TempPathFactory) -> OwnProject:
    return copy_trained(tmp_path_factory)


def read_codes(project: OwnProject) -> list[StageCode]:
    return find_code(project.settings, load_recipe(project.rooms), load_latest(project.settings, "rooms"))


def read_pieces(project: OwnProject) -> dict[str, Piece]:
    return {piece.name: piece for code in read_codes(project) for piece in code.pieces}


def find_changed(project: OwnProject) -> dict[str, State]:
    return {name: piece.state for name, piece in read_pieces(project).items() if piece.state is not State.SAME}


def keep_code(project: OwnProject, kept: Mapping[str, str]) -> Result:
    """Put files as they ran into the result, as a model with types of own code brings them."""
    result = load_latest(project.settings, "rooms")
    files = {name: (result.folder / name).read_bytes() for name in result.receipt.files}
    for name, text in kept.items():
        files[f"code/{name}"] = text.encode()
        (result.folder / "code" / name).parent.mkdir(parents=True, exist_ok=True)
        (result.folder / "code" / name).write_text(text, encoding="utf-8")
    receipt = result.receipt.model_copy(update=describe_files(files))
    (result.folder / RECEIPT).write_text(receipt.to_json(), encoding="utf-8")
    return load_latest(project.settings, "rooms")


def test_each_stage_has_its_function_with_the_digest_of_its_receipt_and_all_that_it_reaches(
    project: OwnProject,
) -> None:
    preprocess, model = read_codes(project)
    assert (preprocess.stage, preprocess.function, model.stage, model.function) == (
        *("preprocess", "clean"),
        *("model", "study"),
    )
    assert [piece.name for piece in preprocess.pieces] == [CLEAN, "recipes/rooms.py", IS_ROOM, "recipes/sizes.py"]
    receipt = Receipt.read(project.data / "processed" / "rooms.json")
    for piece in preprocess.pieces:
        assert piece.state is State.SAME
        assert sha256((piece.ran or "").encode()).hexdigest() == piece.digest == receipt.key.code[piece.name]
    assert preprocess.main is not None
    assert (preprocess.main.ran or "").startswith("def clean(\n    rooms: pd.DataFrame,")
    assert not (project.root / "imported.txt").exists()


def test_only_what_was_edited_is_said_to_be(project: OwnProject) -> None:
    project.change("def is_room", "# A comment between statements.\n\n\ndef is_room", "sizes.py")
    project.change("    pass", "    return 1", "sizes.py")  # nothing uses it
    assert find_changed(project) == {}
    project.change("least * SQUARE_METRES", "least", "sizes.py")
    assert find_changed(project) == {IS_ROOM: State.EDITED}
    edited = read_pieces(project)[IS_ROOM]
    assert edited.ran is None
    assert "sizes >= least\n" in (edited.now or "")
    assert edited.difference == ""
    project.change("def is_room", "def is_large", "sizes.py")
    assert find_changed(project) == {IS_ROOM: State.REMOVED}
    project.change("def is_large", "def is_large(", "sizes.py")
    assert find_changed(project) == {IS_ROOM: State.EDITED, "recipes/sizes.py": State.EDITED}
    assert "not valid Python" in read_pieces(project)[IS_ROOM].problem


def test_the_text_that_ran_and_a_diff_are_shown_where_the_result_keeps_it(
    project: OwnProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_code(project, {"recipes/rooms.py": (project.root / "rooms.py").read_text("utf-8")})
    project.change("bins: int = 10", "bins: int = 12", "rooms.py")
    study = read_pieces(project)[STUDY]
    assert study.state is State.EDITED
    assert "bins: int = 10" in (study.ran or "")
    assert "\n-def study(frame: pd.DataFrame, *, bins: int = 10):\n" in study.difference
    assert "\n+def study(frame: pd.DataFrame, *, bins: int = 12):\n" in study.difference
    app = open_page(project, monkeypatch, "rooms")
    assert [code.value for code in app.code if code.language == "diff"] == [study.difference.rstrip()]
    assert (study.ran or "").rstrip() in [code.value for code in app.code if code.language == "python"]
    (project.root / "rooms.py").unlink()
    assert (read_pieces(project)[STUDY].state, read_pieces(project)[STUDY].ran) == (State.REMOVED, study.ran)


def test_a_kept_text_of_another_digest_is_never_taken_for_what_ran(project: OwnProject) -> None:
    keep_code(project, {"recipes/rooms.py": "def study(frame):\n    return 1\n"})
    project.change("bins: int = 10", "bins: int = 12", "rooms.py")
    assert read_pieces(project)[STUDY].ran is None


def test_the_code_of_data_that_was_replaced_is_not_guessed(project: OwnProject) -> None:
    project.run("preprocess", project.rooms, "--set", "preprocess.arguments.least=30")
    codes = read_codes(project)
    assert [(code.stage, code.is_unknown, len(code.pieces)) for code in codes[:1]] == [("preprocess", True, 0)]
    assert [code.stage for code in codes if code.pieces] == ["model"]
    receipt = Receipt.read(project.data / "processed" / "rooms.json")
    assert [code.stage for code in find_dataset_code(load_recipe(project.rooms), [receipt])] == ["preprocess"]


def test_the_code_of_raw_data_of_another_recipe_is_found_while_that_data_is_there(project: OwnProject) -> None:
    raw = Receipt.read(project.data / "raw" / "rooms.json")
    key = raw.key.model_copy(update={"code": {"recipes/offers.py: load": "0" * 64}})
    raw = raw.model_copy(update={"key": key, "recipe": "offers"})
    (project.data / "raw" / "offers.json").write_text(raw.to_json(), encoding="utf-8")
    processed = Receipt.read(project.data / "processed" / "rooms.json")
    for fingerprint, is_unknown in ((raw.fingerprint, False), ("0" * 64, True)):
        inputs = {"raw/offers": fingerprint}
        changed = processed.model_copy(update={"key": processed.key.model_copy(update={"inputs": inputs})})
        (project.data / "processed" / "rooms.json").write_text(changed.to_json(), encoding="utf-8")
        ingest = read_codes(project)[0]
        assert (ingest.stage, ingest.recipe, ingest.is_unknown) == ("ingest", "offers", is_unknown)


def test_the_function_of_a_package_is_found_in_its_first_file(project: OwnProject) -> None:
    (project.root / "rooms").mkdir()
    (project.root / "rooms.py").rename(project.root / "rooms" / "__init__.py")
    receipt = Receipt.read(project.data / "processed" / "rooms.json")
    code = {"recipes/rooms/__init__.py: clean": receipt.key.code[CLEAN], IS_ROOM: receipt.key.code[IS_ROOM]}
    receipt = receipt.model_copy(update={"key": receipt.key.model_copy(update={"code": code})})
    (found,) = find_dataset_code(load_recipe(project.rooms), [receipt])
    assert found.main is not None
    assert (found.main.file, found.main.state) == ("recipes/rooms/__init__.py", State.SAME)
    assert list(found.others) == ["recipes/sizes.py"]


def test_a_data_file_of_a_package_counts_by_its_bytes_and_only_below_the_recipes_folder(project: OwnProject) -> None:
    (project.root / "words.txt").write_text("a b")
    (project.root.parent / "secret.txt").write_text("a b")
    receipt = Receipt.read(project.data / "processed" / "rooms.json")
    names = ("recipes/words.txt", "recipes/gone.txt", "recipes/../secret.txt")
    code = dict.fromkeys(names, sha256(b"a b").hexdigest())
    receipt = receipt.model_copy(update={"key": receipt.key.model_copy(update={"code": code})})
    (found,) = find_dataset_code(load_recipe(project.rooms), [receipt])
    assert {piece.name: piece.state for piece in found.pieces} == {
        "recipes/words.txt": State.SAME,
        "recipes/gone.txt": State.REMOVED,
        "recipes/../secret.txt": State.EDITED,
    }
    assert [piece.problem for piece in found.pieces if piece.problem] != []


def test_two_results_are_compared_by_the_texts_that_ran(project: OwnProject) -> None:
    recipe = load_recipe(project.rooms)
    first = keep_code(project, {"recipes/rooms.py": (project.root / "rooms.py").read_text("utf-8")})
    project.change("bins: int = 10", "bins: int = 12", "rooms.py")
    text = read_pieces(project)[STUDY].now or ""
    code = {**first.receipt.key.code, STUDY: sha256(text.encode()).hexdigest(), CLEAN: "0"}
    key = first.receipt.key.model_copy(update={"code": code})
    second = replace(first, receipt=first.receipt.model_copy(update={"key": key}))
    differences = compare_code(recipe, first, second)
    assert list(differences) == [CLEAN, STUDY]
    assert differences[CLEAN] == ""  # its text is nowhere
    assert "+def study(frame: pd.DataFrame, *, bins: int = 12):" in differences[STUDY]
    assert compare_code(recipe, first, first) == {}


def test_a_result_without_own_code_has_no_tab(project: OwnProject) -> None:
    result = load_latest(project.settings, "rooms")
    key = result.receipt.key.model_copy(update={"code": {"model/training/train.py": "0"}, "inputs": {}})
    built_in = replace(result, receipt=result.receipt.model_copy(update={"key": key}))
    recipe = load_recipe(project.rooms)
    recipe = replace(recipe, sections={"model": {"kind": "estimator"}})
    assert find_code(project.settings, recipe, built_in) == []


def test_the_tab_shows_each_function_and_imports_nothing(project: OwnProject, monkeypatch: pytest.MonkeyPatch) -> None:
    project.change("least * SQUARE_METRES", "least", "sizes.py")
    app = open_page(project, monkeypatch, "rooms")
    assert "Code" in [tab.label for tab in app.tabs]
    shown = [code.value for code in app.code if code.language == "python"]
    assert [text.partition("(")[0] for text in shown if text.startswith("def")] == [
        *("def clean", "def is_room"),
        "def study",
    ]
    assert "Edited or removed since this run: recipes/sizes.py: is_room." in words(app)
    assert "This is the text now: the text that ran was not kept." in words(app)
    digest = Receipt.read(project.data / "processed" / "rooms.json").key.code[CLEAN]
    assert f"SHA-256 `{digest}`" in words(app)
    app.switch_page("screens/data.py").run()
    assert [tab.label for tab in app.tabs] == ["Raw data", "Processed data", "Code"]
    assert "rows. The column raw_row has the number of the raw row that each comes from." in words(app)
    assert not (project.root / "imported.txt").exists()
    assert not app.exception
    assert not app.error


def test_the_page_says_when_the_code_is_not_known(project: OwnProject, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.data / "processed" / "rooms.json").unlink()
    Path(project.data / "processed" / "rooms.parquet").unlink()
    assert LOST in words(open_page(project, monkeypatch, "rooms"))
