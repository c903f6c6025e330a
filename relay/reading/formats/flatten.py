"""Nested JSON objects as one level of names, each of which stands for one path."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from relay.handoff.errors import SchemaError
from relay.handoff.override import quote_toml
from relay.handoff.recipe import Column

SCALARS = (str, int, float, bool, type(None))

TWICE = "\0twice"
"""The key under which an object keeps a key that came twice in it; no text editor writes it."""

TWICE_IN_JSON = json.dumps(TWICE)

Path = tuple[str, ...]


class RepeatedKeyError(ValueError):
    """An object has one key twice, and only one of the two values can be kept."""


class Record(dict[str, Any]):
    """An object, as a parser fills it key by key, that remembers a key that came twice."""

    def __setitem__(self, key: str, value: Any) -> None:
        """Keep the value, and the key if it was there."""
        if key in self:
            super().__setitem__(TWICE, key)
        super().__setitem__(key, value)


def make_record(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The same of an object whose keys and values came all at once."""
    record = dict(pairs)
    if len(record) != len(pairs):
        record[TWICE] = Counter(key for key, _ in pairs).most_common(1)[0][0]
    return record


@dataclass(frozen=True)
class Clash:
    """Two paths of one name."""

    first: Path
    second: Path
    value: Any
    """What stands at the second, for the type of its column."""


@dataclass
class _Level:
    """The fields of objects at one path."""

    path: Path
    names: dict[str, str] = field(default_factory=dict)
    inner: dict[str, "_Level"] = field(default_factory=dict)


class Fields:
    """The names of a file's fields: `{"a": {"b": 1}}` has `a_b`, or `a.b` where a column asks for that path."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._columns = columns
        self._asked = {source for column in columns.values() for source in column.source_names}
        self._top = _Level(())
        self._paths: dict[str, Path] = {}
        self._clashes: dict[str, Clash] = {}

    @property
    def names(self) -> list[str]:
        """All names so far, in the order in which they came."""
        return list(self._paths)

    def flatten(self, record: dict[str, Any]) -> dict[str, Any]:
        """The record's values by name; lists become their JSON text.

        Raises:
            RepeatedKeyError: an object in it has one key twice.
        """
        flat: dict[str, Any] = {}
        self._add(record, self._top, flat)
        return flat

    def require_one_path(self, names: Iterable[str], where: str) -> None:
        """Make sure that none of the names stands for two paths.

        Raises:
            SchemaError: one does; the message has the column that reads one of the two.
        """
        for name in names:
            if name in self._clashes:
                raise SchemaError(f"{where}: {self._explain(name, self._clashes[name])}")

    def _add(self, record: dict[str, Any], level: _Level, flat: dict[str, Any]) -> None:
        if TWICE in record:
            raise RepeatedKeyError(record[TWICE])
        for key, value in record.items():
            if isinstance(value, dict):
                inner = level.inner.get(key)
                if inner is None:
                    inner = level.inner[key] = _Level((*level.path, key))
                self._add(value, inner, flat)
            else:
                name = level.names.get(key)
                if name is None:
                    name = level.names[key] = self._register((*level.path, key), value)
                flat[name] = flatten_value(value)

    def _register(self, path: Path, value: Any) -> str:
        shown = show_path(path)
        name = shown if shown in self._asked else "_".join(path)
        known = self._paths.setdefault(name, path)
        if known != path:
            self._clashes.setdefault(name, Clash(known, path, value))
        return name

    def _explain(self, name: str, clash: Clash) -> str:
        first, second = show_path(clash.first), show_path(clash.second)
        # A path may itself be the name of another field, or of the column that asks for it.
        by_path = next((path for path in (second, first) if path not in self._paths and path != name), second)
        kind = _type_of(clash.value) if by_path == second else "text"
        column = re.sub(r"[^A-Za-z0-9_-]", "_", name) + "_by_path"
        while column in self._columns or column in self._paths:
            column += "_2"
        return (
            f"the fields {first} and {second} become one name, {name}; read {by_path} by its path, with this line in "
            f'[columns]: {column} = {{ type = "{kind}", role = "ignore", null = true, '
            f"from = {quote_toml(by_path)} }}"
        )


def show_path(path: Path) -> str:
    """A path as `from` names it: keys joined by dots, in quotes where a key has dots or quotes itself."""
    return ".".join(json.dumps(key, ensure_ascii=False) if re.search(r'[."]', key) else key for key in path)


def flatten_value(value: Any) -> Any:
    """A value of a cell: scalars as they are, all others as JSON text."""
    if isinstance(value, SCALARS):
        return value
    return float(value) if isinstance(value, Decimal) else as_json(value)


def as_json(value: Any) -> str:
    """A value as JSON text.

    Raises:
        RepeatedKeyError: an object in it has one key twice.
    """
    text = json.dumps(value, ensure_ascii=False, default=float)
    if TWICE_IN_JSON in text:
        found = json.JSONDecoder().raw_decode(text.partition(TWICE_IN_JSON)[2].removeprefix(": "))
        raise RepeatedKeyError(str(found[0]))
    return text


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    return "float" if isinstance(value, float | Decimal) else "text"
