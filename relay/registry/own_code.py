"""The own code of a version: its files are read and checked, and only then imported.

A version's files run where the project's key has signed its contract, or where they equal, byte for byte, what lies in
the program's own recipes/.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from relay.handoff.errors import RelayError
from relay.handoff.own.module import LARGEST_DATA, LARGEST_FILE, PACKAGE
from relay.handoff.settings import RECIPES_DIR
from relay.registry.code_key import MOUNTED, CodeKeyError, is_signed, locate_key, open_plain, read_key
from relay.registry.contract import CODE_FOLDER, SIGNATURE_FILE, Contract

AGAIN = "Train again, or go back to another version"
LONGEST_NAME = 250
"""Bytes of a name with its folders: less than any file system takes."""
LONGEST_SHOWN = 100
"""Characters of a name in a message that refuses it."""


class OwnCodeRefusedError(RelayError):
    """The own code of a version is not run: its files, its signature or the key is not what it should be."""

    kind = "own_code_refused"


@dataclass(frozen=True)
class CodeFiles:
    """The own code of a version as it was read once: what is checked is what runs."""

    folder: Path
    """Where the files lie, for those that read data beside them."""
    contents: Mapping[str, bytes]
    """Name, such as recipes/churn.py -> its bytes."""


def read_code(folder: Path, contract: Contract) -> CodeFiles:
    """The files of own code in a version's folder, each compared with its digest in the contract.

    Raises:
        OwnCodeRefusedError: a file is missing, changed, added, too large, or a link.
    """
    within = folder / CODE_FOLDER
    contents: dict[str, bytes] = {}
    for name, expected in contract.code.items():
        content = _read_file(within, name, LARGEST_DATA - sum(map(len, contents.values())))
        found = sha256(content).hexdigest()
        if found != expected:
            raise OwnCodeRefusedError(
                f"{name} has the SHA-256 {found[:12]}…, the contract says {expected[:12]}…: it was changed after "
                "training, and is not run",
                next_step=AGAIN,
            )
        contents[name] = content
    for path in sorted(within.rglob("*")):
        name = path.relative_to(within).as_posix()
        if name not in contents and (path.is_symlink() or not path.is_dir()):
            raise OwnCodeRefusedError(
                f"{CODE_FOLDER}/{show_name(name)} is no file of this version: it came there after training",
                next_step="Remove it, train again, or go back to another version",
            )
    return CodeFiles(within, contents)


def show_name(name: str) -> str:
    """The name of a file as messages have it: in one line, short, and in characters that every log and reply can hold.

    Who can write to the registry chooses the name.
    """
    shown = name if name.isprintable() else ascii(name)[1:-1]
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"


def _require_name(name: str) -> list[str]:
    """The parts of a name that the contract gives to a file of own code."""
    parts = name.split("/")
    is_below = parts[0] == PACKAGE and len(parts) > 1 and not any(part in ("", ".", "..") for part in parts)
    if not is_below or "\\" in name or not name.isprintable() or len(name.encode()) > LONGEST_NAME:
        raise OwnCodeRefusedError(
            f"the contract names {show_name(name)} as own code, expected the name of a file below {PACKAGE}/",
            next_step=AGAIN,
        )
    return parts


def _read_file(within: Path, name: str, left: int) -> bytes:
    """The content of a file, of which at most so many bytes are left for all files together."""
    parts = _require_name(name)
    path = within
    for part in ("", *parts):  # the folder itself too
        path = path / part
        if path.is_symlink():
            raise OwnCodeRefusedError(
                f"{CODE_FOLDER}/{path.relative_to(within).as_posix()} is a symbolic link; links are not followed",
                next_step=AGAIN,
            )
    largest = min(left, LARGEST_FILE if name.endswith(".py") else LARGEST_DATA)
    try:
        with open_plain(path, os.O_NOFOLLOW) as file:
            content = file.read(largest + 1)
    except OSError as error:
        raise OwnCodeRefusedError(f"{CODE_FOLDER}/{name} cannot be read: {error.strerror}", next_step=AGAIN) from None
    if len(content) > largest:
        limit = f"{LARGEST_FILE / 1e6:g} MB per source file, {LARGEST_DATA / 1e6:g} MB for all files together"
        raise OwnCodeRefusedError(f"{CODE_FOLDER}/{name} is too large; own code may have {limit}", next_step=AGAIN)
    return content


def require_trusted(folder: Path, contract: bytes, files: CodeFiles, recipes: Path = RECIPES_DIR) -> None:
    """Return where the code of a version may run here.

    Args:
        folder: of the version.
        contract: the bytes of its contract, whose digest was checked.
        files: its own code, from `read_code`.
        recipes: the program's own recipes: code that equals what lies there needs no signature.

    Raises:
        OwnCodeRefusedError: neither the signature holds, nor are the files those of `recipes`.
    """
    if all(_is_here(recipes, name, content) for name, content in files.contents.items()):
        return
    problem, next_step = _check_signature(folder, contract)
    if problem:
        listed = ", ".join(files.contents)
        raise OwnCodeRefusedError(
            f"its model needs own code ({listed}), which is not run: {problem}; nor is it the code in "
            f"{PACKAGE}/ of this program",
            next_step=next_step,
        )


def _is_here(recipes: Path, name: str, content: bytes) -> bool:
    path = recipes / name.removeprefix(f"{PACKAGE}/")
    try:
        return path.resolve().is_relative_to(recipes.resolve()) and path.read_bytes() == content
    except OSError:
        return False


def _check_signature(folder: Path, contract: bytes) -> tuple[str, str]:
    """What is wrong with key or signature, and what to do; two empty texts where the signature holds."""
    path = locate_key()
    try:
        key = read_key(path)
    except CodeKeyError as error:
        return error.message, error.next_step
    again = "Train it again, or put the code of that version back into recipes/ (of the image, in containers)"
    if key is None:
        is_container = path.parent == MOUNTED
        find = "`make status` says how a container gets it" if is_container else "Bring the training's key back"
        return f"the project's key is not here ({path})", f"{find}, or: {again[0].lower()}{again[1:]}"
    signature = folder / SIGNATURE_FILE
    if signature.is_symlink() or not signature.is_file():
        return "it is not signed", f"{again}. A training signs where it has the project's key"
    with signature.open("rb") as file:
        given = file.read(LONGEST_SHOWN).decode("ascii", "replace")  # 64 digits and the end of the line
    if not is_signed(contract, given, key):
        return (
            "its signature does not hold with the project's key: another key made it, or the version was changed",
            again,
        )
    return "", ""
