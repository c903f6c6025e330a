"""Names that no file system, log or container takes are refused in one line, whatever they are names of."""

import os
from pathlib import Path

import pytest
from loguru import logger

from ingest.__main__ import STAGE as INGEST
from preprocess.__main__ import STAGE as PREPROCESS
from relay.handoff.program import main
from relay.handoff.stage import Stage

RECIPE = """
title = "T"
[columns]
x = {{ type = "int", role = "input" }}
[ingest]
source = "{source}"
{key} = "{value}"
format = "csv"
[preprocess]
kind = "table"
"""
LONG = "a" * 300


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "logs"))


def write(name: str | bytes, source: str = "file", key: str = "path", value: str = "x.csv") -> None:
    Path(os.fsdecode(name)).write_text(RECIPE.format(source=source, key=key, value=value), "utf-8")


def run(capsys: pytest.CaptureFixture[str], *arguments: str, stage: Stage = INGEST) -> tuple[int, str]:  # type: ignore[type-arg]
    code = main(stage, arguments)
    logger.remove()
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return code, said


@pytest.mark.parametrize(
    "name", ["...toml", "..toml", "lin.failed.toml", "a\nERROR b.toml", "Big.toml", "-x.toml", "a b.toml", "ä.toml",
             f"{'a' * 65}.toml", "_x.toml", b"\xff.toml"],
)  # fmt: skip
def test_a_recipe_has_a_name_that_files_containers_and_log_lines_take(
    capsys: pytest.CaptureFixture[str], name: str | bytes, tmp_path: Path
) -> None:
    write(name)
    code, said = run(capsys, f"./{os.fsdecode(name)}")
    assert (code, said.count("\n")) == (2, 1)
    assert "cannot be the name of a recipe: expected at most 64 of a-z, 0-9, - and _" in said
    assert not list((tmp_path / "data").rglob("*.json"))


@pytest.mark.parametrize("name", ["a-b", "0", "a" * 64, "lin_2"])
def test_a_fit_name_is_read(capsys: pytest.CaptureFixture[str], name: str) -> None:
    write(f"{name}.toml")
    assert run(capsys, f"./{name}.toml", "--check")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((LONG,), "a name is too long for the file system"),
        ((f"./{LONG}.toml",), "a name is too long for the file system"),
        (("./good.toml", "--data-dir", LONG), "a name is too long for the file system"),
        (("./good.toml", "--log-dir", LONG), "a name is too long for the file system"),
        (("./folder.toml",), "no recipe file"),
        (("./circle.toml",), "no recipe file"),
        (("./long.toml",), "a name is too long for the file system"),
        (("./circle-of-data.toml",), "circle.csv"),
        (("./bracket.toml",), "one is not a URL: Invalid IPv6 URL"),
    ],
)
def test_whatever_is_named_oddly_costs_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    write("good.toml")
    write("long.toml", value=f"{LONG}.csv")
    write("circle-of-data.toml", value="circle.csv")
    write("bracket.toml", source="http", key="url", value="http://[::1/")
    Path("folder.toml").mkdir()
    for name in ("circle.toml", "circle.csv"):
        Path(name).symlink_to(name)
    code, found = run(capsys, *arguments)
    assert (code in (1, 2), said in found) == (True, True), found
    assert len(found) < 1_000


def test_a_number_that_is_none_is_called_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    write("good.toml")
    code, said = run(capsys, "./good.toml", "--set", "preprocess.test_share=nan", stage=PREPROCESS)
    assert (code, "expected less than 1 (found nan)" in said, "old name" in said) == (2, True, False)
