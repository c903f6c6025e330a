"""What a recipe in `recipes/` of the data folder may say: data of that folder and public estimators, no code.

Programs write there, such as the page when a person uploads a file, so less is trusted than in the project's own
`recipes/`: docs/security.md says why each rule is there.
"""

import re
import stat
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from relay.handoff.errors import RecipeError

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
"""A name that runner and schedule take, and that is no option of a command and no path."""

LARGEST_FILE = 1_000_000
"""Bytes: ten times a recipe of 1,000 columns."""

KINDS = ("estimator", "authorship")
"""Of `[model]`, those without own code."""

ESTIMATOR = re.compile(r"(sklearn|xgboost|lightgbm)(\.[A-Za-z]\w*)+", re.ASCII)

CACHE, READS_FILES = "memory", ("file", "filename")
"""An option of scikit-learn that names a folder of pickles, and values of `input` by which texts are names of files."""

OWN_CODE = "a recipe in the data folder has no own code"
MOVE = "Move the recipe to recipes/ of the project, where a person reviews it"


class DataRecipeError(RecipeError):
    """A recipe in the data folder says what only one in `recipes/` may."""

    kind = "data_recipe"


def require_small_file(path: Path, shown: str) -> None:
    """Return where a recipe in the data folder is a file of its own, of a size as people write.

    Raises:
        DataRecipeError: it is a link, no file, or too large.
    """
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise DataRecipeError(
            f"{shown} is a link or no file; a recipe in the data folder is a file", next_step="Put the file there"
        )
    if found.st_size > LARGEST_FILE:
        raise DataRecipeError(
            f"{shown} has {found.st_size:,} bytes; a recipe in the data folder has at most {LARGEST_FILE:,}",
            next_step=MOVE,
        )


def require_data_only(
    name: str, sections: Mapping[str, Mapping[str, Any]], shown: str, recipes: Iterable[Path]
) -> None:
    """Return where the sections of a recipe name no code, no data outside the data folder and no other model.

    Args:
        name: of the recipe.
        sections: `[ingest]`, `[preprocess]` and `[model]`, those that it has, with overrides applied.
        shown: the recipe's path, for the message.
        recipes: the files in `recipes/`, whose models have names too.

    Raises:
        DataRecipeError: one of them does.
    """
    for where, problem in _find_problems(name, sections):
        raise DataRecipeError(f"{shown}: [{where}] {problem}", next_step=MOVE)
    if "model" in sections:
        _require_own_model(name, shown, recipes)


def require_in_data(path: Path, data_dir: Path, shown: str) -> None:
    """Return where a file that such a recipe names lies in the data folder, and no link leads out of it.

    Raises:
        DataRecipeError: it lies elsewhere.
    """
    if not path.resolve().is_relative_to(data_dir.resolve()):
        raise DataRecipeError(
            f"{shown}: [ingest] path: {path} leads out of the data folder; a recipe in the data folder reads files of "
            "that folder only",
            next_step=MOVE,
        )


def _require_own_model(name: str, shown: str, recipes: Iterable[Path]) -> None:
    for path in recipes:
        try:
            section = tomllib.loads(path.read_text(encoding="utf-8")).get("model", {})
        except (OSError, ValueError, RecursionError):
            continue  # the program that runs that recipe reports it
        if isinstance(section, Mapping) and section.get("name") == name:
            raise DataRecipeError(
                f"{shown}: its model would share the name {name} with that of {path.name}, and replace its versions",
                next_step="Give the recipe in the data folder another name",
            )


def _find_problems(name: str, sections: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for stage, section in sections.items():
        if {"function", "distance_function"} & {*section} or "python" in (
            section.get("source"),
            section.get("format"),
            section.get("kind"),
        ):
            yield stage, f"names a function; {OWN_CODE}"
    if "ingest" in sections:
        yield from (("ingest", problem) for problem in _judge_ingest(sections["ingest"]))
    if sections.get("preprocess", {}).get("reads"):
        yield "preprocess", "reads other recipes; a recipe in the data folder has its own data"
    if "model" in sections:
        yield from (("model", problem) for problem in _judge_model(name, sections["model"]))


def _judge_ingest(section: Mapping[str, Any]) -> Iterator[str]:
    source = section.get("source")
    if source != "file":
        yield f'source = {source!r}; a recipe in the data folder has source = "file"'
    written = section.get("path")
    for path in written if isinstance(written, list) else [written]:
        below = str(path).removeprefix("data/")
        if not str(path).startswith("data/") or below.startswith("/") or ".." in re.split(r"[/\\]", below):
            yield f"path = {path!r}; a recipe in the data folder reads files of that folder only, as data/…"


def _judge_model(name: str, section: Mapping[str, Any]) -> Iterator[str]:
    if section.get("kind") not in KINDS:
        yield f"kind = {section.get('kind')!r}; a recipe in the data folder has one of {', '.join(KINDS)}"
    if section.get("name") not in (None, "", name):
        yield f"name = {section['name']!r}; a model of a recipe in the data folder has the recipe's name, {name}"
    for offer in (section, *_tables(section.get("estimators"))):
        if "estimator" in offer:
            yield from _judge_estimator(offer["estimator"])
        for key, value in walk_options(offer.get("options", {})):
            yield from _judge_option(key, value)


def _judge_estimator(value: Any) -> Iterator[str]:
    if not isinstance(value, str) or "." not in value:
        yield f"estimator = {value!r} is no class; {OWN_CODE}"
    elif not ESTIMATOR.fullmatch(value):
        yield f"estimator = {value!r}; a recipe in the data folder takes classes of scikit-learn, xgboost and lightgbm"


def _judge_option(key: str, value: Any) -> Iterator[str]:
    if key == "estimator" and not isinstance(value, Mapping):
        yield from _judge_estimator(value)
    is_path = isinstance(value, str) and ("/" in value or "\\" in value)
    if is_path or key == CACHE or (key == "input" and value in READS_FILES):
        yield f"{key} = {value!r} may name a file; a recipe in the data folder takes no files in options"


def _tables(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield from (one for one in value.values() if isinstance(one, Mapping))


def walk_options(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Each value in nested tables and lists, with the key that it, or its list, stands under."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield str(name), item
            yield from walk_options(item, str(name)) if isinstance(item, Mapping | list) else ()
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield key, item
            yield from walk_options(item, key) if isinstance(item, Mapping | list) else ()
