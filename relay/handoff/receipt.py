"""The receipt beside a dataset: what it is, and why it looks the way it does."""

import json
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from relay.handoff.errors import DatasetDamagedError
from relay.handoff.files import hash_json
from relay.handoff.renamed_keys import rename_parameters

FILES_SHOWN = 3
"""Changed files of code, or packages, that a message names; an update touches dozens."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Key(_Record):
    """Everything that decides the bytes of a dataset: code, packages, parameters and inputs."""

    code: dict[str, str]
    """Path below the project -> SHA-256."""
    parameters: dict[str, Any]
    """Dotted name -> value, overrides applied."""
    inputs: dict[str, str]
    """Name of what is read -> fingerprint."""
    packages: dict[str, str] = {}
    """Distribution -> pinned version; edition 0.1 kept the whole lock as a file of code."""

    @property
    def digest(self) -> str:
        """The SHA-256 of all of them: equal keys promise equal bytes."""
        return hash_json(self.model_dump())


class Unpacked(_Record):
    """A file that lay compressed in another one."""

    name: str
    bytes: int
    """Unpacked."""


class Origin(_Record):
    """Where raw bytes came from."""

    where: str
    """URL, path or package with version."""
    sha256: str
    bytes: int
    fetched_at_utc: str | None = None
    may_be_cut: bool = False
    """Whether the server said neither a length nor chunks, so that a lost connection looks like the file's end."""
    found: dict[str, str] = {}
    """Key of the recipe, such as `delimiter` -> what was found by looking at the file, where the recipe does not say
    it."""
    unpacked: list[Unpacked] = []
    """What was read of a compressed file or an archive."""
    left_out: list[str] = []
    """What an archive holds beside it."""


class Rejects(_Record):
    """The rows that did not match the schema, and the file that keeps them."""

    rows: int = 0
    reasons: dict[str, int] = {}
    fingerprint: str | None = None
    """SHA-256 of `data/rejected/<stage>/<recipe>.parquet`; None when no row was rejected or left out by `skip_if`."""


class ColumnWarning(_Record):
    """Something about a column that a person should look at; it travels with the rows into the findings."""

    column: str
    text: str


class AnsweredBy(_Record):
    """The version of a model whose answers a file holds."""

    model: str
    version: int
    run_id: str
    """Of the training, in the registry."""
    contract_sha256: str
    """Of its contract, which vouches for all its files."""
    unseen: dict[str, int] = {}
    """Column -> answered rows with a category that no training row had, where the model is one of Relay's own
    pipelines."""


def name_part(index: int) -> str:
    """The name of a part without its ending: part-00000."""
    return f"part-{index:05d}"


class Part(_Record):
    """One file of a dataset in parts."""

    rows: int
    sha256: str
    bytes: int


class Parts(_Record):
    """The files of a dataset in parts: `<recipe>.parts/<folder>/part-00000.parquet` and so on."""

    folder: str
    before: str = ""
    """The folder that the receipt before named; it is kept for those who still read it."""
    files: list[Part]
    """In the order of the rows; numbers count from 0."""

    @property
    def digests(self) -> dict[str, str]:
        """File name -> SHA-256."""
        return {f"{name_part(index)}.parquet": part.sha256 for index, part in enumerate(self.files)}


class Receipt(_Record):
    """What stands in `<recipe>.json` beside `<recipe>.parquet`, or beside the folder of its parts."""

    stage: str
    recipe: str
    title: str
    fingerprint: str
    bytes: int
    rows: int
    columns: list[dict[str, Any]]
    key: Key
    key_digest: str
    overrides: dict[str, Any]
    sources: list[Origin]
    rejected: Rejects
    dropped: dict[str, int]
    """Reason -> rows or documents that the recipe asked to leave out."""
    seed: int
    versions: dict[str, str]
    started_at_utc: str
    seconds: float
    files: dict[str, str] = {}
    """For a folder of results: file name -> SHA-256."""
    warnings: list[ColumnWarning] = []
    """Of ingest, for the columns that the dataset still has."""
    rows_read: int | None = None
    """Rows that a user's function gave, where one made the dataset."""
    way_back: str = ""
    """Where a user's function made the dataset: the column with the number of the raw row, or "regrouped"."""
    split_by: Literal["", "hash", "group", "time", "function"] = ""
    """What divided processed rows into train and test; a function where it gave the column `split` itself."""
    first_test_utc: str = ""
    """Divided by time: the moment from which on rows test; all training rows are earlier."""
    answered_by: AnsweredBy | None = None
    """Of a file of predictions; a receipt of anything else is written without it."""
    parts: Parts | None = None
    """Of a dataset in parts; its fingerprint is the SHA-256 of their SHA256SUMS. None for one file."""

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters in the key by today's names, of an older receipt too."""
        return rename_parameters(self.stage, self.key.parameters)

    def to_json(self) -> str:
        """The receipt as a readable file, closed by the digest of itself."""
        # What only files of predictions, or datasets in parts, have is left out: earlier releases read the others.
        absent = {name for name in ("answered_by", "parts") if getattr(self, name) is None}
        body = self.model_dump(mode="json", exclude=absent)
        return json.dumps({**body, "receipt_sha256": hash_json(body)}, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, path: Path) -> Self:
        """The receipt in a file.

        Raises:
            FileNotFoundError: there is none.
            DatasetDamagedError: it was edited or cut since it was written.
        """
        try:
            body = json.loads(path.read_bytes())
            claimed = body.pop("receipt_sha256", None)
            receipt = cls.model_validate(body)
        except (ValueError, AttributeError, TypeError, ValidationError):
            raise DatasetDamagedError(f"{path}: not a receipt any more (cut or edited)") from None
        if claimed != hash_json(body):
            raise DatasetDamagedError(f"{path}: the receipt was edited after it was written")
        return receipt


def explain_difference(old: Key, new: Key) -> list[str]:
    """What differs between two keys, in words: `parameter test_share 0.2 -> 0.3`."""
    changed = [path for path in sorted({*old.code, *new.code}) if old.code.get(path) != new.code.get(path)]
    lines = [f"code {path}" for path in changed[:FILES_SHOWN]]
    if changed[FILES_SHOWN:]:
        lines.append(f"code of {len(changed) - FILES_SHOWN} more files")
    lines += _explain_packages(old.packages, new.packages)
    for name in sorted({*old.parameters, *new.parameters}):
        before, after = old.parameters.get(name), new.parameters.get(name)
        if before != after:
            lines.append(f"parameter {name} {_show(before)} -> {_show(after)}")
    names = sorted({*old.inputs, *new.inputs})
    return lines + [f"input {name}" for name in names if old.inputs.get(name) != new.inputs.get(name)]


def _explain_packages(old: dict[str, str], new: dict[str, str]) -> list[str]:
    changed = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    lines = [f"package {name} {old.get(name, '(none)')} -> {new.get(name, '(none)')}" for name in changed[:FILES_SHOWN]]
    return [*lines, f"{len(changed) - FILES_SHOWN} more packages"] if changed[FILES_SHOWN:] else lines


def flatten(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as one level of dotted names; lists stay whole."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict) and value:
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _show(value: Any) -> str:
    return "(none)" if value is None else json.dumps(value, ensure_ascii=False)
