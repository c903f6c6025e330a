"""A workshop: folders of one test, a recipe that is at home there, and the stages as forked processes."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from stage_process import Ended, Folders, fork_stage
from whole_data import list_leftovers

LOG_LINE = re.compile(r"\d\d:\d\d:\d\d (DEBUG|INFO|WARNING|ERROR) +\S")


@dataclass(frozen=True)
class Workshop:
    """Where the stages of a test read and write."""

    home: Path
    """Recipes and the files that they read."""
    folders: Folders

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folders.data

    def write(self, name: str, content: str | bytes) -> Path:
        """Put a file beside the recipes."""
        path = self.home / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run(self, stage: str, *arguments: str | Path, **environment: str) -> Ended:
        """How a stage ends."""
        output = self.home / "said"
        return fork_stage(stage, *arguments, folders=self.folders, output=output, environment=environment).end()

    def succeed(self, stage: str, *arguments: str | Path, **environment: str) -> str:
        """Run a stage that must succeed; gives what it said."""
        ended = self.run(stage, *arguments, **environment)
        assert ended.code == 0, ended.said
        return ended.said

    def refuse(self, stage: str, *arguments: str | Path, code: int = 1, **environment: str) -> str:
        """Run a stage that must fail, in one line and without touching the data; gives the line."""
        before = self.picture()
        ended = self.run(stage, *arguments, **environment)
        assert self.picture() == before
        return require_one_line(ended, code)

    def picture(self) -> dict[str, str]:
        """Path -> SHA-256 of all data, but not of what a failed run may leave: its rejected rows."""
        assert list_leftovers(self.data) == []
        files = [path for path in self.data.rglob("*") if path.is_file() and not path.name.endswith(".failed.parquet")]
        names = {str(path.relative_to(self.data)): path for path in files}
        return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in names.items() if name[0] != "."}


def require_one_line(ended: Ended, code: int) -> str:
    """The one error line of a process that ended with this code, and said nothing that is no log line."""
    assert ended.code == code, ended.said
    assert [line for line in ended.said.splitlines() if not LOG_LINE.match(line)] == []
    assert len(ended.errors) == 1, ended.said
    return ended.errors[0]
