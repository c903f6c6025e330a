"""One column of the schema, and what every typed table of a recipe has in common."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from relay.handoff.errors import RecipeError

ALLOWED_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "text": (str,),
    "category": (str,),
}
"""What a list of allowed values may hold, by the column's type."""

LARGEST_INT = 2**63 - 1

SERVED_KEYS = frozenset(
    ("missing", "decimal", "thousands", "prefix", "suffix", "true_words", "false_words", "time_format", "epoch")
)
"""How its cells are written, those of a request too; they are part of a model's contract."""

READING_KEYS = SERVED_KEYS | {"source", "raw_type"}
"""Fields of a column that ingest needs: what a file calls it, and how its cells are written."""


class Section(BaseModel):
    """A typed table of a recipe: nothing unknown gets in, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _check_mark(mark: str) -> str:
    if mark.isalnum() or mark in "+-":
        raise ValueError(f'"{mark}" cannot be a mark inside numbers; expected one such as "." or ","')
    return mark


def _check_time_format(form: str) -> str:
    """A format by which each moment is written and read in one way, on any machine."""
    found = set(re.findall(r"%[^%]", form.replace("%%", "")))
    for directive in ("%c", "%x", "%X", "%Z"):
        if directive in found:
            raise ValueError(f'{directive} depends on the machine; spell the parts, such as "%d/%m/%Y %H:%M"')
    if not found & {"%Y", "%y", "%G"}:
        raise ValueError(f'"{form}" has no year; expected a format such as "%d/%m/%Y"')
    if ("%I" in found) != ("%p" in found):
        raise ValueError("the hour of twelve, %I, and %p need each other; the hour of the day is %H")
    try:
        datetime.strptime(EXAMPLE.strftime(form), form)  # noqa: DTZ007 - only tried
    except ValueError as error:
        raise ValueError(f'"{form}" is no format of a time: {error}') from None
    return form


def _check_affix(text: str) -> str:
    """A unit that cannot be taken for a part of the number beside it."""
    if not re.fullmatch(r"[^\s0-9+.,'-](.*([^\W_]\.|[^\s+.,'-]))?", text):
        raise ValueError(f'"{text}" cannot stand beside a number; expected a unit such as "$", "EUR", "%" or "kg"')
    return text


def _check_words(words: list[str]) -> list[str]:
    if not words or not all(word.strip() for word in words):
        raise ValueError(f"expected at least one word and no empty one, not {words}; an empty cell is always missing")
    return words


EXAMPLE = datetime(2000, 12, 31, 23, 59, 59, tzinfo=UTC)
Mark = Annotated[str, Field(min_length=1, max_length=1), AfterValidator(_check_mark)]
Affix = Annotated[str, Field(max_length=20), AfterValidator(_check_affix)]
Words = Annotated[list[str], AfterValidator(_check_words)]


class CellKeys(Section):
    """How cells are written: declared once in `[ingest]`, and for a column where it differs. None: not declared."""

    missing: list[str] | None = None
    """Texts that mean "no value" in every type of column; the empty one always does. They replace the usual ones."""
    decimal: Mark | None = None
    """The decimal mark of numbers that are written as text."""
    thousands: Mark | Literal[""] | None = None
    """The mark between groups of three digits; the empty text means no mark."""
    time_format: Annotated[str, AfterValidator(_check_time_format)] | None = None
    """How a time is written, such as `%d/%m/%Y`, in the directives of Python's `strptime`."""
    true_words: Words | None = None
    """Texts that mean true, in any case of letters; they replace the usual ones (`true t yes y on 1 1.0`)."""
    false_words: Words | None = None
    """Texts that mean false, in any case of letters; they replace the usual ones (`false f no n off 0 0.0`)."""

    @model_serializer(mode="wrap")
    def _without_undeclared(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What is not declared is in no key and in no contract: those of before stay as they are."""
        return {key: value for key, value in dump(self).items() if value is not None or key not in NEWER_KEYS}

    @model_validator(mode="after")
    def _keys_go_together(self) -> Self:
        """`decimal` and `thousands` differ, and no word means two things."""
        if clash := find_clash(self):
            raise ValueError(clash)
        return self


def find_clash(keys: CellKeys) -> str:
    """Which two keys mean different things by one mark or word; empty where none do."""
    if keys.decimal is not None and keys.decimal == keys.thousands:
        return f'decimal and thousands are both "{keys.decimal}"; expected two marks'
    seen: dict[str, str] = {}
    for key in ("missing", "true_words", "false_words"):
        for word in getattr(keys, key) or ():
            other = seen.setdefault(word.strip().casefold(), key)
            if other != key:
                return f'"{word}" is among {other} and among {key}; expected one meaning'
    return ""


CELL_KEYS = tuple(CellKeys.model_fields)

NEWER_KEYS = frozenset((*CELL_KEYS, "prefix", "suffix"))
"""Keys that contracts and receipts of before do not have."""

APPLIES_TO = {
    "missing": frozenset(("int", "float", "bool", "text", "category", "time")),
    "decimal": frozenset(("int", "float", "time")),
    "thousands": frozenset(("int", "float", "time")),
    "prefix": frozenset(("int", "float")),
    "suffix": frozenset(("int", "float")),
    "time_format": frozenset(("time",)),
    "true_words": frozenset(("bool",)),
    "false_words": frozenset(("bool",)),
}
"""Key of cells -> the types of columns that it says something about."""


class Column(CellKeys):
    """One column of the schema: its type, its part in the model, and the rules for its cells."""

    type: Literal["int", "float", "bool", "text", "category", "time"]
    """What its cells hold: 64-bit integers or floats, true or false, texts, one of a few texts, or moments in UTC."""
    role: Literal["input", "target", "id", "time", "label", "group", "weight", "ignore"]
    """What it is for: a model learns the target from inputs; id names a row; time orders rows; label is whose text it
    is; rows of one group stay on one side of the split; weight counts a row; ignore leaves the column out."""
    null: bool = False
    """Whether cells may be missing."""
    min: float | None = None
    """Lowest value that a cell may have."""
    max: float | None = None
    """Highest value that a cell may have."""
    allowed: list[bool | int | float | str] | None = None
    """The only values that a cell may have. None: any."""
    prefix: Affix | None = None
    """Text before the numbers, such as `$`; a blank may follow. A number without it is read as well, and counted."""
    suffix: Affix | None = None
    """Text behind the numbers, such as `%` or `kg`; a blank may stand before it. It changes no number: `25%` is 25."""
    unit: str = ""
    """Unit of the values, for forms, plots and findings."""
    description: str = ""
    """What the column means, for forms, plots and the API's documentation."""
    source: Annotated[str | list[str] | None, Field(alias="from")] = None
    """Other names under which the source may bring this column."""
    raw_type: Literal["int", "float", "bool", "text", "category", "time"] | None = None
    """Its type in the raw dataset, where an own preprocess function makes another one of it."""
    epoch: Literal["s", "ms", "us", "ns", "excel"] | None = None
    """Unit of a time that arrives as a number since 1970-01-01 UTC; `excel`: days since 1899-12-30, as spreadsheets
    count them, to the millisecond. None: bare numbers are no times."""

    @property
    def source_names(self) -> tuple[str, ...]:
        """The other names, as a tuple."""
        if self.source is None:
            return ()
        return (self.source,) if isinstance(self.source, str) else tuple(self.source)

    @model_validator(mode="after")
    def _rules_fit_the_type(self) -> "Column":
        """`min`, `max`, `decimal` and `thousands` need the type int or float.

        `time_format` needs the type time, and no `epoch`.
        """
        if (self.min is not None or self.max is not None) and self.type not in ("int", "float"):
            raise ValueError(f"min and max need the type int or float, not {self.type}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        if self.time_format is not None and (self.type != "time" or self.epoch is not None):
            raise ValueError("time_format needs the type time, and no epoch")
        if (self.decimal or self.thousands) and self.type not in ("int", "float") and self.epoch is None:
            raise ValueError(f"decimal and thousands need the type int or float, not {self.type}")
        if self.allowed is not None and self.type == "time":
            raise ValueError("a time takes no list of allowed values")
        if self.allowed == []:
            raise ValueError("an empty list of allowed values allows nothing")
        if self.type == "int" and any(abs(limit or 0) > LARGEST_INT for limit in (self.min, self.max)):
            raise ValueError(f"min and max of a whole number lie within {LARGEST_INT:,} of zero")
        for value in self.allowed or ():
            if type(value) not in ALLOWED_TYPES[self.type]:
                raise ValueError(f"allowed value {value!r} is not of the type {self.type}")
        return self

    @model_validator(mode="after")
    def _units_fit_the_type(self) -> Self:
        """`prefix` and `suffix` need the type int or float."""
        if (self.prefix or self.suffix) and self.type not in ("int", "float"):
            raise ValueError(f"prefix and suffix need the type int or float, not {self.type}")
        if self.prefix is not None and self.prefix[-1].isdigit():
            raise ValueError(f'prefix "{self.prefix}" ends in a digit, which would be one of the number')
        return self

    @model_validator(mode="after")
    def _words_fit_the_type(self) -> Self:
        """`true_words` and `false_words` need the type bool; cells of a category lose white space around them."""
        if (self.true_words or self.false_words) and self.type != "bool":
            raise ValueError(f"true_words and false_words need the type bool, not {self.type}")
        for value in (self.allowed or ()) if self.type == "category" else ():
            if isinstance(value, str) and value != value.strip():
                raise ValueError(f"allowed value {value!r} has white space around it, which cells of a category lose")
        return self

    @model_validator(mode="after")
    def _weights_are_numbers(self) -> "Column":
        if self.role == "weight" and (self.type not in ("int", "float") or self.null):
            raise ValueError("a weight needs the type int or float, and no null: 0 says that a row counts nowhere")
        return self


class OpenColumns(dict[str, Column]):
    """Columns of a raw dataset whose source may bring others as well.

    Args:
        columns: by name.
        may_lack: whether it may lack some of these, because an own function prepares the rows.
    """

    def __init__(self, columns: Mapping[str, Column], *, may_lack: bool = True) -> None:
        super().__init__(columns)
        self.may_lack = may_lack


def fill_keys(name: str, column: Column, keys: CellKeys) -> Column:
    """The column with the keys of `[ingest]` that apply to it and that it does not declare itself.

    Raises:
        RecipeError: the keys of the column and of the file do not go together.
    """
    missing = [key for key in CELL_KEYS if getattr(column, key) is None and column.type in APPLIES_TO[key]]
    filled = {key: getattr(keys, key) for key in missing}
    if column.epoch is not None:
        filled |= {"time_format": None}  # the column's own word
    elif column.type == "time":
        filled |= {"decimal": None, "thousands": None}  # marks of numbers, of which it has none
    whole = column.model_copy(update=filled)
    if clash := find_clash(whole):
        raise RecipeError(f"[columns] {name}: {clash}; one of them is from [ingest]: declare both for the column")
    return whole


def fill_served_keys(columns: Mapping[str, Column], ingest: Mapping[str, Any]) -> dict[str, Column]:
    """The columns with the keys by which requests are read, from `[ingest]` where they declare none of their own.

    Args:
        columns: the recipe's.
        ingest: its section, as it was read.

    Raises:
        RecipeError: a key is of another type, or the keys do not go together.
    """
    try:
        keys = CellKeys.model_validate({key: ingest[key] for key in CELL_KEYS if key in ingest})
    except ValidationError as error:
        problem = error.errors()[0]
        raise RecipeError(f"[ingest] {'.'.join(map(str, problem['loc']))}: {problem['msg']}") from None
    return {name: fill_keys(name, column, keys) for name, column in columns.items()}
