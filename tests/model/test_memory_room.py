"""A table that does not fit: found before it is read or when memory runs out, with what to write into the recipe."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from patience import HANG_SECONDS
from projects import LINEAR, NUMBERS, Project, linear_columns, mixed_columns

from model.parameters import EstimatorParameters, parse_parameters
from model.training.estimator.memory.fitting import estimate, require_room
from model.training.estimator.memory.room import Room, find_room
from model.training.estimator.memory.source import open_rows
from relay.handoff.errors import ModelError
from relay.handoff.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]
MakeProject = Callable[..., Project]

LIMITED = """
import resource, sys
from relay.handoff.program import main
from model.__main__ import STAGE
import model.training.estimator.train
import pyarrow.parquet
pages = int(open("/proc/self/statm").read().split()[0])
most = pages * resource.getpagesize() + int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (most, most))
sys.exit(main(STAGE, sys.argv[2:]))
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def test_the_memory_of_the_machine_is_the_limit_where_nothing_else_is(tmp_path: Path) -> None:
    proc = write(tmp_path, {"meminfo": "MemTotal: 9 kB\nMemAvailable:    2000 kB\nSwapFree:   48 kB\n"})
    assert find_room(proc, tmp_path / "none") == Room(2048 * 1024, "available memory of the machine")


def test_a_limit_of_cgroups_version_2_counts_without_files_that_were_read(tmp_path: Path) -> None:
    proc = write(tmp_path / "proc", {"meminfo": "MemAvailable: 2000 kB\n", "self/cgroup": "0::/a/b\n"})
    groups = write(
        tmp_path / "groups",
        {
            "a/memory.max": "1000000\n",
            "a/memory.current": "700000\n",
            "a/memory.stat": "anon 1\ninactive_file 200000\n",
            "a/b/memory.max": "max\n",
            "a/b/memory.current": "700000\n",
        },
    )
    assert find_room(proc, groups) == Room(500_000, "memory limit of the container or service")


def test_a_limit_of_cgroups_version_1_counts(tmp_path: Path) -> None:
    proc = write(tmp_path / "proc", {"self/cgroup": "5:cpu:/x\n4:memory:/docker/1\n"})
    groups = write(
        tmp_path / "groups", {"memory/memory.limit_in_bytes": "900000", "memory/memory.usage_in_bytes": "100000"}
    )
    assert find_room(proc, groups) == Room(800_000, "memory limit of the container or service")


def test_a_system_that_names_no_limit_has_none(tmp_path: Path) -> None:
    assert find_room(tmp_path, tmp_path) is None


def test_a_table_that_is_too_large_is_refused_before_it_is_read(project: MakeProject) -> None:
    made = project(NUMBERS, mixed_columns(150_000), "large")
    command = [sys.executable, "-c", LIMITED, "10000000", *made.arguments("--force")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=HANG_SECONDS)
    entry = json.loads((made.folder / "logs" / "runs.jsonl").read_text().splitlines()[-1])
    assert (done.returncode, entry["error"]["kind"]) == (1, "model"), done.stderr
    message = entry["error"]["message"]
    assert "150,000 rows with 3 inputs take about" in message
    assert "were free (ulimit -v), which is enough for about " in message
    for line in ("`sample_rows = ", '`memory = "float32"`', '`memory = "stream"`', "docs/large-tables.md"):
        assert line in entry["error"]["next"]


def test_memory_that_runs_out_is_explained_too(project: MakeProject) -> None:
    made = project(LINEAR, linear_columns(100))
    recipe = load_recipe(str(made.recipe), [])
    parameters = parse_parameters(recipe)
    assert isinstance(parameters, EstimatorParameters)
    rows = open_rows(made.open_processed(), recipe.columns, 0, recipe.seed)
    with pytest.raises(ModelError) as refused, require_room(rows, recipe.columns, parameters):
        np.ones(10**15)
    assert "100 rows with 1 input did not fit in memory while the model learned" in refused.value.message
    assert refused.value.next_step.startswith("Give the process more memory, or write into [model]: `sample_rows = 90`")
    for way in ("sklearn.ensemble.HistGradientBoostingRegressor", "sklearn.linear_model.SGDRegressor"):
        assert way in refused.value.next_step


def test_what_was_suggested_can_be_written_into_the_recipe(project: MakeProject) -> None:
    made = project(LINEAR, linear_columns(300))
    made.train("model.sample_rows=90")
    made.train("model.estimator=sklearn.ensemble.HistGradientBoostingRegressor", "model.memory=float32")
    made.train("model.estimator=sklearn.linear_model.SGDRegressor", "model.memory=stream")


def test_float32_is_expected_to_take_less_than_half(project: MakeProject) -> None:
    columns = load_recipe(str(project(NUMBERS, mixed_columns(10)).recipe), []).columns
    assert estimate(1_000, columns, "float32").bytes < 0.6 * estimate(1_000, columns, "normal").bytes
