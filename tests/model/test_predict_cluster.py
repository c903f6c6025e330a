"""A prediction of a file on a cluster: the bytes of this machine."""

import sys
from pathlib import Path

import numpy as np
import pytest
from asked_files import Predicted, copy_registered, write_rows

sys.path.append(str(Path(__file__).resolve().parents[1] / "relay" / "compute"))

from clusters import Cluster


@pytest.mark.slow
def test_the_workers_of_a_cluster_write_the_bytes_of_this_machine(
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "logs"))
    line = copy_registered(tmp_path_factory, tmp_path / "copy")
    columns = {"number": np.arange(3000), "x": np.random.default_rng(1).uniform(0, 20, 3000)}
    outside = write_rows(tmp_path / "rows.parquet", columns, 1000)
    within = write_rows(line.data_dir / "rows.parquet", columns, 1000)
    here = Predicted(capsys, line, outside, tmp_path / "out.parquet")
    cluster = Cluster(tmp_path / "dask", line.data_dir)
    try:
        monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", cluster.start_scheduler())
        (tmp_path / "mounted").symlink_to(line.data_dir)
        cluster.start_worker(DATA_DIR=str(tmp_path / "mounted"))
        there = Predicted(capsys, line, within, tmp_path / "there.parquet")
        assert (there.code, there.document["fingerprint"]) == (0, here.document["fingerprint"])
        local = Predicted(capsys, line, outside, tmp_path / "out.parquet", "--force")
        assert local.document["fingerprint"] == here.document["fingerprint"]
        assert Predicted(capsys, line, outside, tmp_path / "out.parquet").outcome == "unchanged"
    finally:
        cluster.close()
