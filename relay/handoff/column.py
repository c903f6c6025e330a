"""One column of the schema, and what every typed table of a recipe has in common."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

ALLOWED_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "text": (str,),
    "category": (str,),
}
"""What a list of allowed values may hold, by the column's type."""

LARGEST_INT = 2**63 - 1


class Section(BaseModel):
    """A typed table of a recipe: nothing unknown gets in, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Column(Section):
    """One column of the schema: its type, its part in the model, and the rules for its cells."""

    type: Literal["int", "float", "bool", "text", "category", "time"]
    role: Literal["input", "target", "id", "time", "label", "ignore"]
    null: bool = False
    min: float | None = None
    max: float | None = None
    allowed: list[bool | int | float | str] | None = None
    unit: str = ""
    description: str = ""
    source: Annotated[str | list[str] | None, Field(alias="from")] = None
    """Other names under which the source may bring this column."""
    epoch: Literal["s", "ms", "us", "ns"] = "s"
    """Unit of a time that arrives as a number since 1970-01-01 UTC."""

    @property
    def source_names(self) -> tuple[str, ...]:
        """The other names, as a tuple."""
        if self.source is None:
            return ()
        return (self.source,) if isinstance(self.source, str) else tuple(self.source)

    @model_validator(mode="after")
    def _rules_fit_the_type(self) -> "Column":
        if (self.min is not None or self.max is not None) and self.type not in ("int", "float"):
            raise ValueError(f"min and max need the type int or float, not {self.type}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
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
