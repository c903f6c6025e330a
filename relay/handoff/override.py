"""Overrides: changes to a recipe for one run, `section.key=value`, where the value is TOML."""

import json
import tomllib
from typing import Any

from relay.handoff.errors import UsageError


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
    """A value as TOML writes it, for an override such as `section.key=value`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(map(format_value, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{json.dumps(key)} = {format_value(item)}' for key, item in value.items())} }}"
    return str(value)
