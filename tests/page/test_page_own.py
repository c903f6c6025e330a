"""The parameters of a user's functions as fields, and what these functions gave, on the page."""

from datetime import date
from pathlib import Path

import pytest
from own_project import OwnProject, copy_trained
from patience import wait_for
from test_page_app import button, open_page, words

from page.run.form import describe_stage, list_overrides, list_stages
from page.run.job import Order, RunFiles, Status
from relay.handoff.recipe import load_recipe


@pytest.fixture
def project(tmp_path_factory: pytest.TempPathFactory) -> OwnProject:
    return copy_trained(tmp_path_factory)


def test_each_parameter_of_a_signature_becomes_its_kind_of_field(project: OwnProject) -> None:
    fields = describe_stage(load_recipe(project.rooms), "preprocess")
    assert {field.label: (field.kind, field.value) for field in fields if field.group == "clean"} == {
        "since": ("date", date(2024, 1, 31)),
        "least": ("number", 5.0),
        "keep": ("toggle", True),
        "currency": ("choice", "euro"),
        "words": ("toml", ["flat"]),
        "note": ("text", ""),
        "limit": ("integer", None),
        "prices": ("text", None),
        "more": ("toml", []),
    }
    assert [(field.label, field.value) for field in fields if field.kind == "fixed"] == [
        ("kind", "python"),
        ("function", "clean"),
    ]
    assert next(field.help for field in fields if field.label == "least") == "Square metres."
    (bins,) = (field for field in describe_stage(load_recipe(project.rooms), "model") if field.group)
    assert (bins.key, bins.help) == ("model.arguments.bins", "Bars of the histogram.")


def test_functions_of_ingest_have_their_fields_and_without_one_there_are_none(project: OwnProject) -> None:
    labels = [field.label for field in describe_stage(load_recipe(project.rooms), "ingest")]
    assert {"function", "arguments", "timeout"}.isdisjoint(labels)
    with Path(f"{project.root}/rooms.py").open("a", encoding="utf-8") as module:
        module.write("\n\ndef read(path: Path, *, sheet: str = 'first'):\n    return pd.read_csv(path)\n")
    project.change('path = "rooms.csv"', 'path = "rooms.csv"\nformat = "python"\nfunction = "read"')
    fields = {field.key: field for field in describe_stage(load_recipe(project.rooms), "ingest")}
    assert fields["ingest.arguments.sheet"].value == "first"
    assert {fields[f"ingest.{name}"].kind for name in ("source", "path", "format", "function")} == {"fixed"}


def test_what_is_filled_in_is_what_the_function_gets(project: OwnProject) -> None:
    recipe = load_recipe(project.rooms)
    filled = {
        "since": date(1788, 3, 1),
        "least": "7",
        "keep": False,
        "currency": "franc",
        "words": '["a, b"]',
        "note": 'say "no"\x7f',
        "limit": "3",
        "prices": "data/p.csv",
        "more": '["data/q.csv"]',
    }
    fields = describe_stage(recipe, "preprocess")
    overrides = list_overrides(fields, {f"preprocess.arguments.{name}": value for name, value in filled.items()})
    changed = {
        field.label: field.value for field in describe_stage(load_recipe(project.rooms, overrides), "preprocess")
    }
    assert {name: changed[name] for name in filled} == {
        **filled,
        "least": 7.0,
        "words": ["a, b"],
        "limit": 3,
        "more": ["data/q.csv"],
    }


def test_a_recipe_that_ends_early_has_the_stages_that_it_says(project: OwnProject) -> None:
    assert list_stages(load_recipe(project.rooms)) == ("ingest", "preprocess", "model")
    text = Path(project.rooms).read_text(encoding="utf-8")
    Path(project.rooms).write_text(text.partition("[preprocess]")[0], encoding="utf-8")
    assert list_stages(load_recipe(project.rooms)) == ("ingest",)
    text = text.replace('[ingest]\nsource = "file"\npath = "rooms.csv"\n', "")
    text = text.partition("[model]")[0].replace('function = "clean"', 'function = "clean"\nreads = ["other"]')
    Path(project.rooms).write_text(text, encoding="utf-8")
    assert list_stages(load_recipe(project.rooms)) == ("ingest", "preprocess")


def test_the_page_shows_what_a_function_gave_and_imports_nothing_of_it(
    project: OwnProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page(project, monkeypatch, "rooms")
    assert not app.error
    assert "Larger rooms cost more." in words(app)
    metrics = next(table.value for table in app.table if "Metric" in table.value.columns)
    assert metrics.to_numpy().tolist() == [["fit (decides)", "0.91"], ["kind", "3"]]
    assert {"Pictures", "by size"} <= {tab.label for tab in app.tabs}
    assert app.dataframe[0].value.columns.tolist() == ["size", "rent"]
    assert {"files/notes/read_me.txt", "by size.parquet"} <= {found.proto.label for found in app.get("download_button")}
    assert "function: clean" in words(app)
    assert app.date_input[0].value == date(2024, 1, 31)
    app.text_input(key=f"{project.rooms}:0:preprocess.arguments.limit").set_value("many").run()
    assert 'limit: found "many", expected a whole number, such as 1' in words(app)
    app.text_input(key=f"{project.rooms}:0:preprocess.arguments.limit").set_value("").run()
    app.text_input(key=f"{project.rooms}:0:preprocess.arguments.prices").set_value("/etc/passwd").run()
    assert "expected a file in the data folder" in words(app)
    assert button(app, "Run").disabled
    for page in ("data", "compare", "models", "predict"):
        assert not app.switch_page(f"screens/{page}.py").run().exception
        assert "unexpectedly" not in words(app)
    assert not (project.root / "imported.txt").exists()


@pytest.mark.slow
def test_two_results_of_a_function_are_compared(project: OwnProject, monkeypatch: pytest.MonkeyPatch) -> None:
    project.run("model", project.rooms, "--set", "model.arguments.bins=5")
    app = open_page(project, monkeypatch, "rooms", page="compare")
    assert app.table[0].value.to_numpy().tolist() == [["arguments.bins", "10", "5"]]
    assert app.table[1].value["Figure"].tolist() == ["fit", "kind"]
    assert not app.error


def test_a_function_that_fails_shows_the_users_own_lines(project: OwnProject, monkeypatch: pytest.MonkeyPatch) -> None:
    files = RunFiles(project.settings, "rooms")
    files.start(Order("rooms", project.rooms, ("preprocess",), ('preprocess.arguments.note="fail"',)))
    wait_for(lambda: (job := files.find()) is not None and job.status is Status.FAILED, "the failure", pause=0.05)
    app = open_page(project, monkeypatch, "rooms")
    assert "preprocess: recipes/rooms.py, line " in words(app)
    assert "ValueError: the note is fail" in words(app)
    assert any('raise ValueError(f"the note is {note}")' in code.value for code in app.code)
    assert "Traceback" not in words(app) + "".join(code.value for code in app.code)
    assert "Larger rooms cost more." in words(app)  # the result of before


@pytest.mark.parametrize(("end", "said"), [("[preprocess]", "ends after ingest"), ("[model]", "ends after preprocess")])
def test_a_recipe_without_a_model_says_where_its_rows_are(
    project: OwnProject, monkeypatch: pytest.MonkeyPatch, end: str, said: str
) -> None:
    text = Path(project.rooms).read_text(encoding="utf-8")
    Path(project.rooms).write_text(text.partition(end)[0], encoding="utf-8")
    app = open_page(project, monkeypatch, "rooms")
    assert said in words(app)
    assert not app.error
    for page, told in {"data": "Distributions", "models": "has no model", "predict": "has no model"}.items():
        app.switch_page(f"screens/{page}.py").run()
        assert told in words(app) + "".join(found.value for found in app.header)
        assert not app.error
