"""The models that may be served now, and why others may not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Protocol

from relay.registry.contract import Contract
from serve.errors import ModelNotReadyError, SeveralModelsError, UnknownThingError
from serve.predictor import Predictor
from serve.schema import Schema


@dataclass(frozen=True, slots=True)
class VersionRef:
    """A version that holds the alias: what a registry says of it."""

    model: str
    version: str
    run_id: str
    contract_sha256: str
    """Vouches for the contract, which vouches for the model's files."""
    since: str = field(default="", compare=False)
    """When it was promoted, UTC; empty when its alias was set outside Relay. A version promoted again is the same."""
    lineage_sha256: str = ""
    """Of its lineage; empty for a version of release 0.1."""


@dataclass(frozen=True, slots=True)
class Served:
    """One version, loaded and checked. A request takes one at its start and uses it to its end."""

    ref: VersionRef
    contract: Contract
    schema: Schema = field(repr=False)
    predictor: Predictor = field(repr=False)
    lineage: Mapping[str, Any] | None = field(repr=False, default=None)
    """From the version back to the source's bytes; None where the version came without."""

    @property
    def model(self) -> str:
        """Its name in the registry."""
        return self.ref.model

    @property
    def version(self) -> str:
        """Its version."""
        return self.ref.version


@dataclass(frozen=True, slots=True)
class Status:
    """How a model stands."""

    model: str
    served: Served | None = None
    why: str = "the registry was not asked yet"
    """Why no version is served, or why a newer one is not; empty when all is well."""
    next_step: str = ""
    asked_unix: float | None = None
    """When the registry last said who holds the alias."""
    away_since_unix: float | None = None
    """Since when the registry does not answer; None while it does."""

    @property
    def is_ready(self) -> bool:
        """Whether requests are answered."""
        return self.served is not None


class ModelStore(Protocol):
    """What requests ask for models."""

    def get(self, name: str | None) -> Served:
        """The version to serve now; without a name that of the model that answers `/predict`.

        Raises:
            UnknownThingError: there is no model of this name.
            ModelNotReadyError: it has no version that may be served.
            SeveralModelsError: no name was given, and several models are served with none of them preferred.
        """

    def all(self) -> tuple[Served, ...]:
        """All versions that are served now."""

    def status(self) -> Mapping[str, Status]:
        """How each model stands, in the order of the settings."""

    @property
    def why_none(self) -> tuple[str, str]:
        """Why there is no model, and what to do next."""


NONE_YET = (
    "no model has a version in production",
    "train one (`python -m model RECIPE`), or promote one (`python -m model promote NAME VERSION`); it is then served",
)


class MemoryStore:
    """Models in this process. One assignment swaps a version: a reader sees the old one or the new one."""

    def __init__(self, names: Iterable[str], preferred: str = "") -> None:
        """Follow these models; without names, every model that is added.

        Args:
            names: of MODEL_URI; the first answers `/predict`.
            preferred: without names, the model that answers `/predict`; empty for the only one.
        """
        self._status: Mapping[str, Status] = MappingProxyType({name: Status(name) for name in names})
        self.is_open = not self._status
        self.why_none = NONE_YET
        self._preferred = preferred

    def get(self, name: str | None) -> Served:
        """The version to serve now, as `ModelStore.get`."""
        states = self._status
        name = name or self._choose(states)
        status = states.get(name)
        if status is None:
            known = "served are" if self.is_open else "configured are"
            raise UnknownThingError(f"found no model {name}; {known} {', '.join(states) or 'none'}")
        if status.served is None:
            raise ModelNotReadyError(f"{name}: {status.why}. {status.next_step}".rstrip(". ") + ".")
        return status.served

    def _choose(self, states: Mapping[str, Status]) -> str:
        """The model that answers without a name."""
        if not states:
            raise ModelNotReadyError(f"{self.why_none[0]}: {self.why_none[1]}")
        if not self.is_open or (len(states) == 1 and not self._preferred):
            return next(iter(states))
        if self._preferred in states:
            return self._preferred
        if self._preferred:
            raise ModelNotReadyError(
                f"PREDICT_MODEL={self._preferred}: it has no version in production. Served are {', '.join(states)}, "
                "each at POST /models/NAME/predict"
            )
        raise SeveralModelsError(
            f"{len(states)} models are served: {', '.join(states)}. Name one in the path, POST "
            f"/models/{next(iter(states))}/predict, or start the service with PREDICT_MODEL={next(iter(states))}"
        )

    def all(self) -> tuple[Served, ...]:
        """All versions that are served now."""
        return tuple(status.served for status in self._status.values() if status.served is not None)

    def status(self) -> Mapping[str, Status]:
        """How each configured model stands."""
        return self._status

    def add(self, name: str) -> None:
        """Follow one more model, in the order of their names."""
        found = {**self._status, name: self._status.get(name, Status(name))}
        self._status = MappingProxyType(dict(sorted(found.items())))

    def remove(self, name: str) -> None:
        """Follow a model no longer."""
        self._status = MappingProxyType({one: status for one, status in self._status.items() if one != name})

    def swap(self, served: Served) -> None:
        """Serve this version from the next request on; requests under way keep theirs."""
        self.note(served.model, served=served, why="", next_step="")

    def withdraw(self, name: str, why: str, next_step: str) -> None:
        """Serve no version of a model from the next request on."""
        self.note(name, served=None, why=why, next_step=next_step)

    def note(self, name: str, **changes: Any) -> None:
        """Change what is known of a model."""
        self._status = MappingProxyType({**self._status, name: replace(self._status[name], **changes)})
