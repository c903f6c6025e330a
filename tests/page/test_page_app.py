"""The pages without a browser: what they show and say, and what the form asks for."""

import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from page_folders import Folders, write_paper
from patience import HANG_SECONDS
from streamlit.testing.v1 import AppTest
from variables import VARIABLES

from page.run.job import Job, Record, RunFiles, Status, Step, StepState
from relay.handoff.settings import ROOT
from relay.results.load import load_latest

APP = str(ROOT / "page" / "app.py")
TITLES = ("Map", "Tree", "Time", "Words", "Trust", "Markers", "Consensus", "Rolling", "Unknown")
PCA_OF_FEATURES = ("--set", "model.projection=pcoa", "--set", "model.distance=euclidean")


def open_page(folders: Folders, monkeypatch: pytest.MonkeyPatch, recipe: str = "linear", page: str = "run") -> AppTest:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name in ("DATA_DIR", "LOG_DIR", "RECIPES"):
        monkeypatch.setenv(name, folders.environment[name])
    app = AppTest.from_file(APP, default_timeout=HANG_SECONDS)
    app.query_params["recipe"] = Path(recipe).stem
    app.run()
    if page != "run":
        app.switch_page(f"screens/{page}.py").run()
    assert not app.exception
    return app


def ask(app: AppTest, source: str, text: str) -> None:
    """Paste a text and press the button; the answer takes the libraries' loading time."""
    app.text_area(key=f"{source}:text").set_value(text)
    button(app, "Ask").click().run(timeout=HANG_SECONDS)


def button(app: AppTest, label: str) -> Any:
    return next(found for found in app.button if found.label == label)


def words(app: AppTest) -> str:
    """Everything that is said on the page, as one text."""
    kinds = (app.title, app.markdown, app.caption, app.error, app.warning, app.info, app.success)
    return "\n".join(str(element.value) for kind in kinds for element in kind).replace("\\", "")


def test_the_recipe_of_the_address_is_the_one_shown(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(full, monkeypatch, full.styles)
    assert app.title[0].value == "Three ways of writing"
    app.selectbox(key="recipe").select("linear").run()
    assert app.title[0].value == "A line through noisy points"


def test_a_result_is_told_in_words_and_figures(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(full, monkeypatch)
    assert "LinearRegression learned y from 1 input column of 80 rows" in words(app)
    assert list(app.table[0].value.columns) == ["Figure", "Model", "Baseline", "Better is"]
    charts = ["Fitted line", "Predicted and true", "What it misses", "Pictures"]
    assert [tab.label for tab in app.tabs if tab.label in charts] == charts


@pytest.mark.parametrize(
    ("recipe", "titles"),
    [
        ("styles", ["Map", "Tree", "Words", "Trust"]),
        ("papers", ["Map", "Tree", "Time", "Words", "Trust", "Markers", "Consensus", "Rolling", "Unknown"]),
    ],
)
def test_a_map_of_styles_has_a_tab_a_question_and_loses_no_sentence(
    full: Folders, monkeypatch: pytest.MonkeyPatch, recipe: str, titles: list[str]
) -> None:
    app = open_page(full, monkeypatch, recipe)
    assert not app.error
    tabs = {tab.label: tab for tab in app.tabs}
    assert [title for title in tabs if title in TITLES] == titles
    found = load_latest(full.settings, recipe).findings.sentences
    shown = "\n".join(str(element.value) for element in app.markdown).replace("\\", "").replace("\xa0", " ")
    assert [sentence for sentence in found if sentence not in shown] == []
    trust = next(sentence for sentence in found if " lie nearest to a chunk of the same label" in sentence)
    for title in ("Map", "Trust"):
        said = [element.value.replace("\\", "").replace("\xa0", " ") for element in tabs[title].markdown]
        assert trust in said


def test_what_nobody_knows_is_shown_document_by_document(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(full, monkeypatch, "papers")
    (unknown,) = (tab for tab in app.tabs if tab.label == "Unknown")
    documents, verdicts, trials = (frame.value for frame in unknown.dataframe)
    assert verdicts["Document"].tolist() == ["No. 21", "No. 22", "No. 23"]
    assert all(verdict.startswith("yes") for verdict in verdicts["MADISON?"])
    assert documents["Document"].tolist() == ["No. 21", "No. 22", "No. 23"]
    assert set(documents["Nearest"]) == {"MADISON"}
    assert (documents["HAMILTON (%)"] + documents["MADISON (%)"]).between(99, 101).all()
    assert (trials["HAMILTON"] + trials["MADISON"]).unique().tolist() == [3]


@pytest.mark.slow
def test_a_map_says_what_its_axes_are(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"styles": "only nearness means something", "papers": "so no n-gram has a loading"}
    assert {recipe: text in words(open_page(full, monkeypatch, recipe)) for recipe, text in said.items()} == {
        "styles": True,
        "papers": True,
    }
    full.run("model", full.styles, *PCA_OF_FEATURES)
    app = open_page(full, monkeypatch, "styles")
    assert "each axis is a weighted sum of n-grams" in words(app)
    (shown,) = (tab for tab in app.tabs if tab.label == "Map")
    assert "further along the first axis" in "".join(element.value for element in shown.markdown)
    assert {"loadings.svg", "loadings.png"} <= {found.proto.label for found in shown.get("download_button")}


def test_a_pasted_text_is_answered_and_a_short_one_refused_in_words(
    full: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page(full, monkeypatch, "papers")
    ask(app, full.papers, "too short")
    assert "the text is too short: found 9 characters" in words(app)
    ask(app, full.papers, write_paper("MADISON", 77, words=900))
    table = app.table[-1].value
    assert table["Label"].tolist() == ["MADISON", "HAMILTON"]
    assert "Imposters: yes." in words(app)
    assert "The text has 900 words. Attribution is unreliable below about 2,500" in words(app)
    app.switch_page("screens/data.py").run()
    app.switch_page("screens/run.py").run()
    assert "Imposters: yes." in words(app)  # the answer stays over a look at another page
    app.session_state[f"{full.papers}:answer"]["model_sha256"] = "of another model"
    assert "Imposters:" not in words(app.run())


def test_a_question_that_fails_unexpectedly_is_told_in_words_and_logged(
    full: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("page.shell.command.sys.executable", "/bin/false")
    app = open_page(full, monkeypatch, "papers")
    ask(app, full.papers, write_paper("MADISON", 77))
    assert "failed unexpectedly" in words(app)
    assert "`python -m model ask" in (full.logs / "page.log").read_text(encoding="utf-8")


def test_where_the_result_holds_no_model_there_is_none_to_ask(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("page.predict.text.MODEL_FILE", "a file that the result does not hold")
    app = open_page(full, monkeypatch, "styles")
    assert "There is no model to ask" in words(app)
    assert "Ask" not in [found.label for found in app.button]


def test_the_form_is_made_from_the_types_and_what_is_changed_becomes_the_command(
    full: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page(full, monkeypatch)
    assert app.text_input(key="linear:0:model.threads").help.endswith("At least 1.")
    app.text_input(key="linear:0:model.threads").set_value("1").run()
    app.text_input(key="linear:0:model.options").set_value("{ fit_intercept = false }").run()
    # In the order of the form, which the types decide.
    changes = ["--set", "--set", "linear", 'model.options={ "fit_intercept" = false }', "model.threads=1"]
    (told,) = (code.value.split(" &&\n") for code in app.code if code.value.startswith("python"))
    commands = [shlex.split(line) for line in told]
    assert [command[:3] for command in commands] == [
        ["python", "-m", stage] for stage in ("ingest", "preprocess", "model")
    ]
    assert [sorted(command[3:]) for command in commands] == [changes] * 3
    button(app, "Back to the recipe's own").click().run()
    assert app.text_input(key="linear:1:model.threads").value == "2"
    assert not [code for code in app.code if code.value.startswith("python")]


def test_a_dataset_in_parts_is_shown_like_one_file(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    for stage in ("ingest", "preprocess"):
        full.run(stage, "linear", "--set", "ingest.part_rows=30")
    app = open_page(full, monkeypatch, page="data")
    assert [metric.value for metric in app.metric if metric.label == "Parts"] == ["4", "4"]
    assert "Fingerprint: the SHA-256 of SHA256SUMS in the folder" in words(app)
    assert "Of 100 rows, spread evenly over the dataset." in words(app)
    assert "The first 30 of 100 rows" in words(app)
    [part] = (full.data / "raw" / "linear.parts").glob("*/part-00002.parquet")
    part.write_bytes(b"cut")
    app.run()
    assert "1 of 4 parts in" in words(app)


def test_what_is_filled_in_stays_over_a_look_at_another_page(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(full, monkeypatch)
    app.text_input(key="linear:0:ingest.rows").set_value("77").run()
    app.switch_page("screens/data.py").run()
    app.switch_page("screens/run.py").run()
    assert app.text_input(key="linear:0:ingest.rows").value == "77"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0", "greater than or equal to 1"),
        ("-3", "greater than or equal to 1"),
        ("2.5", 'threads: found "2.5", expected a whole number, such as 2'),
        ("1.000", 'threads: found "1.000", expected a whole number'),
        ("two", 'threads: found "two", expected a whole number'),
        ("1e400", 'threads: found "1e400", expected a whole number'),
    ],
)
def test_a_number_that_is_none_or_out_of_range_is_refused_and_nothing_else_runs(
    full: Folders, monkeypatch: pytest.MonkeyPatch, typed: str, said: str
) -> None:
    app = open_page(full, monkeypatch)
    app.text_input(key="linear:0:model.threads").set_value(typed)
    # The click of a person who does not wait until the button is off.
    button(app, "Run").click().run()
    assert said in words(app).replace("\\", "")
    assert button(app, "Run").disabled
    assert "Running for" not in words(app)
    app.text_input(key="linear:0:model.threads").set_value("2").run()
    assert not button(app, "Run").disabled


def test_what_a_stage_would_refuse_is_said_at_once_and_the_button_is_off(
    full: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page(full, monkeypatch, full.styles)
    app.selectbox(key=f"{full.styles}:0:model.chunking").select("joined").run()
    assert "chunk_chars has no effect" in words(app)
    assert button(app, "Run").disabled


def test_the_button_runs_a_process_of_its_own_and_the_page_shows_how_it_ended(
    full: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page(full, monkeypatch)
    app.text_input(key="linear:0:model.options").set_value("{ no_such = 1 }").run()
    button(app, "Run").click().run()
    files = RunFiles(full.settings, "linear")
    while (job := files.find()) is not None and job.status is Status.RUNNING:
        time.sleep(0.1)
    app.run()
    assert "model: " in words(app)
    assert "no_such" in words(app)
    assert "Traceback" not in words(app) + "".join(code.value for code in app.code)
    assert "LinearRegression learned y" in words(app)  # the result before is still there


@pytest.mark.slow
def test_an_image_with_the_model_alone_runs_the_model_alone(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("page.run.form.find_spec", lambda stage: stage == "model" or None)
    app = open_page(full, monkeypatch)
    assert "docker compose run --rm ingest linear" in words(app)
    assert {"ingest", "preprocess"}.isdisjoint(tab.label for tab in app.tabs)


@pytest.mark.parametrize("page", ["run", "data", "compare"])
def test_without_data_each_page_says_what_to_do(empty: Folders, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    app = open_page(empty, monkeypatch, page=page)
    said = {"run": "press Run", "data": "run `python -m ingest linear`", "compare": "press Run"}
    assert said[page] in words(app)
    assert not app.error


def test_while_the_first_model_is_trained_nothing_says_that_there_is_none(
    empty: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [Step(stage="model", state=StepState.RUNNING, started_unix=time.time())]
    record = Record(
        recipe="linear", command=["python"], overrides=[], pid=1, host="other", log=empty.logs / "run.log",
        started_unix=time.time(), steps=steps,
    )  # fmt: skip
    monkeypatch.setattr(RunFiles, "find", lambda _: Job(record, Status.RUNNING))
    app = open_page(empty, monkeypatch)
    assert "nothing was trained yet" not in words(app)
    assert "The result appears here when the run has ended" in words(app)


def test_a_damaged_dataset_is_named_with_the_way_out(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    with (full.data / "processed" / "linear.parquet").open("ab") as file:
        file.write(b"x")
    app = open_page(full, monkeypatch, page="data")
    assert "do not belong together" in words(app)
    assert "python -m preprocess linear --force" in words(app)
    assert len(app.dataframe) == 1  # the raw rows are shown all the same


def test_a_damaged_result_is_named(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    (full.data / "output" / "linear" / "latest" / "findings.md").write_text("nonsense", encoding="utf-8")
    assert "findings.md was changed" in words(open_page(full, monkeypatch))


def test_a_recipe_with_a_slip_is_told_with_file_and_key(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Path(full.styles)
    recipe.write_text(recipe.read_text(encoding="utf-8").replace("chunk_chars", "chunk_char"), encoding="utf-8")
    assert 'did you mean "chunk_chars"?' in words(open_page(full, monkeypatch, full.styles))


def test_an_unexpected_error_is_a_plain_sentence_and_goes_to_the_log(
    full: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.results.load.read_findings", lambda _: 1 / 0)
    app = open_page(full, monkeypatch)
    assert "failed unexpectedly" in words(app)
    assert "ZeroDivisionError" not in words(app)
    assert "ZeroDivisionError" in (full.logs / "page.log").read_text(encoding="utf-8")


def test_two_results_are_compared_by_what_differs(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(full, monkeypatch, page="compare")
    assert app.table[0].value.to_dict("records") == [{"What": "threads", "First result": "1", "Second result": "2"}]
    assert "Difference" in app.table[1].value.columns


def test_rejected_rows_are_counted_by_reason(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    full.run("ingest", "linear", "--set", "ingest.formula={}", "--set", "columns.y.min=0", "--set", "columns.y.max=9")
    full.run("preprocess", "linear", "--set", "columns.y.max=8", "--set", "preprocess.max_rejected_share=0.5")
    app = open_page(full, monkeypatch, page="data")
    reasons = [table.value for table in app.table if "Why" in table.value.columns]
    assert reasons[0]["Rows"].astype(int).sum() > 0


def test_the_page_never_loads_the_libraries_that_train(full: Folders) -> None:
    look = f"""
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({APP!r}, default_timeout={HANG_SECONDS}).run()
for page in ("data", "compare", "run"):
    assert not app.switch_page(f"screens/{{page}}.py").run().exception
app.selectbox(key="recipe").select({full.papers!r}).run()
app.text_area(key={full.papers + ":text"!r}).set_value({write_paper("MADISON", 77)!r})
next(found for found in app.button if found.label == "Ask").click().run(timeout={HANG_SECONDS})
assert not app.exception and app.table[-1].value["Label"][0] == "MADISON"
print(sorted({{"sklearn", "scipy", "numba", "skops", "matplotlib"}} & set(sys.modules)))
"""
    command = [sys.executable, "-c", look]
    done = subprocess.run(command, cwd=ROOT, env=full.environment, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
