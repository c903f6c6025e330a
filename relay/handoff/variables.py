"""Variables of the environment. Each is declared once, as a `Variable`: name, help, default and how it is read.

`--help`, the settings of each program, `.env.example` and the defaults in the compose files follow the declarations; a
test compares them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from relay.handoff.errors import UsageError

Value = TypeVar("Value")

MOST_PORT = 65_535


@dataclass(frozen=True)
class Variable(Generic[Value]):
    """One variable of the environment."""

    name: str
    help: str
    """What it sets, as a part of a sentence."""
    default: Value
    """Its value where it is empty or not set."""
    read: Callable[[str], Value]
    """From its text to its value. A ValueError says what was expected; a UsageError says everything."""
    words: tuple[str, ...] = ()
    """The values that there are, where there are only some."""
    shown: str = ""
    """The default for people, where its own text does not say it."""

    def of(self, environment: Mapping[str, str]) -> Value:
        """The value in an environment; an empty variable counts as not set.

        Raises:
            UsageError: the value is unsupported.
        """
        text = environment.get(self.name) or ""
        if not text:
            return self.default
        try:
            value = self.read(text)
        except ValueError as error:
            raise UsageError(f"{self.name}={text}: expected {error}") from None
        if self.words and value not in self.words:
            raise UsageError(f"{self.name}={text}: expected {', '.join(self.words[:-1])} or {self.words[-1]}")
        return value

    @property
    def empty(self) -> str:
        """What an empty one means, for people."""
        return self.shown or str(self.default)

    @property
    def option(self) -> str:
        """The help of the command-line option that goes before it."""
        return f"{self.help} (default: {self.name}, or {self.empty})"


def describe_variables(variables: Iterable[Variable[Any]]) -> str:
    """The variables with a line each, for the `--help` of a program."""
    listed = tuple(variables)
    width = max(len(one.name) for one in listed)
    lines = (f"  {one.name:<{width}} {one.help}{f' (empty: {one.empty})' if one.empty else ''}" for one in listed)
    return "\n".join(["Environment:", *lines])


def text(name: str, what: str, default: str = "", shown: str = "") -> Variable[str]:
    """A variable whose text is its value."""
    return Variable(name, what, default, str, shown=shown)


def word(
    name: str, what: str, words: tuple[str, ...], *, default: str = "", read: Callable[[str], str] = str
) -> Variable[str]:
    """A variable with only some values; the default is the first one where none is named."""
    return Variable(name, what, default or words[0], read, words)


def folder(name: str, what: str, default: Path, shown: str) -> Variable[Path]:
    """A variable that names a folder; a relative one is meant from where the program starts."""
    return Variable(name, what, default, lambda path: Path(path).absolute(), shown=shown)


def whole(name: str, what: str, default: int, most: float = 1e12) -> Variable[int]:
    """A variable with a whole number above 0."""
    return Variable(name, what, default, lambda given: int(_read_number(given, most, is_whole=True)))


def number(name: str, what: str, default: Value, shown: str = "") -> Variable[float | Value]:
    """A variable with a number above 0."""
    return Variable(name, what, default, lambda given: _read_number(given, 1e12, is_whole=False), shown=shown)


def _read_number(given: str, most: float, *, is_whole: bool) -> float:
    try:
        value = float(given)
    except ValueError:
        value = -1.0
    if not 0 < value <= most or (is_whole and not value.is_integer()):
        limit = f" of at most {most:,.0f}" if most < 1e12 else ""
        raise ValueError(f"a {'whole ' if is_whole else ''}number above 0{limit}")
    return value
