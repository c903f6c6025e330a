"""The page is no part of what decides a result."""

from pathlib import Path

from relay.handoff.receipt import digest_code


def test_changing_the_page_does_not_train_again() -> None:
    files = digest_code("model", ("relay/handoff",))
    assert "model/__main__.py" in files
    assert [path for path in files if "/page" in path] == []


def test_a_project_in_a_folder_called_pages_keeps_its_code(tmp_path: Path) -> None:
    stage = tmp_path / "pages" / "page" / "ingest"
    stage.mkdir(parents=True)
    for name in ("__main__.py", "requirements.txt"):
        (stage / name).write_text("", encoding="utf-8")
    assert list(digest_code("ingest", (), stage.parent)) == ["ingest/__main__.py", "ingest/requirements.txt"]
