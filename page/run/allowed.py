"""What a run from the page may change: typed parameters. Anyone who reaches the page can run the code that is there.

The form offers nothing else; but what arrives from a browser was typed by anyone, so it is checked here again, before a
process is started. Only keys that the form offers are accepted.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from page.run.field import Field
from page.run.form import describe_stage, list_stages, parse_section
from page.run.presets import PRESETS
from page.shell.recipes import require_known
from relay.handoff.data_recipe import walk_options
from relay.handoff.errors import UsageError
from relay.handoff.own.arguments import locate_file
from relay.handoff.recipe import Recipe, load_recipe, parse_override
from relay.handoff.recipe_file import suggest_nearest
from relay.handoff.settings import Settings

SEED = "seed"

DOTTED = re.compile(r"\s*[A-Za-z_]\w*(\.[A-Za-z_]\w*)+\s*")
"""A text that may name something to import."""

CACHE = "memory"
"""An option of scikit-learn that names a folder, from which it loads pickles."""


class NotAllowedError(UsageError):
    """A run from the page asks for what only the recipe's author, or a person in a terminal, may set."""


def require_allowed(settings: Settings, source: str, overrides: Iterable[str]) -> None:
    """Return where the page may run a recipe with these overrides.

    Args:
        settings: give the known recipes, the overrides of the environment, and the data folder.
        source: the recipe, by name or path.
        overrides: such as model.threads=1.

    Raises:
        NotAllowedError: one sets a key that the page does not offer, an estimator that neither the recipe nor our list
            names, a file outside the data folder, or another host.
        UsageError: the page has no such recipe.
        RelayError: the recipe, or its own code, cannot be read.
    """
    recipe = load_recipe(require_known(settings, source), settings.overrides, data_dir=settings.data_dir)
    fields = {field.key: field for stage in list_stages(recipe) for field in describe_stage(recipe, stage)}
    fields[SEED] = Field(SEED, "integer", recipe.seed)
    for text in overrides:
        key, value = parse_override(text)
        field = fields.get(key)
        if field is None or field.kind == "fixed":
            known = [name for name, one in fields.items() if one.kind != "fixed"]
            nearest = suggest_nearest(key, known) if field is None else ""
            raise NotAllowedError(
                f"{key} cannot be set from the page{nearest}: it takes parameters only, not what decides which code "
                "runs or what is read",
                next_step=f"Change {recipe.path.name}, or use --set in a terminal",
            )
        _check_value(field, value, recipe, settings)


def _check_value(field: Field, value: Any, recipe: Recipe, settings: Settings) -> None:
    if field.holds_paths:
        for text in value if isinstance(value, list) else [value]:
            _require_inside(field, str(text), recipe, settings.data_dir)
    name = field.key.rpartition(".")[2]
    if not field.group and field.key.startswith("model.") and name in ("estimator", "options"):
        _require_listed(field, value, recipe, is_options=name == "options")
    if field.key == "ingest.items":
        _require_same_hosts(field, value, recipe)


def _require_inside(field: Field, text: str, recipe: Recipe, data_dir: Path) -> None:
    path = locate_file(Path(text), data_dir, recipe.path.parent).resolve()
    if not path.is_relative_to(data_dir.resolve()):
        raise NotAllowedError(
            f'{field.key}: found "{text}", expected a file in the data folder, such as data/{path.name or "x.csv"}; '
            "the page reads no other files"
        )


def _require_listed(field: Field, value: Any, recipe: Recipe, *, is_options: bool) -> None:
    """Return where every estimator in a value, nested ones included, is the recipe's or one of our list."""
    allowed = {*PRESETS, *_find_own_names(recipe.sections["model"])}
    names = _find_names(value) if is_options else [value]
    for name in names:
        if not isinstance(name, str) or name not in allowed:
            near = suggest_nearest(name, allowed) if isinstance(name, str) else ""
            raise NotAllowedError(
                f"{field.key}: found {name!r}{near}; the page takes an estimator that the recipe names, or one of "
                f"Relay's list: {', '.join(PRESETS)}"
            )
    if is_options:
        _require_no_files(field, value, list(walk_options(recipe.sections["model"])))


def _find_own_names(section: Mapping[str, Any]) -> Iterator[Any]:
    yield section.get("estimator")
    yield from _find_names(section.get("options", {}))
    for offer in section.get("estimators", {}).values():
        yield offer.get("estimator")
        yield from _find_names(offer.get("options", {}))


def _find_names(value: Any) -> Iterator[Any]:
    """Every name of an estimator in options, however deep, and every text that may name something to import."""
    for key, item in walk_options(value):
        is_dotted = isinstance(item, str) and DOTTED.fullmatch(item) is not None
        if is_dotted or (key == "estimator" and not isinstance(item, Mapping)):
            yield item


def _require_no_files(field: Field, value: Any, known: Sequence[tuple[str, Any]]) -> None:
    """Return where no option names a file or a folder, other than those that the recipe itself gives."""
    for key, item in walk_options(value):
        is_file = key == CACHE or (isinstance(item, str) and ("/" in item or "\\" in item))
        if is_file and (key, item) not in known:
            raise NotAllowedError(f"{field.key}: found {key} = {item!r}; the page takes no files or folders in options")


def _require_same_hosts(field: Field, value: Any, recipe: Recipe) -> None:
    """Return where other items in the recipe's URLs lead to the same hosts."""
    section: Any = parse_section(recipe, "ingest")
    items = [str(item) for item in value] if isinstance(value, list) else [str(value)]
    changed: Any = section.model_copy(update={"items": items})
    hosts = {_find_host(url) for url in section.urls}
    for url in changed.urls:
        if _find_host(url) not in hosts:
            raise NotAllowedError(f"{field.key}: {_find_host(url)} is not a host of the recipe: {_list(hosts)}")


def _find_host(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return f"{parts.scheme}://{parts.netloc}"


def _list(hosts: Iterable[str]) -> str:
    return ", ".join(sorted(hosts))
