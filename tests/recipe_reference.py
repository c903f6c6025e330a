"""docs/recipe.md, made from the types that check a recipe: `python tests/recipe_reference.py --write`.

Keys, types and defaults are those of the types; the words are the docstring under each field, and the rules are the
docstrings of the types' validators.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from inspect import cleandoc
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from pydantic.fields import FieldInfo  # noqa: E402 - the project's folder comes first

from ingest import parameters as ingest  # noqa: E402
from model import parameters as model  # noqa: E402
from page.run.form import read_help  # noqa: E402
from preprocess import parameters as preprocess  # noqa: E402
from relay.handoff.column import Column, Section  # noqa: E402
from relay.handoff.override import format_value  # noqa: E402
from relay.handoff.recipe import SECTIONS, _Head  # noqa: E402
from relay.registry.monitor_section import MonitorSection, write_length  # noqa: E402

PAGE = ROOT / "docs/recipe.md"
COMMAND = "python tests/recipe_reference.py --write"

HEAD = f"""# Every key of a recipe

A recipe is a TOML file in `recipes/`, or in `data/recipes/` with [less freedom](security.md).
`python -m ingest RECIPE --check` checks it: an unknown key is refused with the nearest known one.
`--set model.threads=1` changes a key for one run. A key marked † does not decide the result, so changing it runs no
stage again.

This page is generated from the types that check a recipe, by `{COMMAND}`; `make fix` runs that too.
"""

NAMES = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    dict: "table",
    Any: "any value",
    timedelta: "length of time",
}
BOUNDS = {"ge": "at least {}", "gt": "above {}", "le": "at most {}", "lt": "below {}"}
SEVERAL = "estimator, several"
"""The second form of `kind = "estimator"`."""

Kinds = Mapping[str, type[Section]]


def write_page() -> str:
    """The whole page."""
    several = {"estimator": model.KINDS["estimator"], SEVERAL: model.MultiEstimatorParameters}
    parts = [
        HEAD,
        "## The head\n",
        *describe(_Head, [_Head], skipped=("columns", *SECTIONS)),
        "## [columns.NAME]\n",
        *describe(Column, find_bases(Column)),
        *describe_stage("ingest", "source", ingest.SECTIONS),
        *describe_stage("preprocess", "kind", preprocess.SECTIONS),
        *describe_stage("model", "kind", {**several, **model.KINDS}),
        "## [monitor]\n",
        *describe(MonitorSection, [MonitorSection], section="monitor"),
    ]
    return "\n".join(parts)


def describe_stage(section: str, key: str, kinds: Kinds) -> Iterator[str]:
    """A stage's section: what several kinds share, then each kind."""
    names = [f'`"{name}"`' for name in kinds if name != SEVERAL]
    yield f"## [{section}]\n\n`{key}` chooses the kind: {join(names, 'or')}.\n"
    users = {
        base: [name for name, kind in kinds.items() if issubclass(kind, base)]
        for one in kinds.values()
        for base in find_bases(one)
    }
    shared = sorted((base for base, names in users.items() if len(names) > 1), key=lambda base: -len(users[base]))
    for base in shared:
        named = [f'`"{title(name)}"`' for name in users[base]]
        whose = f"every {key}" if len(named) == len(kinds) else f"`{key}` {join(named, 'and')}"
        yield f"### Keys of {whose}\n"
        yield from describe(base, [base], key, section)
    for name, kind in kinds.items():
        yield f'### `{key} = "{title(name)}"`{", several to choose from" if name == SEVERAL else ""}\n'
        yield from describe(kind, [base for base in find_bases(kind) if base not in shared], key, section)


def describe(
    kind: type[Section], bases: list[type[Section]], key: str = "", section: str = "", *, skipped: Iterable[str] = ()
) -> Iterator[str]:
    """What a type is for, a table of the keys that `bases` declare, its rules, and the tables inside it."""
    if section:
        yield f"{first_sentence(kind)}\n"
    own = {name: info for name, info in kind.model_fields.items() if name != key and name not in skipped}
    own = {name: info for base in reversed(bases) for name, info in own.items() if declare(kind, name) is base}
    helps = read_help(kind)
    if own:
        yield "| key | type | default | meaning |\n|---|---|---|---|"
        rows = [describe_key(info.alias or name, info, helps.get(name, "")) for name, info in own.items()]
        yield "\n".join(rows) + "\n"
    if rules := [rule for base in bases for rule in find_rules(base)]:
        yield "\n".join(f"- {rule}" for rule in rules) + "\n"
    for name, info in own.items():
        for inner, form in find_tables(info.annotation):
            yield f"#### {form.format(f'{section}.{name}')}\n"
            yield from describe(inner, find_bases(inner), section=f"{section}.{name}")


def describe_key(name: str, info: FieldInfo, text: str) -> str:
    """A line of a table."""
    kind, bounds = describe_type(info.annotation, info.metadata)
    meaning = " ".join(filter(None, [text, f"{bounds[0].upper()}{bounds[1:]}." if bounds else ""]))
    default = "required" if info.is_required() else describe_default(info.get_default(call_default_factory=True))
    cells = (f"`{name}`{' †' if info.exclude else ''}", kind, default, meaning)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def describe_default(value: Any) -> str:
    """A default as one writes it in TOML."""
    if isinstance(value, timedelta):
        value = write_length(value)
    return "none" if value is None else f"`{format_value(value)}`"


def describe_type(annotation: Any, metadata: Iterable[Any] = ()) -> tuple[str, str]:
    """A type in TOML's words, and the bounds of a number."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return describe_type(inner[0], [*metadata, *inner[1:]])
    if origin is Literal:
        return join([f"`{format_value(value)}`" for value in inner], "or"), ""
    if origin in (Union, UnionType):
        described = [describe_type(one, metadata) for one in inner if one is not NoneType]
        return join(list(dict.fromkeys(name for name, _ in described)), "or"), described[0][1]
    if origin is list:
        items = get_args(inner[0]) if get_origin(inner[0]) in (Union, UnionType) else inner
        return f"list of {join([f'{describe_type(item)[0]}s' for item in items], 'or')}", ""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return "table", ""
    return NAMES.get(origin or annotation, getattr(annotation, "__name__", "")), describe_bounds(metadata)


def describe_bounds(metadata: Iterable[Any]) -> str:
    """The bounds of a number in words."""
    rules = [rule for one in metadata for rule in (one.metadata if isinstance(one, FieldInfo) else [one])]
    found = [
        words.format(f"{limit:,g}")
        for name, words in BOUNDS.items()
        for rule in rules
        if (limit := getattr(rule, name, None)) is not None
    ]
    return (
        " and ".join(found)
        .replace("at least 0 and at most", "from 0 to")
        .replace("at least 1 and at most", "from 1 to")
    )


def find_bases(kind: type[Section]) -> list[type[Section]]:
    """A type and those that it inherits keys from, the most general one first."""
    return [base for base in reversed(kind.__mro__) if issubclass(base, Section) and base is not Section]


def declare(kind: type[Section], name: str) -> type[Section]:
    """The type that declares a field, as read from the most special one."""
    return next(base for base in reversed(find_bases(kind)) if name in vars(base).get("__annotations__", {}))


def find_rules(kind: type[Section]) -> Iterator[str]:
    """The docstrings of the validators that a type declares."""
    decorators = kind.__pydantic_decorators__
    for name in (*decorators.field_validators, *decorators.model_validators):
        function = vars(kind).get(name)
        text = cleandoc(getattr(function, "__doc__", None) or "")
        yield from (rule.replace("\n", " ") for rule in text.split("\n\n") if rule)


def find_tables(annotation: Any) -> Iterator[tuple[type[Section], str]]:
    """The types of tables in a field, with the form of their heading."""
    form = {list: "[[{}]]", dict: "[{}.NAME]"}.get(get_origin(annotation), "[{}]")
    for inner in get_args(annotation):
        if isinstance(inner, type) and issubclass(inner, Section):
            yield inner, form


def first_sentence(kind: type[Section]) -> str:
    """The docstring of a type on one line."""
    return cleandoc(kind.__doc__ or "").replace("\n", " ")


def title(name: str) -> str:
    """The value of the key that chooses a kind."""
    return "estimator" if name == SEVERAL else name


def join(words: list[str], last: str) -> str:
    """a, b or c."""
    words = list(dict.fromkeys(words))
    return f" {last} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(f"usage: {COMMAND}")
    PAGE.write_text(write_page(), encoding="utf-8")
