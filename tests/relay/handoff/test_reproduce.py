"""`--reproduce`: a second run under other conditions gives the same bytes, or the message names what differs."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from patience import HANG_SECONDS, wait_for

Desk = Any  # tests/conftest.py

TABLE = """
title = "Numbers"
[columns]
id = { type = "int", role = "id" }
x = { type = "float", role = "input", min = 1 }
y = { type = "float", role = "target" }
[ingest]
source = "file"
path = "rows.csv"
[preprocess]
kind = "table"
max_rejected_share = 0.5
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""

DRAWN = """
title = "Drawn"
[columns]
x = { type = "float", role = "input", min = 0, max = 20 }
y = { type = "float", role = "target" }
[ingest]
source = "synthetic"
rows = 500
[ingest.formula]
y = { slope = 2.0, of = "x", intercept = 1.0, noise_sd = 0.5 }
[preprocess]
kind = "table"
"""

LETTERS = """
title = "Letters"
[columns]
letter = { type = "int", role = "id" }
writer = { type = "category", role = "label" }
text = { type = "text", role = "input" }
[ingest]
source = "file"
path = "letters.json"
records = "letters"
[preprocess]
kind = "documents"
[model]
kind = "authorship"
chunk_chars = 500
projection = "pcoa"
"""

OWN = """
title = "Mine"
[columns]
id = { type = "int", role = "id" }
x = { type = "float", role = "input" }
y = { type = "float", role = "input" }
a = { type = "float", role = "input" }
b = { type = "text", role = "input" }
c = { type = "float", role = "input" }
d = { type = "text", role = "input" }
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

SURE = """
import random
import numpy as np
def clean(frame):
    return frame.assign(a=[random.random() + np.random.rand() for _ in frame.id], b="b", c=1.5, d="d")
def train(frame):
    import matplotlib.pyplot as plt
    frame.plot.scatter("x", "a", title="x and a")
    plt.show()
    return {"metrics": {"mean": float(frame.a.mean())}, "tables": {"rows": frame}, "findings": {"rows": "Some rows."}}
"""

UNSURE = """
import time
import numpy as np
def clean(frame):
    frame["a"] = np.where(frame.id < 4, 0.5, np.random.default_rng().random(len(frame)))
    frame["b"] = "".join({"ape", "bee", "cat", "dog", "eel", "fox"})
    frame["c"] = time.time()
    frame["d"] = time.strftime("%Z")
    return frame
def train(frame):
    return {
        "metrics": {"rows": len(frame), "noise": float(np.random.default_rng().random())},
        "tables": {"rows": frame.assign(x=np.random.default_rng().random(len(frame)))},
        "findings": {"zone": f"It is {time.strftime('%Z')} here."},
    }
"""


def prepare(desk: Desk, text: str, code: str = SURE) -> str:
    """A recipe with the files that it reads and a module; gives its path."""
    rows = [f"{number},{number * 0.5},{number}" for number in range(1, 60)]
    (desk.folder / "rows.csv").write_text("\n".join(["id,x,y", *rows]))
    letters = [
        {"letter": number, "writer": f"writer {number % 3}", "text": f"the tide {number} of the harbour sails " * 20}
        for number in range(30)
    ]
    (desk.folder / "letters.json").write_text(json.dumps({"letters": letters}))
    (desk.folder / "mine.py").write_text(code)
    return str(desk.recipe(text, "mine"))


def run_before(desk: Desk, path: str, stage: str) -> None:
    """Run the stages before one."""
    for earlier in ("ingest", "preprocess")[: ("ingest", "preprocess", "model").index(stage)]:
        assert desk.run(earlier, path) == 0


def failure(desk: Desk) -> str:
    """The message of the last run."""
    return str(json.loads((desk.logs / "runs.jsonl").read_text().splitlines()[-1])["error"]["message"])


def left_in_scratch(desk: Desk) -> list[Path]:
    """What second runs left."""
    return [*(desk.data / ".state" / "reproduce").iterdir(), *(desk.data / ".state").glob("own/*")]


SLOW = pytest.mark.slow
KINDS = [
    pytest.param("ingest", TABLE, id="ingest of a file"),
    pytest.param("ingest", DRAWN, id="ingest of synthetic rows", marks=SLOW),
    pytest.param("ingest", LETTERS, id="ingest of records", marks=SLOW),
    pytest.param("preprocess", TABLE, id="table", marks=SLOW),
    pytest.param("preprocess", LETTERS, id="documents"),
    pytest.param("preprocess", OWN, id="own rows"),
    pytest.param("model", TABLE, id="estimator", marks=SLOW),
    pytest.param("model", LETTERS, id="authorship", marks=SLOW),
    pytest.param("model", OWN, id="own training", marks=SLOW),
]


@pytest.mark.parametrize(("stage", "text"), KINDS)
def test_each_stage_and_kind_gives_the_same_bytes(stage: str, text: str, desk: Desk) -> None:
    path = prepare(desk, text)
    run_before(desk, path, stage)
    assert desk.run(stage, path, "--reproduce") == 0
    assert desk.said(stage)[-1] == f"{stage} mine: the same bytes"
    assert left_in_scratch(desk) == []


def test_columns_that_differ_are_named_with_their_first_row(desk: Desk) -> None:
    path = prepare(desk, OWN, UNSURE)
    run_before(desk, path, "preprocess")
    assert desk.run("preprocess", path, "--reproduce") == 1
    before, message = desk.bytes("processed/mine"), failure(desk)
    named = (
        "column a, first in row 4: ",
        "column b, first in row 1: ",
        "column c, first in row 1: ",
        "column d, first",
    )
    assert message.startswith("a second run gave other bytes: column a, ")
    assert [text for text in named if text not in message] == []
    assert "column x" not in message
    assert "'UTC' and 'NZ" in message
    assert desk.run("preprocess", path) == 0
    assert (desk.bytes("processed/mine"), desk.outcomes("preprocess")[-1]) == (before, "unchanged")
    assert left_in_scratch(desk) == []


@pytest.mark.slow
def test_files_and_keys_of_a_result_that_differ_are_named(desk: Desk) -> None:
    path = prepare(desk, OWN, SURE.partition("def train")[0] + "def train" + UNSURE.partition("def train")[2])
    (desk.folder / "mine.py").write_text("import time\n" + (desk.folder / "mine.py").read_text())
    run_before(desk, path, "model")
    assert desk.run("model", path, "--reproduce") == 1
    message = failure(desk)
    named = ("metrics.json: key noise: 0.", "rows.parquet: column x, first in row 1: ", "findings.json: key ")
    assert [text for text in named if text not in message] == []
    assert "It is UTC here." in message
    assert "key rows" not in message
    assert left_in_scratch(desk) == []


def test_a_second_run_that_fails_is_told_with_its_exit_code(desk: Desk) -> None:
    code = (
        "import os\ndef clean(frame):\n    1 / (os.environ.get('TZ') != 'Pacific/Auckland')\n"
        + SURE.partition("frame):\n")[2]
    )
    path = prepare(desk, OWN, "import random\nimport numpy as np\n" + code)
    run_before(desk, path, "preprocess")
    assert desk.run("preprocess", path, "--reproduce") == 1
    assert failure(desk) == "the second run failed with exit code 1; its log stands above"
    assert left_in_scratch(desk) == []


@SLOW
def test_an_interrupt_ends_both_runs_and_leaves_nothing(desk: Desk) -> None:
    mark = desk.folder / "pid"
    code = (
        "import os, random, time\nimport numpy as np\ndef clean(frame):\n"
        "    if os.environ.get('TZ') == 'Pacific/Auckland':\n"
        f"        open({str(mark)!r}, 'w').write(f'{{os.getpid()}} ')\n"
        "        time.sleep(600)\n" + SURE.partition("frame):\n")[2]
    )
    path = prepare(desk, OWN, code)
    run_before(desk, path, "preprocess")
    process = desk.start("preprocess", path, "--reproduce")
    wait_for(lambda: mark.exists() and mark.read_text().endswith(" "), "the second run")
    process.send_signal(signal.SIGINT)
    assert (process.communicate(timeout=HANG_SECONDS), process.returncode)[1] == 130
    assert left_in_scratch(desk) == []
    wait_for(lambda: not _is_running(int(mark.read_text())), "the end of own code")
    assert desk.run("preprocess", path) == 0


def test_the_answer_for_programs_is_one_line_of_json(desk: Desk) -> None:
    path = prepare(desk, OWN, UNSURE)
    run_before(desk, path, "preprocess")
    process = desk.start("preprocess", path, "--reproduce", "--json")
    output, _ = process.communicate(timeout=HANG_SECONDS)
    answers = [json.loads(line) for line in output.splitlines()]
    assert (process.returncode, answers[-1]["error"]["kind"]) == (1, "not_reproducible")
    assert "column a, first in row 4" in answers[-1]["error"]["message"]


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
