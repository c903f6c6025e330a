"""The user's function of a training, called in the process of own code."""

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from relay.handoff.errors import ModelError, RelayError
from relay.handoff.own.child import Child
from relay.handoff.own.failure import CalledError
from relay.handoff.own.frames import describe_value
from relay.handoff.own.module import LARGEST_DATA, PACKAGE, OwnCodeError
from relay.handoff.own.reach import find_needed
from relay.handoff.own.signature import Argument
from relay.handoff.settings import ROOT
from relay.registry.model_file import list_own_types

OURS = ("model", "relay")
"""Folders of Relay's own code: an error from there is a mistake of ours, and keeps its traceback."""

NEEDED = ("fit", "predict", "get_params")


@dataclass(frozen=True)
class Own:
    """A function of the recipe's module, with the values of its parameters."""

    child: Child
    values: Mapping[str, Any]
    data: tuple[Argument, ...] = ()
    """Its data arguments."""

    @property
    def shown(self) -> str:
        """The function as messages name it."""
        return self.child.shown

    def call(self, *data: Any) -> Any:
        """What the function gives for some data.

        Raises:
            CalledError: it raised something.
        """
        return self.child.call(self.child.load(), *data, **self.values)

    @contextmanager
    def watch(self) -> Iterator[None]:
        """What a library raises while it works with the user's objects counts as raised by own code.

        Raises:
            CalledError: a library raised something.
        """
        try:
            yield
        except Exception as error:
            place = Path(traceback.extract_tb(error.__traceback__)[-1].filename)
            if isinstance(error, RelayError) or any(place.is_relative_to(ROOT / name) for name in OURS):
                raise
            raise CalledError from error

    def read_code(self, model: bytes) -> dict[str, bytes]:
        """The files of own code without which a model file cannot be loaded: name -> content.

        Raises:
            OwnCodeError: a file was changed meanwhile, or they are too large together.
        """
        sources = self.child.finder.sources
        needed = find_needed(list_own_types(model), sources)
        read = {source.shown: source.content for source in sources.sources}
        files = {name: read[name] if name in read else self._read_data(name) for name in needed}
        if changed := [name for name, content in files.items() if sha256(content).hexdigest() != needed[name]]:
            raise OwnCodeError(f"{changed[0]} was changed while the stage ran: run it again")
        if (size := sum(map(len, files.values()))) > LARGEST_DATA:
            raise OwnCodeError(
                f"the model needs {size / 1e6:,.0f} MB of files beside its code; at most {LARGEST_DATA / 1e6:g} MB are "
                "kept with a model",
                next_step="Keep large data in the model itself, as attributes of the estimator",
            )
        return files

    def _read_data(self, name: str) -> bytes:
        return (self.child.finder.folder / name.removeprefix(f"{PACKAGE}/")).read_bytes()

    def build(self) -> Any:
        """The estimator that the function gives, not fitted yet.

        Raises:
            ModelError: it gives something without scikit-learn's interface.
        """
        estimator = self.call()
        missing = [name for name in NEEDED if not callable(getattr(estimator, name, None))]
        if missing or isinstance(estimator, type):
            lacks = "a class, not an instance of it" if isinstance(estimator, type) else f"no {', '.join(missing)}"
            raise ModelError(
                f"{self.shown} gave {describe_value(estimator)} with {lacks}; expected an unfitted estimator or "
                "Pipeline with scikit-learn's interface"
            )
        return estimator
