"""The screen Monitor: what it says of each verdict, what its buttons do, and what to do where there is no report."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from monitor_reports import make_break, make_few, make_labelled, make_quiet
from monitor_store import fill
from page_folders import Folders
from patience import HANG_SECONDS
from streamlit.testing.v1 import AppTest
from test_page_app import APP, button, open_page, words

from page.monitor.source import ApiSource
from page.predict.api import Api
from page.predict.ask import AwayError
from relay.handoff.place import VARIABLE
from relay.handoff.settings import ROOT
from relay.monitoring.answers import write_monitor, write_windows
from relay.monitoring.report import Action, Report

MODEL = "linear"


def show(folders: Folders, monkeypatch: pytest.MonkeyPatch, *reports: Report) -> AppTest:
    """The screen over a store with these reports."""
    if reports:
        fill(folders.data / "serve", *reports)
    return open_page(folders, monkeypatch, page="monitor")


def drawn(app: AppTest) -> str:
    """What the screen draws as HTML."""
    return "\n".join(str(element.proto.body) for element in app.get("html"))


def test_broken_data_are_said_first_with_column_factor_and_what_to_do(
    empty: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = show(empty, monkeypatch, make_break(MODEL))
    assert "Broken data" in app.error[0].value
    assert "train nothing" in app.error[0].value
    assert "5% of the records look as if MonthlyIncome were multiplied by 12." in words(app)
    assert [metric.value for metric in app.metric] == ["10,000", "1.0%", "9.5 (3.4)", "–"]
    assert all(text in drawn(app) for text in ("DebtRatio", "9,900", "6,400", "alarm from 3.4"))
    assert "No record has a label yet" in words(app)
    assert button(app, "Accept as reference").disabled  # broken data is no reference
    assert not button(app, "Hold").disabled


def test_harm_is_said_with_expected_beside_realised_scores_and_the_segment(
    empty: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = show(empty, monkeypatch, make_quiet(MODEL), make_labelled(MODEL, "4"))
    said = words(app)
    assert "Segment: age < 30. 8% of the reference, 31% (29% to 33%) of the records now." in said
    assert "2,400 final, 100 still waiting" in said
    assert "Now: train again." in said
    assert all(text in drawn(app) for text in ("0.082 (0.07 to 0.094)", "0.055 (0.051 to 0.059)", "losses with labels"))
    assert button(app, "Train again").proto.type == "primary"


@pytest.mark.parametrize(
    ("report", "text"), [(make_quiet(MODEL), "No drift found"), (make_few(MODEL), "Too few records")]
)
def test_without_a_finding_the_screen_says_so_and_advises_nothing(
    empty: Folders, monkeypatch: pytest.MonkeyPatch, report: Report, text: str
) -> None:
    app = show(empty, monkeypatch, report)
    assert text in words(app)
    assert not app.error
    assert not app.warning
    assert button(app, "Train again").proto.type == "secondary"


def test_texts_of_the_data_are_neither_markdown_nor_html(empty: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    app = show(empty, monkeypatch, make_break(MODEL, column="<img src=x onerror=alert(1)> *a*|b"))
    assert "<img src=x" not in drawn(app)
    assert "&lt;img src=x onerror=alert(1)&gt; *a*|b" in drawn(app)
    assert r"\<img src=x" in app.error[0].value


def test_commands_are_code_in_verdict_errors_and_the_next_step(empty: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    step = "Accept it (`python -m monitor accept a_b`)"
    report = make_labelled(MODEL, "4")
    changed = report.model_copy(update={"verdict": report.verdict.model_copy(update={"next_step": step})})
    app = show(empty, monkeypatch, changed)
    assert r"Accept it (`python -m monitor accept a_b`)." in words(app)
    assert "\\`" not in words(app)


def test_a_column_keeps_its_name_at_the_beginning_of_a_sentence(
    empty: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = show(empty, monkeypatch, make_break(MODEL, column="district"))
    assert "district: 5% of the records look" in app.error[0].value.replace("\\", "")


def test_before_the_first_report_the_screen_names_the_next_command(
    empty: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = show(empty, monkeypatch)
    assert "`python -m monitor linear`" in words(app)
    assert [found.label for found in app.button] == ["Look now"]


def test_a_container_without_an_api_says_how_to_start_it(empty: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "1")
    app = open_page(empty, monkeypatch, page="monitor")
    assert "make serve" in app.info[0].value
    assert not app.button


class Answers(BaseHTTPRequestHandler):
    """The API's monitor, which wants the key `sesame`; there is a report only where the test gives one."""

    report: Report | None = None
    posted: list[tuple[str, Any]]

    def do_GET(self) -> None:
        if self.headers["Authorization"] != "Bearer sesame":
            return self.answer(401, {"type": "urn:relay:problem:key-missing", "detail": "no key"})
        if self.report is None:
            return self.answer(404, {"type": "urn:relay:problem:not-found", "detail": "no report"})
        if self.path.startswith("/models/linear/monitor/windows"):
            return self.answer(200, write_windows([], has_more=False))
        return self.answer(200, write_monitor(self.report, []))

    def do_POST(self) -> None:
        self.posted.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
        self.answer(201, {})

    def answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Answers]]:
    handler = type("Handler", (Answers,), {"posted": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr("test_page_app.VARIABLES", [])
        monkeypatch.setenv("API_URL", f"http://127.0.0.1:{server.server_port}")
        yield handler
        server.shutdown()


def type_key(app: AppTest) -> None:
    """Give the API's key."""
    app.text_input[0].set_value("sesame")
    button(app, "Use it").click().run()


def test_with_an_api_the_screen_reads_through_it(
    empty: Folders, monkeypatch: pytest.MonkeyPatch, api: type[Answers]
) -> None:
    api.report = make_break(MODEL)
    app = open_page(empty, monkeypatch, page="monitor")
    assert "wants a key" in words(app)
    type_key(app)
    assert "Broken data" in words(app)
    assert "Look now" not in [found.label for found in app.button]
    assert not (empty.data / "serve").exists()


def test_what_a_person_decides_goes_to_the_api(api: type[Answers]) -> None:
    monitor = ApiSource(Api(os.environ["API_URL"], MODEL, "sesame"))
    monitor.accept(make_break(MODEL), "Ada", "a new region")
    monitor.decide(make_break(MODEL), Action.HOLD, "Ada", "being checked")
    assert api.posted == [
        ("/models/linear/monitor/accept", {"who": "Ada", "why": "a new region"}),
        ("/models/linear/monitor/decisions", {"action": "hold", "who": "Ada", "why": "being checked"}),
    ]


def test_another_answer_of_the_api_is_said(api: type[Answers], monkeypatch: pytest.MonkeyPatch) -> None:
    api.report = make_break(MODEL)
    monkeypatch.setattr("test_page_monitor.write_monitor", lambda *_: {"model": MODEL})
    with pytest.raises(AwayError, match="in another form: update"):
        ApiSource(Api(os.environ["API_URL"], MODEL, "sesame")).read()


def test_an_api_without_a_report_names_the_command_and_one_that_is_away_is_said(
    empty: Folders, monkeypatch: pytest.MonkeyPatch, api: type[Answers]
) -> None:
    app = open_page(empty, monkeypatch, page="monitor")
    type_key(app)
    assert "docker compose run --rm monitor linear" in words(app)
    monkeypatch.setenv("API_URL", "http://127.0.0.1:9")
    assert "does not answer" in open_page(empty, monkeypatch, page="monitor").warning[0].value


def test_the_first_look_waits_neither_for_pandas_nor_for_arrow(empty: Folders) -> None:
    fill(empty.data / "serve", make_break(MODEL))
    look = f"""
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({APP!r}, default_timeout={HANG_SECONDS})
app.query_params["recipe"] = "linear"
app.switch_page("screens/monitor.py").run()
assert not app.exception and "Broken data" in app.error[0].value
print(sorted({{"pandas", "pyarrow", "altair"}} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, env=empty.environment, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"
