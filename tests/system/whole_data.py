"""What whole data is, checked from outside: with hashlib, json and pyarrow, by nothing of the project's own."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

LEFTOVERS = (".tmp", ".next")


def list_leftovers(data_dir: Path) -> list[str]:
    """The files and folders of writes that were not finished."""
    return sorted(str(path.relative_to(data_dir)) for path in data_dir.rglob("*") if path.name.endswith(LEFTOVERS))


def fingerprint_of(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def require_whole_dataset(data_dir: Path, address: str, stage: str) -> str | None:
    """The fingerprint of the dataset that a reader finds, None where there is none yet.

    Raises:
        AssertionError: what lies there is not one whole dataset.
    """
    parquet = data_dir / f"{address}.parquet"
    if not parquet.exists():
        assert not parquet.with_suffix(".json").exists(), f"{address}: a receipt without rows"
        return None
    found = fingerprint_of(parquet)
    receipts = [_read_receipt(parquet.with_suffix(ending)) for ending in (".json", ".json.next")]
    fitting = [receipt for receipt in receipts if receipt is not None and receipt["fingerprint"] == found]
    assert fitting, f"{address}: no receipt is that of the rows {found[:12]}"
    receipt = fitting[0]
    assert parquet.stat().st_size == receipt["bytes"]
    rows = pq.read_table(parquet)  # every page, so that a hole within shows
    assert rows.num_rows == receipt["rows"]
    assert rows.column_names == [column["name"] for column in receipt["columns"]]
    rejected = data_dir / "rejected" / stage / parquet.name
    _require_rejected(rejected, receipt["rejected"])
    if receipt is receipts[0] and receipt["rejected"]["fingerprint"] is None:
        assert not rejected.exists(), f"{rejected} is of an earlier run, the receipt knows of none"
    return found


def require_whole_result(data_dir: Path, address: str, stage: str) -> str | None:
    """The fingerprint of the folder of results that `latest` names, None where there is none yet.

    Raises:
        AssertionError: what lies there is not one whole result.
    """
    latest = data_dir / address / "latest"
    if not latest.is_symlink():
        assert not latest.exists()
        return None
    assert latest.resolve().parent == latest.parent.resolve(), "the link leaves its folder"
    receipt = _read_receipt(latest / "receipt.json")
    assert receipt is not None, f"{address}: a result without receipt"
    assert (receipt["stage"], f"output/{receipt['recipe']}") == (stage, address)
    found = {path.name: fingerprint_of(path) for path in latest.iterdir() if path.name != "receipt.json"}
    assert found == receipt["files"]
    return str(receipt["fingerprint"])


def take_picture(data_dir: Path, address: str, stage: str) -> dict[str, str]:
    """Name -> SHA-256 of each file of a dataset or of the result in force; the clock in receipts is left out."""
    recipe = address.rsplit("/", 1)[-1]
    rejected = data_dir / "rejected" / stage
    files = [data_dir / f"{address}.parquet", data_dir / f"{address}.json"]
    files += [rejected / f"{recipe}.parquet", rejected / f"{recipe}.failed.parquet"]
    files += sorted((data_dir / address / "latest").glob("*"))
    return {f"{path.parent.name}/{path.name}": _digest_without_clock(path) for path in files if path.exists()}


def _digest_without_clock(path: Path) -> str:
    if path.suffix != ".json" or path.name == "metrics.json":
        return fingerprint_of(path)
    receipt = json.loads(path.read_text("utf-8"))
    kept = {key: value for key, value in receipt.items() if key not in ("started_at_utc", "seconds", "receipt_sha256")}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _require_rejected(settled: Path, claimed: dict[str, Any]) -> None:
    if claimed["fingerprint"] is None:
        assert claimed["rows"] == 0
        return
    candidates = [path for path in (settled, settled.with_name(f"{settled.name}.next")) if path.exists()]
    fitting = [path for path in candidates if fingerprint_of(path) == claimed["fingerprint"]]
    assert fitting, f"{settled}: not the rejected rows of the receipt"
    assert pq.read_table(fitting[0]).num_rows == claimed["rows"]


def _read_receipt(path: Path) -> dict[str, Any] | None:
    """The receipt, None when there is none, or when it was cut while it was written."""
    try:
        body = json.loads(path.read_bytes())
        claimed = body.pop("receipt_sha256")
    except (FileNotFoundError, ValueError):
        assert path.name != "receipt.json" or not path.exists(), f"{path} is cut"
        return None
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(canonical.encode()).hexdigest() == claimed, f"{path} is not the receipt that was written"
    return body
