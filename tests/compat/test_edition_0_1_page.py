"""The page shows the results and the versions that release 0.1 left."""

import pytest
from edition_folders import EDITION_MODELS, Edition
from streamlit.testing.v1 import AppTest

from relay.handoff.settings import ROOT
from relay.results.load import load_latest

APP = str(ROOT / "page" / "app.py")


def open_page(edition: Edition, monkeypatch: pytest.MonkeyPatch, name: str, page: str = "run") -> AppTest:
    """A screen of the page on the old folders; it shows no error."""
    monkeypatch.setenv("DATA_DIR", str(edition.data))
    monkeypatch.setenv("LOG_DIR", str(edition.logs))
    monkeypatch.setenv("RECIPES", ",".join(edition.recipe(model) for model in EDITION_MODELS))
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params["recipe"] = name
    app.run()
    if page != "run":
        app.switch_page(f"screens/{page}.py").run()
    assert not app.exception
    return app


def read_words(app: AppTest) -> str:
    """Everything that stands on the screen as text."""
    kinds = (app.title, app.markdown, app.caption, app.info, app.success)
    shown = "\n".join(str(element.value) for kind in kinds for element in kind)
    return shown.replace("\\", "").replace("\xa0", " ")


@pytest.mark.parametrize(("name", "findings"), [("linear", 5), ("visits", 7), ("flowers", 2), ("papers", 13)])
def test_every_finding_of_an_old_result_is_shown(
    edition: Edition, monkeypatch: pytest.MonkeyPatch, name: str, findings: int
) -> None:
    app = open_page(edition, monkeypatch, name)
    assert not app.error
    shown = read_words(app)
    sentences = load_latest(edition.settings, name).findings.sentences
    assert len(sentences) == findings
    assert [sentence for sentence in sentences if sentence not in shown] == []


def test_the_old_versions_are_shown_with_the_reason_of_the_last_change(
    edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = read_words(open_page(edition, monkeypatch, "linear", "models"))
    assert "the line was better" in shown


def test_old_results_are_compared(edition: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(edition, monkeypatch, "visits", "compare")
    assert not app.error
    shown = "\n".join(str(table.value) for table in (*app.table, *app.dataframe))
    assert "0.884" in shown
    assert "0.911" in shown
