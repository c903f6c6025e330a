"""Files that tasks share: gone with the run that made them, or with the next one."""

from pathlib import Path

import numpy as np
import pytest

from relay.compute.shared import map_arrays, open_shared, read_arrays, write_arrays


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    arrays = [np.empty((0, 3), np.int32), np.arange(6, dtype=np.uint16).reshape(2, 3), np.array([0.1, np.inf])]
    write_arrays(tmp_path / "arrays", arrays)
    for read in (read_arrays, map_arrays):
        found = read(tmp_path / "arrays")
        assert [(one.dtype, one.tolist()) for one in found] == [(one.dtype, one.tolist()) for one in arrays]
    assert [path.name for path in tmp_path.iterdir()] == ["arrays"]


def test_a_folder_goes_with_its_run_whatever_ends_it(tmp_path: Path) -> None:
    with open_shared(tmp_path, "texts") as folder:
        write_arrays(tmp_path / folder / "arrays", [])
    with pytest.raises(FileNotFoundError), open_shared(tmp_path, "texts") as other:
        write_arrays(tmp_path / folder / "arrays", [])
    assert other != folder
    assert list((tmp_path / ".state" / "shared").iterdir()) == []


def test_what_a_killed_run_left_goes_with_the_next_and_its_tasks_end(tmp_path: Path) -> None:
    killed = open_shared(tmp_path, "texts").__enter__()
    with open_shared(tmp_path, "others") as other, open_shared(tmp_path, "texts"):
        assert (tmp_path / other).exists()
        with pytest.raises(FileNotFoundError):
            write_arrays(tmp_path / killed / "late", [])
