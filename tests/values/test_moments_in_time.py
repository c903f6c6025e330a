"""A bare number is a moment only where the recipe says which one; all else is a date, or refused."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from checkout import Project
from hypothesis import given
from hypothesis import strategies as st

from relay.handoff.recipe import Column
from relay.reading.ambiguous import AmbiguousCellError
from relay.reading.cells import read_column

RECIPE = """
title = "Moments"
[ingest]
source = "file"
path = "{folder}/times.csv"
max_rejected_share = 0.5
[preprocess]
kind = "table"
[columns]
n = { type = "int", role = "id" }
COLUMNS
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""

FIRST = datetime(1000, 1, 1)  # noqa: DTZ001 - as hypothesis wants it
"""Years before have fewer digits on some machines."""

FORMS = {
    "slashes": "%d/%m/%Y",
    "american": "%m/%d/%Y %I:%M %p",
    "compact": "%Y%m%d",
    "german": "%d.%m.%Y %H:%M:%S",
    "words": "%d%b%Y",
    "short": "%d.%m.%y",
    "year": "%Y",
    "month": "%Y%m",
    "zoned": "%Y/%m/%d %H:%M:%S.%f %z",
}
"""Column -> the format of its cells."""


def write_csv(**columns: list[str]) -> str:
    """A CSV file with the columns and a number for each row."""
    rows = zip(*columns.values(), strict=True)
    lines = [f"{number},{','.join(row)}" for number, row in enumerate(rows, 1)]
    return "\n".join([f"n,{','.join(columns)}", *lines]) + "\n"


def declare(**columns: str) -> str:
    """A recipe with columns of times, each with the rest of its declaration."""
    lines = (f'{name} = {{ type = "time", role = "ignore", null = true{rest} }}' for name, rest in columns.items())
    return RECIPE.replace("COLUMNS", "\n".join(lines))


def moment(*parts: int) -> datetime:
    """A moment in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def draw_moments(count: int) -> list[datetime]:
    """Moments of this century and the last one, to the second."""
    draw = random.Random(13)
    return [moment(1969, 1, 1) + timedelta(seconds=draw.randrange(90 * 365 * 86_400)) for _ in range(count)]


@pytest.mark.parametrize(
    ("cells", "shown", "reading", "key"),
    [
        (["1900", "1950"], '"1900"', "1900-01-01", 'time_format = "%Y"'),
        (["202001", "202002"], '"202001"', "2020-01-01", 'time_format = "%Y%m"'),
        (["2024-01-31", "45292"], '"45292"', "2024-01-01", 'epoch = "excel"'),
        (["20240131", "2024-02-01"], '"20240131"', "2024-01-31", 'time_format = "%Y%m%d"'),
        (["1500000000"], '"1500000000"', "2017-07-14 02:40:00", "epoch"),
    ],
)
def test_a_bare_number_is_refused_with_both_readings_and_the_keys_that_decide(
    project: Project, cells: list[str], shown: str, reading: str, key: str
) -> None:
    project.write("times.csv", write_csv(at=cells))
    ran = project.run("ingest", project.recipe(declare(at="")))
    assert ran.exit_code == 1
    assert all(word in ran.log for word in ("times.csv", "column at", shown, reading, key, "epoch", "time_format"))


def test_eight_digits_are_dates_where_all_cells_are_and_formats_and_units_are_declared(project: Project) -> None:
    moments = [moment(1999, 12, 31, 23, 59, 58), *draw_moments(40)]
    columns = {name: [one.strftime(form) for one in moments] for name, form in FORMS.items()}
    columns |= {
        "sight": [f"{one:%Y%m%d}" for one in moments],
        "seconds": [str(int(one.timestamp())) for one in moments],
        "millis": [str(int(one.timestamp()) * 1000) for one in moments],
    }
    forms = {name: f', time_format = "{form}"' for name, form in FORMS.items()}
    units = {"sight": "", "seconds": ', epoch = "s"', "millis": ', epoch = "ms"'}
    project.write("times.csv", write_csv(**columns))
    ran = project.run("ingest", project.recipe(declare(**forms, **units)))
    assert ran.exit_code == 0, ran.log
    rows = project.rows("raw/values")
    by_hand = {
        name: [datetime.strptime(cell, form).replace(tzinfo=UTC) for cell in columns[name]]
        for name, form in FORMS.items()
    }
    by_hand |= {"sight": by_hand["compact"], "seconds": moments, "millis": moments}
    assert {name: [row[name] for row in rows] for name in by_hand} == by_hand


def test_a_format_of_the_file_yields_to_a_columns_own_and_rejects_what_is_written_otherwise(project: Project) -> None:
    recipe = declare(a="", b=', time_format = "%m/%d/%Y"', c=', epoch = "s"')
    recipe = recipe.replace("max_rejected_share = 0.5", 'max_rejected_share = 0.7\ntime_format = "%d/%m/%Y"')
    cells = {"a": ["01/02/2024", "31/02/2024", "2024-02-01"], "b": ["01/02/2024"] * 3, "c": ["86400"] * 3}
    project.write("times.csv", write_csv(**cells))
    ran = project.run("ingest", project.recipe(recipe))
    assert ran.exit_code == 0, ran.log
    assert project.rows("raw/values") == [
        {"n": 1, "a": moment(2024, 2, 1), "b": moment(2024, 1, 2), "c": moment(1970, 1, 2)}
    ]
    assert project.receipt("raw/values")["rejected"]["reasons"] == {'a: not a time in the format "%d/%m/%Y"': 2}


def test_dates_of_eight_digits_in_one_file_and_others_in_the_next_are_refused(project: Project) -> None:
    project.write("times.csv", write_csv(at=["20240131"] * 300))
    project.write("later.csv", write_csv(at=["2024-02-01"] * 300))
    recipe = project.recipe(
        declare(at="").replace('"{folder}/times.csv"', '["{folder}/times.csv", "{folder}/later.csv"]')
    )
    ran = project.run("ingest", recipe)
    assert ran.exit_code == 1
    assert all(word in ran.log for word in ('"20240131" in row 1 ', '"2024-02-01" in row 301 ', "time_format", "epoch"))


def is_date(digits: str) -> bool:
    """Whether digits are a date, all eight of them."""
    if len(digits) != 8:
        return False
    try:
        datetime.strptime(digits, "%Y%m%d")  # noqa: DTZ007
    except ValueError:
        return False
    return True


def read(cells: Any, **column: Any) -> list[Any]:
    """The moments of the cells."""
    moments = read_column(pa.array(cells), Column(type="time", role="input", **column)).values.to_pylist()
    return list(moments)


@given(st.lists(st.datetimes(min_value=FIRST), min_size=1), st.sampled_from(list(FORMS.values())))
def test_any_moment_in_any_format_is_read_as_pythons_strptime_reads_it(moments: list[datetime], form: str) -> None:
    cells = [one.replace(tzinfo=UTC).strftime(form) for one in moments]
    expected = [datetime.strptime(cell, form).replace(tzinfo=UTC) for cell in cells]
    assert read(cells, time_format=form) == expected


@given(
    st.integers(0, 10**19) | st.integers(10**7, 10**8) | st.dates(FIRST.date()).map(lambda day: int(f"{day:%Y%m%d}"))
)
def test_any_bare_number_but_a_date_of_eight_digits_is_refused_as_text_and_as_a_number(number: int) -> None:
    for cell in [str(number), number] if number < 2**63 else [str(number)]:
        if is_date(str(number)):
            assert read([cell]) == [datetime.strptime(str(number), "%Y%m%d").replace(tzinfo=UTC)]
        else:
            with pytest.raises(AmbiguousCellError, match=str(number)):
                read([cell])


@pytest.mark.parametrize("cell", ["0000-01-01", "0001-01-01T00:00+05:00", "9999-12-31T23:00-05:00"])
def test_a_moment_outside_the_years_1_to_9999_is_rejected_also_where_only_its_zone_leads_there(cell: str) -> None:
    array = pa.array([cell, "0001-01-01", "9999-12-31T23:59:59"])
    cast = read_column(array, Column.model_validate({"type": "time", "role": "ignore", "null": True}))
    assert cast.bad is not None
    assert cast.bad.tolist() == [True, False, False]
    assert cast.values.is_null().to_pylist() == [True, False, False]


@pytest.mark.parametrize("form", ["%d/%m", "%H:%M", "%c", "%x", "%Y %Z", "%Y %I", "%Y %Q", "%Y-%m-%d %p"])
def test_a_format_that_leaves_the_moment_open_is_refused(form: str) -> None:
    with pytest.raises(ValueError, match="time_format"):
        Column(type="time", role="input", time_format=form)


@pytest.mark.parametrize("cell", ["1122024", "112024", "2024111"])
def test_numbers_without_marks_between_them_need_all_their_digits(cell: str) -> None:
    assert read([cell], time_format="%d%m%Y") == [None]


@given(st.integers(-(10**18), 10**18))
def test_whole_numbers_since_1970_are_exact_in_each_unit(number: int) -> None:
    for unit, per_second in {"s": 1, "ms": 10**3, "us": 10**6}.items():
        found = read([number], epoch=unit) + read([str(number)], epoch=unit)
        try:
            expected = [moment(1970, 1, 1) + timedelta(microseconds=number * 10**6 // per_second)] * 2
        except OverflowError:
            expected = [None, None]
        assert found == expected
