"""Documents: links out, white space, letters and case made even, short ones left out, time in bins."""

from collections import Counter
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from preprocess.parameters import DocumentsSection, RelabelSection
from preprocess.rules import split_by_rules
from preprocess.table import extend_schema, used_columns
from relay.handoff.errors import RecipeError
from relay.handoff.preparation import Preparation
from relay.handoff.recipe import Column
from relay.handoff.texts import note_preparation, prepare_texts
from relay.handoff.writer import Block

PERIOD_FORMATS = {"year": "%Y", "month": "%Y-%m", "day": "%Y-%m-%d"}

CHARS_FIELD = pa.field("text_chars", pa.int64(), metadata={"unit": "characters", "description": "Length of the text"})
PERIOD_FIELD = pa.field("period", pa.string(), metadata={"description": "Time bin, in UTC"})


def documents_schema(columns: Mapping[str, Column], parameters: DocumentsSection) -> pa.Schema:
    """The Arrow schema of processed documents: used columns, their length, perhaps their period.

    The text column notes how its texts were prepared.
    """
    added = [CHARS_FIELD, PERIOD_FIELD] if parameters.period else [CHARS_FIELD]
    schema = extend_schema(columns, added)
    index = schema.get_field_index(text_column(columns))
    return schema.set(index, note_preparation(schema.field(index), find_preparation(parameters)))


def prepare_documents(
    batches: Iterator[pa.RecordBatch],
    columns: Mapping[str, Column],
    parameters: DocumentsSection,
    first_row: int = 1,
) -> Iterator[Block]:
    """The documents that keep the rules, cleaned; every one that is left out is counted with its reason.

    Args:
        batches: the raw rows.
        columns: the schema.
        parameters: how texts are cleaned, and which are left out.
        first_row: number of the first raw row.

    Raises:
        RecipeError: the schema does not declare what the parameters need.
    """
    check_columns(columns, parameters)
    text = text_column(columns)
    schema = documents_schema(columns, parameters)
    for batch in batches:
        kept, rejected = split_by_rules(pa.Table.from_batches([batch]), columns, first_row)
        dropped: Counter[str] = Counter()
        used = _relabel(kept, columns, parameters.relabel).select(used_columns(columns))
        cleaned = clean_texts(used.column(text), parameters)
        used = used.set_column(used.schema.get_field_index(text), text, cleaned)
        used = _drop_short(used, text, parameters, dropped)
        yield Block(
            table=_add_measures(used, text, columns, parameters).cast(schema),
            read=batch.num_rows,
            rejected=rejected,
            dropped=dropped,
        )
        first_row += batch.num_rows


def check_columns(columns: Mapping[str, Column], parameters: DocumentsSection) -> None:
    """Check that the schema declares what the parameters need.

    Raises:
        RecipeError: there is not one text, no time for the periods, or nothing to label anew.
    """
    text_column(columns)
    documents_schema(columns, parameters)
    roles = {column.role for column in columns.values()}
    if parameters.period and "time" not in roles:
        raise RecipeError(f'[preprocess] period = "{parameters.period}" needs a column with the role "time"')
    for rule in parameters.relabel:
        if "label" not in roles or rule.column not in columns:
            raise RecipeError(
                f'[preprocess] relabel: needs a column with the role "label", and the column {rule.column}'
            )


def text_column(columns: Mapping[str, Column]) -> str:
    """The one column of text that is an input.

    Raises:
        RecipeError: there is none, or more than one.
    """
    names = [name for name, column in columns.items() if column.role == "input" and column.type == "text"]
    if len(names) != 1:
        raise RecipeError(
            f'[columns]: documents need one column of type "text" and role "input", found {len(names)}: {names}'
        )
    return names[0]


def clean_texts(texts: pa.ChunkedArray, parameters: DocumentsSection) -> pa.ChunkedArray:
    """The texts as the parameters say: links, white space, letters, apostrophes and case; null stays null."""
    return prepare_texts(texts, find_preparation(parameters))


def find_preparation(parameters: DocumentsSection) -> Preparation:
    """What is done to each text."""
    if parameters.cleaning == "notebook":
        return Preparation(cleaning="notebook")
    return Preparation(
        cleaning=parameters.cleaning,
        case=parameters.case,
        normal_form=parameters.normal_form,
        apostrophes=parameters.apostrophes,
    )


def _drop_short(table: pa.Table, text: str, parameters: DocumentsSection, counts: Counter[str]) -> pa.Table:
    lengths = pc.utf8_length(table.column(text))
    is_null = lengths.is_null()
    is_long = pc.fill_null(pc.greater(lengths, parameters.longer_than_chars), False)
    without = pc.sum(is_null).as_py() or 0
    counts["without text"] += without
    counts[f"of at most {parameters.longer_than_chars} characters"] += (
        table.num_rows - without - (pc.sum(is_long).as_py() or 0)
    )
    return table.filter(is_long)


def _add_measures(table: pa.Table, text: str, columns: Mapping[str, Column], parameters: DocumentsSection) -> pa.Table:
    table = table.append_column(CHARS_FIELD, pc.utf8_length(table.column(text)).cast(pa.int64()))
    if not parameters.period:
        return table
    times = [name for name, column in columns.items() if column.role == "time"]
    periods = pc.strftime(table.column(times[0]), PERIOD_FORMATS[parameters.period])
    return table.append_column(PERIOD_FIELD, periods)


def _relabel(table: pa.Table, columns: Mapping[str, Column], rules: list[RelabelSection]) -> pa.Table:
    labels = [name for name, column in columns.items() if column.role == "label"]
    for rule in rules:
        index = table.schema.get_field_index(labels[0])
        hit = pc.is_in(table.column(rule.column).cast(pa.string()), pa.array(rule.values))
        table = table.set_column(index, labels[0], pc.if_else(hit, rule.label, table.column(labels[0])))
    return table
