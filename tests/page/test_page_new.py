"""The screen New without a browser: it takes a data file, shows its draft, and refuses other files."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from new_project import write_customers
from openpyxl import Workbook
from page_folders import Folders
from test_page_app import button, words
from test_page_app import open_page as open_screen

from page.new.making import create_recipe, draft_file
from page.new.uploads import Upload, UploadError, find_upload, keep_file, open_scratch
from page.shell.command import ADOPT, ADOPT_BYTES, Command, CommandError
from relay.handoff.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", log_dir=tmp_path / "logs")


def upload(settings: Settings, name: str, content: bytes) -> Upload:
    return keep_file(settings, name, memoryview(content), 10_000_000)


def test_a_dropped_file_is_kept_and_drafted(empty: Folders, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    app = open_screen(empty, monkeypatch, page="new")
    assert app.title[0].value == "New recipe"
    content = write_customers(tmp_path / "x.csv").read_bytes()
    app.file_uploader[0].set_value(("=cmd <b>.csv", content, "text/csv")).run()
    assert not app.exception
    assert not app.error
    said = words(app)
    assert "=cmd <b>.csv" in said
    assert [metric.value for metric in app.metric] == ["400", "5", "400 of 400"]
    assert (app.selectbox(key="new-target:cmd_b.csv").value, button(app, "Create and run").disabled) == ("left", False)
    assert "data/uploads/cmd_b.csv" in said
    assert (empty.data / "uploads" / "cmd_b.csv").read_bytes() == content
    assert (empty.data / "recipes").exists() is False
    table = app.data_editor[0].value
    assert table["Name"].tolist() == ["customer_id", "age", "monthly", "b_note_b", "left"]
    button(app, "Close").click().run()
    assert [one.label for one in app.button if one.label == "Create and run"] == []


def test_one_sheet_of_a_workbook_is_chosen_and_drafted(
    empty: Folders, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    book = Workbook()
    for name, column in (("Orders", "price"), ("Staff", "salary")):
        sheet = book.create_sheet(name)
        for row in ([column, "city"], *([number + 0.5, "Bonn"] for number in range(30))):
            sheet.append(row)
    book.save(tmp_path / "two.xlsx")
    app = open_screen(empty, monkeypatch, page="new")
    app.file_uploader[0].set_value(("two.xlsx", (tmp_path / "two.xlsx").read_bytes(), "")).run()
    assert not app.error
    assert not [one for one in app.button if one.label.startswith("Create and run")]
    app.selectbox(key="new-part-sheet:two.xlsx").select("Staff").run()
    assert not app.error
    assert app.data_editor[0].value["Name"].tolist() == ["salary", "city"]
    assert 'sheet = "Staff"' in app.code[-1].value
    app.selectbox(key="new-part-sheet:two.xlsx").select("Orders").run()
    assert app.data_editor[0].value["Name"].tolist() == ["price", "city"]
    assert app.metric[0].value == "30"


def test_the_button_says_how_many_guesses_are_open(
    empty: Folders, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ask = {"text": "maybe", "is_question": True, "choices": ['"text"'], "key": "columns.a.type"}
    column = {"name": "a", "source": "a", "type": "int", "role": "input", "keys": {}, "rows_kept": 1, "notes": [ask]}
    stand_in(monkeypatch, columns=[column])
    monkeypatch.setattr("page.new.show.find_problem", lambda *_: "")
    app = open_screen(empty, monkeypatch, page="new")
    app.file_uploader[0].set_value(("people.csv", b"a\n1\n", "text/csv")).run()
    assert not button(app, "Create and run with 1 open guess").disabled
    assert "- **a**: check: maybe" in words(app)
    app.selectbox(key="new-question-columns.a.type:people.csv").select('"text"').run()
    assert not button(app, "Create and run").disabled


def test_what_is_no_data_file_is_refused_in_words(empty: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_screen(empty, monkeypatch, page="new")
    app.file_uploader[0].set_value(("x.csv", b"", "text/csv")).run()
    assert "x.csv is empty" in words(app)
    assert not (empty.data / "uploads").exists()


def stand_in(monkeypatch: pytest.MonkeyPatch, **answer: Any) -> list[tuple[str, ...]]:
    """Let `adopt` answer so; gives what it is asked."""
    asked: list[tuple[str, ...]] = []
    column = {"name": "a", "source": "a", "type": "int", "role": "input", "keys": {}, "rows_kept": 1}
    base = {
        "name": "people", "title": "People", "path": "x", "is_written": True, "toml": "", "task": "none",
        "ingest": {"source": "file", "path": "data/uploads/people.csv"}, "columns": [column], "rows": 1,
        "rows_checked": 1, "rows_kept": 1,
    }  # fmt: skip

    def run(command: Command) -> Any:
        asked.append((command.program, command.source, *command.options))
        return json.loads(json.dumps(base | answer))

    monkeypatch.setattr(Command, "run", run)
    return asked


def test_adopt_is_asked_for_a_dry_run_of_the_kept_file(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = stand_in(monkeypatch)
    kept = upload(settings, "people.csv", b"a\n1\n")
    draft_file(settings, kept, ("--target=a",))
    source = str(settings.data_dir / "uploads" / "people.csv")
    remember = f"--remember={settings.data_dir / '.uploads' / 'people.csv.seen'}"
    assert asked == [("adopt", source, "--target=a", remember, "--most-columns=1000", "--dry-run", "--quick")]


@pytest.mark.parametrize(
    ("ingest", "found"),
    [
        ({"source": "sql", "url": "sqlite:///x"}, "'sql'"),
        ({"source": "http", "url": "http://x"}, "'http'"),
        ({"source": "file", "path": "/etc/passwd"}, "'file'"),
        ({"source": "file", "path": "data/uploads/other.csv"}, "'file'"),
        ({}, "None"),
    ],
)
def test_a_draft_of_something_else_than_the_file_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, ingest: dict[str, str], found: str
) -> None:
    stand_in(monkeypatch, ingest=ingest)
    with pytest.raises(UploadError, match=f"is no file of rows: `adopt` would read it as source {found}"):
        draft_file(settings, upload(settings, "people.csv", b"a\n1\n"), ())


def test_too_many_columns_are_refused_before_the_rows_are_read(settings: Settings) -> None:
    wide = ",".join(f"c{number}" for number in range(10_000)) + "\n" + ",".join(["1"] * 10_000) + "\n"
    with pytest.raises(CommandError, match=r"10,000 columns; the limit is 1,000 \(--most-columns\)"):
        draft_file(settings, upload(settings, "people.csv", wide.encode()), ())


def test_a_created_recipe_is_noted_with_its_digest(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)
    recipe = settings.data_dir / "recipes" / "people.toml"
    recipe.parent.mkdir(parents=True)
    recipe.write_text("")
    kept = upload(settings, "people.csv", b"a\n1\n")
    assert create_recipe(settings, kept, ()) == "people"
    noted = find_upload(settings, "people.csv")
    assert noted is not None
    assert [(one.name, one.sha256[:8]) for one in noted.recipes] == [("people", "e3b0c442")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", b"SQLite format 3\0" + b"\0" * 4096),
        ("x.xlsx", b"PK\x03\x04" + b"\0" * 100),
        *(
            pytest.param(*more, marks=pytest.mark.slow)
            for more in (
                ("x.parquet", b"PAR1" + b"\0" * 100),
                ("x.csv.gz", b"\x1f\x8b" + b"\0" * 100),
                ("x.json", b"[" * 100_000),
                ("x.jsonl", (b'{"a":' * 5_000 + b"\n") * 3),
                ("x.csv", b"\x7fELF" + bytes(range(256)) * 20),
            )
        ),
    ],
)
def test_what_is_not_what_its_name_says_is_refused_with_words(settings: Settings, name: str, content: bytes) -> None:
    with pytest.raises((CommandError, UploadError)) as caught:
        draft_file(settings, upload(settings, name, content), ())
    assert "unexpectedly" not in str(caught.value)


def test_adopt_gets_a_limit_of_memory_and_a_scratch_folder_on_the_disk_of_the_data(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "python"
    script.write_text(
        f"#!{sys.executable}\nimport json, os, resource, sys, time\ntime.sleep(0.5)\n"
        "print(json.dumps([sys.argv[1:3], os.environ['TMPDIR'], resource.getrlimit(resource.RLIMIT_AS)[0]]))\n"
    )
    script.chmod(0o755)
    monkeypatch.setattr("page.shell.command.sys.executable", str(script))
    with open_scratch(settings) as scratch:
        found = Command(settings, "", "x.csv", program=ADOPT, scratch=scratch).run()
    assert found == [["-m", "adopt"], str(scratch), ADOPT_BYTES if sys.platform == "linux" else found[2]]
