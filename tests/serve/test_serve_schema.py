"""What the contract's columns let through, and what is said of the rest."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.handoff.column import Column
from relay.registry.records import check_record
from serve.errors import InvalidRecordsError
from serve.reading import read_invocation
from serve.schema import Schema, make_matrix, make_schema


def declare(**columns: dict[str, Any]) -> Schema:
    return make_schema({name: Column.model_validate({"role": "input"} | column) for name, column in columns.items()})


ODD = make_schema(
    {
        "age-in_years": Column.model_validate({"type": "int", "role": "input", "min": 18, "max": 120}),
        "is member?": Column.model_validate({"type": "bool", "role": "input", "null": True}),
        "class": Column.model_validate({"type": "category", "role": "input", "allowed": ["a", "b"]}),
    }
)


def refuse(schema: Schema, body: bytes) -> list[tuple[str, str, str]]:
    with pytest.raises(InvalidRecordsError) as refused:
        schema.read_one(body)
    return [(flaw.field, flaw.found, flaw.allowed) for flaw in refused.value.flaws]


def test_columns_need_not_be_python_names() -> None:
    (record,) = ODD.read_one(b'{"age-in_years": 40, "is member?": null, "class": "a"}')
    assert tuple(getattr(record, name) for name in record.__struct_fields__) == (40, None, "a")


def test_all_that_is_wrong_is_named_at_once() -> None:
    assert refuse(ODD, b'{"age-in_year": 40, "is member?": 2, "class": null}') == [
        ("age-in_year", "a field that the model does not take", "age-in_years"),
        ("age-in_years", "nothing", "a whole number from 18 to 120"),
        ("is member?", "2", "true or false"),
        ("class", "null", 'one of "a", "b", not null'),
    ]


def test_a_csv_body_may_have_the_header_of_the_source() -> None:
    schema = declare(late={"type": "int", "from": "Late30-59"}, income={"type": "float", "null": True})
    request = read_invocation(b"Late30-59,income\n2,NA\n", "text/csv", schema, max_rows=10)
    (record,) = request.records
    assert tuple(getattr(record, name) for name in record.__struct_fields__) == (2, None)


def test_a_whole_number_may_be_written_with_a_point() -> None:
    (record,) = declare(n={"type": "int"}).read_one(b'{"n": 5.0}')
    assert (record.f0, type(record.f0)) == (5, int)  # type: ignore[attr-defined]


@pytest.mark.parametrize("body", [b'{"n": 5.5}', b'{"n": true}', b'{"n": "5x"}', b'{"n": 1e300}', b'{"n": [5]}'])
def test_what_is_no_whole_number_is_refused(body: bytes) -> None:
    assert [field for field, _, _ in refuse(declare(n={"type": "int"}), body)] == ["n"]


def test_a_number_beyond_32_bits_is_refused() -> None:
    expected = "a number of at most 3.4e+38, the largest number that the model takes"
    assert refuse(declare(x={"type": "float"}), b'{"x": 1e39}') == [("x", "1e+39", expected)]


def test_only_the_allowed_numbers_pass() -> None:
    schema = declare(x={"type": "float", "allowed": [0.5, 1.0]})
    assert (schema.read_one(b'{"x": 1}')[0].f0, refuse(schema, b'{"x": 0.7}')) == (  # type: ignore[attr-defined]
        1.0,
        [("x", "0.7", "one of 0.5, 1")],
    )


def test_a_batch_names_the_records_and_stops_at_fifty_flaws() -> None:
    with pytest.raises(InvalidRecordsError) as refused:
        ODD.read_many(b'[{"age-in_years": 40, "is member?": true, "class": "a"}' + b', {"class": "a"}' * 100 + b"]")
    assert (refused.value.flaws[0].field, len(refused.value.flaws)) == ("[1].age-in_years", 50)


def test_a_thousand_unknown_fields_are_not_all_listed() -> None:
    names = ", ".join(f'"age-in_years{number}": 1' for number in range(1000))
    assert len(refuse(ODD, f"{{{names}}}".encode())) == 50


def test_unknown_values_reach_the_onnx_model_as_nan() -> None:
    schema = declare(a={"type": "int"}, b={"type": "float", "null": True}, c={"type": "bool"})
    records = schema.read_many(b'[{"a": 1, "b": null, "c": true}, {"a": 2, "b": 0.5, "c": false}]')
    matrix = make_matrix(records, 3)
    assert (matrix.dtype, np.array_equal(matrix, [[1, np.nan, 1], [2, 0.5, 0]], equal_nan=True)) == (np.float64, True)


COLUMNS = st.one_of(
    st.builds(
        lambda kind, null, low, width: {"type": kind, "null": null, "min": low, "max": low + width},
        st.sampled_from(["int", "float"]), st.booleans(), st.integers(-50, 50), st.integers(0, 50),
    ),
    st.builds(
        lambda kind, null: {"type": kind, "null": null},
        st.sampled_from(["int", "float", "bool", "category"]), st.booleans(),
    ),
    st.builds(lambda null: {"type": "int", "null": null, "allowed": [0, 1, 7]}, st.booleans()),
    st.builds(lambda null: {"type": "category", "null": null, "allowed": ["a", "b"]}, st.booleans()),
    st.builds(lambda null: {"type": "bool", "null": null, "allowed": [True]}, st.booleans()),
)  # fmt: skip
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-100, 100), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["a", "b", ""]), st.lists(st.none(), max_size=1),
)  # fmt: skip


@pytest.mark.property
@given(COLUMNS, VALUES)
def test_the_quick_decoder_and_the_one_that_explains_agree(column: dict[str, Any], value: Any) -> None:
    import msgspec

    schema = declare(x=column)
    body = msgspec.json.encode({"x": value})
    checked, flaws = check_record(msgspec.json.decode(body), schema.columns)
    cells = list(checked.values())
    try:
        record = schema.decode_one(body)
    except msgspec.ValidationError:
        # The quick one may refuse what is right (5.0 for 5, rules that no type can say), never the other way round.
        read = [] if flaws else [schema.read_one(body)[0].f0]  # type: ignore[attr-defined]
        assert read == ([] if flaws else cells)
    else:
        assert ([record.f0], flaws) == (cells, [])
