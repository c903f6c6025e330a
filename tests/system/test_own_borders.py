"""Own code that misbehaves, by the commands: one clear line, nothing half-written, the result of before still whole."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from patience import HANG_SECONDS, wait_for
from whole_data import list_leftovers, require_whole_dataset, require_whole_result

Desk = Any  # tests/conftest.py

RECIPE = """
title = "Mine"
[columns]
id = { type = "int", role = "id" }
x = { type = "float", role = "input" }
[ingest]
source = "file"
path = "rows.csv"
[preprocess]
kind = "python"
function = "clean"
[model]
kind = "python"
function = "train"
"""

GOOD = "def clean(frame):\n    return frame\n\n\ndef train(frame):\n    return {'metrics': {'rows': len(frame)}}\n"

FUNCTIONS = {"preprocess": "clean", "model": "train"}

LIMITED = "import resource\n    resource.setrlimit(resource.RLIMIT_AS, (3_000_000_000,) * 2)\n    "

ENDS = {
    "exhausts memory": (LIMITED + "x = bytearray(20_000_000_000)", ", line 3, in {}: no memory is left (MemoryError)"),
    "exhausts memory in NumPy": (
        LIMITED + "import numpy\n    x = numpy.ones(20_000_000_000)",
        ", line 4, in {}: no memory is left (MemoryError)",
    ),
    "calls sys.exit(0)": ("import sys\n    sys.exit(0)", ", line 2, in {}: it called sys.exit(0); a function must"),
    "is killed": (
        "import os\n    os.kill(os.getpid(), 9)",
        ": {} was killed (SIGKILL): most likely there was no memory",
    ),
    "raises KeyboardInterrupt": ("raise KeyboardInterrupt", ", line 1, in {}: KeyboardInterrupt"),
    "does not end": ("while True: pass", ": {} was not done after its timeout of 1 s, and was ended"),
    "gives something else": ("return 3", ": {} gave int; expected a"),
}


@pytest.fixture
def mine(desk: Desk) -> Desk:
    """A desk with a recipe whose own functions have run once."""
    rows = [f"{number},{number * 0.5}" for number in range(100)]
    (desk.folder / "rows.csv").write_text("\n".join(["id,x", *rows]))
    write(desk, GOOD)
    desk.recipe(RECIPE, "mine")
    return desk


def write(desk: Desk, code: str) -> None:
    """The module beside the recipe."""
    (desk.folder / "mine.py").write_text(code)


def recipe(desk: Desk) -> str:
    """The recipe as one types it."""
    return str(desk.folder / "mine.toml")


def run_all(desk: Desk, last: str) -> str:
    """Run the stages up to one; gives the fingerprint of its result."""
    for stage in ("ingest", "preprocess", "model"):
        assert desk.run(stage, recipe(desk)) == 0
        if stage == last:
            break
    return require_whole(desk, last)


def require_whole(desk: Desk, stage: str) -> str:
    """The fingerprint of a stage's result, which must be whole, with nothing left of a run."""
    assert list_leftovers(desk.data) == []
    assert [path.name for path in (desk.data / ".state").glob("own/*")] == []
    whole = require_whole_result if stage == "model" else require_whole_dataset
    found = whole(desk.data, f"{'output' if stage == 'model' else 'processed'}/mine", stage)
    assert found is not None
    return found


def last_entry(desk: Desk) -> Any:
    """What the journal has of the last run."""
    return json.loads((desk.logs / "runs.jsonl").read_text().splitlines()[-1])


QUICK = ("exhausts memory", "calls sys.exit(0)", "is killed")
"""Those of `make test`; each end has a quick test of its own in tests/relay/handoff/own/test_apart.py."""


@pytest.mark.parametrize("what", [pytest.param(what, marks=[] if what in QUICK else pytest.mark.slow) for what in ENDS])
@pytest.mark.parametrize("stage", ["preprocess", pytest.param("model", marks=pytest.mark.slow)])
def test_each_bad_end_is_one_line_and_the_result_of_before_stays(stage: str, what: str, mine: Desk) -> None:
    before, function = run_all(mine, stage), FUNCTIONS[stage]
    body, why = ENDS[what]
    write(mine, GOOD.replace(f"def {function}(frame):\n", f"def {function}(frame):\n    {body}\n"))
    line = GOOD[: GOOD.index(f"def {function}")].count("\n") + 1  # of the def; the body is counted from it
    why = "recipes/mine.py" + _shift(why.format(function), line)
    timeout = ("--set", f"{stage}.timeout=1") if "timeout" in why else ()
    assert mine.run(stage, recipe(mine), *timeout) == 1
    first, *lines = last_entry(mine)["error"]["message"].splitlines()
    assert first.startswith(why)
    assert [line for line in lines if not line.startswith("  ")] == []  # lines of the user's own file
    assert require_whole(mine, stage) == before
    write(mine, GOOD)
    assert (mine.run(stage, recipe(mine)), mine.outcomes(stage)[-1]) == (0, "unchanged")


def _shift(text: str, by: int) -> str:
    """The text with its line counted from the function's first."""
    if not text.startswith(", line "):
        return text
    number, rest = text.removeprefix(", line ").split(",", 1)
    return f", line {int(number) + by},{rest}"


def test_a_function_that_gives_other_types_has_its_rows_counted_by_reason(mine: Desk) -> None:
    before = run_all(mine, "preprocess")
    write(mine, GOOD.replace("return frame\n", "return frame.assign(x='red')\n"))
    assert mine.run("preprocess", recipe(mine)) == 1
    assert "100 of 100 rows" in last_entry(mine)["error"]["message"]
    assert "x: not a number" in last_entry(mine)["error"]["message"]
    assert require_whole(mine, "preprocess") == before


@pytest.mark.slow
def test_a_gigabyte_of_print_is_cut_and_said(mine: Desk) -> None:
    line = "    for _ in range(1_000):\n        print('x' * 999_999)\n"
    write(mine, GOOD.replace("def clean(frame):\n", f"def clean(frame):\n{line}"))
    run_all(mine, "preprocess")
    assert "preprocess mine: own code printed 999,000,000 bytes more, which are not kept" in mine.said("preprocess")
    assert (mine.logs / "preprocess.log").stat().st_size < 1_200_000


def test_threads_and_processes_that_are_left_do_not_hold_the_stage(mine: Desk) -> None:
    pid = mine.folder / "pid"
    body = (
        "    import subprocess, threading, time\n    threading.Thread(target=time.sleep, args=(600,)).start()\n"
        f"    open({str(pid)!r}, 'w').write(str(subprocess.Popen(['sleep', '600']).pid))\n"
    )
    write(mine, GOOD.replace("def clean(frame):\n", f"def clean(frame):\n{body}"))
    run_all(mine, "preprocess")
    wait_for(lambda: not is_running(int(pid.read_text())), "the end of the process that was left")


WAYS = [
    pytest.param(signal.SIGINT, 130, id="Ctrl-C"),
    pytest.param(signal.SIGTERM, 130, id="SIGTERM", marks=pytest.mark.slow),
    pytest.param(signal.SIGKILL, -signal.SIGKILL, id="kill -9"),
]


@pytest.mark.parametrize(("number", "code"), WAYS)
@pytest.mark.parametrize("stage", ["preprocess", pytest.param("model", marks=pytest.mark.slow)])
def test_a_stage_that_is_ended_takes_its_own_code_along(
    stage: str, number: signal.Signals, code: int, mine: Desk
) -> None:
    before, function, pid = run_all(mine, stage), FUNCTIONS[stage], mine.folder / "pid"
    body = (
        "    import os, subprocess, time\n    other = subprocess.Popen(['sleep', '600']).pid\n"
        f"    open({str(pid)!r}, 'w').write(f'{{os.getpid()}} {{other}} ')\n    time.sleep(600)\n"
    )
    write(mine, GOOD.replace(f"def {function}(frame):\n", f"def {function}(frame):\n{body}"))
    process = mine.start(stage, recipe(mine))
    wait_for(lambda: pid.exists() and pid.read_text().endswith(" "), "own code")
    process.send_signal(number)
    process.communicate(timeout=HANG_SECONDS)
    assert process.returncode == code
    for one in map(int, pid.read_text().split()):
        wait_for(lambda one=one: not is_running(one), "the end of own code and of what it started")
    write(mine, GOOD)
    assert mine.run(stage, recipe(mine)) == 0
    assert mine.run(stage, recipe(mine), "--force") == 0  # it also empties the working folder of a killed run
    assert require_whole(mine, stage) == before


def is_running(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text() if sys.platform == "linux" else True
