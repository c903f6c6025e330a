"""Files that people dropped on the page: kept in `data/uploads/`, with a record of what was made of each.

    data/uploads/<name>         the file, as it arrived
    data/.uploads/<name>.seen/  what `adopt` found in its rows
    data/.uploads/<name>.json   its record: the name that it came with, and the recipes that the page made of it

The page deletes only what has a record. What else lies in `data/uploads/` was put there by hand.
"""

import hashlib
import os
import re
import shutil
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel, ConfigDict, ValidationError

from relay.handoff.errors import RelayError
from relay.handoff.files import hash_file, sync_folder, write_atomically
from relay.handoff.settings import Settings
from relay.handoff.wording import show_bytes

ENDINGS = ("csv", "tsv", "txt", "json", "jsonl", "ndjson", "parquet", "xlsx")
PACKED = ("gz", "bz2", "xz", "zip")
"""A packed file holds one of the others, or is a ZIP archive of them."""

KEPT_NAME = re.compile(r"[\w-]+(\.[a-z0-9]+){1,2}")
"""The names of kept files: none is a path, and none is hidden."""

LONGEST_NAME = 80
"""Characters of a file's name, its ending included."""

SPARE_BYTES = 200_000_000
"""Space that an upload leaves on the disk, beside a second copy of the file as its dataset."""

FOLDER, RECORDS = "uploads", ".uploads"


class UploadError(RelayError):
    """A file cannot be taken."""

    kind = "upload"


class MadeRecipe(BaseModel):
    """A recipe that the page wrote."""

    model_config = ConfigDict(frozen=True)

    name: str
    sha256: str
    """Of the file as it was written: an edited one is no longer the page's to delete."""


class Upload(BaseModel):
    """The record of a file."""

    model_config = ConfigDict(frozen=True)

    name: str
    """In `data/uploads/`."""
    given: str
    """The name that it came with, for people."""
    sha256: str
    bytes: int
    uploaded_unix: float
    recipes: tuple[MadeRecipe, ...] = ()


def name_file(given: str) -> str:
    """The name under which a file is kept: letters, digits, `_`, `-` and dots, and an ending that is read.

    Raises:
        UploadError: it has no ending of a data file.
    """
    name = unicodedata.normalize("NFC", given.replace("\\", "/").rpartition("/")[2])
    stem, ending = _split(name)
    if not ending:
        known, packed = (", ".join(f".{one}" for one in endings) for endings in (ENDINGS, PACKED))
        raise UploadError(
            f"{name[:LONGEST_NAME]!r} has no ending of a data file; expected one of {known}, or one of these packed as "
            f"{packed}",
            next_step="Save it in one of these formats. Notebooks, URLs and databases are adopted in a terminal: "
            "`python -m adopt FILE`",
        )
    stem = re.sub(r"[^\w-]+", "_", stem).strip("_-") or "data"
    # Cut by bytes: file systems count these, and a letter may have four.
    cut = stem.encode()[: LONGEST_NAME - len(ending) - 1].decode(errors="ignore").rstrip("_-") or "data"
    return f"{cut}.{ending}"


def _split(name: str) -> tuple[str, str]:
    """The name before its ending, and the ending, such as `csv.gz`; empty where it has no such ending."""
    stem, _, last = name.lower().rpartition(".")
    if last in ENDINGS and stem:
        return name[: len(stem)], last
    if last not in PACKED or not stem:
        return name, ""
    inner, _, before = stem.rpartition(".")
    if before in ENDINGS and inner:
        return name[: len(inner)], f"{before}.{last}"
    return (name[: len(stem)], last) if last == "zip" else (name, "")


def keep_file(settings: Settings, given: str, content: memoryview, most_bytes: int) -> Upload:
    """Keep a file that arrived; the same bytes under the same name are kept once.

    Args:
        settings: name the data folder.
        given: the name that it came with.
        content: its bytes.
        most_bytes: the limit.

    Raises:
        UploadError: it is too large, empty, or no data file, or the disk has no space for it.
        OSError: the data folder cannot be written.
    """
    name = name_file(given)
    if not content.nbytes:
        raise UploadError(f"{name} is empty", next_step="Choose a file with rows")
    if content.nbytes > most_bytes:
        raise UploadError(
            f"{name} has {show_bytes(content.nbytes)}; the page takes {show_bytes(most_bytes)} (PAGE_UPLOAD_MB)",
            next_step="Put it into data/ and run `python -m adopt FILE` in a terminal",
        )
    folder = settings.data_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < 2 * content.nbytes + SPARE_BYTES:
        raise UploadError(
            f"the disk has {show_bytes(free)} of free space; {name} needs {show_bytes(2 * content.nbytes)}, and "
            f"{show_bytes(SPARE_BYTES)} stay free",
            next_step="Free disk space, or delete uploads below",
        )
    digest = hashlib.sha256(content).hexdigest()
    for number in range(1, 10_000):
        upload = Upload(
            name=_number(name, number),
            given=given[:200],
            sha256=digest,
            bytes=content.nbytes,
            uploaded_unix=time.time(),
        )
        known = find_upload(settings, upload.name)
        if known is not None and known.sha256 == digest and _is_there(settings, known):
            return known
        if known is None and _write_new(folder / upload.name, content):
            _write_record(settings, upload)
            return upload
    raise UploadError(f"{folder} holds 10,000 files of this name", next_step="Delete uploads below")


def _number(name: str, number: int) -> str:
    stem, _, ending = name.partition(".")
    return name if number == 1 else f"{stem}_{number}.{ending}"


def _is_there(settings: Settings, upload: Upload) -> bool:
    path = locate_file(settings, upload)
    return path.is_file() and not path.is_symlink() and hash_file(path) == upload.sha256


def _write_new(path: Path, content: memoryview) -> bool:
    """Put a file in place whole where none is; False where one is."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if os.path.lexists(path):
            return False
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)
    return True


def list_uploads(settings: Settings) -> list[Upload]:
    """The records of all files that are there, the newest first."""
    names = [path.name.removesuffix(".json") for path in (settings.data_dir / RECORDS).glob("*.json")]
    found = [upload for name in names if (upload := find_upload(settings, name)) is not None]
    there = [upload for upload in found if locate_file(settings, upload).is_file() or upload.recipes]
    return sorted(there, key=lambda upload: -upload.uploaded_unix)


def find_upload(settings: Settings, name: str) -> Upload | None:
    """The record of a file; None where the page keeps none of that name."""
    try:
        upload = Upload.model_validate_json(_locate_record(settings, name).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    return upload if upload.name == name and KEPT_NAME.fullmatch(name) else None


def locate_file(settings: Settings, upload: Upload) -> Path:
    """Where a file is kept."""
    return settings.data_dir / FOLDER / upload.name


def note_recipe(settings: Settings, upload: Upload, recipe: MadeRecipe) -> Upload:
    """The record with a recipe more."""
    now = find_upload(settings, upload.name) or upload
    others = tuple(one for one in now.recipes if one.name != recipe.name)
    changed = now.model_copy(update={"recipes": (*others, recipe)})
    _write_record(settings, changed)
    return changed


def forget_recipe(settings: Settings, upload: Upload, name: str) -> Upload:
    """The record without a recipe; without the record where the file has gone too."""
    now = find_upload(settings, upload.name) or upload
    changed = now.model_copy(update={"recipes": tuple(one for one in now.recipes if one.name != name)})
    _write_record(settings, changed)
    return changed


def locate_seen(settings: Settings, upload: Upload) -> Path:
    """Where `adopt` keeps what it found in a file, so that a change of the draft reads no rows again."""
    return settings.data_dir / RECORDS / f"{upload.name}.seen"


def remove_file(settings: Settings, upload: Upload) -> None:
    """Remove a file, what was found in it, and its record."""
    locate_file(settings, upload).unlink(missing_ok=True)
    shutil.rmtree(locate_seen(settings, upload), ignore_errors=True)
    _locate_record(settings, upload.name).unlink(missing_ok=True)


@contextmanager
def open_scratch(settings: Settings) -> Iterator[Path]:
    """A folder for the temporary files of one command, on the disk of the data: it holds what packed files hold."""
    folder = settings.data_dir / RECORDS
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="scratch-", dir=folder, ignore_cleanup_errors=True) as scratch:
        yield Path(scratch)


def remove_old_scratch(settings: Settings, seconds: float) -> None:
    """Remove scratch folders that killed pages left, once they are so old."""
    for folder in (settings.data_dir / RECORDS).glob("scratch-*"):
        with suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > seconds:
                shutil.rmtree(folder, ignore_errors=True)


def _write_record(settings: Settings, upload: Upload) -> None:
    write_atomically(_locate_record(settings, upload.name), upload.model_dump_json(indent=2).encode())


def _locate_record(settings: Settings, name: str) -> Path:
    return settings.data_dir / RECORDS / f"{name}.json"
