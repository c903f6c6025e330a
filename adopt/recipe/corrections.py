"""What a person says instead of a guess: `--set columns.zip.type="text"`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from adopt.recipe.draft import ColumnType, Role
from relay.handoff.column import Column
from relay.handoff.errors import UsageError
from relay.handoff.override import parse_override
from relay.handoff.recipe_file import suggest_nearest

SECTIONS = ("ingest", "preprocess", "model")
TARGET = "target"
"""Key of a question about the target; `--target` says the same."""
HEAD = ("title", "description", TARGET)
WORDS = ("missing", "true_words", "false_words")
COLUMN_KEYS = ("name", *(info.alias or name for name, info in Column.model_fields.items() if name != "source"), "from")


@dataclass(frozen=True)
class Corrections:
    """What is set, and what is left out, whatever is guessed."""

    values: Mapping[str, Any] = field(default_factory=dict)
    """Dotted key -> value, such as `columns.zip.type` -> "text"."""
    removed: frozenset[str] = frozenset()
    """Dotted keys that the recipe does not have."""

    def of(self, section: str) -> dict[str, Any]:
        """Key below a section, such as `zip.type` below `columns` -> value."""
        start = f"{section}."
        return {key.removeprefix(start): value for key, value in self.values.items() if key.startswith(start)}

    def of_column(self, name: str) -> dict[str, Any]:
        """Key -> value, for one column by its drafted name."""
        return self.of(f"columns.{name}")

    def without(self, section: str) -> frozenset[str]:
        """Keys below a section that the recipe does not have."""
        start = f"{section}."
        return frozenset(key.removeprefix(start) for key in self.removed if key.startswith(start))

    def is_about(self, key: str) -> bool:
        """Whether a key was decided by a person."""
        return key in self.values or key in self.removed

    def with_values(self, values: Mapping[str, Any]) -> "Corrections":
        """These and more; the later ones count."""
        return Corrections({**self.values, **values}, self.removed - set(values))


def read_corrections(set_texts: Iterable[str], unset_keys: Iterable[str] = ()) -> Corrections:
    """The corrections of a command line.

    Args:
        set_texts: such as `columns.zip.type="text"`.
        unset_keys: such as `columns.zip.min`.

    Raises:
        UsageError: one is not `KEY=VALUE`, or a recipe has no such key.
    """
    values = dict(parse_override(text) for text in set_texts)
    removed = frozenset(unset_keys)
    for key in (*values, *removed):
        _check_key(key, "--set" if key in values else "--unset")
    for key, value in values.items():
        _check_value(key, value)
    return Corrections(values, removed - set(values))


def use_names(corrections: Corrections, names: Sequence[str], sources: Sequence[str]) -> Corrections:
    """The same, where a column that is given by the source's name is called by the draft's.

    Args:
        corrections: of a person.
        names: of the draft's columns.
        sources: the source's names of the same columns.
    """
    drafted = {source: name for name, source in zip(names, sources, strict=True) if source not in names}

    def rename(key: str) -> str:
        section, _, rest = key.partition(".")
        column, _, last = rest.rpartition(".")
        bare = column[1:-1] if len(column) > 1 and column[0] == column[-1] and column[0] in "\"'" else column
        if section != "columns" or column in names:
            return key
        return f"columns.{drafted.get(bare, bare if bare in names else column)}.{last}"

    values = {rename(key): value for key, value in corrections.values.items()}
    return Corrections(values, frozenset(map(rename, corrections.removed)))


def require_columns(corrections: Corrections, names: Iterable[str]) -> None:
    """Return where each corrected column is one of the draft.

    Raises:
        UsageError: it is not; the message names the nearest.
    """
    known = list(names)
    for key in (*corrections.values, *corrections.removed):
        section, _, rest = key.partition(".")
        name = rest.rpartition(".")[0]
        if section == "columns" and name not in known:
            near = suggest_nearest(name, known)
            shown = "" if near else f"; the columns are {', '.join(known[:20])}{', …' if len(known) > 20 else ''}"
            option = "--set" if key in corrections.values else "--unset"
            raise UsageError(f'{option} {key}: the draft has no column "{name}"{near}{shown}')


def _check_key(key: str, option: str) -> None:
    section, _, rest = key.partition(".")
    if key in HEAD or (section in SECTIONS and rest):
        return
    if section != "columns":
        near = "" if section in SECTIONS else suggest_nearest(section, (*HEAD, *SECTIONS, "columns"))
        raise UsageError(
            f"{option} {key}: no such key of a recipe{near}; expected columns.NAME.KEY, ingest.KEY, preprocess.KEY, "
            "model.KEY, title, description or target"
        )
    name, _, last = rest.rpartition(".")
    if not name or last not in COLUMN_KEYS:
        near = suggest_nearest(last, COLUMN_KEYS)
        raise UsageError(
            f"{option} {key}: expected columns.NAME.KEY, where KEY is one of {', '.join(COLUMN_KEYS)}{near}"
        )


def _check_value(key: str, value: Any) -> None:
    last = key.rpartition(".")[2]
    is_list = isinstance(value, list) and all(isinstance(word, str) for word in value)
    if last in WORDS and not is_list and key.split(".")[0] in ("columns", "ingest"):
        raise UsageError(f'--set {key}: found {value!r}, expected a list of texts such as ["NA", "?"]')
    if not key.startswith("columns.") or last not in ("type", "role", "name"):
        return
    words = get_args(ColumnType) if last == "type" else get_args(Role) if last == "role" else None
    if words is not None and value not in words:
        near = suggest_nearest(str(value), words)
        raise UsageError(f'--set {key}: "{value}" is no {last}{near}; expected one of {", ".join(words)}')
