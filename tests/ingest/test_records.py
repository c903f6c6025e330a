"""JSON and JSON lines: records anywhere in a file, one bad one costs itself only."""

from collections.abc import Callable
from typing import Any

import pytest

from relay.handoff.errors import SchemaError, SourceError
from relay.reading.formats.flatten import Fields
from relay.reading.formats.record_blocks import BATCH_RECORDS

Read = Callable[..., Any]

AGE = {"age": {"type": "int"}}


def test_a_list_of_objects_is_read_in_order(read: Read) -> None:
    reading = read("x.json", '[{"age": 36}, {"age": null}, {"age": "77"}]', AGE)
    assert [row["age"] for row in reading.rows] == [36, None, 77]


def test_the_list_may_lie_deep_in_the_file(read: Read) -> None:
    content = '{"meta": {"n": 1}, "data": {"people": [{"age": 1}, {"age": 2}]}, "end": []}'
    assert [row["age"] for row in read("x.json", content, AGE, records="data.people").rows] == [1, 2]


@pytest.mark.parametrize(
    ("content", "records", "message"),
    [
        (
            '{"meta": 1, "posts": [{"age": 1}]}', "post",
            'x.json: no record at records = "post"; the file is an object with the keys meta, posts; '
            'name the one that holds the list of records, such as records = "posts", in [ingest]',
        ),
        (
            '{"posts": []}', "",
            "x.json: no record at the top of the file; the file is an object with the keys posts; "
            'name the one that holds the list of records, such as records = "posts", in [ingest]',
        ),
        (
            "[]", "",
            "x.json: no record at the top of the file; the file is a list without records; expected a list of objects",
        ),
        (
            '"hello"', "",
            "x.json: no record at the top of the file; the file is a single value; expected a list of objects",
        ),
    ],
)  # fmt: skip
def test_a_path_without_records_says_what_is_there(read: Read, content: str, records: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        read("x.json", content, AGE, records=records)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "content", ['[{"age": 1}, {"age"', '[{"age": 1}] and more', '[{"age": 1},]', b'[{"age": "\xff"}]']
)
def test_a_file_that_is_no_json_or_cut_is_refused_whole(read: Read, content: str | bytes) -> None:
    with pytest.raises(SourceError, match=r"^x\.json: not JSON, or cut: [a-z]+ error: .* \(after \d+ bytes\)$"):
        read("x.json", content, AGE)


def test_nested_fields_become_columns_with_underscores_and_lists_their_json(read: Read) -> None:
    assert Fields({}).flatten({"a": {"b": 1, "c": {"d": "x"}}, "e": [1, {"f": 2.5}], "g": {}}) == {
        "a_b": 1, "a_c_d": "x", "e": '[1, {"f": 2.5}]',
    }  # fmt: skip


def test_nested_fields_are_matched_with_the_schema(read: Read) -> None:
    columns = {"site": {"type": "category", "from": "meta_source_site"}, "tags": {"type": "text"}}
    reading = read("x.json", '[{"meta": {"source": {"site": "A"}}, "tags": ["é", 1.5]}]', columns)
    assert reading.rows == [{"site": "A", "tags": '["é", 1.5]'}]


@pytest.mark.parametrize(
    ("name", "content"),
    [("x.json", '[{"age": 1, "note": "a"}, {"age": 2}]'), ("x.jsonl", '{"age": 1, "note": "a"}\n{"age": 2}\n')],
)
def test_a_field_that_may_be_null_may_be_missing(read: Read, name: str, content: str) -> None:
    reading = read(name, content, AGE | {"note": {"type": "text", "null": True}, "more": {"type": "int", "null": True}})
    assert [(row["note"], row["more"]) for row in reading.rows] == [("a", None), (None, None)]


def test_a_field_that_no_record_has_is_a_missing_column(read: Read) -> None:
    with pytest.raises(SchemaError, match=r'x\.json: column age is missing.*; found "ages"'):
        read("x.json", '[{"ages": 1}]', AGE)


def test_a_field_that_is_not_declared_is_refused_or_dropped(read: Read) -> None:
    content = '[{"age": 1}, {"age": 2, "shoe": 46}]'
    with pytest.raises(SchemaError, match='unexpected column "shoe"'):
        read("x.json", content, AGE)
    assert [row["age"] for row in read("x.json", content, AGE, extra_columns="drop").rows] == [1, 2]


@pytest.mark.parametrize(("name", "template"), [("x.json", "[{}]"), ("x.jsonl", "{}")])
def test_a_number_beyond_64_bits_costs_its_row_only(read: Read, name: str, template: str) -> None:
    separator = ", " if name == "x.json" else "\n"
    records = separator.join(f'{{"age": {age}}}' for age in (1, 18446744073709551616, 9223372036854775807))
    reading = read(name, template.replace("{}", records), AGE)
    assert [row["age"] for row in reading.rows] == [1, 2**63 - 1]
    why = "age: not a whole number of 64 bits (at most 9,223,372,036,854,775,807)"
    assert reading.rejected == [(2, why, {"age": "18446744073709551616"})]


def test_fractions_are_read_to_the_last_bit(read: Read) -> None:
    reading = read("x.json", '[{"x": 0.1}, {"x": 1e-7}, {"x": 3}]', {"x": {"type": "float"}})
    assert [row["x"] for row in reading.rows] == [0.1, 1e-7, 3.0]


def test_values_of_many_types_in_one_column_are_cast_one_by_one(read: Read) -> None:
    reading = read("x.json", '[{"x": 1.5}, {"x": "2"}, {"x": true}, {"x": [3]}, {"x": null}]', {"x": {"type": "float"}})
    assert [row["x"] for row in reading.rows] == [1.5, 2.0, None]
    assert [(number, cells["x"]) for number, _, cells in reading.rejected] == [(3, "true"), (4, "[3]")]


@pytest.mark.parametrize("name", ["x.json", "x.jsonl"])
def test_a_record_that_is_no_object_costs_itself_only(read: Read, name: str) -> None:
    records = ['{"age": 1}', "[2]", '"three"', "null", '{"age": 5}']
    reading = read(name, f"[{', '.join(records)}]" if name == "x.json" else "\n".join(records), AGE)
    assert [row["age"] for row in reading.rows] == [1, 5]
    assert reading.rejected == [
        (2, "not a record", {"record": "[2]"}),
        (3, "not a record", {"record": "three"}),
        (4, "not a record", {"record": None}),
    ]


def test_a_list_without_any_object_is_rejected_whole(read: Read) -> None:
    reading = read("x.json", "[1, 2]", AGE)
    assert (reading.read, [reason for _, reason, _ in reading.rejected]) == (2, ["not a record"] * 2)


def test_bad_cells_and_bad_records_are_rejected_in_order(read: Read) -> None:
    reading = read("x.json", '[{"age": "x"}, 2, {"age": "y"}]', AGE)
    assert [(number, reason) for number, reason, _ in reading.rejected] == [
        (1, "age: not a whole number"), (2, "not a record"), (3, "age: not a whole number"),
    ]  # fmt: skip


def test_a_line_that_is_no_json_costs_that_line_and_empty_ones_do_not_count(read: Read) -> None:
    reading = read("x.jsonl", '{"age": 1}\r\n\r\n{"age": 2\r\n{"age": 3}', AGE)
    assert [row["age"] for row in reading.rows] == [1, 3]
    assert reading.rejected == [(2, "not a record", {"record": '{"age": 2\r'})]


def test_a_bad_line_is_no_worse_as_the_only_one_of_its_batch(read: Read) -> None:
    reading = read("x.jsonl", '{"age": 1}\n' * BATCH_RECORDS + "oops\n", AGE)
    assert (len(reading.rows), reading.rejected) == (
        BATCH_RECORDS, [(BATCH_RECORDS + 1, "not a record", {"record": "oops"})],
    )  # fmt: skip


def test_a_field_missing_from_a_later_batch_is_null_there(read: Read) -> None:
    lines = '{"age": 1, "shoe": 46}\n' * BATCH_RECORDS + '{"age": 2}\n'
    reading = read("x.jsonl", lines, AGE | {"shoe": {"type": "int"}})
    assert reading.rows[-1] == {"age": 2, "shoe": None}


@pytest.mark.parametrize(("name", "content"), [("x.json", b'[{"age": 1}]'), ("x.ndjson", b'{"age": 1}\n')])
def test_a_byte_order_mark_is_no_part_of_the_data(read: Read, name: str, content: bytes) -> None:
    assert read(name, b"\xef\xbb\xbf" + content, AGE).rows == [{"age": 1}]


def test_a_number_in_a_column_of_text_is_written_alike_whatever_stands_beside_it(read: Any) -> None:
    both = read("x.json", '[{"c": 2.0}, {"c": "x"}]', {"c": {"type": "category"}}).rows
    alone = read("x.json", '[{"c": 2.0}]', {"c": {"type": "category"}}).rows
    assert (both[0], alone[0]) == ({"c": "2"}, {"c": "2"})
