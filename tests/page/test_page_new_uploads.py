"""Uploaded files: which names are taken, what is kept, and what the page may delete."""

import json
from collections import namedtuple
from pathlib import Path

import pytest

from page.new import uploads
from page.new.making import delete_file, delete_recipe, find_free_name, find_readers
from page.new.uploads import (
    LONGEST_NAME,
    MadeRecipe,
    Upload,
    UploadError,
    find_upload,
    keep_file,
    list_uploads,
    locate_file,
    name_file,
    note_recipe,
    open_scratch,
    remove_old_scratch,
)
from relay.handoff.files import hash_file
from relay.handoff.settings import Settings

ROWS = b"age,left\n41,yes\n"
RECIPE = """
title = "People"
[columns]
age = {{ type = "int", role = "input" }}
[ingest]
source = "file"
path = {path}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", log_dir=tmp_path / "logs")


def keep(settings: Settings, name: str = "people.csv", content: bytes = ROWS, most: int = 1000) -> Upload:
    return keep_file(settings, name, memoryview(content), most)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("people.csv", "people.csv"),
        ("Leute 2024 (final).CSV", "Leute_2024_final.csv"),
        ("Größe.xlsx", "Größe.xlsx"),
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\temp\\x.csv", "x.csv"),
        ("/etc/cron.d/x.csv", "x.csv"),
        (".hidden.csv", "hidden.csv"),
        ("--set.csv", "set.csv"),
        ("a\nb\x00c\u202e.csv", "a_b_c.csv"),
        ("<img src=x>.csv", "img_src_x.csv"),
        ("*?[x].csv", "x.csv"),
        ("=cmd|calc.csv", "cmd_calc.csv"),
        ("....csv", "data.csv"),
        ("a.b.csv.gz", "a_b.csv.gz"),
        ("all.zip", "all.zip"),
        ("x.ipynb.csv", "x_ipynb.csv"),
        ("e\u0301.csv", "\u00e9.csv"),
    ],
)
def test_a_file_is_kept_under_a_harmless_name(given: str, kept: str) -> None:
    assert name_file(given) == kept


def test_a_long_name_is_cut_before_its_ending() -> None:
    for letter in ("a", "ß", "\N{GRINNING FACE}x", "漢"):
        name = name_file(letter * 500 + ".csv.gz")
        assert (len(name.encode()) <= LONGEST_NAME, name.endswith(".csv.gz")) == (True, True)


@pytest.mark.parametrize(
    "given",
    ["book.ipynb", "run.py", "db.sqlite", "page.html", "csv", ".csv", "x.gz", "x.exe.gz", "x.csv.exe", "", "x."],
)
def test_what_is_no_data_file_is_refused_with_what_is(given: str) -> None:
    with pytest.raises(UploadError, match=r"no ending of a data file; expected one of \.csv, .*`python -m adopt FILE`"):
        name_file(given)


def test_a_file_is_kept_whole_with_a_record(settings: Settings) -> None:
    upload = keep(settings)
    assert locate_file(settings, upload).read_bytes() == ROWS
    assert find_upload(settings, "people.csv") == upload
    assert [path.name for path in (settings.data_dir / "uploads").iterdir()] == ["people.csv"]


def test_the_same_file_is_kept_once_and_another_of_its_name_beside_it(settings: Settings) -> None:
    names = [keep(settings, content=content).name for content in (ROWS, ROWS, b"other", ROWS, b"other")]
    assert names == ["people.csv", "people.csv", "people_2.csv", "people.csv", "people_2.csv"]


def test_a_file_that_somebody_put_there_is_never_overwritten_listed_or_deleted(settings: Settings) -> None:
    folder = settings.data_dir / "uploads"
    folder.mkdir(parents=True)
    (folder / "people.csv").write_text("by hand")
    (folder / "people_2.csv").symlink_to("/nowhere")
    assert keep(settings).name == "people_3.csv"
    assert ((folder / "people.csv").read_text(), [one.name for one in list_uploads(settings)]) == (
        "by hand",
        ["people_3.csv"],
    )


def test_a_changed_or_replaced_file_is_not_taken_for_the_same(settings: Settings) -> None:
    path = locate_file(settings, keep(settings))
    path.write_bytes(b"changed")
    assert keep(settings).name == "people_2.csv"


@pytest.mark.parametrize(
    ("content", "most", "why"),
    [(b"", 10, "people.csv is empty"), (b"x" * 11, 10, r"has 11 bytes; the page takes 10 bytes \(PAGE_UPLOAD_MB\)")],
)
def test_an_empty_or_too_large_file_is_refused(settings: Settings, content: bytes, most: int, why: str) -> None:
    with pytest.raises(UploadError, match=why):
        keep(settings, content=content, most=most)
    assert not (settings.data_dir / "uploads").exists()


def test_an_upload_leaves_space_on_the_disk(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(uploads.shutil, "disk_usage", lambda _: usage(uploads.SPARE_BYTES + 10))
    with pytest.raises(UploadError, match="of free space"):
        keep(settings)


@pytest.mark.parametrize(
    "record",
    ["", "[]", '{"name": "../../x.csv"}', '{"name": "people.csv", "given": 1}', "{" * 9, '{"name": "other.csv"}'],
)
def test_a_broken_or_crafted_record_is_no_upload(settings: Settings, record: str) -> None:
    keep(settings, "other.csv")
    (settings.data_dir / ".uploads" / "people.csv.json").write_text(record)
    assert [one.name for one in list_uploads(settings)] == ["other.csv"]


def test_a_record_that_names_another_file_deletes_none(settings: Settings) -> None:
    record = settings.data_dir / ".uploads" / "people.csv.json"
    known = json.loads((keep(settings) and record).read_text())
    for name in ("../people.csv", "/etc/passwd", "people.csv/../../x", "people"):
        record.write_text(json.dumps({**known, "name": name}))
        assert list_uploads(settings) == []


def write_recipe(settings: Settings, name: str, path: str) -> Path:
    """A recipe in the data folder."""
    file = settings.data_dir / "recipes" / f"{name}.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(RECIPE.format(path=path))
    return file


def make(settings: Settings, upload: Upload, name: str) -> tuple[Upload, Path]:
    """A recipe that the page made of an upload."""
    path = write_recipe(settings, name, f'"data/uploads/{upload.name}"')
    return note_recipe(settings, upload, MadeRecipe(name=name, sha256=hash_file(path))), path


def test_a_recipe_that_the_page_made_is_deleted_and_what_stays_is_said(settings: Settings) -> None:
    upload, path = make(settings, keep(settings), "people")
    (settings.data_dir / "raw").mkdir()
    (settings.data_dir / "raw" / "people.parquet").write_bytes(b"")
    assert delete_recipe(settings, upload, "people") == ["data/raw/people.parquet"]
    assert (path.exists(), locate_file(settings, upload).exists()) == (False, True)
    assert [one.recipes for one in list_uploads(settings)] == [()]


def test_a_recipe_that_was_edited_or_is_of_somebody_else_is_not_deleted(settings: Settings) -> None:
    upload, path = make(settings, keep(settings), "people")
    path.write_text(path.read_text() + "# mine\n")
    with pytest.raises(UploadError, match="was edited since the page wrote it"):
        delete_recipe(settings, upload, "people")
    with pytest.raises(UploadError, match='made no recipe "linear"'):
        delete_recipe(settings, upload, "linear")
    assert path.exists()


def test_a_recipe_that_is_running_is_not_deleted(settings: Settings) -> None:
    from filelock import FileLock

    upload, path = make(settings, keep(settings), "people")
    lock = settings.data_dir / ".locks" / "raw-people.lock"
    lock.parent.mkdir()
    with FileLock(lock), pytest.raises(UploadError, match="people is running"):
        delete_recipe(settings, upload, "people")
    assert path.exists()


def test_a_recipe_that_is_gone_already_is_forgotten(settings: Settings) -> None:
    upload, path = make(settings, keep(settings), "people")
    path.unlink()
    assert delete_recipe(settings, upload, "people") == []
    assert [one.recipes for one in list_uploads(settings)] == [()]


def test_a_file_stays_while_a_recipe_reads_it(settings: Settings) -> None:
    upload = keep(settings)
    write_recipe(settings, "one", f'"data/uploads/{upload.name}"')
    write_recipe(settings, "two", f'["data/x.csv", "data/uploads/{upload.name}"]')
    write_recipe(settings, "three", '"data/uploads/other.csv"')
    (settings.data_dir / "recipes" / "broken.toml").write_text("[[[")
    assert find_readers(settings, upload) == ["one", "two"]
    with pytest.raises(UploadError, match=r"people\.csv is read by one, two"):
        delete_file(settings, upload)
    for name in ("one", "two"):
        (settings.data_dir / "recipes" / f"{name}.toml").unlink()
    delete_file(settings, upload)
    assert (list_uploads(settings), locate_file(settings, upload).exists()) == ([], False)


def test_a_name_that_a_recipe_has_gets_a_number(settings: Settings) -> None:
    write_recipe(settings, "people", '"data/x.csv"')
    write_recipe(settings, "people_2", '"data/x.csv"')
    assert [find_free_name(settings, name) for name in ("people", "linear", "new")] == ["people_3", "linear_2", "new"]


def test_scratch_folders_go_with_the_command_or_when_they_are_old(settings: Settings) -> None:
    with open_scratch(settings) as scratch:
        (scratch / "large").write_bytes(b"x")
    left = settings.data_dir / ".uploads" / "scratch-old"
    left.mkdir()
    remove_old_scratch(settings, 100)
    assert (scratch.exists(), left.exists()) == (False, True)
    remove_old_scratch(settings, -1)
    assert not left.exists()
