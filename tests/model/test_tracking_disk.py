"""A disk that is full while a result is sent or promoted: refused in one line, and nothing half when there is room."""

from collections.abc import Callable
from pathlib import Path

import pytest
from counts import spread
from projects import LINEAR, linear_columns, make_project
from small_disk import mount_disk

from model.__main__ import STAGE
from relay.handoff.program import main
from relay.registry.connection import find_registry, open_registry
from relay.registry.promotion import read_history
from relay.registry.versions import find_production

pytest.register_assert_rewrite("whole_registry")

from whole_registry import require_settled, require_whole_registry  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.counted]


def test_a_disk_that_is_full_while_a_result_is_sent_costs_no_version_and_makes_no_second_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    record_property: Callable[[str, object], None],
) -> None:
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "logs"))
    monkeypatch.setenv("PROMOTE", "always")
    with mount_disk(48 << 20) as disk:
        project = make_project(disk.folder / "project", LINEAR, linear_columns(), "line")
        address = find_registry(project.data_dir)
        assert address is not None

        def train() -> None:
            monkeypatch.setenv("MLFLOW_TRACKING_URI", "off")
            assert project.run("--force") == 0
            monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
            sent.append(project.receipt())

        def ask(*words: str) -> int:
            return main(STAGE, [words[0], str(project.recipe), *words[1:], "--data-dir", str(project.data_dir)])

        sent, refused = [], 0
        for _ in (1, 2):  # the first one makes the registry
            train()
            before = disk.free
            assert ask("track") == 0
        sizes = spread(before - disk.free)
        for number, blocks in enumerate(sizes):
            train()
            disk.leave_blocks(blocks)
            code = ask("track")
            disk.make_room()
            assert "Traceback" not in capsys.readouterr().err
            refused += code == 1
            require_whole_registry(address, tmp_path, sent[:-1])
            assert ask("track") == 0
            require_settled(address, tmp_path, sent)
            disk.leave_blocks(number % 4)
            ask("promote", "1")
            disk.make_room()
            found = find_production(open_registry(address), "line")
            assert found is not None
            assert found.number in (1, len(sent))
            if found.number != 1:
                assert ask("promote", "1") == 0
            history = read_history(open_registry(address), "line")
            assert [entry.version.number for entry in history if entry.period.until is None] == [1]
        require_whole_registry(address, tmp_path, sent)
    assert refused >= len(sizes) / 2
    record_property("sizes of a full disk while a result is sent to the registry", len(sizes))
    record_property("sizes of a full disk during a promotion", len(sizes))
