"""The page's client of `python -m model … --json`: one document, errors told apart by kind, and always an end."""

import json
import os
import sys
import urllib.request
from pathlib import Path
from threading import Event, Timer
from typing import Any

import pytest
from browsing import serve
from page_folders import Folders
from test_page_app import open_page as open_screen

from page.models.registry_view import ask_registry
from page.predict.ask import AwayError, NothingServedError, RefusedError, Registry
from page.predict.text import ask as ask_about_text
from page.predict.text import is_refusal
from page.shell.command import CANCELLED, TIMEOUT, Command, CommandError
from relay.handoff.errors import UNEXPECTED, DatasetMissingError, ModelError, RelayError, UsageError
from relay.handoff.settings import ROOT, Settings
from relay.registry.errors import PromotionError, RegistryAwayError, RegistryEmptyError

PYTHON = sys.executable


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", log_dir=tmp_path / "logs")


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str) -> None:
    """Let the client start a script of the test in place of Python."""
    script = tmp_path / "python"
    script.write_text(f"#!{PYTHON}\n{lines}\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setattr("page.shell.command.sys.executable", str(script))


def answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: Any) -> None:
    """Let the command answer a document."""
    stand_in(tmp_path, monkeypatch, f"print({json.dumps(document)!r})")


def refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Let the command answer an error whose texts say nothing."""
    answer(tmp_path, monkeypatch, {"error": {"kind": kind, "message": "x", "next": "x"}})


def test_the_command_is_asked_for_json_and_gets_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    stand_in(
        tmp_path, monkeypatch,
        "import json, os, sys\n"
        "print(json.dumps([sys.argv[1:], sys.stdin.read(), os.environ['LOG_DIR']]))",
    )  # fmt: skip
    assert Command(settings, "ask", "papers", ("--more",), b"a text").run() == [
        ["-m", "model", "ask", "papers", "--more", "--json", "--data-dir", str(settings.data_dir)],
        "a text",
        str(settings.log_dir),
    ]


def test_a_long_text_and_a_slow_answer_are_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr("page.shell.command.POLL_SECONDS", 0.01)
    stand_in(tmp_path, monkeypatch, "import sys, time\ntime.sleep(0.3)\nprint(len(sys.stdin.read()))")
    assert Command(settings, "ask", "papers", content=b"a" * 1_000_000).run() == 1_000_000


def test_an_error_keeps_its_kind_its_text_and_what_to_do_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    answer(tmp_path, monkeypatch, {"error": {"kind": "usage", "message": "No text. Give one", "next": "Give one"}})
    with pytest.raises(CommandError) as caught:
        Command(settings, "ask", "papers").run()
    assert (caught.value.kind, str(caught.value), caught.value.next_step) == ("usage", "No text. Give one", "Give one")


@pytest.mark.parametrize(
    "lines",
    ["raise SystemExit(3)", "print('no document')", """print('{"error": {"kind": "unexpected", "message": "x"}}')"""],
)
def test_a_command_that_breaks_down_is_unexpected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings, lines: str
) -> None:
    stand_in(tmp_path, monkeypatch, lines)
    with pytest.raises(CommandError) as caught:
        Command(settings, "list", "linear").run()
    assert caught.value.kind == UNEXPECTED
    assert str(settings.log_dir / "page.log") in caught.value.next_step


@pytest.mark.parametrize("kind", [TIMEOUT, CANCELLED])
def test_a_command_that_takes_too_long_or_is_cancelled_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings, kind: str
) -> None:
    stand_in(
        tmp_path, monkeypatch,
        f"import os, pathlib, time\npathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))\n"
        "time.sleep(600)",
    )  # fmt: skip
    cancel = Event()
    if kind == TIMEOUT:
        monkeypatch.setattr("page.shell.command.SECONDS", 2)
    else:
        Timer(2, cancel.set).start()
    with pytest.raises(CommandError) as caught:
        Command(settings, "list", "linear").run(cancel)
    assert caught.value.kind == kind
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (RegistryEmptyError.kind, NothingServedError),
        (RegistryAwayError.kind, AwayError),
        (ModelError.kind, RefusedError),
        (UsageError.kind, RefusedError),
        (UNEXPECTED, CommandError),
    ],
)
def test_the_screen_predict_tells_refusals_apart_by_kind_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings, kind: str, expected: type[RelayError]
) -> None:
    refuse(tmp_path, monkeypatch, kind)
    with pytest.raises(RelayError) as caught:
        Registry(settings, "linear").answer([{"x": 1}])
    assert type(caught.value) is expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(UsageError.kind, True), (DatasetMissingError.kind, True), (ModelError.kind, True), (UNEXPECTED, False)],
)
def test_a_question_about_a_text_is_refused_or_failed_by_kind_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings, kind: str, expected: bool
) -> None:
    refuse(tmp_path, monkeypatch, kind)
    with pytest.raises(CommandError) as caught:
        ask_about_text(settings, "papers", "a text")
    assert is_refusal(caught.value) is expected


@pytest.mark.parametrize("kind", [RegistryAwayError.kind, PromotionError.kind, UNEXPECTED])
def test_a_registry_that_gives_no_versions_is_away_whatever_the_text_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings, kind: str
) -> None:
    refuse(tmp_path, monkeypatch, kind)
    shelf = ask_registry(settings, "linear")
    assert (shelf.versions, bool(shelf.away)) == ((), True)
    answer(tmp_path, monkeypatch, [])
    assert ask_registry(settings, "linear").away == ""


def test_only_the_client_starts_subcommands() -> None:
    pages = list((ROOT / "page").rglob("*.py"))
    assert [path.name for path in pages if '"-m", self.program' in path.read_text(encoding="utf-8")] == ["command.py"]


def test_the_page_says_where_it_is_in_one_document(empty: Folders) -> None:
    with serve(empty, "--json") as url, urllib.request.urlopen(url, timeout=60) as page:
        assert page.status == 200
    document = json.loads((empty.root / "server.out").read_bytes())
    assert document["url"] == url


def test_a_version_that_may_not_be_asked_is_said_in_place_of_a_form(
    empty: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = "version 3 of linear is not asked: its answer to a row depends on the rows beside it"

    def refuse(_: Command) -> None:
        raise CommandError(why, kind=ModelError.kind)

    monkeypatch.setattr(Command, "run", refuse)
    app = open_screen(empty, monkeypatch, page="predict")
    assert [info.value for info in app.info] == [f"V{why[1:]}".replace(":", "\\:")]
    assert not app.button
    assert not app.warning
