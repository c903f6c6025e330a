"""Documents: what is taken out of a text, which texts are left out, and that each of these is counted."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocess.documents import clean_texts, documents_schema, prepare_documents, text_column
from preprocess.parameters import DocumentsSection
from relay.handoff.errors import RecipeError
from relay.handoff.recipe import Column
from relay.handoff.writer import Block

Desk = Any  # tests/conftest.py
Declare = Callable[..., Any]

LONG = "A sentence of enough characters to be longer than the fifty that are asked for."


def section(**parameters: Any) -> DocumentsSection:
    """`[preprocess]` of documents."""
    return DocumentsSection.model_validate({"kind": "documents"} | parameters)


def clean(text: str | None, **parameters: Any) -> Any:
    """One text, cleaned."""
    return clean_texts(pa.chunked_array([pa.array([text], pa.string())]), section(**parameters)).to_pylist()[0]


def prepare(columns: dict[str, Column], rows: dict[str, list[Any]], **parameters: Any) -> Block:
    """One batch of documents, prepared."""
    from relay.handoff.schema import arrow_schema

    schema = arrow_schema(columns)
    batch = pa.record_batch([pa.array(rows[name], schema.field(name).type) for name in schema.names], schema=schema)
    (block,) = prepare_documents(iter([batch]), columns, section(**parameters))
    return block


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See https://x.org/a?b=1#c now", "see now"),
        ("HTTP://X.ORG and www.x.org/y, too", "and too"),
        ("https://x.org\nOwn text", "own text"),
        ("(http://x.org)", "("),
        ("link http://x.org\u00a0after a no-break space", "link after a no-break space"),
        ("リンク http://x.org\u3000あと", "リンク あと"),
        ("awww.nothing http:/x.org httpx://y", "awww.nothing http:/x.org httpx://y"),
        (None, None),
        ("https://x.org", ""),
    ],
)
def test_links_are_taken_out_wherever_they_stand_and_the_own_text_stays(text: str | None, expected: str | None) -> None:
    assert clean(text) == expected


@pytest.mark.parametrize(
    "space",
    [" ", "\t", "\n", "\r\n", "  \n ", "\x0b", "\x0c", "\u00a0", "\u2003", "\u2028", "\u2029", "\u3000", "\u0085"],
)
def test_white_space_of_every_kind_becomes_one_blank(space: str) -> None:
    assert clean(f"{space}One{space}two{space}") == "one two"


def test_case_is_kept_where_the_recipe_says_so() -> None:
    assert [clean("\u00c4 ß I", case="keep"), clean("\u00c4 ß I")] == ["\u00c4 ß I", "\u00e4 ß i"]


@pytest.mark.property
@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean(text, case="keep")
    assert (clean(once, case="keep"), once.strip() == once, "\n" in once) == (once, True, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://x.org\nOwn text of the post", ""),
        ("http://x.org own text on the same line", ""),
        ("Own text https://x.org more", "Own text https://x.org more"),
        ("Own text\nhttps://x.org\nmore", "Own text https://x.org more"),
        ("  Case  and Space ", "  Case  and Space "),
        (None, "none"),
    ],
)
def test_the_notebooks_cleaning_wipes_what_begins_with_a_link_and_keeps_links_elsewhere(
    text: str | None, expected: str
) -> None:
    assert clean(text, cleaning="notebook") == expected


def test_a_post_that_begins_with_a_link_is_lost_by_the_notebook_and_kept_by_default(declare: Declare) -> None:
    columns = declare(text={"type": "text", "null": True})
    rows = {"text": [f"https://x.org\n{LONG}", None, LONG]}
    by_default = prepare(columns, rows)
    by_notebook = prepare(columns, rows, cleaning="notebook")
    assert by_default.table.column("text").to_pylist() == [LONG.lower(), LONG.lower()]
    assert by_notebook.table.column("text").to_pylist() == [LONG]
    assert [+by_default.dropped, +by_notebook.dropped] == [
        Counter({"without text": 1}), Counter({"of at most 50 characters": 2}),
    ]  # fmt: skip


def test_documents_of_just_the_length_are_left_out_and_counted(declare: Declare) -> None:
    rows = {"text": ["abcd", "äöüß", "abcde", " a  b  c "]}
    block = prepare(declare(text={"type": "text"}), rows, longer_than_chars=4)
    assert block.table.to_pylist() == [
        {"text": "abcde", "text_chars": 5}, {"text": "a b c", "text_chars": 5},
    ]  # fmt: skip
    assert (block.read, +block.dropped) == (4, Counter({"of at most 4 characters": 2}))


def test_a_null_text_is_dropped_where_it_may_be_null_and_else_rejected(declare: Declare) -> None:
    rows = {"text": [None, LONG]}
    may, must = (prepare(declare(text={"type": "text", "null": null}), rows) for null in (True, False))
    assert (+may.dropped, may.rejected.num_rows) == (Counter({"without text": 1}), 0)
    assert (+must.dropped, must.rejected.column("reason").to_pylist()) == (Counter(), ["text: null"])


@pytest.mark.parametrize(("period", "expected"), [("year", "2020"), ("month", "2020-06"), ("day", "2020-06-30")])
def test_a_period_is_a_time_bin_in_utc(declare: Declare, period: str, expected: str) -> None:
    columns = declare(at={"type": "time", "role": "time"}, text={"type": "text"})
    rows = {"at": [datetime(2020, 6, 30, 23, 59, tzinfo=UTC)], "text": [LONG]}
    assert prepare(columns, rows, period=period).table.column("period").to_pylist() == [expected]


def test_a_period_needs_a_time(declare: Declare) -> None:
    with pytest.raises(RecipeError, match='period = "month" needs a column with the role "time"'):
        prepare(declare(text={"type": "text"}), {"text": [LONG]}, period="month")


def test_documents_get_another_label_by_the_values_of_a_column(declare: Declare) -> None:
    columns = declare(
        essay={"type": "int", "role": "id"}, author={"type": "category", "role": "label"}, text={"type": "text"}
    )
    rows = {"essay": [1, 49, 50], "author": ["JAY", "MADISON", "MADISON"], "text": [LONG] * 3}
    block = prepare(columns, rows, relabel=[{"label": "DISPUTED", "column": "essay", "values": ["49", "62"]}])
    assert block.table.column("author").to_pylist() == ["JAY", "DISPUTED", "MADISON"]


def test_a_document_may_be_relabelled_by_a_column_that_is_ignored(declare: Declare) -> None:
    columns = declare(
        source={"type": "text", "role": "ignore"}, author={"type": "category", "role": "label"}, text={"type": "text"}
    )
    rows = {"source": ["a", "b"], "author": ["X", "X"], "text": [LONG] * 2}
    block = prepare(columns, rows, relabel=[{"label": "Y", "column": "source", "values": ["b"]}])
    assert [next(iter(row.values())) for row in block.table.to_pylist()] == ["X", "Y"]


def test_relabelling_needs_a_label_and_the_column(declare: Declare) -> None:
    rule = [{"label": "Y", "column": "essay", "values": ["1"]}]
    for columns in (
        declare(text={"type": "text"}),
        declare(author={"type": "category", "role": "label"}, text={"type": "text"}),
    ):
        rows = {name: [LONG] for name in columns}
        with pytest.raises(RecipeError, match='needs a column with the role "label", and the column essay'):
            prepare(columns, rows, relabel=rule)


@pytest.mark.parametrize(
    ("columns", "found"),
    [({"a": {"type": "int"}}, 0), ({"a": {"type": "text"}, "b": {"type": "text"}}, 2)],
)
def test_documents_need_one_column_of_text(declare: Declare, columns: dict[str, Any], found: int) -> None:
    with pytest.raises(RecipeError, match=f'one column of type "text" and role "input", found {found}'):
        text_column(declare(**columns))


def test_a_column_may_not_have_the_name_of_a_measure(declare: Declare) -> None:
    with pytest.raises(RecipeError, match=r"\[columns\] text_chars: preprocess adds a column of this name"):
        documents_schema(declare(text={"type": "text"}, text_chars={"type": "int"}), section())


texts = st.none() | st.sampled_from(["", "a", "https://x.org", f"https://x.org\n{LONG}", LONG])


@pytest.mark.property
@given(
    texts=st.lists(texts, min_size=1, max_size=12),
    labels=st.lists(st.sampled_from(["A", None]), min_size=12, max_size=12),
    cleaning=st.sampled_from(["links", "notebook"]),
    may_be_null=st.booleans(),
)
def test_every_document_is_kept_rejected_or_dropped_once(
    texts: list[str | None], labels: list[str | None], cleaning: str, may_be_null: bool
) -> None:
    columns = {
        "label": Column(type="category", role="label"),
        "text": Column(type="text", role="input", null=may_be_null),
    }
    block = prepare(columns, {"label": labels[: len(texts)], "text": texts}, cleaning=cleaning)
    assert block.table.num_rows + block.rejected.num_rows + block.dropped.total() == block.read == len(texts)


def test_drops_stand_in_the_receipt_and_in_the_log(desk: Desk) -> None:
    recipe = desk.recipe("""
        title = "Posts"
        [ingest]
        source = "file"
        path = "data/posts.json"
        [preprocess]
        kind = "documents"
        [columns]
        text = { type = "text", role = "input", null = true }
        [model]
        kind = "authorship"
    """)
    (desk.data / "posts.json").write_text(f'[{{"text": "{LONG}"}}, {{"text": null}}, {{"text": "short"}}]')
    assert [desk.run("ingest", recipe), desk.run("preprocess", recipe)] == [0, 0]
    assert desk.receipt("processed/desk").dropped == {"of at most 50 characters": 1, "without text": 1}
    message = "preprocess desk: 1 rows in processed/desk, 1 of at most 50 characters, 1 without text, fingerprint "
    assert desk.said("preprocess")[-1].startswith(message)
