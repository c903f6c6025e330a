"""Ask `adopt` for a draft of an uploaded file, write the recipe, and delete what the page made."""

import tomllib
from collections.abc import Sequence

from page.new.answer import Draft, read_draft
from page.new.uploads import (
    FOLDER,
    MadeRecipe,
    Upload,
    UploadError,
    forget_recipe,
    locate_file,
    locate_seen,
    note_recipe,
    open_scratch,
    remove_file,
)
from page.run.form import check_overrides, find_stages, list_stages
from page.run.job import Order, RunFiles
from page.shell.command import ADOPT, Command
from relay.handoff.errors import RelayError, UsageError
from relay.handoff.files import hash_file
from relay.handoff.recipe import load_recipe
from relay.handoff.recipe_file import find_recipe, list_recipes, show_path
from relay.handoff.settings import ROOT, Settings

MOST_COLUMNS = 1_000
"""Of a draft on the page: more cannot be corrected in a table."""

LEFT = (
    *("raw/{name}.parquet", "raw/{name}.parts", "processed/{name}.parquet", "processed/{name}.parts"),
    "output/{name}",
)
"""Of a recipe, below the data folder."""


def draft_file(settings: Settings, upload: Upload, options: Sequence[str], *, is_dry: bool = True) -> Draft:
    """What `adopt` makes of a file; the recipe is written where it is not a dry run.

    Raises:
        CommandError: it refuses the file or an option, and says what to do.
        UploadError: the draft is too large for the page, or is of something other than the file.
    """
    path = locate_file(settings, upload)
    # As people type it, where that is the same: the recipe names the command.
    source = str(path.relative_to(ROOT) if path.is_relative_to(ROOT / "data") else path)
    how = [f"--remember={locate_seen(settings, upload)}", f"--most-columns={MOST_COLUMNS}"]
    how += ["--dry-run", "--quick"] if is_dry else []  # what is written is checked by the stages first
    with open_scratch(settings) as scratch:
        draft = read_draft(Command(settings, "", source, (*options, *how), program=ADOPT, scratch=scratch).run())
    if draft.ingest.get("source") != "file" or draft.ingest.get("path") != f"data/{FOLDER}/{upload.name}":
        raise UploadError(
            f"{upload.name} is no file of rows: `adopt` would read it as source {draft.ingest.get('source')!r}",
            next_step="Upload a data file. Databases and URLs are adopted in a terminal: `python -m adopt FROM`",
        )
    return draft


def find_problem(settings: Settings, draft: Draft) -> str:
    """What is wrong with a draft's recipe, in the words of the page's own declarations; empty where they accept it.

    The stages themselves look at a recipe before it is written, and find more: that takes seconds.
    """
    if draft.is_name_taken:
        return f'There is a recipe "{draft.name}" already. Choose another name.'
    with open_scratch(settings) as scratch:
        path = scratch / f"{draft.name}.toml"
        path.write_text(draft.toml, encoding="utf-8")
        try:
            check_overrides(str(path), (), find_stages(), settings.data_dir)
        except RelayError as error:
            return str(error).replace(f"{path}: ", "")
    return ""


def find_free_name(settings: Settings, name: str) -> str:
    """The name, with a number behind it where a recipe has it."""
    taken = {path.stem.casefold() for path in list_recipes(data_dir=settings.data_dir)}
    number, free = 1, name
    while free.casefold() in taken:
        number += 1
        free = f"{name[:55]}_{number}"
    return free


def create_recipe(settings: Settings, upload: Upload, options: Sequence[str]) -> str:
    """Write the recipe of a draft and note that the page made it; gives its name.

    Raises:
        CommandError, UploadError: as `draft_file`, or the name is taken.
    """
    draft = draft_file(settings, upload, options, is_dry=False)
    path = find_recipe(draft.name, data_dir=settings.data_dir)
    note_recipe(settings, upload, MadeRecipe(name=draft.name, sha256=hash_file(path)))
    return draft.name


def start_run(settings: Settings, name: str) -> None:
    """Start the first run of a recipe.

    Raises:
        RelayError: the recipe is not accepted, or the process does not start.
    """
    recipe = load_recipe(name, data_dir=settings.data_dir)
    RunFiles(settings, name).start(Order(name, name, list_stages(recipe)))


def delete_recipe(settings: Settings, upload: Upload, name: str) -> list[str]:
    """Delete a recipe that the page made; gives what stays of its runs.

    Raises:
        UploadError: it was edited since, or is running.
    """
    made = next((one for one in upload.recipes if one.name == name), None)
    if made is None:
        raise UploadError(f'the page made no recipe "{name}" of {upload.name}')
    try:
        path = find_recipe(name, data_dir=settings.data_dir)
    except UsageError:  # it was deleted by hand, or another one has its name
        path = None
    if path is not None:
        if RunFiles(settings, name).is_busy():
            raise UploadError(f"{name} is running", next_step="Cancel the run, or wait until it has ended")
        if hash_file(path) != made.sha256:
            raise UploadError(
                f"{show_path(path)} was edited since the page wrote it, so the page does not delete it",
                next_step="Delete the file by hand",
            )
        path.unlink()
    forget_recipe(settings, upload, name)
    return list_remains(settings, name)


def list_remains(settings: Settings, name: str) -> list[str]:
    """The datasets and results of a recipe that are there, as paths from the data folder."""
    paths = (one.format(name=name) for one in LEFT)
    return [f"data/{path}" for path in paths if (settings.data_dir / path).exists()]


def delete_file(settings: Settings, upload: Upload) -> None:
    """Delete an uploaded file.

    Raises:
        UploadError: a recipe reads it.
    """
    if readers := find_readers(settings, upload):
        raise UploadError(
            f"{upload.name} is read by {', '.join(readers)}", next_step="Delete these recipes first, or keep the file"
        )
    remove_file(settings, upload)


def find_readers(settings: Settings, upload: Upload) -> list[str]:
    """The recipes that read a file."""
    wanted = f"data/{FOLDER}/{upload.name}"
    found = []
    for path in list_recipes(data_dir=settings.data_dir):
        try:
            section = tomllib.loads(path.read_text(encoding="utf-8")).get("ingest", {})
        except (OSError, ValueError, RecursionError):
            continue  # it reads nothing
        written = section.get("path") if isinstance(section, dict) else None
        if wanted in (written if isinstance(written, list) else [written]):
            found.append(path.stem)
    return found
