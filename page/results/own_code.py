"""The own code behind a result: what each stage ran, by the receipts, beside what lies in recipes/ now.

Sources are read and never imported. A text is what ran if its SHA-256 is the one in the receipt's key.
"""

import difflib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from page.data.rows import STAGE_OF, Layer
from relay.handoff.files import hash_file
from relay.handoff.location import DatasetLocation
from relay.handoff.own.module import PACKAGE, OwnCodeError, OwnFolder, require_inside
from relay.handoff.own.names import SourceFile, sort_out
from relay.handoff.own.reach import cut_text
from relay.handoff.receipt import Receipt
from relay.handoff.recipe import Recipe
from relay.handoff.settings import Settings
from relay.registry.contract import CODE_FOLDER
from relay.results.load import Result

OWN = f"{PACKAGE}/"
"""Begins the name of own code in a key."""


class State(StrEnum):
    """How the code that lies in recipes/ relates to the code that ran."""

    SAME = "as it ran"
    EDITED = "edited since this run"
    REMOVED = "removed since this run"


@dataclass(frozen=True)
class Piece:
    """A function, a class, the other statements of a file, or a data file of a package."""

    name: str
    """As in the key: `recipes/own.py: clean`, `recipes/own.py` for the other statements."""
    digest: str
    """SHA-256 of what ran, from the key."""
    state: State
    ran: str | None = None
    """The text that ran; None where it was not kept, and for data files."""
    now: str | None = None
    """The text in recipes/ now; None where there is none, and for data files."""
    problem: str = ""
    """Why the file in recipes/ cannot be read now."""

    @property
    def file(self) -> str:
        """The file that it stands in."""
        return self.name.partition(": ")[0]

    @property
    def definition(self) -> str:
        """The name of the function or class; empty for the rest of a file."""
        return self.name.partition(": ")[2]

    @property
    def difference(self) -> str:
        """A diff from the text that ran to the text now; empty where one of the two is not known, or they are equal."""
        return _draw_diff(self.ran, self.now, "as it ran", "now")


@dataclass(frozen=True)
class StageCode:
    """The own code that one stage ran."""

    stage: str
    recipe: str
    """Whose dataset or result it made: preprocess may read those of other recipes."""
    function: str
    """The name that the recipe gave; empty where it names none of its own."""
    pieces: tuple[Piece, ...]
    """The function first, then the rest of its file, then other files."""
    is_unknown: bool = False
    """Whether the receipt that would tell it has been replaced."""

    @property
    def main(self) -> Piece | None:
        """The function that the recipe names."""
        first = self.pieces[0] if self.pieces else None
        return first if first is not None and self.function and first.definition == self.function else None

    @property
    def changed(self) -> tuple[Piece, ...]:
        """What is not in recipes/ as it ran."""
        return tuple(piece for piece in self.pieces if piece.state is not State.SAME)

    @property
    def others(self) -> dict[str, list[Piece]]:
        """File -> what of it was used, beside the function itself."""
        found: dict[str, list[Piece]] = {}
        for piece in self.pieces:
            if piece is not self.main:
                found.setdefault(piece.file, []).append(piece)
        return found


def _draw_diff(first: str | None, second: str | None, first_name: str, second_name: str) -> str:
    """A diff; empty where one of the texts is not known."""
    if first is None or second is None:
        return ""
    return "\n".join(
        difflib.unified_diff(first.splitlines(), second.splitlines(), first_name, second_name, lineterm="")
    )


class _Texts:
    """The texts of the pieces of own code in one folder; each file is read and parsed once."""

    def __init__(self, folder: Path) -> None:
        self._folder = OwnFolder(folder)
        self._files: dict[str, SourceFile | None] = {}

    def read(self, name: str) -> str | None:
        """The text of a piece; None where it is not there, or is no source.

        Raises:
            OwnCodeError: the file cannot be read, or is not Python.
        """
        path, _, definition = name.partition(": ")
        if not path.endswith(".py"):
            return None
        if path not in self._files:
            source = self._folder.find(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
            self._files[path] = sort_out(source) if source is not None and source.shown == path else None
        file = self._files[path]
        if file is None or (definition and definition not in file.definitions):
            return None
        return cut_text(file.source, file.definitions[definition] if definition else file.others)


def find_code(settings: Settings, recipe: Recipe, result: Result) -> list[StageCode]:
    """The own code of each stage that led to a result, the first stage first; empty for a recipe without own code."""
    processed, lost = _trace(settings, recipe, "processed", result.receipt.key.inputs)
    # Of rows that were replaced it is not known which raw rows they came from: no fingerprint is theirs.
    read = processed[0].key.inputs if processed else {f"raw/{name}": "" for name in recipe.reads}
    raw, lost_raw = _trace(settings, recipe, "raw", read)
    receipts = [*raw, *processed, result.receipt]
    return [*lost_raw, *lost, *find_dataset_code(recipe, receipts, result.folder / CODE_FOLDER)]


def find_dataset_code(recipe: Recipe, receipts: Iterable[Receipt], kept: Path | None = None) -> list[StageCode]:
    """The own code that made some datasets; stages without own code are left out.

    Args:
        recipe: beside which the code lies.
        receipts: of the datasets, the first stage first.
        kept: the folder of a result with the files as they ran.
    """
    now, ran = _Texts(recipe.path.parent), None if kept is None else _Texts(kept / PACKAGE)
    codes = [_read_code(receipt, recipe.path.parent, now, ran) for receipt in receipts]
    return [code for code in codes if code.pieces]


def compare_code(recipe: Recipe, first: Result, second: Result) -> dict[str, str]:
    """The own code in which two results of a recipe differ: name -> a diff, empty where a text is not known."""
    keys = [
        {name: digest for name, digest in one.receipt.key.code.items() if name.startswith(OWN)}
        for one in (first, second)
    ]
    places = [_Texts(recipe.path.parent), *(_Texts(one.folder / CODE_FOLDER / PACKAGE) for one in (first, second))]
    found = {}
    for name in sorted({*keys[0], *keys[1]}):
        if keys[0].get(name) != keys[1].get(name):
            before, after = (_find_text(name, key[name], places) if name in key else "" for key in keys)
            found[name] = _draw_diff(before, after, "first result", "second result")
    return found


def _find_text(name: str, digest: str, places: Iterable[_Texts]) -> str | None:
    """The text of a piece with this digest, wherever it lies; None where it was not kept."""
    for place in places:
        with suppress(OwnCodeError):
            text = place.read(name)
            if text is not None and sha256(text.encode()).hexdigest() == digest:
                return text
    return None


def _trace(
    settings: Settings, recipe: Recipe, layer: Layer, inputs: Mapping[str, str]
) -> tuple[list[Receipt], list[StageCode]]:
    """The receipts of the datasets that a stage read, and the own code of those that have been replaced: unknown."""
    found, lost = list[Receipt](), list[StageCode]()
    for address, fingerprint in inputs.items():
        folder, _, name = address.partition("/")
        if folder == layer:
            here = DatasetLocation(settings.data_dir, address, STAGE_OF[layer]).receipts()
            same = [one for one in here if one.fingerprint == fingerprint]
            found += same[:1]
            section = recipe.sections.get(STAGE_OF[layer], {}) if name == recipe.name else {}
            if not same and ("function" in section or any(map(_has_own, here))):
                lost.append(StageCode(STAGE_OF[layer], name, "", (), is_unknown=True))
    return found, lost


def _has_own(receipt: Receipt) -> bool:
    return any(name.startswith(OWN) for name in receipt.key.code)


def _read_code(receipt: Receipt, folder: Path, now: _Texts, ran: _Texts | None) -> StageCode:
    own = {name: digest for name, digest in receipt.key.code.items() if name.startswith(OWN)}
    function = str(receipt.parameters.get("function") or receipt.parameters.get("estimator") or "")
    home = f"{OWN}{receipt.recipe.replace('-', '_')}"
    homes = (f"{home}.py", f"{home}/__init__.py")
    named = {f"{file}: {function}" for file in homes}

    def rank(name: str) -> tuple[bool, bool, str, bool, str]:
        file, _, definition = name.partition(": ")
        return name not in named, file not in homes, file, not definition, definition

    pieces = []
    for name in sorted(own, key=rank):
        is_source = name.partition(": ")[0].endswith(".py")
        pieces.append(_judge(name, own[name], now, ran) if is_source else _judge_data(name, own[name], folder))
    return StageCode(receipt.stage, receipt.recipe, function if named & own.keys() else "", tuple(pieces))


def _judge(name: str, digest: str, now: _Texts, ran: _Texts | None) -> Piece:
    text, problem = None, ""
    try:
        text = now.read(name)
    except OwnCodeError as error:
        problem = str(error)
    known = _find_text(name, digest, [now] if ran is None else [now, ran])
    if text is not None and text == known:
        state = State.SAME
    else:
        state = State.EDITED if text is not None or problem else State.REMOVED
    return Piece(name, digest, state, known, text, problem)


def _judge_data(name: str, digest: str, folder: Path) -> Piece:
    """A data file of a package: it counts by its bytes, and its content is not shown."""
    path = folder / name.removeprefix(OWN)
    try:
        require_inside(path, folder)
        return Piece(name, digest, State.SAME if hash_file(path) == digest else State.EDITED)
    except FileNotFoundError:
        return Piece(name, digest, State.REMOVED)
    except (OSError, OwnCodeError) as error:
        return Piece(name, digest, State.EDITED, problem=str(error))
