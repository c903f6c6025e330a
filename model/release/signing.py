"""The signature on a version with own code: made at registration, and looked at before a version is promoted."""

from pathlib import Path

from loguru import logger

from relay.handoff.own.module import PACKAGE
from relay.registry.code_key import MOUNTED, CodeKeyError, identify_key, locate_key, make_key, read_key, sign
from relay.registry.contract import CODE_FOLDER, CONTRACT_FILE, SIGNATURE_FILE, Contract
from relay.registry.versions import Version

UNSIGNED = "none"


def sign_package(folder: Path, contract: Contract, recipes: Path) -> str:
    """Sign a version with own code by the project's key; where that cannot be, say what it means.

    Args:
        folder: of the version's files.
        contract: of the version.
        recipes: the folder of the recipe; own code is signed only where it equals the code there.

    Returns:
        The name of the key, or `none`.
    """
    again = f"train again: `python -m model {contract.recipe} --force`"
    key, why, next_step = None, _find_foreign(folder, contract, recipes), f"To have it signed, {again}"
    if not why:
        key, why, next_step = _obtain_key(again)
    if key is None:
        logger.warning(
            "the new version of {} is not signed: {}. It is served only by programs whose recipes/ hold the same code. "
            "{}",
            contract.model,
            why,
            next_step,
        )
        return UNSIGNED
    (folder / SIGNATURE_FILE).write_text(sign((folder / CONTRACT_FILE).read_bytes(), key) + "\n", "ascii")
    return identify_key(key)


def _find_foreign(folder: Path, contract: Contract, recipes: Path) -> str:
    """Why the code of a result is not signed: who can write to the data folder must not bring code to run."""
    for name in contract.code:
        beside = recipes / name.removeprefix(f"{PACKAGE}/")
        if not beside.is_file() or beside.read_bytes() != (folder / CODE_FOLDER / name).read_bytes():
            return f"{name} of the result is not the file in {recipes} any more"
    return ""


def _obtain_key(again: str) -> tuple[bytes | None, str, str]:
    """The key, or why it is missing and what to do before one trains again."""
    path = locate_key()
    is_new = not path.exists()
    try:
        # A container gets the key or an empty file: it makes none that would be gone with it.
        key = read_key(path) if path.parent == MOUNTED else make_key(path)
    except CodeKeyError as error:
        return None, error.message, f"{error.next_step}. Then {again}"
    except OSError as error:
        why = f"the project's key cannot be made in {path}: {error.strerror}"
        return None, why, f"`make status` says how to mend it. Then {again}"
    if key is not None and is_new:
        logger.info(
            "made the project's key in {}, for there was none. Versions that another key signed are served only where "
            "recipes/ holds their code: if you have that key, put it back and train again",
            path,
        )
    return key, "the project's key is not here", f"`make status` says how a container gets it. Then {again}"


def explain_signature(version: Version) -> str:
    """What is wrong with the signature of a version, seen from here; empty where it is valid, or not needed."""
    if version.signed_by in ("", UNSIGNED):
        return "its own code is not signed" if version.signed_by else ""
    try:
        key = read_key(locate_key())
    except CodeKeyError as error:
        return error.message
    if key is None:
        return f"the project's key, which signed its own code, is not here ({locate_key()})"
    return "" if identify_key(key) == version.signed_by else "another key than the one here signed its own code"
