"""Own code in a process apart: what crosses, and each way in which it can end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from patience import HANG_SECONDS, wait_for

from relay.handoff.errors import SchemaError
from relay.handoff.own.apart import MOST_PRINTED_BYTES, Apart, Work
from relay.handoff.own.module import OwnCodeError, OwnFolder
from relay.handoff.own.reach import find_reach
from relay.handoff.settings import ROOT

Start = Callable[..., Apart]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """A process apart for a module with this text, whose function is `f`."""

    def make(text: str, task: str = "call", timeout: float | None = None, **arguments: Any) -> Apart:
        folder = tmp_path / "recipes"
        folder.mkdir(exist_ok=True)
        (folder / "mine.py").write_text(text)
        own = OwnFolder(folder)
        source = own.find("recipes.mine")
        assert source is not None
        work = Work(
            task=f"own_tasks:{task}",
            arguments=arguments,
            folder=folder,
            module="recipes.mine",
            function="f",
            files=find_reach(source, "f", own).files,
            shown="recipes/mine.py: f",
            seed=7,
            timeout=timeout,
            environment={"PYTHONPATH": os.pathsep.join((str(ROOT), str(Path(__file__).parent)))},
        )
        return Apart(work, tmp_path / "scratch", "mine")

    return make


def test_the_result_of_a_function_crosses_as_data(start: Start) -> None:
    with start("def f(a, b=1):\n    return a + b\n", a=2) as apart:
        assert apart.finish() == "3"


def test_rows_cross_one_batch_at_a_time(start: Start) -> None:
    text = (
        "import pandas as pd\ndef f():\n    for i in range(3):\n"
        "        yield pd.DataFrame({'x': [i, i + 10], 'name': ['a', 'é']})\n"
    )
    with start(text, "send") as apart:
        rows = [row for batch in apart.batches() for row in batch.to_pylist()]
        assert (apart.result, rows[-1], len(rows)) == (3, {"x": 12, "name": "é"}, 6)


def test_a_hundred_megabytes_cross_whole(start: Start) -> None:
    text = (
        "import pyarrow as pa, numpy as np\ndef f():\n    for i in range(10):\n"
        "        yield pa.table({'x': np.arange(1_300_000) + i})\n"
    )
    with start(text, "send") as apart:
        total = sum(int(batch.column(0).to_numpy().sum()) for batch in apart.batches())
    assert total == sum(sum(range(1_300_000)) + i * 1_300_000 for i in range(10))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("return {}['age']", "recipes/mine.py, line 3, in f: KeyError: 'age'"),
        ("raise ValueError('no\\nsense')", "recipes/mine.py, line 3, in f: ValueError: no sense"),
        ("sys.exit()", "recipes/mine.py, line 3, in f: it called sys.exit(); a function must return its result"),
        ("sys.exit(0)", "recipes/mine.py, line 3, in f: it called sys.exit(0); a function must return its result"),
        ("raise KeyboardInterrupt", "recipes/mine.py, line 3, in f: KeyboardInterrupt"),
        ("import nothing_there", "recipes/mine.py, line 3, in f: no module named nothing_there"),
        ("input()", "recipes/mine.py, line 3, in f: EOFError: EOF when reading a line"),
        ("raise MemoryError", "recipes/mine.py, line 3, in f: no memory is left (MemoryError)"),
        ("os._exit(0)", "recipes/mine.py: f ended its process with exit code 0 instead of returning"),
        ("os._exit(3)", "recipes/mine.py: f ended its process with exit code 3 instead of returning"),
        ("os.kill(os.getpid(), 9)", "recipes/mine.py: f was killed (SIGKILL): most likely there was no memory left"),
        ("os.kill(os.getpid(), 11)", "recipes/mine.py: f crashed (SIGSEGV) inside a library"),
    ],
)
def test_each_end_of_own_code_is_one_line(body: str, why: str, start: Start) -> None:
    with start(f"import os, sys\ndef f():\n    {body}\n") as apart, pytest.raises(OwnCodeError) as caught:
        apart.finish()
    assert caught.value.message == why


def test_the_lines_of_a_failure_are_the_users_own_and_at_most_twenty(start: Start) -> None:
    text = "def f(n=15):\n    if n == 0:\n        import json\n        json.loads('{')\n    return f(n - 1)\n"
    with start(text) as apart, pytest.raises(OwnCodeError) as caught:
        apart.finish()
    lines = caught.value.lines
    assert (len(lines), lines[-1].strip(), all("json/decoder" not in line for line in lines)) == (
        20,
        "json.loads('{')",
        True,
    )


def test_a_module_that_fails_while_it_is_imported_is_told_with_its_line(start: Start) -> None:
    with start("x = 1 / 0\ndef f():\n    return 1\n") as apart, pytest.raises(OwnCodeError) as caught:
        apart.finish()
    assert caught.value.message == "recipes/mine.py, line 1, in <module>: ZeroDivisionError: division by zero"


def test_an_error_of_ours_keeps_its_class(start: Start) -> None:
    with (
        start("def f():\n    yield 3\n", "send") as apart,
        pytest.raises(SchemaError, match="f gave int; expected a"),
    ):
        apart.finish()


def test_a_function_that_does_not_end_is_ended_after_its_timeout(start: Start) -> None:
    with start("def f():\n    while True: pass\n", timeout=0.7) as apart:
        with pytest.raises(OwnCodeError, match=r"was not done after its timeout of 0\.7 s, and was ended"):
            apart.finish()
        process = apart.process
    assert process.returncode == -signal.SIGKILL


def test_what_it_prints_is_logged_up_to_a_megabyte(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    import loguru

    lines: list[str] = []
    handler = loguru.logger.add(lines.append, format="{message}", level="INFO")
    text = "import sys\ndef f():\n    print('héllo')\n    for _ in range(30):\n        sys.stdout.write('x' * 10**6)\n"
    with start(text) as apart:
        apart.finish()
    loguru.logger.remove(handler)
    size = sum(len(line.removeprefix("mine: ").strip()) for line in lines[1:-1])
    assert (lines[0].strip(), lines[-1].strip()) == (
        "mine: héllo",
        f"mine: own code printed {30_000_000 + 7 - MOST_PRINTED_BYTES:,} bytes more, which are not kept",
    )
    assert size == MOST_PRINTED_BYTES - 7


def test_threads_and_processes_that_are_left_behind_do_not_hold_the_stage(start: Start, tmp_path: Path) -> None:
    text = (
        "import threading, time, subprocess\ndef f(path):\n"
        "    threading.Thread(target=time.sleep, args=(600,)).start()\n"
        "    open(path, 'w').write(str(subprocess.Popen(['sleep', '600']).pid))\n    return 1\n"
    )
    before = time.monotonic()
    with start(text, path=str(tmp_path / "pid")) as apart:
        assert apart.finish() == "1"
    left = int((tmp_path / "pid").read_text())
    assert time.monotonic() - before < 300
    wait_for(lambda: not _is_running(left), "the end of the process that was left behind")


def test_its_warnings_are_kept_and_its_working_folder_is_empty(start: Start, tmp_path: Path) -> None:
    text = (
        "import os, warnings\ndef f():\n    for _ in range(3):\n        warnings.warn('odd')\n"
        "    open('kept.txt', 'w').close()\n    return os.listdir()\n"
    )
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch" / "old").touch()
    with start(text) as apart:
        assert apart.finish() == "['kept.txt']"
    assert apart.warnings == ["UserWarning: odd (recipes/mine.py, line 4)"]


def test_a_warning_names_its_file_below_the_folder_of_recipes(start: Start, tmp_path: Path) -> None:
    parts = tmp_path / "recipes" / "parts"
    parts.mkdir(parents=True)
    (parts / "__init__.py").write_text("import warnings\n\n\ndef g():\n    warnings.warn('odd')\n")
    with start("from .parts import g\ndef f():\n    g()\n") as apart:
        apart.finish()
    assert apart.warnings == ["UserWarning: odd (recipes/parts/__init__.py, line 5)"]


def test_a_file_that_no_import_names_may_not_be_loaded(start: Start, tmp_path: Path) -> None:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "hidden.py").write_text("x = 1\n")
    text = (
        "import importlib\nname = 'hid' + 'den'\ndef f():\n    try:\n"
        "        return importlib.import_module('recipes.' + name).x\n    except ImportError:\n        return 0\n"
    )
    with start(text) as apart, pytest.raises(OwnCodeError, match=r"recipes/hidden\.py is loaded while the code runs"):
        apart.finish()


def test_a_file_that_changed_since_it_was_hashed_does_not_run(start: Start, tmp_path: Path) -> None:
    apart = start("def f():\n    return 1\n")
    (tmp_path / "recipes" / "mine.py").write_text("def f():\n    return 2\n")
    with apart, pytest.raises(OwnCodeError, match=r"recipes/mine\.py was changed while the stage ran"):
        apart.finish()


def test_both_generators_of_random_numbers_begin_with_the_seed(start: Start) -> None:
    import random

    import numpy as np

    with start(
        "import random\nimport numpy as np\ndef f():\n    return random.random(), float(np.random.rand())\n"
    ) as apart:
        found = apart.finish()
    assert found == str((random.Random(7).random(), float(np.random.RandomState(7).rand())))


def test_it_ends_with_all_that_it_started_when_the_stage_is_killed(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import os, subprocess, time\ndef f(path):\n    other = subprocess.Popen(['sleep', '600']).pid\n"
        "    open(path, 'w').write(f'{os.getpid()} {other} ')\n    time.sleep(600)\n"
    )
    program = (
        "import sys\nfrom pathlib import Path\nfrom relay.handoff.own.apart import Apart, Work\n"
        "from relay.handoff.own.module import OwnFolder\nfrom relay.handoff.own.reach import find_reach\n"
        "folder = Path(sys.argv[1]); own = OwnFolder(folder); source = own.find('recipes.mine')\n"
        "files = find_reach(source, 'f', own).files\n"
        "work = Work('own_tasks:call', {'path': sys.argv[2]}, folder, 'recipes.mine', 'f', files, 'f', 1,"
        " environment={'PYTHONPATH': sys.argv[3]})\n"
        "with Apart(work, folder / 'scratch', 'mine') as apart: apart.finish()\n"
    )
    pid, paths = tmp_path / "pid", os.pathsep.join((str(ROOT), str(Path(__file__).parent)))
    command = [sys.executable, "-c", program, str(tmp_path), str(pid), paths]
    stage = subprocess.Popen(command, cwd=ROOT)
    wait_for(lambda: pid.exists() and pid.read_text().endswith(" "), "own code")
    stage.kill()
    stage.wait()
    for number in map(int, pid.read_text().split()):
        wait_for(lambda number=number: not _is_running(number), "the end of own code and of what it started")


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text() if sys.platform == "linux" else True


def test_a_process_that_it_forked_does_not_hide_its_end(start: Start) -> None:
    text = "import os, time\ndef f():\n    if os.fork() == 0:\n        time.sleep(600)\n    os._exit(3)\n"
    with start(text) as apart, pytest.raises(OwnCodeError, match="ended its process with exit code 3"):
        apart.finish()


@pytest.mark.parametrize("way", ["fork", "spawn"])
def test_processes_that_it_starts_find_the_files_of_the_recipe_and_no_others(
    way: str, start: Start, tmp_path: Path
) -> None:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "own_parts.py").write_text("def tidy(x):\n    return x + 1\n")  # the project has one too
    text = (
        "import multiprocessing\nfrom .own_parts import tidy\ndef f(way):\n"
        "    with multiprocessing.get_context(way).Pool(1) as pool:\n        return pool.map(tidy, [1, 2])\n"
    )
    with start(text, way=way, timeout=HANG_SECONDS) as apart:
        assert apart.finish() == "[2, 3]"


def test_what_a_library_raises_later_is_told_as_of_the_function(start: Start) -> None:
    with start("def f():\n    return 1\n", "fail_in_a_library") as apart, pytest.raises(OwnCodeError) as caught:
        apart.finish()
    assert caught.value.message.startswith("recipes/mine.py: f: LinAlgError: Singular matrix")
    assert caught.value.lines[0].startswith("  numpy/linalg/_linalg.py, line ")
