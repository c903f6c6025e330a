"""The stage as it is run: when it works, when it does not, and what it says."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import commands
import pydantic
import pytest
from PIL import Image
from projects import (
    DOCUMENTS,
    LINEAR,
    MIXED,
    NUMBERS,
    Project,
    document_columns,
    linear_columns,
    make_project,
    mixed_columns,
)

from relay.handoff.files import Fingerprints
from relay.results.output import KEEP

ROOT = Path(__file__).resolve().parents[2]

LOOK_AT_A_RUN = """
import json, sys
files = []
sys.addaudithook(lambda event, details: event == "open" and files.append(str(details[0])))
from model.__main__ import STAGE, main
main(STAGE, sys.argv[1:])
print(json.dumps({"packages": sorted({name.split(".")[0] for name in sys.modules}), "files": files}))
"""

LIGHT = {"annotated_types", "filelock", "loguru", "pydantic", "pydantic_core", "typing_extensions", "typing_inspection"}
"""The installed packages that a run may load when it has nothing to do."""


def run_alone(made: Project, *more: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "model", *made.arguments(*more)]
    return commands.run(
        command, cwd=ROOT, env={**os.environ, **environment}, check=True, capture_output=True, text=True
    )


def test_a_second_run_changes_nothing_and_says_again_where_the_plot_is(trained_line: Project) -> None:
    before = {path: path.stat().st_mtime_ns for path in trained_line.data_dir.rglob("output/**/*")}
    assert trained_line.run() == 0
    assert {path: path.stat().st_mtime_ns for path in trained_line.data_dir.rglob("output/**/*")} == before
    last = trained_line.log().splitlines()[-2]  # the very last line tells of tracking
    assert f"the plot {trained_line.latest}/fitted_line.png shows the prediction over its one input" in last
    assert trained_line.log().count("unchanged, 100 rows") == 1


def test_an_unchanged_run_loads_no_heavy_library_and_reads_no_data(trained_line: Project) -> None:
    """How long it takes, as a ratio to `import pandas`, is measured by benchmarks/unchanged.py."""
    trained_line.run()  # notes which files it has hashed
    command = [sys.executable, "-c", LOOK_AT_A_RUN, *trained_line.arguments()]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    look = json.loads(done.stdout)
    packages = {path.name.removesuffix(".py") for path in Path(pydantic.__file__).parents[1].glob("[!_]*")}
    assert packages & set(look["packages"]) <= LIGHT
    assert {"pydantic", "loguru"} <= set(look["packages"])
    paths = [
        Path(path).relative_to(trained_line.data_dir)
        for path in look["files"]
        if path.startswith(str(trained_line.data_dir))
    ]
    # Locks and the notes of what is known of hashes are hidden. A receipt says first whether the dataset is in parts.
    assert sorted(path.name for path in paths if not path.parts[0].startswith(".")) == [
        "findings.json", "line.json", "line.json", "line.json.next", "receipt.json", "receipt.json",
    ]  # fmt: skip


def test_a_changed_parameter_runs_and_changed_back_moves_latest_back(trained_line: Project) -> None:
    first = trained_line.latest.resolve()
    trained_line.run("--set", "model.threads=1")
    second = trained_line.latest.resolve()
    assert second != first
    trained_line.run()
    assert trained_line.latest.resolve() == first
    assert "an earlier result is put back, parameter threads 1 -> 2" in trained_line.log()
    trained_line.run()
    assert "unchanged" in trained_line.log()


def test_force_trains_again_beside_the_old_result(trained_line: Project) -> None:
    first = trained_line.latest.resolve()
    trained_line.run("--force")
    second = trained_line.latest.resolve()
    assert second.name == f"{first.name}-2"
    assert first.exists()
    assert (second / "model.skops").read_bytes() == (first / "model.skops").read_bytes()


def test_a_damaged_file_makes_it_run_again_and_is_named(trained_line: Project) -> None:
    (trained_line.latest / "metrics.json").write_text("{}")
    assert trained_line.run() == 0
    assert "latest/metrics.json was changed: SHA-256" in trained_line.log()
    fingerprints = Fingerprints(trained_line.data_dir / ".state", trained_line.data_dir)
    assert trained_line.location.current(fingerprints) is not None


def test_changed_data_makes_it_run_again(trained_line: Project) -> None:
    first = trained_line.receipt().fingerprint
    make_project(trained_line.folder, LINEAR, linear_columns(seed=1), "line")
    trained_line.run()
    assert "input processed/line" in trained_line.log()
    assert trained_line.receipt().fingerprint != first


def test_another_unit_on_an_axis_is_a_change(trained_line: Project) -> None:
    trained_line.recipe.write_text(LINEAR.replace('unit = "m"', 'unit = "cm"'))
    trained_line.run()
    assert 'parameter columns.x.unit "m" -> "cm"' in trained_line.log()


def test_the_receipt_holds_the_digest_of_every_file(trained_line: Project) -> None:
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in trained_line.latest.iterdir()}
    del found["receipt.json"]
    receipt = trained_line.receipt()
    assert receipt.files == found
    assert receipt.bytes == sum(path.stat().st_size for path in trained_line.latest.iterdir() if path.name in found)
    assert receipt.key.inputs.keys() == {"processed/line"}
    assert receipt.key.parameters["threads"] == 2


def test_a_missing_dataset_names_the_command_that_makes_it(linear: Project) -> None:
    shutil.rmtree(linear.data_dir / "processed")
    assert linear.run() == 1
    assert f"run `python -m preprocess {linear.recipe} --data-dir {linear.data_dir}` first" in linear.log()


def test_an_unknown_option_in_the_section_is_answered_with_the_nearest(linear: Project) -> None:
    assert linear.run("--set", "model.estimater=x") == 2
    assert 'unknown key (did you mean "estimator"?)' in linear.log()


def test_only_the_last_ten_results_stay(trained_line: Project) -> None:
    for number in range(KEEP):
        shutil.copytree(trained_line.latest.resolve(), trained_line.location.folder / f"0000000{number:x}")
    trained_line.run("--force")
    assert len([path for path in trained_line.location.folder.iterdir() if not path.is_symlink()]) == KEEP


@pytest.mark.slow
def test_the_same_bytes_in_two_folders_two_time_zones_and_two_hash_seeds(tmp_path: Path) -> None:
    running, made = [], []
    for place, zone in (("here", "Pacific/Auckland"), ("far/away", "America/Lima")):
        mixed = make_project(tmp_path / place, MIXED, mixed_columns(), "mixed")
        papers = make_project(tmp_path / place, DOCUMENTS, document_columns(), "papers")
        numbers = make_project(tmp_path / place, NUMBERS, mixed_columns(), "numbers")
        command = [sys.executable, "-m", "model", str(papers.recipe), str(numbers.recipe), *mixed.arguments()]
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": str(len(zone))}
        running.append(subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL))
        made.append((mixed, papers, numbers))
    assert [process.wait() for process in running] == [0, 0]
    here, away = [
        {(one.recipe.name, name): digest for one in projects for name, digest in one.receipt().files.items()}
        for projects in made
    ]
    assert here == away
    names = {name for _, name in here}
    assert {"model.skops", "roc.svg", "map.png", "chunks.parquet", "metrics.json", "contract.json"} < names
    assert ("numbers.toml", "model.onnx") in here


def test_no_file_but_the_receipt_holds_a_path(trained_mixed: Project) -> None:
    for path in trained_mixed.latest.iterdir():
        assert str(trained_mixed.folder).encode() not in path.read_bytes()


@pytest.mark.parametrize("name", ["roc", "precision_recall", "calibration", "confusion"])
def test_pictures_are_there_and_show_something(trained_once: Callable[[str], Project], name: str) -> None:
    classified = trained_once("mixed")
    with Image.open(classified.latest / f"{name}.png") as picture:
        colours = picture.convert("RGB").getcolors(1 << 24)
        assert min(picture.size) >= 600
        assert picture.info["dpi"] == pytest.approx((150, 150), abs=0.1)
    assert colours is not None
    assert len(colours) > 50
    assert max(count for count, _ in colours) < 0.95 * sum(count for count, _ in colours)
    svg = (classified.latest / f"{name}.svg").read_text()
    assert svg.count("<path") > 10
    assert "<dc:date>" not in svg
