"""What has nothing to write works where nothing can be written: folders without permission, and read-only disks."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from patience import HANG_SECONDS

Desk = Any  # tests/conftest.py

ROOT = Path(__file__).resolve().parents[2]

RECIPE = """
title = "Read only"
[ingest]
source = "file"
path = "rows.csv"
[preprocess]
kind = "table"
[columns]
age = { type = "int", role = "input" }
size = { type = "float", role = "target" }
[model]
kind = "estimator"
estimator = "sklearn.linear_model.Ridge"
"""

OWN = """
title = "Own"
[ingest]
source = "python"
function = "make_rows"
[columns]
age = { type = "int", role = "input" }
"""

MODULE = '''"""Makes rows."""

import pandas as pd


def make_rows() -> pd.DataFrame:
    """Some ages."""
    return pd.DataFrame({"age": [1, 2, 3]})
'''

AS_USER = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
"""What makes a command obey permissions: root does not, unless it has lost its capabilities."""

MOUNT = 'folder=$0; mount --bind "$folder" "$folder" && mount -o remount,bind,ro "$folder" && exec "$@"'
AS_MOUNTED = ["unshare", "-m", *([] if os.geteuid() == 0 else ["-r"]), "sh", "-c", MOUNT]
"""What shows a command a folder that is mounted read-only."""


def is_possible(command: list[str]) -> bool:
    """Whether this machine lets us run such a command."""
    return not command or (
        shutil.which(command[0]) is not None and subprocess.run([*command, "true"], capture_output=True).returncode == 0
    )


needs_permissions = pytest.mark.skipif(not is_possible(AS_USER), reason="root without setpriv obeys no permissions")


def change_rights(folder: Path, *, is_writable: bool) -> None:
    """Give or take the right to write all below a folder."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | 0o200 if is_writable else path.stat().st_mode & ~0o222)


@pytest.fixture
def finished(desk: Desk) -> Iterator[Desk]:
    """A desk that has read its rows."""
    (desk.folder / "rows.csv").write_text("age,size\n" + "".join(f"{n},{n % 7}\n" for n in range(60)))
    assert desk.run("ingest", desk.recipe(RECIPE)) == 0
    yield desk
    for folder in (desk.data, desk.logs):
        change_rights(folder, is_writable=True)


def say(desk: Desk, command: list[str], *arguments: str, **environment: str) -> tuple[int, str]:
    """Exit code and standard error of a command of ours, started as `command` does."""
    given = {"DATA_DIR": str(desk.data), "LOG_DIR": str(desk.logs), "MLFLOW_TRACKING_URI": "off", **environment}
    done = subprocess.run(
        [*command, sys.executable, "-m", *arguments],
        cwd=ROOT, env=os.environ | given, capture_output=True, text=True, timeout=HANG_SECONDS,
    )  # fmt: skip
    return done.returncode, done.stderr


def list_all(desk: Desk) -> dict[str, int]:
    """Each file, and when it was written."""
    found = [path for folder in (desk.data, desk.logs) for path in folder.rglob("*") if path.is_file()]
    return {str(path): path.stat().st_mtime_ns for path in found}


@needs_permissions
def test_unchanged_stages_and_checks_need_no_folder_that_can_be_written(finished: Desk) -> None:
    recipe = str(finished.folder / "desk.toml")
    assert [finished.run(stage, recipe) for stage in ("preprocess", "model")] == [0, 0]
    for folder in (finished.data, finished.logs):
        change_rights(folder, is_writable=False)
    before = list_all(finished)
    for stage in ("ingest", "preprocess", "model"):
        code, said = say(finished, AS_USER, stage, recipe)
        assert (code, f"{stage} desk: unchanged" in said) == (0, True), said
        assert f"not journaled, no permission: {finished.logs}" in said
    code, said = say(finished, AS_USER, "ingest", recipe, "--verify")
    assert (code, "ingest desk: unchanged" in said) == (0, True), said
    code, said = say(finished, AS_USER, "preprocess", recipe, "--check")
    assert (code, "the recipe is valid" in said) == (0, True), said
    assert list_all(finished) == before


@needs_permissions
def test_a_stage_that_has_something_to_write_says_so_and_why_it_cannot(finished: Desk) -> None:
    recipe = str(finished.folder / "desk.toml")
    change_rights(finished.data, is_writable=False)
    code, said = say(finished, AS_USER, "ingest", recipe, "--force")
    assert code == 1
    assert "ingest desk: would run, --force" in said
    assert f"no permission: {finished.data}" in said
    assert "Traceback" not in said
    change_rights(finished.data, is_writable=True)
    change_rights(finished.logs, is_writable=False)
    before = list_all(finished)
    code, said = say(finished, AS_USER, "ingest", recipe, "--force")
    assert (code, f"no permission: {finished.logs}/ingest.log" in said) == (1, True), said
    assert {path: time for path, time in list_all(finished).items() if ".locks" not in path} == {
        path: time for path, time in before.items() if ".locks" not in path
    }


@pytest.mark.skipif(not is_possible([*AS_MOUNTED, "/tmp"]), reason="this machine lets no test mount")
def test_a_disk_that_is_mounted_read_only_is_read(finished: Desk) -> None:
    recipe = str(finished.folder / "desk.toml")
    command = [*AS_MOUNTED, str(finished.folder)]
    code, said = say(finished, command, "ingest", recipe)
    assert (code, "ingest desk: unchanged" in said) == (0, True), said
    assert "not journaled, the file system is read-only" in said
    code, said = say(finished, command, "ingest", recipe, "--force")
    assert (code, "the file system is read-only" in said, "Traceback" in said) == (1, True, False), said


@needs_permissions
def test_own_code_is_checked_and_its_kept_rows_are_found_without_writing(desk: Desk) -> None:
    recipe = desk.recipe(OWN)
    (desk.folder / "desk.py").write_text(MODULE)
    assert desk.run("ingest", recipe) == 0
    for folder in (desk.data, desk.logs):
        change_rights(folder, is_writable=False)
    try:
        code, said = say(desk, AS_USER, "ingest", recipe, "--check")
        assert (code, "the recipe is valid" in said) == (0, True), said
        code, said = say(desk, AS_USER, "ingest", recipe)
        assert (code, "ingest desk: unchanged" in said) == (0, True), said
    finally:
        for folder in (desk.data, desk.logs):
            change_rights(folder, is_writable=True)


SCREENS = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("page/app.py", default_timeout=60)
app.query_params["recipe"] = "linear"
for screen in ("run", "data", "models", "compare"):
    app.switch_page(f"screens/{screen}.py").run()
    for shown in (*app.error, *app.warning, *app.exception):
        sys.exit(f"{screen}: {shown.value}")
    print(screen, app.title[0].value)
"""


@needs_permissions
@pytest.mark.slow
def test_the_registry_and_the_page_are_read_without_writing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    for stage in ("ingest", "preprocess", "model"):
        assert desk.run(stage, "linear") == 0
    script = desk.folder / "screens.py"
    script.write_text(SCREENS.replace('"page/app.py"', repr(str(ROOT / "page/app.py"))))
    for folder in (desk.data, desk.logs):
        change_rights(folder, is_writable=False)
    try:
        for verb in ("list", "history"):
            code, said = say(desk, AS_USER, "model", verb, "linear", MLFLOW_TRACKING_URI="")
            assert code == 0, said
        code, said = say(desk, AS_USER, "model", "promote", "linear", "1", MLFLOW_TRACKING_URI="")
        assert (code, "no permission" in said, "Traceback" in said) == (1, True, False), said
        code, said = say(desk, AS_USER, "model", "linear", MLFLOW_TRACKING_URI="")
        assert (code, "unchanged" in said) == (0, True), said
        code, said = say(desk, AS_USER, "screens", MLFLOW_TRACKING_URI="", PYTHONPATH=f"{desk.folder}:{ROOT}")
        assert code == 0, said
    finally:
        for folder in (desk.data, desk.logs):
            change_rights(folder, is_writable=True)
