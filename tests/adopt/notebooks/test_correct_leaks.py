"""`--correct-leaks`: what is written fits on the training rows only, once the recipe with the leak is proved."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from adopting import Folders
from corpus import BOOKS, Book
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import MinMaxScaler

from adopt.notebooks import adoption
from adopt.notebooks.adoption import Adoption, adopt_notebooks
from adopt.notebooks.verdicts import Verdict

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folders, Adoption]:
    """The notebook whose scaler saw all rows, adopted by the command."""
    folders, found = Folders(tmp_path_factory.mktemp("leak")), []

    def keep(*arguments: Any) -> Adoption:
        found.append(adopt_notebooks(*arguments))
        return found[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adoption, "adopt_notebooks", keep)
        assert folders.adopt("scaled_all", "--correct-leaks") == 0
    return folders, found[0]


def test_each_metric_is_shown_with_and_without_the_leak(done: tuple[Folders, Adoption]) -> None:
    folders, _ = done
    df = pd.read_csv(folders.books / "houses.csv").dropna()
    df = df[df["area"] < 250].reset_index(drop=True)
    train, test = train_test_split(df, random_state=0)
    scaler = MinMaxScaler().fit(train[["area", "rooms"]])
    knn = KNeighborsRegressor(3).fit(scaler.transform(train[["area", "rooms"]]), train["price"])
    expected = r2_score(test["price"], knn.predict(scaler.transform(test[["area", "rooms"]])))
    report = folders.report("scaled_all")
    (metric,) = (item for item in report["items"] if item["kind"] == "metric")
    (twice,) = report["without_leak"]
    assert (metric["verdict"], report["outcome"]) == ("exact", "equal")
    assert twice == {"name": "r2", "notebook": metric["values"][0], "corrected": repr(float(expected))}
    assert float(twice["notebook"]) != float(twice["corrected"])
    page = (folders.data / "adopted" / "scaled_all" / "report.html").read_text()
    assert f"<code>{twice['notebook']}</code></td><td><code>{twice['corrected']}</code>" in page


def test_what_is_written_fits_on_the_training_rows_only(done: tuple[Folders, Adoption]) -> None:
    folders, _ = done
    module = (folders.recipes / "scaled_all.py").read_text()
    assert (
        "    tr, te = train_test_split(df, random_state=0)\n"
        '    tr[["area", "rooms"]] = scaler.fit_transform(tr[["area", "rooms"]])\n'
        '    te[["area", "rooms"]] = scaler.transform(te[["area", "rooms"]])\n'
    ) in module
    assert module.count("fit_transform") == 1
    assert "--correct-leaks" in (folders.recipes / "scaled_all.toml").read_text().splitlines()[0]


Replay = Callable[[Adoption], Folders]


@pytest.fixture
def replay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Replay:
    """Folders in which the command gets an adoption at once."""

    def make(adopted: Adoption) -> Folders:
        monkeypatch.setattr(adoption, "adopt_notebooks", lambda *_: adopted)
        return Folders(tmp_path)

    return make


def test_without_the_option_the_remark_ends_with_the_command(
    done: tuple[Folders, Adoption], replay: Replay, capfd: pytest.CaptureFixture[str]
) -> None:
    wishes = replace(done[1].wishes, corrects_leaks=False, command="python -m adopt scaled_all.ipynb --name scaled_all")
    folders = replay(replace(done[1], corrected=None, wishes=wishes))
    assert folders.adopt("scaled_all") == 0
    (leak,) = (one["text"] for one in folders.report("scaled_all")["remarks"] if one["kind"] == "leak")
    assert leak.endswith("`python -m adopt scaled_all.ipynb --name scaled_all --correct-leaks`")
    assert "--correct-leaks" in capfd.readouterr().out
    assert (folders.report("scaled_all")["without_leak"], "tr[" in (folders.recipes / "scaled_all.py").read_text()) == (
        [],
        True,
    )
    assert 'df[["area", "rooms"]] = scaler.fit_transform' in (folders.recipes / "scaled_all.py").read_text()


def test_both_metrics_are_printed(
    done: tuple[Folders, Adoption], replay: Replay, capfd: pytest.CaptureFixture[str]
) -> None:
    folders = replay(done[1])
    assert folders.adopt("scaled_all", "--correct-leaks") == 0
    (twice,) = folders.report("scaled_all")["without_leak"]
    said = capfd.readouterr().out
    assert f"{twice['notebook']} in the notebook, {twice['corrected']} without the leak" in said


def test_nothing_is_corrected_where_the_recipe_is_not_proved(done: tuple[Folders, Adoption], replay: Replay) -> None:
    wrong = tuple(replace(item, verdict=Verdict.DIFFERS) for item in done[1].items)
    folders = replay(replace(done[1], items=wrong))
    assert folders.adopt("scaled_all", "--correct-leaks") == 1
    assert folders.report("scaled_all")["without_leak"] == []
    assert 'df[["area", "rooms"]] = scaler.fit_transform' in (folders.recipes / "scaled_all.py").read_text()


def test_a_leak_that_cannot_be_corrected_ends_with_1_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    text = BOOKS["scaled_all"].texts["scaled_all.ipynb"].replace("tr, te =", "df = df[df['rooms'] < 2]\ntr, te =")
    monkeypatch.setitem(BOOKS, "filtered", Book("filtered", {"filtered.ipynb": text}, ("houses.csv",)))
    folders = Folders(tmp_path)
    assert folders.adopt("filtered", "--correct-leaks") == 1
    assert (folders.read(folders.recipes), folders.read(folders.data)) == ({}, {})
    said = " ".join(capfd.readouterr().err.split())
    assert "The fit of scaler on all rows cannot be corrected safely (cell 3 and cell 4): df is used" in said
