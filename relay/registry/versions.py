"""The versions of a model as the registry knows them, and the tags in which a version says what it is.

The tags are the whole record: there is no second one that could disagree.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relay.handoff.files import hash_json
from relay.handoff.receipt import Receipt
from relay.handoff.recipe import Recipe
from relay.registry.errors import RegistryEmptyError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

PRODUCTION = "production"
"""The alias of the version that is served; at most one version of a model holds it."""

PREFIX = "relay."
RECIPE = "relay.recipe"
DATA = "relay.data_sha256"
MODEL_SHA256 = "relay.model_sha256"
CONTRACT_SHA256 = "relay.contract_sha256"
LINEAGE_SHA256 = "relay.lineage_sha256"
"""Versions of release 0.1 have none."""
RESULT = "relay.result"
SCORE = "relay.score"
GATE = "relay.gate"
UNSERVED = "relay.unserved"
"""Why no program answers by the version, in words; a version without the tag may be served."""
SIGNED_BY = "relay.signed_by"
"""Name of the key that signed the version's own code, or `none`; a version without own code has no such tag."""
SPLIT = "relay.split"
SHIFT = "relay.shift_accepted"
"""When, by whom and why it was accepted that the data have shifted since the version was trained."""
PROBATION = "relay.probation"
"""Why the version was rolled back within its probation, by whom, when, and on which evidence."""
PERIOD = "relay.tenure."
"""Start of the tags of production periods: the name that release 0.1 gave them, and that registries are full of."""


def identify_result(receipt: Receipt) -> str:
    """What tells one training from any other: its key, its files and when it began."""
    return hash_json([receipt.key_digest, receipt.fingerprint, receipt.started_at_utc])[:32]


@dataclass(frozen=True)
class ProductionPeriod:
    """A time during which a version was production, or was about to be."""

    number: int
    """The first of a version is 1."""
    since: str
    """UTC, as 2026-11-20T10:03:18.123456Z."""
    until: str | None
    by: str
    why: str
    before: int | None
    """The version that a rollback of this one would bring back."""
    undoes: int | None = None
    """The version that was rolled back by this promotion."""
    ended_why: str = ""

    def to_tag(self) -> tuple[str, str]:
        """Key and value of the tag that keeps it."""
        fields = {"since": self.since, "until": self.until, "by": self.by, "why": self.why, "before": self.before}
        more = {"undoes": self.undoes, "ended_why": self.ended_why}
        return f"{PERIOD}{self.number:04d}", json.dumps(fields | more, ensure_ascii=False)


@dataclass(frozen=True)
class Version:
    """One version of a model."""

    name: str
    number: int
    run_id: str
    created_unix: float
    """Seconds since 1970-01-01 UTC."""
    is_production: bool
    """Whether it held the alias when it was read."""
    tags: Mapping[str, str]

    @property
    def recipe(self) -> str:
        """The recipe that it was trained by."""
        return self.tags.get(RECIPE, "")

    @property
    def data_sha256(self) -> str:
        """Fingerprint of the dataset that it was trained on."""
        return self.tags.get(DATA, "")

    @property
    def model_sha256(self) -> str | None:
        """Of its model file; None for a version that was not registered by Relay."""
        return self.tags.get(MODEL_SHA256)

    @property
    def score(self) -> tuple[str, float] | None:
        """Name and value of the metric that decides."""
        found = _read(self.tags.get(SCORE))
        return (str(found["name"]), float(found["value"])) if found else None

    @property
    def split(self) -> dict[str, Any] | None:
        """What decided which rows are test rows; None when nobody knows."""
        return _read(self.tags.get(SPLIT))

    @property
    def unserved(self) -> str:
        """Why no program answers by it, in words; empty where it may be served, and in older registries."""
        return self.tags.get(UNSERVED, "")

    @property
    def signed_by(self) -> str:
        """Name of the key that signed its own code, `none` without a signature; empty where it has no own code."""
        return self.tags.get(SIGNED_BY, "")

    @property
    def gate(self) -> dict[str, Any] | None:
        """What the gate decided and why; None when it was not asked yet."""
        return _read(self.tags.get(GATE))

    @property
    def accepted(self) -> str:
        """Who accepted when and why that its data have shifted, in words; empty where that was not done."""
        found = _read(self.tags.get(SHIFT))
        return f"by {found['by']} on {found['at'][:10]} ({found['why']})" if found else ""

    @property
    def probation(self) -> dict[str, Any] | None:
        """Why it was rolled back within its probation; None where it was not."""
        return _read(self.tags.get(PROBATION))

    @property
    def periods(self) -> list[ProductionPeriod]:
        """The times in which it was production, oldest first."""
        return [ProductionPeriod(number=number, **fields) for number, fields in read_periods(self.tags).items()]


def read_periods(tags: Mapping[str, str]) -> dict[int, dict[str, Any]]:
    """Number -> what a version's tags say of each time in which it was production, oldest first."""
    keys = sorted(key for key in tags if key.startswith(PERIOD))
    notes = {int(key.removeprefix(PERIOD)): _read(tags[key]) for key in keys}
    return {number: fields for number, fields in notes.items() if fields is not None}


def find_since(tags: Mapping[str, str]) -> str:
    """Since when the version that holds the alias is production, UTC; empty when the alias was moved outside Relay.

    Args:
        tags: of the version.
    """
    periods = list(read_periods(tags).values())
    return str(periods[-1].get("since") or "") if periods and periods[-1].get("until") is None else ""


def name_model(recipe: Recipe) -> str:
    """The name of a recipe's model in the registry."""
    return str(recipe.sections["model"].get("name") or recipe.name)


def require_digest(name: str, number: int, tags: Mapping[str, str], hint: str = "") -> str:
    """The SHA-256 of a version's contract, which vouches for all its files.

    Args:
        name: of the model.
        number: of the version.
        tags: of the version.
        hint: what to do without one, for the message.

    Raises:
        RegistryEmptyError: the version was not registered by Relay.
    """
    if CONTRACT_SHA256 not in tags:
        raise RegistryEmptyError(
            f"version {number} of {name} was not registered by Relay: it has no digest to check{hint}"
        )
    return tags[CONTRACT_SHA256]


def list_versions(client: "MlflowClient", name: str) -> list[Version]:
    """All versions of a model, the newest first; none when there is no such model."""
    production = find_alias(client, name)
    found = []
    token = None
    while True:
        page = client.search_model_versions(f"name='{name}'", max_results=500, page_token=token)
        found += [_describe(version, production) for version in page]
        token = page.token
        if not token:
            return sorted(found, key=lambda version: version.number, reverse=True)


def read_version(client: "MlflowClient", name: str, number: int) -> Version:
    """One version.

    Raises:
        RegistryEmptyError: there is none of this number.
    """
    from mlflow.exceptions import MlflowException

    try:
        found = client.get_model_version(name, str(number))
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        raise RegistryEmptyError(f"the registry holds no version {number} of {name}") from None
    return _describe(found, find_alias(client, name))


def find_alias(client: "MlflowClient", name: str, alias: str = PRODUCTION) -> int | None:
    """The number of the version that holds the alias; None when none does."""
    from mlflow.exceptions import MlflowException

    try:
        return int(client.get_model_version_by_alias(name, alias).version)
    except MlflowException as error:
        # An unknown alias is an invalid parameter to MLflow, an unknown model a missing resource.
        if error.error_code in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"):
            return None
        raise


def find_production(client: "MlflowClient", name: str) -> Version | None:
    """The version that holds `production`."""
    number = find_alias(client, name)
    return None if number is None else read_version(client, name, number)


def _describe(found: "ModelVersion", production: int | None) -> Version:
    return Version(
        name=found.name,
        number=int(found.version),
        run_id=found.run_id or "",
        created_unix=found.creation_timestamp / 1000,
        is_production=int(found.version) == production,
        tags=dict(found.tags),
    )


def _read(tag: str | None) -> dict[str, Any] | None:
    """A tag's JSON; None where somebody wrote something else into it."""
    try:
        value = json.loads(tag or "null")
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
