"""Files as other programs write them: read as tables, or refused with a command that writes one."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from adopt.__main__ import main

Run = Callable[..., tuple[int, str]]
R_TEXTS = '"city" "temp" "note here"\n' + "".join(f'"{at}" "New York" {at}.5 "ok, fine"\n' for at in range(1, 12))
EOR = "STATION;DATE;TEMP;eor\n" + "".join(f"   44;202401{at:02d};{at:6.1f};eor\n" for at in range(1, 15))
NUMBERED = "town;people;share\n{}\n" + "".join(f"T{at};{at * 37};{at},5\n" for at in range(8))
FEW_UNITS = "id,name,dose,response\n,,mg,\n" + "".join(f"{at},P{at},{at % 3},{at}.5\n" for at in range(8))
EUROSTAT = "freq,geo\\TIME\t2020 \t2021 \n" + "".join(f"A,{geo}\t{at}.5 \t: c\n" for at, geo in enumerate("ABCDE"))
FOOTER = "land,year,value\n" + "".join(f"L{at},2020,{at}\n" for at in range(30))
WIDE = "Stations_id from height name\n----------- ---- ------ ----------\n" + "".join(
    f"{at:05d} 19{at + 10}      {at * 31 % 900:4d} {('Aachen-Orsbach', 'Bad Orb (Kur)', 'Bad Orb')[at % 3]:<20}\n"
    for at in range(9)
)
BUOY = "#YY  MM WDIR\n#yr  mo degT\n" + "".join(f"2024 {at:02d} {at * 29:4d}\n" for at in range(1, 9))


@pytest.fixture
def draft(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """`draft("x.csv", "a,b\\n1,2")`: exit code and what the command says, its blanks joined."""

    def run(name: str, content: str, *words: str) -> tuple[int, str]:
        (tmp_path / name).write_text(content)
        code = main([str(tmp_path / name), "--data-dir", str(tmp_path), "--dry-run", "--quick", *words])
        said = capsys.readouterr()
        return code, " ".join((said.out + said.err).split())

    return run


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (R_TEXTS, ['delimiter = " "', "row_name = ", "temp = { type"]),
        (EOR, ["14 rows, 4 columns", "eor = {"]),
        (NUMBERED.format("1;2;3"), ["8 rows", "# check: the row below the names (1, 2, 3, …) numbers the columns"]),
        (NUMBERED.format("(1);(2);(3)"), ["8 rows", "numbers the columns, and is left out"]),
        (NUMBERED.format("0;1;2"), ["8 rows", "numbers the columns, and is left out"]),
        (FEW_UNITS, ["8 rows", "header = 2", '# check: row 2 ("", "", "mg") has no values either']),
        (EUROSTAT, ["# check: each cell of", "holds 2 values with ',' between, as its name does"]),
        (f"{FOOTER}Source: Office, Bonn, 2024\n", ["30 rows", "skip_if = { column = "]),
        (FOOTER + "".join(f"remark {at}\n" for at in range(7)), ["30 rows", "skip_if = ["]),
        (WIDE, ["9 rows, 4 columns", 'format = "fixed"', "height = {", "skip_rows = 2"]),
        (BUOY, ["8 rows, 3 columns", 'format = "fixed"', "WDIR = {", "skip_rows = 2"]),
    ],
)
def test_a_layout_of_other_programs_is_read(draft: Run, content: str, said: list[str]) -> None:
    code, shown = draft("x.csv" if "," in content.split("\n")[0] and "\t" not in content else "x.txt", content)
    assert code == 0, shown
    assert [one for one in said if one not in shown] == []


def test_a_mark_at_the_end_of_each_row_is_no_doubt_about_the_names(draft: Run) -> None:
    assert "look like values" not in draft("x.txt", EOR)[1]


def test_a_row_of_numbers_that_counts_nothing_is_a_record(draft: Run) -> None:
    assert "9 rows" in draft("x.csv", NUMBERED.format("1;2;4"))[1]
    assert "9 rows" in draft("x.csv", NUMBERED.format("1;2;3"), "--set", "ingest.header=true")[1]


BOX = "+---+---+\n| a | b |\n+---+---+\n| 1 | x |\n| 2 | y |\n+---+---+\n2 rows in set\n"
REPORT = "# made\nname,a,b\n" + "x,1,2\n" * 4 + "\nday,sold\n" + "1/1,5\n" * 9


@pytest.mark.parametrize(
    ("name", "content", "written", "rows"),
    [
        ("r.dat", "".join(f"{at}::{at * 7 % 5}::9783\n" for at in range(9)), "r.tsv", 9),
        ("m.dat", "a||b||c\n" + "1||x y||2\n" * 3, "m.tsv", 4),
        ("p.txt", "a|~|b\n" + "1|~|2\n" * 3, "p.tsv", 4),
        ("d.txt", "a$$b\n" + "1$$2\n" * 3, "d.tsv", 4),
        ("c.txt", "a^^b\n" + "1^^2\n" * 3, "c.tsv", 4),
        ("box.txt", BOX, "box.tsv", 3),
        ("t.md", "| a | b |\n|---|:-:|\n| 1 | x |\n| 2 | y |\n", "t.tsv", 3),
        ("r.csv", REPORT, "r_1.csv", 6),
    ],
)  # fmt: skip
def test_a_table_that_no_single_sign_divides_is_refused_with_a_command(
    draft: Run, tmp_path: Path, name: str, content: str, written: str, rows: int
) -> None:
    code, said = draft(name, content)
    assert code == 1, said
    command = re.search(r"`(.*?)`", said)
    assert command is not None, said
    subprocess.run(["bash", "-c", command[1].replace("\\t", "\t")], cwd=tmp_path, check=True)
    lines = (tmp_path / written).read_text().splitlines()
    assert len([line for line in lines if line]) == rows
    assert draft(written, (tmp_path / written).read_text())[0] == 0


def test_blanks_of_varying_number_are_refused_with_a_command(draft: Run, tmp_path: Path) -> None:
    content = "".join(f'{at}.5   {at % 4 * 9}  {"?" if at == 3 else at * 7} "ford {at}"\n' for at in range(9))
    code, said = draft("auto.data", content)
    assert (code, "blanks of varying number stand between the cells" in said) == (1, True), said
    assert 'pandas.read_csv("auto.data", sep=r"\\s+", dtype=str, keep_default_na=False, header=None)' in said
    table = pd.read_csv(tmp_path / "auto.data", sep=r"\s+", dtype=str, keep_default_na=False, header=None)
    assert table.shape == (9, 4)


def test_blanks_and_a_tab_are_asked_about_with_the_command(draft: Run) -> None:
    content = "".join(f'{at}.5   {at % 4 * 9}  {at * 7}\t"ford {at}"\n' for at in range(9))
    code, said = draft("auto.data", content)
    assert (code, "# check: each cell of column_1 holds several numbers" in said) == (0, True), said
    assert 'write the file as CSV in Python: pandas.read_csv("auto.data"' in said


@pytest.mark.parametrize(
    "content", ["std::cout and more\nno mark here\n", "# a\ntext\n", "He said :: this\nand left\n", "a || b\nc\n"]
)
def test_a_text_with_such_signs_stays_a_text(draft: Run, content: str) -> None:
    code, said = draft("x.txt", content)
    assert code == 0, said
    assert "1 row" in said


def test_a_format_that_a_person_says_counts(draft: Run) -> None:
    code, said = draft("x.txt", "1::2\n3::4\n", "--set", "ingest.format=text")
    assert (code, "1 row" in said) == (0, True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("1,2,3\n", "holds one row (1, 2, 3), so nothing tells whether it has names or values"),
        ("a,b,c\n", "names of columns (a, b, c) and no row below them"),
        ("", "the file is empty"),
    ],
)
def test_a_file_without_rows_is_refused(draft: Run, content: str, said: str) -> None:
    code, shown = draft("x.csv", content)
    assert (code, said in shown) == (1, True), shown


def test_one_row_is_a_record_where_a_person_says_so(draft: Run) -> None:
    code, said = draft("x.csv", "1,2,3\n", "--set", "ingest.header=false")
    assert (code, "1 row, 3 columns" in said) == (0, True), said
