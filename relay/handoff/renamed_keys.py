"""Recipe keys with a new name: the old one is accepted for one release, with one line that says so.

Names that the field uses for a value (field_names.py) are read here too, with a line that names ours.

A recipe is renamed right after it is read, so nothing else knows an old name, and keys in receipts use the new ones.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from relay.handoff.field_names import FIELD_KEYS, ROLES, read_field_value

NEW_KEYS = {
    "ingest": {"unexpected": "extra_columns"},
    "model": {"map": "projection", "caution": "caveat", "folds": "cv_folds", "choices": "estimators"},
}
"""Section -> old key -> new key; also of everything below the key."""

NEW_VALUES = {"model": {"distance": {"manhattan": "count_manhattan"}}}
"""Section -> key -> old value -> new value. Recipes always meant counts by `manhattan`."""


class Renaming(NamedTuple):
    """An old name that was found, or two names for one key."""

    section: str
    text: str
    is_old: bool = True
    """Whether the name goes with this release; a name that the field uses stays."""


class BothNamesError(ValueError):
    """A key is set by its old and by its new name; the message says which, and what to do."""


def rename_keys(section: str, values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Renaming]]:
    """A section with the new names, and what was renamed.

    Raises:
        BothNamesError: a key is set by both names.
    """
    renamed: dict[str, Any] = {}
    found = []
    for key, value in values.items():
        new, is_old = _find_key(section, key)
        if new != key:
            if new in values:
                called = "its new name" if is_old else "its name here"
                raise BothNamesError(f"[{section}] sets {key} and also {new}, {called}. Remove {key}")
            text = f"[{section}] {key} is {'now called ' if is_old else ''}{new}{'' if is_old else ' here'}"
            found.append(Renaming(section, text, is_old))
        renamed[new] = rename_value(section, new, value)
        if renamed[new] != value:
            found.append(Renaming(section, f'[{section}] {new} = "{value}" is now called "{renamed[new]}"'))
        if (ours := read_field_value(section, new, renamed[new])) is not None:
            found.append(Renaming(section, f"[{section}] {new} = {_write(value)} is {_write(ours)} here", is_old=False))
            renamed[new] = ours
    return renamed, found


def rename_overrides(changes: Iterable[tuple[str, Any]]) -> tuple[dict[str, Any], list[Renaming]]:
    """Overrides, dotted key and value, with the new names, and what was renamed.

    Raises:
        BothNamesError: a key is set by both names.
    """
    renamed: dict[str, Any] = {}
    found = []
    names: dict[str, str] = {}  # section.new -> section.name as it was given
    for key, value in changes:
        section, _, rest = key.partition(".")
        if not rest:
            if isinstance(value, Mapping):
                value, inner = rename_keys(section, value)
                found += inner
            renamed[key] = value
            continue
        name, dot, below = rest.partition(".")
        new, is_old = _find_key(section, name)
        given = names.setdefault(f"{section}.{new}", f"{section}.{name}")
        if given != f"{section}.{name}":
            old = given if name == new else f"{section}.{name}"
            raise BothNamesError(f"overrides set {old} and also {section}.{new}, its new name. Remove {old}")
        if new != name:
            called = f"now called {section}.{new}" if is_old else f"{section}.{new} here"
            found.append(Renaming(section, f"override {section}.{name} is {called}", is_old))
        renamed[f"{section}.{new}{dot}{below}"] = chosen = value if dot else rename_value(section, new, value)
        if chosen is not value and chosen != value:  # not a number is unequal to itself
            found.append(Renaming(section, f"override {section}.{new}={value} is now called {section}.{new}={chosen}"))
        if not dot and (ours := read_field_value(section, new, chosen)) is not None:
            renamed[f"{section}.{new}"] = ours
            text = f"override {section}.{new}={value} is {section}.{new}={ours} here"
            found.append(Renaming(section, text, is_old=False))
    return renamed, list(dict.fromkeys(found))


def rename_value(section: str, key: str, value: Any) -> Any:
    """A key's value by its new name, where it has one."""
    renamed = NEW_VALUES.get(section, {}).get(key, {})
    return renamed.get(value, value) if isinstance(value, str) else value


def _find_key(section: str, key: str) -> tuple[str, bool]:
    """Our key, and whether the other one goes with this release."""
    old = NEW_KEYS.get(section, {})
    if key in old:
        return old[key], True
    return FIELD_KEYS.get(section, {}).get(key, key), False


def rename_roles(columns: Any) -> list[Renaming]:
    """Put our role in place of the field's in the `[columns]` that were read; gives what was renamed."""
    found = []
    for name, column in columns.items() if isinstance(columns, dict) else ():
        role = column.get("role") if isinstance(column, dict) else None
        if isinstance(role, str) and role in ROLES:
            column["role"] = ROLES[role]
            text = f'[columns] {name}: role = "{role}" is "{ROLES[role]}" here'
            found.append(Renaming("model", text, is_old=False))
    return found


def _write(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def rename_parameters(section: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of a receipt, dotted name -> value, by the new names; those that have them already stay."""
    renamed = {}
    for name, value in parameters.items():
        key, dot, below = name.partition(".")
        new = NEW_KEYS.get(section, {}).get(key, key)
        renamed[f"{new}{dot}{below}"] = value if dot else rename_value(section, new, value)
    return renamed
