"""Keep what runs leave behind within bounds: rows and logs older than a month go, once a day."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

KEEP = timedelta(days=30)
DAY_SECONDS = 86_400.0


def main() -> None:
    """Clean once a day, the first time a day after the start."""
    while True:
        time.sleep(DAY_SECONDS)
        until = datetime.now(UTC) - KEEP
        remove_logs(Path(os.environ["AIRFLOW_HOME"]) / "logs", until)
        command = ["airflow", "db", "clean", "--clean-before-timestamp", until.isoformat(), "--yes", "--skip-archive"]
        if subprocess.run(command, check=False).returncode != 0:  # noqa: S603 - a fixed command
            print("the tables were not cleaned: it is tried again tomorrow", file=sys.stderr)  # noqa: T201 - the log


def remove_logs(folder: Path, until: datetime) -> None:
    """Remove the files that were last written before then, and the folders that are empty after it."""
    # The deepest first, so that a folder is looked at after what is in it.
    for path in sorted(folder.rglob("*"), key=lambda path: -len(path.parts)):
        is_old = path.lstat().st_mtime < until.timestamp()
        if path.is_dir() and not path.is_symlink():
            if is_old and not any(path.iterdir()):
                path.rmdir()
        elif is_old:
            path.unlink()


if __name__ == "__main__":
    main()
