"""Quotes and escapes in CSV: the rows that pandas reads, or a reason; never fewer without a word."""

import csv
import io
import random
import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from checkout import Project
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

RECIPE = """
title = "Values"
[ingest]
source = "file"
path = "{folder}/in/*.csv"
%s
[preprocess]
kind = "table"
[columns]
case = { type = "text", role = "ignore", null = true }
size = { type = "text", role = "input", null = true, from = 'size (")' }
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""

HEADER = 'case,size (")\n'

FILES = {
    "inch mark in a cell": 'a,17" screen\nb,19" screen\nc,21"\n',
    "inch marks around a cell of several lines": 'a,17" screen\n"b\nb",19"\n"c,\nc","19"" wide"\nd,2" x 4"\n',
    "a quote behind a closed cell": '"a"b,"c" d\n"e"f"g,h"\n',
    "quotes alone": '"",""\n"""",""""""\na",b"\n',
    "line ends of all kinds": 'a,1"\r\nb,2\rc,"3\r"\r\n"d\n\r",4\n',
    "blank before a quote": 'a, "b"\nc,"d" \n',
    "no line break at the end": '"a\nb",17"',
}
ESCAPED = {
    "escaped quotes": 'a,"a 5\\" disk"\nb,"\\"all\\""\n',
    "escaped escapes": 'a,"C:\\\\dir\\\\"\nb,\\\\\n',
    "escaped delimiters and line breaks": 'a\\,b,c\\\nd\n"e\\\nf",g\n',
    "pairs beside escapes": 'a,"5"" and 6\\""\nb,"""\\""\n',
    "an escaped quote where a cell begins": 'a,\\"b\nc,\\"d"e\n',
}


def is_blank(row: list[str]) -> bool:
    """Whether a row has no value."""
    return not any(cell.strip() for cell in row)


def by_pandas(texts: list[str], **options: Any) -> list[dict[str, Any]]:
    """The rows of files one after the other, empty cells as None."""
    frames = [pd.read_csv(io.StringIO(text, newline=""), dtype=str, keep_default_na=False, **options) for text in texts]
    frame = pd.concat(frames, ignore_index=True)
    rows = [row for row in frame.values.tolist() if not is_blank(row)]  # left out, and counted
    return [dict(zip(("case", "size"), (cell or None for cell in row), strict=True)) for row in rows]


def write_files(project: Project, files: dict[str, str]) -> list[str]:
    """Write the cases below a header; gives the files' texts in the order in which they are read."""
    (project.folder / "in").mkdir()
    texts = [HEADER + body for body in files.values()]
    for number, text in enumerate(texts):
        project.write(f"in/{number}.csv", text)
    return texts


def test_quotes_that_open_no_cell_belong_to_it(project: Project) -> None:
    texts = write_files(project, FILES)
    assert project.run("ingest", project.recipe(RECIPE % "")).exit_code == 0
    assert project.rows("raw/values") == by_pandas(texts)


def test_an_escape_takes_the_next_character_as_it_is(project: Project) -> None:
    texts = write_files(project, ESCAPED)
    assert project.run("ingest", project.recipe(RECIPE % "escape = '\\'")).exit_code == 0
    assert project.rows("raw/values") == by_pandas(texts, escapechar="\\")


def test_a_backslash_before_a_quote_is_warned_of_and_the_advice_reads_it(project: Project) -> None:
    texts = write_files(project, {"escaped": 'a,"a 5\\" disk"\nb,"8\\" disk"\n'})
    ran = project.run("ingest", project.recipe(RECIPE % ""))
    advice = re.search(r"say (escape = '.') in \[ingest\]", ran.log)
    assert advice is not None
    assert "2 quotes follow a backslash" in ran.log
    assert project.run("ingest", project.recipe(RECIPE % advice[1])).exit_code == 0
    assert project.rows("raw/values") == by_pandas(texts, escapechar="\\")


def test_a_path_that_ends_with_a_backslash_is_no_escaped_quote(project: Project) -> None:
    texts = write_files(project, {"paths": 'a,"C:\\dir\\"\nb,"D:\\"\n'})
    ran = project.run("ingest", project.recipe(RECIPE % ""))
    assert (ran.exit_code, "backslash" in ran.log) == (0, False)
    assert project.rows("raw/values") == by_pandas(texts)


def test_a_large_file_of_inch_marks_and_cells_of_several_lines_is_read_whole(project: Project) -> None:
    """Blocks are 8 MB: some of their edges lie inside a cell."""
    chance = random.Random(13)
    rows = [
        f'{number},{chance.randrange(9, 33)}" screen\n'
        if chance.random() < 0.5
        else f'{number},"line\n' + f"text, {number} and more\n" * chance.randrange(40) + 'end ""quoted"" "\n'
        for number in range(80_000)
    ]
    texts = write_files(project, {"large": "".join(rows)})
    assert len(texts[0]) > 2 * (8 << 20)
    assert project.run("ingest", project.recipe(RECIPE % "")).exit_code == 0
    assert project.rows("raw/values") == by_pandas(texts)


def test_a_quote_that_stays_open_is_refused_with_the_cell(project: Project) -> None:
    write_files(project, {"open": 'a,17" screen\nb,"19 inch\nc,21\n'})
    ran = project.run("ingest", project.recipe(RECIPE % ""))
    assert ran.exit_code == 1
    assert "a quote is opened and never closed, near '\"19 inch" in ran.log


pieces = st.lists(st.sampled_from(["a", '"', '""', ",", "\n", "\r\n", "\r", "é", '\\"', "\\", ',"', '",']), max_size=25)
cells = st.lists(st.sampled_from(["a", '"', ",", "\n", "\r\n", "é", "\\"]), max_size=6).map("".join)


def as_csv(rows: list[list[str]], choose: Callable[[Any], Any], escape: str | None) -> str:
    """Rows written with quotes around some cells, stray quotes in others, and quotes inside doubled or escaped."""

    def write(cell: str) -> str:
        way = choose(st.integers(0, 2))
        if way == 0:
            return re.sub(r'^"+|[,\r\n\\]', "", cell)
        quoted = cell.replace("\\", "\\\\") if escape else cell
        return '"' + quoted.replace('"', '\\"' if escape and way == 1 else '""') + '"'

    end = choose(st.sampled_from(["\n", "\r\n"]))
    return end.join(",".join(map(write, row)) for row in rows) + choose(st.sampled_from(["", end]))


def by_reference(text: str, escape: str | None, columns: int) -> list[list[str | None]] | None:
    """The rows by pandas; None where rows have another number of cells, which pandas fills or refuses.

    Python's parser counts the cells. It also stands in where a lone carriage return ends a line: before some rows,
    pandas 3 then reads another line a second time.
    """
    found = [row or [""] for row in csv.reader(io.StringIO(text, newline=""), escapechar=escape)]
    rows = [row for row in found[1:] if columns == 1 or not is_blank(row)]
    if any(len(row) != columns for row in rows):
        return None
    if not re.search("\r(?!\n)", text):
        options: dict[str, Any] = {"dtype": str, "keep_default_na": False, "escapechar": escape}
        frame = pd.read_csv(io.StringIO(text, newline=""), skip_blank_lines=columns > 1, index_col=False, **options)
        rows = [row for row in frame.values.tolist() if columns == 1 or not is_blank(row)]
    return [[cell or None for cell in row] for row in rows]


@pytest.mark.property
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(data=st.data(), escape=st.sampled_from([None, "\\"]), columns=st.integers(1, 3), size=st.integers(1, 30))
def test_any_text_gives_the_rows_of_pandas_or_a_reason(
    read: Any, data: st.DataObject, escape: str | None, columns: int, size: int
) -> None:
    """Blocks of a few bytes: cells are cut at their edges."""
    from relay.handoff.errors import SourceError
    from relay.reading.rawfile import RawFile

    if data.draw(st.booleans()):
        body = "".join(data.draw(pieces))
    else:
        rows = data.draw(st.lists(st.lists(cells, min_size=columns, max_size=columns), max_size=6))
        body = as_csv(rows, data.draw, escape)
    names = ["a", "b", "c"][:columns]
    text = ",".join(names) + "\n" + body
    blocks = RawFile.read_blocks
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RawFile, "read_blocks", lambda file: blocks(file, size))
        more = {"escape": escape} if escape else {}
        try:
            reading = read("x.csv", text, {name: {"type": "text", "null": True} for name in names}, **more)
        except SourceError as error:
            assert re.search("never closed|a quote closes a cell and|ends with the escape", str(error))  # noqa: PT017
            return
    expected = by_reference(text, escape, columns)
    if expected is None:
        assert reading.rejected
        return
    assume(not reading.rejected)
    assert [[row[name] for name in names] for row in reading.rows] == expected
