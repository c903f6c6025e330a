"""How the last backup ended, for Prometheus: node-exporter reads `logs/metrics/backup.prom`, an alert is made of it."""

import os
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path

SUCCESS, LAST_SUCCESS = "relay_backup_success", "relay_backup_last_success_timestamp_seconds"
HEADS = {
    SUCCESS: "1 when the last backup succeeded, 0 when it failed.",
    LAST_SUCCESS: "When a backup last succeeded; 0 when none has.",
}
FILE = Path("metrics") / "backup.prom"


def find_logs(environment: "Mapping[str, str]", env_file: Path = Path(".env")) -> Path:
    """The folder of the logs, as compose sees it.

    Args:
        environment: goes before the file.
        env_file: the variables of compose.
    """
    text = env_file.read_text(encoding="utf-8") if env_file.exists() else ""
    for name in ("HOST_LOG_DIR", "RELAY_LOGS"):
        said = re.findall(rf"^{name}=(.+)$", text, re.M)
        if folder := environment.get(name, said[-1].strip().strip("\"'") if said else ""):
            return Path(folder)
    return Path("logs")


def note_end(logs: Path, *, is_success: bool) -> None:
    """Write how a backup ended. Where the folder cannot be written, say so: the copy counts, not its figures."""
    path = logs / FILE
    part = path.with_name(f"{path.name}.{os.getpid()}.new")  # no .prom: it must not be read by halves
    try:
        last = time.time() if is_success else read_last(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(format_figures(is_success=is_success, last=last), encoding="utf-8")
        part.chmod(0o644)  # the exporter is another user
        part.replace(path)
    except OSError as error:
        print(f"No alert will tell of this backup: {path} cannot be written: {error.strerror}", file=sys.stderr)  # noqa: T201


def read_last(path: Path) -> float:
    """When a backup last succeeded, by the file; 0 when it does not say."""
    found = (
        re.search(rf"^{LAST_SUCCESS} ([0-9.e+]+)$", path.read_text(encoding="utf-8"), re.M) if path.exists() else None
    )
    return float(found[1]) if found else 0.0


def format_figures(*, is_success: bool, last: float) -> str:
    """The file, in Prometheus's text format."""
    values = {SUCCESS: f"{is_success:d}", LAST_SUCCESS: f"{last:.3f}"}
    return "".join(
        f"# HELP {name} {help_}\n# TYPE {name} gauge\n{name} {values[name]}\n" for name, help_ in HEADS.items()
    )
