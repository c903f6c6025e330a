"""The models that may be served now, and why others may not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Protocol

from relay.registry.contract import Contract
from serve.errors import ModelNotReadyError, UnknownThingError
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
    since: str = ""
    """When it was promoted, UTC."""
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
        """The version to serve now; without a name that of the first model.

        Raises:
            UnknownThingError: no model of this name is configured.
            ModelNotReadyError: it has no version that may be served.
        """

    def all(self) -> tuple[Served, ...]:
        """All versions that are served now."""

    def status(self) -> Mapping[str, Status]:
        """How each configured model stands, in the order of the settings."""


class MemoryStore:
    """Models in this process. One assignment swaps a version: a reader sees the old one or the new one."""

    def __init__(self, names: Iterable[str]) -> None:
        self._status: Mapping[str, Status] = MappingProxyType({name: Status(name) for name in names})

    def get(self, name: str | None) -> Served:
        """The version to serve now, as `ModelStore.get`."""
        states = self._status
        if name is None:
            if not states:
                raise ModelNotReadyError(
                    "no model is configured: set MODEL_URI=models:/<name>@production and start again"
                )
            name = next(iter(states))
        status = states.get(name)
        if status is None:
            raise UnknownThingError(f"found no model {name}; configured are {', '.join(states) or 'none'}")
        if status.served is None:
            raise ModelNotReadyError(f"{name}: {status.why}. {status.next_step}".rstrip(". ") + ".")
        return status.served

    def all(self) -> tuple[Served, ...]:
        """All versions that are served now."""
        return tuple(status.served for status in self._status.values() if status.served is not None)

    def status(self) -> Mapping[str, Status]:
        """How each configured model stands."""
        return self._status

    def swap(self, served: Served) -> None:
        """Serve this version from the next request on; requests under way keep theirs."""
        self.note(served.model, served=served, why="", next_step="")

    def withdraw(self, name: str, why: str, next_step: str) -> None:
        """Serve no version of a model from the next request on."""
        self.note(name, served=None, why=why, next_step=next_step)

    def note(self, name: str, **changes: Any) -> None:
        """Change what is known of a model."""
        self._status = MappingProxyType({**self._status, name: replace(self._status[name], **changes)})
