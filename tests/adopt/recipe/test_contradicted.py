"""A correction that the data contradicts is marked, with the first cells that refuse and the rows that are kept."""

from collections.abc import Callable
from pathlib import Path

import pytest

from adopt.__main__ import main

ROWS = [("36", "Bonn", 1.5), ("n.d.", "Cologne", 2.5), ("41", "Bonn", 3.5), ("29", "Cologne", 2.0)]
PEOPLE = "age,city,score,note\n" + "".join(
    f"{age},{city},{score + number},remark {number} of the person in {city} is long\n"
    for number in range(5)
    for age, city, score in ROWS
)
Draft = Callable[..., str]


@pytest.fixture
def draft(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Draft:
    """`draft("--set", "columns.age.type=int")`: what the terminal shows, its lines joined."""

    def run(*words: str) -> str:
        (tmp_path / "people.csv").write_text(PEOPLE)
        code = main([str(tmp_path / "people.csv"), "--data-dir", str(tmp_path), "--dry-run", "--quick", *words])
        said = capsys.readouterr()
        assert (code, said.err) == (0, "")
        return " ".join(said.out.split())

    return run


@pytest.mark.parametrize(
    ("sets", "kept", "said"),
    [
        (["city.type=int"], 0, '20 of 20 cells cannot be read as int, such as "Bonn", "Cologne"'),
        (["city.type=bool"], 0, "20 of 20 cells cannot be read as bool"),
        (["age.missing=[]", "age.type=int"], 15, '5 of 20 cells cannot be read as int, such as "n.d."'),
        (["score.type=time"], 0, 'the run stops at this column: "1.5" is a bare number'),
        (["score.decimal=,"], 0, '20 of 20 cells cannot be read as float, such as "1.5", "2.5", "3.5"'),
        (["score.min=2"], 19, '1 of 20 cells does not keep min = 2, such as "1.5"'),
        (['city.allowed=["Bonn"]'], 10, '10 of 20 cells do not keep allowed = ["Bonn"], such as "Cologne"'),
        (['age.missing=["n.d."]', "age.type=int", "age.null=false"], 15, "5 of 20 cells do not keep null = false"),
        (["city.type=int", "city.name=ort"], 0, "20 of 20 cells cannot be read as int"),
    ],
)
def test_what_refuses_a_correction_is_shown_and_marked(draft: Draft, sets: list[str], kept: int, said: str) -> None:
    shown = draft(*(word for one in sets for word in ("--set", f"columns.{one}")))
    assert f"With the corrections, {kept} of 20 rows" in shown
    assert f"# check: {said}" in shown


def test_a_key_of_the_file_that_cells_refuse_is_marked_at_their_column(draft: Draft) -> None:
    shown = draft("--set", "ingest.decimal=,")
    assert "- score: 20 of 20 cells cannot be read as float" in shown


def test_a_target_of_which_nothing_can_be_learned_is_marked(draft: Draft) -> None:
    assert "# check: note: named as the target; nothing can be learned of it" in draft("--target", "note")


def test_cells_that_refuse_are_no_single_value(draft: Draft) -> None:
    assert "one value in all rows" not in draft("--set", "columns.city.type=int")


def test_a_correction_that_fits_is_not_marked(draft: Draft) -> None:
    shown = draft("--set", "columns.score.type=float", "--set", "columns.city.type=text")
    assert "With the corrections, 20 of 20 rows can be read and keep all rules." in shown
    assert "cannot be read" not in shown


def test_without_corrections_no_rows_are_counted(draft: Draft) -> None:
    assert "With the corrections" not in draft()
