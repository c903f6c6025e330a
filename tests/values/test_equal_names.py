"""Two fields of a file that become one name are refused; none overwrites the other."""

import json
from typing import Any

import pytest
from checkout import Project
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

RECIPE = """
title = "Values"
[ingest]
source = "file"
path = "{folder}/%s"
%s
max_rejected_share = 0.9
[preprocess]
kind = "table"
[columns]
%s
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""


def column(name: str, path: str = "") -> str:
    """A line of [columns]."""
    return f'{name} = {{ type = "int", role = "input", null = true' + (f", from = '{path}'" if path else "") + " }\n"


BESIDE = [{"user": {"id": 1}, "user_id": 2}]
CASES = {
    "beside": (BESIDE, column("user_id"), 'user.id and user_id become one name, user_id; read user.id by its path'),
    "in_two_records": ([{"user": {"id": 1}}, {"user_id": 2}], column("user_id"), "user.id and user_id become one name"),
    "both_nested": (
        [{"a": {"b_c": 1}, "a_b": {"c": 2}}], column("a_b_c"), "a.b_c and a_b.c become one name, a_b_c; read a_b.c",
    ),
    "a_key_with_a_dot": (
        [*BESIDE, {"user.id": 3}], column("user_id") + column("nested", "user.id"),
        'user.id and "user.id" become one name, user.id; read "user.id" by its path',
    ),
}  # fmt: skip

READ = {
    "by_path": (BESIDE, column("user_id") + column("nested", "user.id"), [{"user_id": 2, "nested": 1}]),
    "quoted_path": (
        [{**BESIDE[0], "user.id": 3}],
        column("user_id") + column("nested", "user.id") + column("dotted", '"user.id"'),
        [{"user_id": 2, "nested": 1, "dotted": 3}],
    ),
    "three_levels": ([{"a": {"b": {"c": 1}}, "a_b_c": 2}], column("a_b_c") + column("deep", "a.b.c"),
                     [{"a_b_c": 2, "deep": 1}]),
    "not_declared": ([{**BESIDE[0], "n": 7}], column("n"), [{"n": 7}]),
    "one_key_twice": (
        '[{"n": 1, "n": 2}, {"n": 3}, {"n": 4, "u": [{"v": {"w": 1, "w": 2}}]}]', column("n"), [{"n": 3}],
    ),
}  # fmt: skip


def test_two_paths_of_one_name_are_refused_with_both(project: Project) -> None:
    paths = []
    for name, (records, columns, _) in CASES.items():
        project.write(f"{name}.json", json.dumps(records))
        paths.append(project.recipe(RECIPE % (f"{name}.json", "", columns), name))
    ran = project.run("ingest", *paths)
    assert {name: message in ran.log for name, (*_, message) in CASES.items()} == dict.fromkeys(CASES, True)
    assert not list(project.folder.glob("data/raw/*.parquet"))


def test_fields_told_apart_by_their_paths_are_read_each_into_its_column(project: Project) -> None:
    paths = []
    for name, (records, columns, _) in READ.items():
        project.write(f"{name}.json", records if isinstance(records, str) else json.dumps(records))
        paths.append(project.recipe(RECIPE % (f"{name}.json", 'extra_columns = "drop"', columns), name))
    ran = project.run("ingest", *paths)
    assert ran.exit_code == 0, ran.log
    assert {name: project.rows(f"raw/{name}") for name in READ} == {name: rows for name, (*_, rows) in READ.items()}
    assert project.receipt("raw/one_key_twice")["rejected"]["reasons"] == {
        "the key n comes twice": 1, "the key w comes twice": 1,
    }  # fmt: skip


def test_a_csv_header_with_one_name_twice_is_refused(project: Project) -> None:
    project.write("x.csv", "n, n\n1,2\n")
    ran = project.run("ingest", project.recipe(RECIPE % ("x.csv", "", column("n"))))
    assert (ran.exit_code, "column n comes more than once" in ran.log) == (1, True)


keys = st.sampled_from(["a", "b", "a_b", "a.b", "b_a"])
records = st.recursive(
    st.dictionaries(keys, st.integers(0, 99), min_size=1, max_size=3),
    lambda inner: st.dictionaries(keys, inner | st.integers(0, 99), min_size=1, max_size=3),
    max_leaves=6,
)


def list_leaves(record: dict[str, Any], path: tuple[str, ...] = ()) -> dict[tuple[str, ...], int]:
    """Path -> value."""
    leaves: dict[tuple[str, ...], int] = {}
    for key, value in record.items():
        leaves |= list_leaves(value, (*path, key)) if isinstance(value, dict) else {(*path, key): value}
    return leaves


@pytest.mark.property
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(rows=st.lists(records, min_size=1, max_size=3), is_json=st.booleans())
def test_each_value_is_in_its_own_column_or_the_file_is_refused(
    read: Any, rows: list[dict[str, Any]], is_json: bool
) -> None:
    from relay.handoff.errors import SchemaError

    leaves = [list_leaves(row) for row in rows]
    paths = {path for row in leaves for path in row}
    by_name = {"_".join(path): path for path in paths}
    content = json.dumps(rows) if is_json else "\n".join(map(json.dumps, rows))
    columns = {name: {"type": "int", "null": True} for name in by_name}
    if len(by_name) < len(paths):
        with pytest.raises(SchemaError, match="become one name"):
            read("x.json" if is_json else "x.jsonl", content, columns)
    else:
        found = read("x.json" if is_json else "x.jsonl", content, columns).rows
        assert found == [{name: row.get(path) for name, path in by_name.items()} for row in leaves]
