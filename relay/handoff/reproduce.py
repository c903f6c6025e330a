"""`--reproduce`: a stage runs a second time under other conditions, and both results are compared byte for byte.

The second run is a fresh process with another hash seed, another time zone and another working folder. It reads the
same data through links and writes into a scratch folder, which is removed afterwards.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from loguru import logger

from relay.handoff import interrupt
from relay.handoff.errors import RelayError
from relay.handoff.override import format_value
from relay.handoff.receipt import Receipt, flatten
from relay.handoff.run import Parameters, Run
from relay.handoff.settings import ROOT
from relay.handoff.stage import Location

OTHER_ZONES = {"Pacific/Auckland": "America/Bogota"}
"""Another time zone than the one that is set; the first one for all that are not listed."""

LOOK_SECONDS = 0.5
COLUMNS_SHOWN = 5
PARTS_SHOWN = 3
LONGEST_SHOWN = 60
"""Characters of a value in a message."""


class NotReproducibleError(RelayError):
    """A second run gave other bytes."""

    kind = "not_reproducible"


def reproduce(run: Run[Parameters], location: Location, receipt: Receipt, *, is_source_repeated: bool = False) -> None:
    """Run the stage again and return where that gives the same bytes.

    Args:
        run: the stage and the recipe.
        location: of the result.
        receipt: of the result that is in place.
        is_source_repeated: whether the second run makes its inputs itself, and reads none that are kept.

    Raises:
        NotReproducibleError: the bytes differ; the message names the columns, or files, and the first row.
        RelayError: the second run failed.
    """
    scratch = run.settings.data_dir / ".state" / "reproduce" / f"{run.stage}-{run.recipe.name}"
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        _link_inputs(run.settings.data_dir, scratch / "data", location.address, with_kept=not is_source_repeated)
        logger.info("{}: runs a second time, with another hash seed, time zone and working folder", run.name)
        _run_again(run, scratch)
        second = _find_result(scratch / "data", location.address)
        again = Receipt.read(second)
        left_out: dict[str, Any] = {"inputs": {}} if is_source_repeated else {}
        if again.key.model_copy(update=left_out).digest != receipt.key.model_copy(update=left_out).digest:
            raise RelayError("its code, parameters or inputs changed meanwhile; run it again")
        differences = list(_compare(run.settings.data_dir, scratch / "data", location.address, receipt, again))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if differences:
        raise NotReproducibleError(
            f"a second run gave other bytes: {'; '.join(differences)}",
            next_step="Look for an unseeded random number, the order of a set, the clock or the time zone.",
        )
    logger.info("{}: the same bytes", run.name)


def _run_again(run: Run[Parameters], scratch: Path) -> None:
    """The second run."""
    zone = os.environ.get("TZ") or "UTC"
    seed = "1" if os.environ.get("PYTHONHASHSEED") == "2" else "2"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": seed,
        "TZ": OTHER_ZONES.get(zone, "Pacific/Auckland"),
        "RELAY_REFRESH": "never",
        "MLFLOW_TRACKING_URI": "off",
        "RECIPES": "",
        "RECIPE": "",
        "OVERRIDES": "",
    }
    texts = (f"{key}={format_value(value)}" for key, value in run.recipe.overrides.items())
    changes = [part for text in texts for part in ("--set", text)]
    (scratch / "cwd").mkdir()
    command = [sys.executable, "-P", "-m", run.stage, str(run.recipe.path), "--force", "--result-only", *changes]
    process = subprocess.Popen(  # noqa: S603 - this program, by the same Python
        [*command, "--data-dir", str(scratch / "data"), "--log-dir", str(scratch / "logs")],
        cwd=scratch / "cwd",
        env=environment,
    )
    try:
        while process.poll() is None:
            interrupt.check()
            try:
                process.wait(LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                continue
    finally:
        process.kill()
        process.wait()
    if process.returncode:
        raise RelayError(f"the second run failed with exit code {process.returncode}; its log stands above")


def _link_inputs(data_dir: Path, scratch: Path, address: str, *, with_kept: bool) -> None:
    """The data folder again as links, without the result itself and without what belongs to other programs."""
    folder, _, name = address.partition("/")
    scratch.mkdir(parents=True)
    for path in data_dir.iterdir():
        if path.name not in (folder, ".state", "rejected", "output", "mlflow"):
            (scratch / path.name).symlink_to(path)
    (scratch / folder).mkdir(exist_ok=True)
    for path in (data_dir / folder).iterdir() if folder != "output" else ():
        if path.name == "source":
            _link_kept(path, scratch / folder / "source", name if with_kept else "")
        elif path.name.split(".")[0] != name:
            (scratch / folder / path.name).symlink_to(path)


def _link_kept(kept: Path, scratch: Path, recipe: str) -> None:
    """What was fetched, as a folder of links: the second run may write its own manifest."""
    scratch.mkdir()
    if recipe and (kept / recipe).is_dir():
        (scratch / recipe).mkdir()
        for path in (kept / recipe).iterdir():
            (scratch / recipe / path.name).symlink_to(path)


def _find_result(data_dir: Path, address: str) -> Path:
    """The receipt of a dataset, or of the current folder of results."""
    dataset = data_dir / f"{address}.json"
    return dataset if dataset.exists() else data_dir / address / "latest" / "receipt.json"


def _compare(data_dir: Path, scratch: Path, address: str, one: Receipt, other: Receipt) -> Iterator[str]:
    """What differs, in words."""
    if one.fingerprint == other.fingerprint:
        return
    if not one.files:
        yield from _compare_rows(data_dir, scratch, address, one, other)
        return
    names = sorted({*one.files, *other.files})
    changed = [name for name in names if one.files.get(name) != other.files.get(name)]
    for name in changed:
        mine, theirs = (folder / address / "latest" / name for folder in (data_dir, scratch))
        if not mine.exists() or not theirs.exists():
            yield f"file {name}, which only the {'first' if mine.exists() else 'second'} run wrote"
        elif name.endswith(".parquet"):
            yield f"{name}: {'; '.join(compare_datasets(mine, theirs))}"
        elif name.endswith(".json"):
            yield f"{name}: {'; '.join(compare_json(mine, theirs))}"
        else:
            yield f"file {name}"


def _compare_rows(data_dir: Path, scratch: Path, address: str, one: Receipt, other: Receipt) -> Iterator[str]:
    """What differs in two datasets, part by part where they have parts."""
    if one.parts is None or other.parts is None:
        yield from compare_datasets(data_dir / f"{address}.parquet", scratch / f"{address}.parquet")
        return
    if len(one.parts.files) != len(other.parts.files):
        yield f"{len(one.parts.files):,} and {len(other.parts.files):,} parts"
        return
    changed = [name for name, digest in one.parts.digests.items() if other.parts.digests[name] != digest]
    for name in changed[:PARTS_SHOWN]:
        mine = data_dir / f"{address}.parts" / one.parts.folder / name
        theirs = scratch / f"{address}.parts" / other.parts.folder / name
        yield f"{name}: {'; '.join(compare_datasets(mine, theirs))}"
    if changed[PARTS_SHOWN:]:
        yield f"{len(changed) - PARTS_SHOWN:,} parts more"


def compare_json(one: Path, other: Path) -> list[str]:
    """The keys in which two JSON files differ, with both values."""
    mine, theirs = (flatten(_index(json.loads(path.read_text("utf-8")))) for path in (one, other))
    found = []
    for key in dict.fromkeys((*mine, *theirs)):
        cells = [_show(values[key]) if key in values else "nothing" for values in (mine, theirs)]
        if cells[0] != cells[1]:
            found.append(f"key {key}: {cells[0]} and {cells[1]}")
    left_out = len(found) - COLUMNS_SHOWN
    found = [*found[:COLUMNS_SHOWN], f"{left_out} keys more"] if left_out > 0 else found
    return found or ["the values are equal, the bytes are not"]


def _index(value: Any) -> Any:
    """A JSON value with lists as mappings from their positions, from 1."""
    if isinstance(value, list):
        return {str(position): _index(item) for position, item in enumerate(value, 1)}
    return {key: _index(item) for key, item in value.items()} if isinstance(value, dict) else value


def _shorten(cell: Any) -> str:
    text = repr(cell)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _show(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def compare_datasets(one: Path, other: Path) -> list[str]:
    """The columns in which two Parquet files differ, with the first row that does."""
    import pyarrow.parquet as pq

    mine, theirs = pq.read_table(one), pq.read_table(other)
    if mine.column_names != theirs.column_names:
        return [f"columns {', '.join(mine.column_names)} and {', '.join(theirs.column_names)}"]
    found = [] if mine.num_rows == theirs.num_rows else [f"{mine.num_rows:,} and {theirs.num_rows:,} rows"]
    rows = min(mine.num_rows, theirs.num_rows)
    for name in mine.column_names:
        row = _first_difference(mine.column(name).slice(0, rows), theirs.column(name).slice(0, rows))
        if row is not None:
            cells = (mine.column(name)[row].as_py(), theirs.column(name)[row].as_py())
            found.append(f"column {name}, first in row {row + 1:,}: {_shorten(cells[0])} and {_shorten(cells[1])}")
    left_out = len(found) - COLUMNS_SHOWN
    found = [*found[:COLUMNS_SHOWN], f"{left_out} columns more"] if left_out > 0 else found
    return found or ["the rows are equal, the files are not"]


def _first_difference(one: Any, other: Any) -> int | None:
    """The first row in which two columns differ; NaN is itself here, and a null too."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if one.type != other.type:
        return 0
    equal = pc.equal(one, other)
    both_null = pc.and_(pc.is_null(one), pc.is_null(other))
    if pa.types.is_floating(one.type):
        both_null = pc.or_(both_null, pc.fill_null(pc.and_(pc.is_nan(one), pc.is_nan(other)), False))
    differs = ~np.asarray(pc.or_(pc.fill_null(equal, False), both_null))
    return int(np.argmax(differs)) if differs.any() else None
