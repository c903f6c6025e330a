"""Types of other packages in model files."""

from pathlib import Path

import pytest

from relay.registry import trusted


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose model stage pins lightgbm, and whose API pins nothing."""
    for stage, pins in (("model", "lightgbm==4.7.0\n    # via -r model/requirements.in\n"), ("serve", "")):
        (tmp_path / stage).mkdir()
        (tmp_path / stage / "requirements.txt").write_text(pins, encoding="utf-8")
    monkeypatch.setattr(trusted, "ROOT", tmp_path)
    return tmp_path


def test_types_of_a_package_count_only_where_the_lock_pins_it(root: Path) -> None:
    assert root.is_dir()
    assert trusted.list_trusted("model") == set(trusted.TYPES["lightgbm"])
    assert trusted.list_trusted("serve") == set()
    assert trusted.list_trusted("elsewhere") == set()


def test_the_shipped_locks_pin_none_of_these_packages() -> None:
    assert trusted.list_trusted("model") == trusted.list_trusted("serve") == set()
