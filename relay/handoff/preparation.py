"""How the texts of a column were prepared: noted with the column, so that a model reads other texts in the same way."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

Cleaning = Literal["links", "notebook", "none"]
NormalForm = Literal["NFC", "NFKC", "keep"]
Apostrophes = Literal["keep", "fold"]
Case = Literal["lower", "keep"]

NOTE = b"preparation"
"""Name of the note in the metadata of an Arrow field."""


class Preparation(BaseModel):
    """What was done to each text of a column."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cleaning: Cleaning = "none"
    """links: links removed, white space made even; notebook: as the course notebook did; none: as it was written."""
    case: Case = "keep"
    normal_form: NormalForm = "keep"
    """Unicode normal form, so that é is one character however it was typed."""
    apostrophes: Apostrophes = "keep"
    """fold: every form of the apostrophe became the straight one."""

    def to_note(self) -> str:
        """The preparation as it stands in the metadata of a column."""
        return self.model_dump_json()

    @classmethod
    def from_metadata(cls, metadata: Mapping[bytes, bytes] | None) -> "Preparation":
        """The preparation that a column's metadata states; without a note the texts are as they were written."""
        note = (metadata or {}).get(NOTE)
        return cls() if note is None else cls.model_validate_json(note)
