"""Results that a training left: read whole, put side by side."""

import hashlib
import io
import json
import zipfile

import pytest
from page_folders import Folders

from model.training.estimator.metrics import LOWER_IS_BETTER
from relay.handoff.errors import DatasetDamagedError, DatasetMissingError
from relay.handoff.receipt import hash_json
from relay.registry.task import ModelTask
from relay.results.figures import FIGURES, list_figures
from relay.results.load import (
    Part,
    compare_figures,
    compare_keys,
    compare_rest,
    list_results,
    load_latest,
    load_result,
    pack_files,
)


def test_the_page_and_the_model_agree_on_which_way_is_better() -> None:
    assert {name for name, (_, better) in FIGURES.items() if better == "lower"} == LOWER_IS_BETTER


def test_the_deciding_figure_comes_first_with_its_baseline(full: Folders) -> None:
    first = list_figures(load_latest(full.settings, "linear").metrics)[0]
    assert (first.name, first.better, first.decides) == ("R², explained share of the variance", "higher", True)
    assert first.value > 0.99 > 0 > (first.baseline or 0)


def test_a_map_is_judged_against_the_largest_label(full: Folders) -> None:
    figures = list_figures(load_latest(full.settings, "styles").metrics)
    assert figures[0].name == "Nearest chunk has the same label, by distance"
    assert figures[0].baseline == pytest.approx(1 / 3, abs=0.1)


def test_without_a_result_the_next_step_is_said(empty: Folders) -> None:
    with pytest.raises(DatasetMissingError, match="Run `python -m model linear`, or press Run"):
        load_latest(empty.settings, "linear")


def test_a_changed_file_is_found_out(full: Folders) -> None:
    (full.data / "output" / "linear" / "latest" / "metrics.json").write_text("{}", encoding="utf-8")
    with pytest.raises(DatasetDamagedError, match=r"metrics\.json was changed"):
        load_latest(full.settings, "linear")


@pytest.mark.parametrize(
    ("written", "task"), [("binary classification", ModelTask.BINARY), ("classification", ModelTask.MULTICLASS)]
)
def test_metrics_of_release_0_1_are_read(full: Folders, written: str, task: ModelTask) -> None:
    folder = full.data / "output" / "linear" / "latest"
    content = json.dumps(json.loads((folder / "metrics.json").read_bytes()) | {"kind": written}).encode()
    receipt = json.loads((folder / "receipt.json").read_bytes())
    receipt["files"]["metrics.json"] = hashlib.sha256(content).hexdigest()
    receipt.pop("receipt_sha256")
    receipt["receipt_sha256"] = hash_json(receipt)
    (folder / "metrics.json").write_bytes(content)
    (folder / "receipt.json").write_text(json.dumps(receipt), encoding="utf-8")
    assert load_latest(full.settings, "linear").metrics["kind"] is task


def test_the_zip_holds_every_file_and_the_receipt(full: Folders) -> None:
    result = load_latest(full.settings, "linear")
    names = zipfile.ZipFile(io.BytesIO(pack_files(result))).namelist()
    assert {name.rpartition("/")[2] for name in names} == {*result.receipt.files, "receipt.json"}


def test_two_results_differ_by_what_was_changed_and_nothing_else(full: Folders) -> None:
    newer, older = (load_result(full.settings, folder) for folder in list(list_results(full.settings))[:2])
    differences = compare_keys(older.receipt, newer.receipt)
    assert [(one.name, one.first, one.second) for one in differences] == [("threads", 1, 2)]
    assert compare_figures(older.metrics, newer.metrics)[0].name == "R², explained share of the variance"
    assert "line slope" in {one.name for one in compare_rest(older.metrics, newer.metrics)}


def test_results_of_other_packages_differ_by_them_where_both_name_them(full: Folders) -> None:
    receipt = load_latest(full.settings, "linear").receipt
    other, unknown = (
        receipt.model_copy(update={"key": receipt.key.model_copy(update={"packages": packages})})
        for packages in (receipt.key.packages | {"numpy": "1.0"}, {})
    )
    numpy = receipt.key.packages["numpy"]
    found = compare_keys(receipt, other)
    assert [(one.name, one.first, one.second, one.part) for one in found] == [
        ("package numpy", numpy, "1.0", Part.PACKAGE)
    ]
    assert compare_keys(receipt, unknown) == []


def test_all_kept_results_of_all_recipes_are_listed_once(full: Folders) -> None:
    assert [receipt.recipe for receipt in list_results(full.settings).values()] == [
        "linear",
        "linear",
        "papers",
        "styles",
    ]
