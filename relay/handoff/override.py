"""Overrides: changes to a recipe for one run, `section.key=value`, where the value is TOML."""

import json
import tomllib
from collections.abc import Iterable
from datetime import date
from typing import Any

from relay.handoff.errors import UsageError
from relay.handoff.recipe_file import suggest_nearest


def parse_override(text: str) -> tuple[str, Any]:
    """The key and the typed value of `section.key=value`; a value that is not TOML counts as a string.

    Raises:
        UsageError: there is no `=`, or nothing before it.
    """
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise UsageError(f'override "{text}": expected section.key=value, for example model.chunks=50')
    try:
        return key.strip(), tomllib.loads(f"value = {value.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


def format_value(value: Any) -> str:
    """A value as TOML writes it on one line, for an override such as `section.key=value`.

    TOML has no null: what is None in a table is left out.
    """
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(map(format_value, value))}]"
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)} = {format_value(item)}" for key, item in value.items() if item is not None)
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    # JSON writes DEL as it is, and TOML refuses it.
    return str(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def quote_toml(text: str) -> str:
    """A text as TOML writes it; what cannot be shown is escaped, so that it stays on its line."""
    if text.isprintable():
        return f"'{text}'" if '"' in text and "'" not in text else json.dumps(text, ensure_ascii=False)
    return f'"{"".join(map(_escape, text))}"'


def _escape(sign: str) -> str:
    if sign in ('"', "\\"):
        return f"\\{sign}"
    # JSON would write a pair of surrogates for what lies above 16 bits, and TOML has none.
    return sign if sign.isprintable() else f"\\u{ord(sign):04x}" if ord(sign) < 1 << 16 else f"\\U{ord(sign):08x}"


def apply_override(document: dict[str, Any], key: str, value: Any, sections: Iterable[str]) -> None:
    """Set one key of a recipe that was read; a table that is not there yet is made inside a section only.

    Args:
        document: the recipe, which is changed.
        key: dotted, such as model.options.depth.
        value: its new value.
        sections: those that a recipe may have, beside the columns.

    Raises:
        UsageError: the key names no section, or something below a value.
    """
    *tables, last = key.split(".")
    target = document
    for depth, table in enumerate(tables):
        if table not in target and depth == 0 and table != "monitor":  # it has a default for each key
            near = suggest_nearest(table, (*sections, "columns"))
            raise UsageError(f'override {key}: no section "{table}"{near}')
        target = target.setdefault(table, {})
        if not isinstance(target, dict):
            raise UsageError(f"override {key}: {table} is a value, not a table")
    target[last] = value
