"""`data/monitor/<model>/<window>/`: a report as files for people and other programs, with a receipt.

A folder is made under another name and renamed when it is whole. It follows from the report in the store alone, so a
folder that a killed run did not write is written by the next one.
"""

import re
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.tables import to_parquet
from monitor.wording import to_markdown
from relay.handoff.errors import DatasetDamagedError
from relay.handoff.files import hash_file, hash_json, sync_file, sync_folder
from relay.handoff.receipt import Key, Receipt, Rejects
from relay.handoff.run import format_utc
from relay.monitoring.report import Report
from relay.monitoring.store import Window
from relay.results.output import RECEIPT, check_folder, describe_files

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 1
"""Of a folder; raised when its files change, so that older ones are written again."""
KEEP = 30
"""Folders of a model."""
NAME = re.compile(r"v\d+-\d+")
LATEST = "latest"


def save_windows(data_dir: Path, windows: Sequence[Window]) -> int:
    """Write the folders that are missing or outdated; gives how many were written.

    Args:
        data_dir: the data folder.
        windows: of one model, newest first; `latest` names the first one.

    Raises:
        OSError: the disk refuses.
    """
    if not windows:
        return 0
    folder = data_dir / "monitor" / windows[0].model
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob(".v*.tmp"):
        shutil.rmtree(path)  # of a run that was killed
    written = 0
    for window in reversed(windows[:KEEP]):
        if not is_current(folder / window.name, window.report):
            _write(folder, window.report)
            written += 1
    _point(folder, windows[0].name)
    kept = {window.name for window in windows[:KEEP]}
    for path in folder.iterdir():
        if NAME.fullmatch(path.name) and path.name not in kept:
            shutil.rmtree(path)
    return written


def is_current(folder: Path, report: Report) -> bool:
    """Whether a folder is whole and of this report."""
    try:
        return check_folder(folder, hash_file).key == make_key(report)
    except (NotADirectoryError, DatasetDamagedError):
        return False


def make_key(report: Report) -> Key:
    """What decides the files of a folder: the report, and how its files are written."""
    return Key(code={}, parameters={"format": FORMAT}, inputs={"report": hash_json(report.model_dump(mode="json"))})


def make_receipt(report: Report, files: dict[str, bytes]) -> Receipt:
    """The receipt of a folder; it holds no clock, so that the same log gives the same bytes."""
    key = make_key(report)
    return Receipt(
        stage="monitor",
        recipe=report.recipe,
        title=f"{report.model} version {report.version}",
        rows=report.rows.counted,
        columns=[],
        key=key,
        key_digest=key.digest,
        overrides={},
        sources=[],
        rejected=Rejects(rows=report.rows.refused),
        dropped=report.rows.left_out,
        seed=0,
        versions={},
        started_at_utc=_format_unix(report.rows.last_unix or 0.0),
        seconds=0.0,
        **describe_files(files),
    )


def make_files(report: Report) -> dict[str, bytes]:
    """Name -> content of a folder's files, but for the receipt."""
    from monitor.plot import draw_evidence

    return {
        "report.json": report.to_json(),
        "report.md": to_markdown(report).encode(),
        "columns.parquet": to_parquet(tabulate_columns(report)),
        "evidence.parquet": to_parquet(tabulate_evidence(report)),
        "evidence.png": draw_evidence(report),
    }


def tabulate_columns(report: Report) -> "pa.Table":
    """One row for each column of each block."""
    import pyarrow as pa

    rows = []
    for block in report.blocks:
        for one in block.columns:
            psi = block.psi.get(one.name)
            rows.append(
                {
                    "block": block.number,
                    "block_rows": block.rows,
                    "column": one.name,
                    "what": one.what,
                    "evidence_log10": one.evidence_log10,
                    "reference": one.reference,
                    "now": one.now,
                    "psi": psi.value if psi else None,
                    "psi_low": psi.low if psi else None,
                    "psi_high": psi.high if psi else None,
                }
            )
    numbers = ("evidence_log10", "reference", "now", "psi", "psi_low", "psi_high")
    types = [("block", pa.int64()), ("block_rows", pa.int64()), ("column", pa.string()), ("what", pa.string())]
    return pa.Table.from_pylist(rows, schema=pa.schema([*types, *((name, pa.float64()) for name in numbers)]))


def tabulate_evidence(report: Report) -> "pa.Table":
    """One row for each look."""
    import pyarrow as pa

    fields = [("at_unix", pa.float64()), ("rows", pa.int64()), ("log10", pa.float64())]
    rows = [{"at_unix": one.at_unix, "rows": one.rows, "log10": one.log10} for one in report.evidence.history]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def _write(folder: Path, report: Report) -> None:
    files = make_files(report)
    temporary = folder / f".{report.window}.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    for name, content in {**files, RECEIPT: make_receipt(report, files).to_json().encode()}.items():
        (temporary / name).write_bytes(content)
        sync_file(temporary / name)
    sync_folder(temporary)
    target = folder / report.window
    if target.exists():
        old = folder / f".{report.window}.old.tmp"
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
        temporary.rename(target)
        shutil.rmtree(old)
    else:
        temporary.rename(target)
    sync_folder(folder)


def _point(folder: Path, name: str) -> None:
    """Let `latest` name a folder."""
    link = folder / ".latest.tmp"
    link.unlink(missing_ok=True)
    link.symlink_to(name)
    link.replace(folder / LATEST)
    sync_folder(folder)


def _format_unix(at_unix: float) -> str:
    return format_utc(datetime.fromtimestamp(at_unix, UTC))
