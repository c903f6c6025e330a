"""The model of styles that a training left, its bytes checked before anything in them is looked at."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from relay.handoff.errors import DatasetDamagedError, DatasetMissingError, ModelError, UsageError
from relay.handoff.receipt import Receipt
from relay.handoff.recipe import Recipe
from relay.registry.contract import CONTRACT_FILE, MODEL_FILE, Asking, Contract
from relay.results.output import RECEIPT, ResultLocation
from relay.results.signs import Signs, read_signs

METRICS = "metrics.json"


@dataclass(frozen=True)
class Trained:
    """The model in force, its bytes held against the receipt."""

    receipt: Receipt
    content: bytes
    asking: Asking
    """How it is asked about a text."""
    signs: Signs
    """Colour and marker of each label, as in all pictures of the result."""

    @property
    def chunk_chars(self) -> int:
        """Characters of each chunk that it learned from; 0 if these were whole documents."""
        return self.asking.chunk_chars

    @property
    def reads_rows(self) -> bool:
        """Whether it is asked about a row of frequencies, as a JSON object, and not about a text."""
        return self.receipt.parameters.get("units") == "columns"

    @property
    def sha256(self) -> str:
        """The SHA-256 of the model file."""
        return self.receipt.files[MODEL_FILE]

    @property
    def caveat(self) -> str:
        """What the recipe says that goes with the label; empty where it says nothing."""
        return str(self.receipt.parameters.get("caveat") or "")


def load_trained(data_dir: Path, recipe: Recipe) -> Trained:
    """The model that the recipe's result in force holds.

    Raises:
        UsageError: the recipe is of another kind.
        DatasetMissingError: nothing was trained yet.
        DatasetDamagedError: a file was changed, cut or taken away.
        ModelError: the result holds no model.
    """
    kind = recipe.sections["model"]["kind"]
    if kind != "authorship":
        raise UsageError(f'recipe {recipe.name} has kind = "{kind}": only one with kind = "authorship" knows styles')
    latest = ResultLocation(data_dir, recipe.name).latest
    if not latest.exists():
        raise DatasetMissingError(
            "nothing was trained yet", next_step=f"Run `python -m model {recipe.name}`, then ask again"
        )
    folder = latest.resolve()  # a training that ends meanwhile moves the link, never the folder's files
    try:
        receipt = Receipt.read(folder / RECEIPT)
    except FileNotFoundError:
        raise DatasetDamagedError(
            f"{folder / RECEIPT} is gone", next_step=f"Run `python -m model {recipe.name} --force`"
        ) from None
    if MODEL_FILE not in receipt.files:
        raise ModelError(
            f"the result of {recipe.name} holds no model: it takes two labels with two documents each",
            next_step="Give it more labelled documents, or leave [model] candidates out",
        )
    return read_trained(folder, receipt)


def read_trained(folder: Path, receipt: Receipt) -> Trained:
    """The model in a folder of results.

    Raises:
        DatasetDamagedError: a file is not the receipt's, or is gone.
    """
    metrics = json.loads(read_checked(folder, receipt, METRICS))
    asking = None
    if CONTRACT_FILE in receipt.files:
        asking = Contract.from_json(read_checked(folder, receipt, CONTRACT_FILE)).asking
    whole = Asking(chunk_chars=int(metrics["chunks"]["chars"]), seed=receipt.seed)
    return Trained(receipt, read_checked(folder, receipt, MODEL_FILE), asking or whole, read_signs(metrics))


def read_checked(folder: Path, receipt: Receipt, name: str) -> bytes:
    """The bytes of a file of the result, which are the receipt's.

    Raises:
        DatasetDamagedError: they are not, or the file is gone.
    """
    again = f"Run `python -m model {receipt.recipe} --force`"
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError:
        raise DatasetDamagedError(f"{folder / name} is gone, its receipt is there", next_step=again) from None
    found, expected = hashlib.sha256(content).hexdigest(), receipt.files[name]
    if found != expected:
        raise DatasetDamagedError(
            f"{folder / name} was changed: SHA-256 {found[:12]}…, the receipt says {expected[:12]}…",
            next_step=again,
        )
    return content
