"""The `[monitor]` section of a recipe, typed: what training, gate and monitor agree on about drift."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from relay.handoff.column import Section
from relay.handoff.recipe import Recipe, parse_section

UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
WORDS = {"minute": "m", "hour": "h", "day": "d", "week": "w"}
LENGTH = re.compile(r"(\d{1,6}) ?(?:([mhdw])|(minute|hour|day|week)s?)", re.ASCII)

LONGEST = timedelta(days=3_660)


def read_length(text: Any) -> timedelta:
    """A length of time as recipes write it: `"30d"`, `"30 days"`, `"6h"`.

    Raises:
        ValueError: the text has another form.
    """
    if isinstance(text, timedelta):
        return text
    match = LENGTH.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError('expected minutes, hours, days or weeks, such as "90m", "12h", "30d" or "2 weeks"')
    length = int(match[1]) * UNITS[match[2] or WORDS[match[3]]]
    if length > LONGEST:
        raise ValueError("expected at most ten years")
    return length


def write_length(length: timedelta) -> str:
    """The same in the recipe's form: `30d`, `90m`."""
    for unit in ("d", "h"):
        if length % UNITS[unit] == timedelta(0):
            return f"{length // UNITS[unit]}{unit}"
    return f"{length // UNITS['m']}m"


Length = Annotated[timedelta, BeforeValidator(read_length), PlainSerializer(write_length)]


class MonitorSection(Section):
    """How the production version is watched for drift, and what follows from it."""

    keep_rows: bool = True
    """Whether a version keeps up to 20,000 of its test rows with score and target. Without them the gate cannot ask
    about the champion's own rows, and the monitor cannot look for columns that no longer go together, or segments."""
    alpha: Annotated[float, Field(gt=0, le=0.2, exclude=True)] = 0.01
    """The largest probability of a false alarm during a version's whole time in production, over all columns and any
    number of looks."""
    label_delay: Annotated[Length, Field(exclude=True)] = timedelta(days=30)
    """How long after a record its label is final. The monitor waits so long; and where the recipe says it, no version
    is promoted whose rows were younger by the time column when they were ingested."""
    season: Annotated[Literal["none", "weekday"], Field(exclude=True)] = "none"
    """weekday: values and scores are compared with earlier records of the same weekday (UTC), not with test rows."""
    unit: Annotated[Literal["record", "request"], Field(exclude=True)] = "record"
    """request: one record per request counts, drawn by a seed. For callers that send many similar records at once."""
    retrain: Annotated[Literal["suggest", "auto", "never"], Field(exclude=True)] = "suggest"
    """suggest: the decision is written down and a person starts the training; auto: the schedule starts it."""
    cooldown: Annotated[Length, Field(exclude=True)] = timedelta(days=1)
    """The shortest time between two trainings that drift asks for; each refusal by the gate doubles it."""
    probation: Annotated[Length, Field(exclude=True)] = timedelta(days=7)
    """How long after its promotion a version is rolled back when its labels show that it answers worse."""
    block_rows: Annotated[int, Field(ge=200, le=100_000, exclude=True)] = 1_000
    """Records of a block, for which the report gives the size of each difference."""
    look_rows: Annotated[int, Field(ge=50, le=100_000, exclude=True)] = 200
    """Records after which the monitor looks for an alarm."""

    @model_validator(mode="after")
    def _looks_fit_into_blocks(self) -> "MonitorSection":
        """`look_rows` is at most `block_rows`."""
        if self.look_rows > self.block_rows:
            raise ValueError(f"look_rows = {self.look_rows} is above block_rows = {self.block_rows}; make it smaller")
        return self

    @property
    def sets_label_delay(self) -> bool:
        """Whether the recipe itself says when a label is final; the default is a guess that the gate does not use."""
        return "label_delay" in self.model_fields_set


def read_monitor(recipe: Recipe) -> MonitorSection:
    """`[monitor]` of a recipe; the defaults where it has none.

    Raises:
        RecipeError: a key is unknown (with the nearest known one), or of another type.
        UsageError: the same, caused by an override.
    """
    return parse_section(recipe, "monitor", MonitorSection) if "monitor" in recipe.sections else MonitorSection()
