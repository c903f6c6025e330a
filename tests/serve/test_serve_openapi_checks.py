"""All checks of schemathesis, by its own command, on a service with models, processed rows and predictions."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from counts import EXAMPLES
from serving import Server

LABEL = "/predictions/{id}/label"


@pytest.mark.slow
@pytest.mark.counted
@pytest.mark.parametrize(
    ("models", "choice"),
    [(("numbers", "line"), f"--exclude-path={LABEL}"), (("line",), f"--include-path={LABEL}")],
    ids=["all but labels", "labels of one model"],
)
def test_schemathesis_finds_nothing_with_all_its_checks(
    models: tuple[str, ...],
    choice: str,
    start: Callable[..., Server],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    server = start(*models, API_TIMEOUT="60")
    (server.data / "processed").mkdir()
    for model in models:
        pq.write_table(pa.table({"x": list(range(20))}), server.data / "processed" / f"{model}.parquet")
    url = f"http://127.0.0.1:{server.port}"
    hooks = {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("schemathesis"), "run", f"{url}/openapi.json", choice, "--no-color"),
            *("--checks=all", "--phases=examples,coverage,fuzzing,stateful", f"--max-examples={EXAMPLES.value}"),
            *("--seed=1", "--generation-database=none", "--continue-on-failure", "--warnings=off"),
        ],
        cwd=tmp_path,
        env=os.environ | hooks | {"RELAY_API": url, "RELAY_API_MODEL": models[-1]},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-6_000:] + server.said()[-2_000:]
    assert "No issues found" in done.stdout, done.stdout[-2_000:]
    made = re.search(r"([0-9,]+) generated", done.stdout)
    assert made is not None, done.stdout[-2_000:]
    record_property("requests that schemathesis made from the API's document", int(made[1].replace(",", "")))
