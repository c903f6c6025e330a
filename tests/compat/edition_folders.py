"""The folders that release 0.1 left, and where their parts lie; README.md says how they were made."""

import lzma
import tarfile
from dataclasses import dataclass
from pathlib import Path

from relay.handoff.settings import Settings

ARCHIVE = Path(__file__).resolve().parent / "edition_0_1.tar.xz"
EDITION_MODELS = ("linear", "visits", "flowers", "styles", "papers")


@dataclass(frozen=True)
class Edition:
    """The data, logs and recipes that release 0.1 left."""

    root: Path

    @property
    def data(self) -> Path:
        """The datasets, the results, the registry and the folder of the service."""
        return self.root / "data"

    @property
    def logs(self) -> Path:
        """The journal and the logs."""
        return self.root / "logs"

    @property
    def settings(self) -> Settings:
        """Settings that name these folders, with the embedded registry."""
        return Settings(data_dir=self.data, log_dir=self.logs)

    def recipe(self, name: str) -> str:
        """A recipe as one types it; `linear` is the project's own."""
        return name if name == "linear" else str(self.root / "recipes" / f"{name}.toml")


def unpack(folder: Path) -> Edition:
    """The archive's folders below an empty folder, which is not the one in which they were made."""
    with lzma.open(ARCHIVE) as file, tarfile.open(fileobj=file) as tar:
        tar.extractall(folder, filter="data")
    return Edition(folder)
