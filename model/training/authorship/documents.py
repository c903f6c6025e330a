"""From the processed documents to what the map needs: texts, labels and the order they stand in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from model.style_parameters import AuthorshipParameters
from relay.handoff.errors import ModelError
from relay.handoff.preparation import Preparation
from relay.handoff.recipe import Column, Recipe

ROW_NUMBER = "#"
"""Column of the row numbers, repeated while the data have a column of that name."""


@dataclass(frozen=True)
class Documents:
    """Documents in the order in which they are cut."""

    utf8: npt.NDArray[np.uint8]
    """All texts, UTF-8 (bytes,)."""
    offsets: npt.NDArray[np.int64]
    """Where each begins, and the end of the last (documents + 1,)."""
    labels: list[str | None]
    ids: list[str]
    """The id column as text, or the row's number in the processed table."""

    preparation: Preparation = field(default_factory=Preparation)
    """What was done to each text before it was stored."""

    def __len__(self) -> int:
        return len(self.labels)

    def texts(self) -> list[str]:
        """The text of each document."""
        return [self.utf8[start:end].tobytes().decode() for start, end in pairwise(self.offsets.tolist())]


def check_columns(columns: Mapping[str, Column], *, by_time: bool) -> dict[str, str]:
    """Role -> name of the columns that a map is made of: `input`, and the others that are declared.

    Raises:
        ModelError: there is not exactly one text, or no time although the order asks for it.
    """
    texts = [name for name, column in columns.items() if column.role == "input" and column.type == "text"]
    if len(texts) != 1:
        raise ModelError(
            f'[columns]: kind = "authorship" needs one column with role = "input" and type = "text", found {len(texts)}'
        )
    roles: dict[str, str] = {column.role: name for name, column in columns.items() if column.role != "input"}
    if by_time and "time" not in roles:
        raise ModelError('[model] order = "time": no column has role = "time"; declare one, or leave order out')
    return {"input": texts[0], **roles}


def check_frequencies(recipe: Recipe, parameters: AuthorshipParameters) -> None:
    """Check that a model of columns reads a table of frequencies, and no other model does.

    Raises:
        ModelError: the two sections do not go together.
    """
    kind = recipe.sections.get("preprocess", {}).get("kind")
    if parameters.units == "columns" and kind not in ("frequencies", "python"):
        raise ModelError(
            f'[model] units = "columns" reads a table of frequencies, and [preprocess] kind = "{kind}" makes none',
            next_step='Set kind = "frequencies" in [preprocess]',
        )
    if parameters.units != "columns" and kind == "frequencies":
        raise ModelError(
            f'[model] units = "{parameters.units}" needs texts, and [preprocess] kind = "frequencies" makes rows of '
            "frequencies",
            next_step='Set units = "columns", ngram = 1 and chunking = "whole" in [model]',
        )


def read_documents(table: pa.Table, columns: Mapping[str, Column], *, by_time: bool) -> Documents:
    """The documents of a processed table; in time order, those of one moment stay in the table's order.

    Raises:
        ModelError: a column is missing, a text is empty of value, or a time where the order needs one.
    """
    roles = check_columns(columns, by_time=by_time)
    needed = [name for role, name in roles.items() if role in ("input", "label", "id") or (by_time and role == "time")]
    missing = [name for name in needed if name not in table.column_names]
    if missing:
        raise ModelError(f"the processed table has no column {', '.join(missing)}: run preprocess again")
    for role in ("input", "time") if by_time else ("input",):
        if empty := table.column(roles[role]).null_count:
            raise ModelError(f"{empty:,} documents have no {roles[role]}: drop them in [preprocess], or give them one")
    number = ROW_NUMBER
    while number in table.column_names:
        number += ROW_NUMBER
    table = table.append_column(number, pa.array(np.arange(table.num_rows)))
    if by_time:
        table = table.take(pc.sort_indices(table, sort_keys=[(roles["time"], "ascending"), (number, "ascending")]))
    utf8, offsets = read_texts(table.column(roles["input"]))
    labels = table.column(roles["label"]).to_pylist() if "label" in roles else [None] * table.num_rows
    return Documents(
        utf8=utf8,
        offsets=offsets,
        labels=[None if label is None else str(label) for label in labels],
        ids=[str(name) for name in table.column(roles.get("id", number)).to_pylist()],
        preparation=Preparation.from_metadata(table.schema.field(roles["input"]).metadata),
    )


def read_texts(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The bytes as Arrow holds them, without a Python string for each text."""
    texts = pa.concat_arrays(column.cast(pa.large_string()).chunks)
    _, offsets, content = texts.buffers()
    borders = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    utf8 = np.frombuffer(content, np.uint8) if content is not None else np.zeros(0, np.uint8)
    return utf8[borders[0] : borders[-1]], borders - borders[0]
