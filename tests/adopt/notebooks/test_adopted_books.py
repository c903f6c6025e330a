"""Whole notebooks: run, divided, written, run as stages, compared and placed, or refused without a trace."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from adopting import Folders
from corpus import BOOKS, serve_forum, write_book
from patience import HANG_SECONDS, wait_for

from adopt.notebooks import adoption
from adopt.notebooks.adopted import Adopted, write_adopted
from adopt.notebooks.adoption import Adoption, Wishes, adopt_notebooks
from relay.handoff.settings import ROOT

pytestmark = pytest.mark.slow


def read_verdicts(report: Any) -> dict[str, str]:
    return {f"{item['kind']} {item['name']}": item["verdict"] for item in report["items"]}


@pytest.fixture(scope="module")
def forum() -> Iterator[str]:
    with serve_forum() as url:
        yield url


@pytest.fixture(scope="module")
def course(forum: str, tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """The three notebooks of the course exercise, adopted."""
    folders = Folders(tmp_path_factory.mktemp("course"))
    assert folders.adopt("course", url=forum) == 0
    return folders


def test_three_notebooks_become_a_recipe_with_a_package(course: Folders) -> None:
    assert list(course.read(course.recipes)) == ["course/__init__.py", "course/forum_text.py", "course.toml"]
    assert list(course.read(course.data)) == ["adopted/course/report.html", "adopted/course/report.json"]
    module = (course.recipes / "course" / "__init__.py").read_text()
    assert [line.split("(")[0] for line in module.splitlines() if line.startswith("def ")] == [
        "def load",
        "def prepare",
        "def train",
    ]


def test_frames_metrics_and_figures_of_the_course_are_equal(course: Folders) -> None:
    report = course.report("course")
    assert read_verdicts(report) == {
        "frame df": "exact",
        "frame posts (processed)": "exact",
        "metric inertia": "exact",
        "figure groups_of_posts": "exact",
    }
    assert report["outcome"] == "equal"
    page = (course.data / "adopted" / "course" / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 2


def test_no_path_of_this_machine_is_written(course: Folders) -> None:
    texts = {**course.read(course.recipes), **course.read(course.data)}
    assert [name for name, content in texts.items() if str(course.root).encode() in content] == []


@pytest.mark.parametrize("book", ["nothing_crosses", "two_data_sets", "out_of_order", "login"])
def test_what_cannot_be_adopted_is_refused_and_leaves_nothing(
    book: str, forum: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folders = Folders(tmp_path)
    assert folders.adopt(book, url=forum) == 1
    assert (folders.read(folders.recipes), folders.read(folders.data)) == ({}, {})
    said = capfd.readouterr().err.lower()
    assert [words for words in BOOKS[book].says if words.lower() not in said] == [], said


def test_an_unseeded_notebook_is_proved_with_seeds_on_both_sides(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    assert folders.adopt("unseeded") == 0
    report = folders.report("unseeded")
    assert read_verdicts(report) == {
        "frame df": "exact",
        "frame df (processed)": "exact",
        "metric score": "exact when seeded",
    }
    assert report["items"][2]["why"] == "cell 3 draws random numbers without a seed"
    assert "`random_state`" in report["remarks"][-1]["text"]
    assert "seed(" not in (folders.recipes / "unseeded.py").read_text()


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Adoption:
    """A regression that was written wrongly: a mean for a median, and other points."""
    folder = tmp_path_factory.mktemp("broken")

    def write_wrongly(*arguments: Any) -> Adopted:
        written = write_adopted(*arguments)
        code = written.main.code
        files = {
            name: text.replace(".median()", ".mean()").replace("alpha=0.5", "alpha=0.6")
            for name, text in code.files.items()
        }
        return replace(written, recipes=(replace(written.main, code=replace(code, files=files)),))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adoption, "write_adopted", write_wrongly)
        paths = write_book(BOOKS["regression"], folder / "books")
        return adopt_notebooks(paths, Wishes("regression", "python -m adopt"), folder / "work")


def test_what_was_written_wrongly_is_found(broken: Adoption) -> None:
    items = {item.label: item for item in broken.items}
    assert items["frame df"].verdict == "exact"
    assert items["frame df (processed)"].verdict == "differs"
    assert items["frame df (processed)"].differences[0].startswith("column rooms: ")
    assert items["metric r2"].verdict == "differs"
    assert any(
        "alpha: 0.5 in the notebook, 0.6 in the recipe" in text for text in items["figure predicted"].differences
    )


ACCEPTED = [
    *("--accept", "frame df (processed): the mean is wanted"),
    *("--accept", "metric rmse: the mean is wanted"),
    *("--accept", "metric r2: the mean is wanted"),
    *("--accept", "figure predicted: darker points"),
]


@pytest.fixture
def folders(broken: Adoption, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    """Folders in which the command gets the broken adoption at once."""
    monkeypatch.setattr(adoption, "adopt_notebooks", lambda *_: broken)
    return Folders(tmp_path)


def test_a_difference_ends_with_1_and_the_report_is_there(folders: Folders) -> None:
    assert folders.adopt("regression") == 1
    assert folders.report("regression")["outcome"] == "not_equal"


def test_accepted_differences_end_with_0_and_stand_in_report_and_recipe(folders: Folders) -> None:
    assert folders.adopt("regression", *ACCEPTED) == 0
    assert [item["accepted"] for item in folders.report("regression")["items"]][-1] == "darker points"
    recipe = (folders.recipes / "regression.toml").read_text()
    assert "# Accepted difference from the notebook: figure predicted: darker points\n" in recipe


def test_a_second_adoption_replaces_the_first_unless_it_was_edited(
    folders: Folders, capfd: pytest.CaptureFixture[str]
) -> None:
    assert folders.adopt("regression") == 1
    assert folders.adopt("regression", *ACCEPTED) == 0
    recipe = folders.recipes / "regression.toml"
    recipe.write_text(recipe.read_text() + "# mine\n")
    before = folders.read(folders.recipes)
    assert folders.adopt("regression", *ACCEPTED) == 2
    assert folders.read(folders.recipes) == before
    assert "recipes/regression.toml was edited after it was adopted" in capfd.readouterr().err


def test_a_dry_run_prints_everything_and_writes_nothing(folders: Folders, capfd: pytest.CaptureFixture[str]) -> None:
    assert folders.adopt("regression", "--dry-run") == 1
    assert (folders.read(folders.recipes), folders.read(folders.data)) == ({}, {})
    said = capfd.readouterr().out
    assert "def train(" in said
    assert "Nothing was written (--dry-run)." in said


def test_the_report_is_data_with_json(folders: Folders, capfd: pytest.CaptureFixture[str]) -> None:
    assert folders.adopt("regression", "--json") == 1
    document = json.loads(capfd.readouterr().out)
    assert (document["outcome"], len(document["items"])) == ("not_equal", 5)


def test_ctrl_c_ends_kernels_and_leaves_nothing(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "all")
    (tmp_path / "tmp").mkdir()
    (folders.books / "slow.py").write_text("# %%\nimport time\ntime.sleep(600)\n")
    places = ["--into", str(folders.recipes), "--data-dir", str(folders.data)]
    process = subprocess.Popen(
        [sys.executable, "-m", "adopt", str(folders.books / "slow.py"), *places],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path / "tmp")},
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_for(lambda: any((tmp_path / "tmp").rglob("records.jsonl")), "the first statement")
    kernels = psutil.Process(process.pid).children()
    process.send_signal(signal.SIGINT)
    assert process.wait(HANG_SECONDS) == 130
    assert [kernel.pid for kernel in kernels if kernel.is_running()] == []
    assert list((tmp_path / "tmp").glob("relay-adopt-*")) == []
    assert (folders.read(folders.recipes), folders.read(folders.data)) == ({}, {})
