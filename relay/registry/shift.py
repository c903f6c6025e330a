"""A person's word that the data of a version in production have shifted, and that later versions may follow."""

import json
from typing import TYPE_CHECKING

from relay.registry.promotion import now_utc
from relay.registry.versions import SHIFT, Version, read_version

if TYPE_CHECKING:
    from mlflow import MlflowClient


def accept_shift(client: "MlflowClient", name: str, number: int, by: str, why: str) -> Version:
    """Note with a version that its data have shifted; the gate then no longer holds new data against it.

    Args:
        client: of the registry.
        name: the model.
        number: the version in production.
        by: who says so.
        why: in a sentence.

    Raises:
        RegistryEmptyError: no such version.
    """
    note = json.dumps({"at": now_utc(), "by": by, "why": why}, ensure_ascii=False)
    version = read_version(client, name, number)
    client.set_model_version_tag(name, str(version.number), SHIFT, note)
    return read_version(client, name, number)
