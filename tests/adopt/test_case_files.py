"""The test set itself: enough files, the same in each run, and expectations that agree with themselves."""

from pathlib import Path

import pytest
from cases import CASES
from cases.case import Case
from scoring import fits

STAMPED = (".xlsx", ".zip", ".parquet", ".db")
"""Their bytes hold a clock or a version of the program that wrote them."""

each_case = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


def test_there_are_at_least_24_files_with_different_names() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 24


@each_case
def test_a_case_writes_the_same_file_in_each_run(case: Case, tmp_path: Path) -> None:
    folders = tmp_path / "a", tmp_path / "b"
    for folder in folders:
        folder.mkdir()
        case.write(folder)
    first, second = ([path for path in sorted(folder.rglob("*")) if path.is_file()] for folder in folders)
    assert [path.name for path in first] == [path.name for path in second] != []
    plain = [(a, b) for a, b in zip(first, second, strict=True) if a.suffix not in STAMPED]
    assert [a.read_bytes() for a, _ in plain] == [b.read_bytes() for _, b in plain]


@each_case
def test_an_expected_target_is_a_column_that_may_be_one(case: Case) -> None:
    targets = case.target if isinstance(case.target, tuple) else (case.target,)
    roles = {name: case.columns[name].role for name in targets if name is not None}
    assert [name for name, role in roles.items() if not (fits("target", role) or fits("label", role))] == []
    assert [name for name in case.values if name not in case.columns] == []
