"""The versions that the gate compares: fetched and checked first, their models loaded only where a comparison needs it.

A model with types of the recipe's own code is compared in a process of its own (`compare_task`), never in this one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.release.common_rows import TrainedOn, read_kept, read_profile
from model.release.promotion_gate import Candidate, Decision
from relay.handoff.files import hash_file
from relay.handoff.override import format_value
from relay.handoff.own.apart import Apart, Work, locate_scratch
from relay.handoff.own.module import PACKAGE, OwnCodeError
from relay.handoff.recipe import Recipe
from relay.handoff.wording import list_words
from relay.registry.artifacts import check_files, fetch_version
from relay.registry.contract import MODEL_FILE, Contract
from relay.registry.model_file import read_model

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from relay.registry.versions import Version

TASK = "model.release.compare_task:run"


@dataclass(frozen=True)
class Fetched:
    """A version whose files lie in a folder, each compared with its digest."""

    number: int
    folder: Path
    contract: Contract
    split: Mapping[str, Any] | None
    data_sha256: str
    accepted: str = ""
    """See `Candidate.accepted`."""

    def open(self, *, with_model: bool, is_own: bool = False) -> Candidate:
        """The version as the gate takes it.

        Args:
            with_model: whether its model is loaded.
            is_own: whether types of own code are trusted: in the process of own code only.

        Raises:
            ModelTamperedError, ModelUntrustedError: the model file cannot be trusted.
        """
        model = None
        if with_model:
            content = (self.folder / MODEL_FILE).read_bytes()
            model = read_model(content, self.contract.files[MODEL_FILE], is_own=is_own)
        kept = read_kept(self.folder, self.contract) if with_model else None
        profile, why_not = read_profile(self.folder, self.contract)
        return Candidate(
            self.number, self.contract, model, self.split, self.data_sha256, profile, kept, self.accepted, why_not
        )

    def pack(self) -> dict[str, Any]:
        """The same as JSON; `unpack` reads it."""
        return {
            "number": self.number,
            "folder": str(self.folder),
            "contract": self.contract.to_json().decode(),
            "split": None if self.split is None else dict(self.split),
            "data_sha256": self.data_sha256,
            "accepted": self.accepted,
        }


def unpack(packed: Mapping[str, Any]) -> Fetched:
    """The version that `Fetched.pack` describes."""
    folder, contract = Path(packed["folder"]), Contract.from_json(packed["contract"].encode())
    return Fetched(packed["number"], folder, contract, packed["split"], packed["data_sha256"], packed["accepted"])


def fetch(client: "MlflowClient", version: "Version", folder: Path) -> Fetched:
    """A version with its files, which are fetched unless they lie in the folder.

    Raises:
        ModelTamperedError: a file is not the one that was registered.
        RegistryAwayError: the registry does not answer.
    """
    contract = check_files(folder, version) if folder.exists() else fetch_version(client, version, folder)
    return Fetched(version.number, folder, contract, version.split, version.data_sha256, version.accepted)


def find_other_code(recipe: Recipe, *versions: Fetched) -> str:
    """Which version was trained with other own code than the recipe has now, in words; empty if none was.

    Code out of the registry is never run: only what lies beside the recipe, and only for models that were trained
    with it.
    """
    for version in versions:
        changed = [name for name, sha256 in version.contract.code.items() if _hash_own(recipe, name) != sha256]
        if changed:
            return f"version {version.number} was trained with other code than there is now ({list_words(changed)})"
    return ""


def _hash_own(recipe: Recipe, name: str) -> str:
    path = recipe.path.parent / name.removeprefix(f"{PACKAGE}/")
    return hash_file(path) if path.is_file() else ""


def judge_apart(recipe: Recipe, data_dir: Path, versions: tuple[Fetched, Fetched], trained_on: TrainedOn) -> Decision:
    """The gate's decision on two versions of which one needs own code, which runs in a process of its own.

    Args:
        recipe: beside which the code lies.
        data_dir: holds the dataset.
        versions: challenger and champion.
        trained_on: what the challenger was trained on.

    Raises:
        RelayError: the test rows are not there any more, or a model gives no scores.
    """
    challenger, champion = versions
    if differs := find_other_code(recipe, challenger, champion):
        return Decision(False, f"{differs}: promote by hand if you want it", champion.number)
    code = {**champion.contract.code, **challenger.contract.code}
    timeout = recipe.sections["model"].get("timeout")
    work = Work(
        task=TASK,
        arguments={
            "versions": [version.pack() for version in versions],
            "recipe": str(recipe.path),
            "overrides": [f"{key}={format_value(value)}" for key, value in recipe.overrides.items()],
            "data_dir": str(data_dir),
            "inputs": list(trained_on.inputs),
            "ingested": trained_on.ingested_utc,
        },
        folder=recipe.path.parent,
        module="",
        function="",
        files=code,
        shown=f"the model's own code ({list_words(code)})",
        seed=recipe.seed,
        timeout=timeout if isinstance(timeout, int | float) else None,
    )
    try:
        with Apart(work, locate_scratch(data_dir, f"gate-{recipe.name}"), f"model {recipe.name}") as apart:
            return Decision.from_json(apart.finish())
    except OwnCodeError as error:
        why = f"the comparison failed in own code: {error.message}: promote by hand if you want it"
        return Decision(False, why, champion.number)
