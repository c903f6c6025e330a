"""What the page reads from the environment beside what every stage reads."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relay.handoff.settings import API_URL, SERVE_DIR, Settings, read_settings
from relay.handoff.variables import MOST_PORT, Variable, text, whole

PAGE_PORT = whole("PAGE_PORT", "port of the page", 8501, most=MOST_PORT)
PAGE_ADDRESS = text("PAGE_ADDRESS", "where the page listens", "127.0.0.1", "127.0.0.1, this machine only")
"""Anyone who reaches the page can run the recipes that are there: other machines reach it only where this says so."""
PAGE_UPLOAD_MB = whole("PAGE_UPLOAD_MB", "largest file that the page takes, in MB", 200, most=100_000)
"""Anyone who reaches the page can upload files of this size; while a file arrives, the page holds it in memory."""
AIRFLOW_URL = text(
    "AIRFLOW_URL", "Airflow, which starts a scheduled run from the page, http://host:port", shown="no schedule"
)
AIRFLOW_USER = text("AIRFLOW_USER", "user of Airflow", "admin")
AIRFLOW_PASSWORD_FILE = text("AIRFLOW_PASSWORD_FILE", "file with that user's password")

VARIABLES: tuple[Variable[Any], ...] = (
    *(PAGE_PORT, PAGE_ADDRESS, PAGE_UPLOAD_MB, API_URL, SERVE_DIR, AIRFLOW_URL, AIRFLOW_USER, AIRFLOW_PASSWORD_FILE),
)
"""Every variable of the page alone."""


@dataclass(frozen=True)
class PageSettings(Settings):
    """The settings of the stages, and whom the page asks."""

    upload_mb: int = PAGE_UPLOAD_MB.default
    """Largest file that the page takes, in MB."""
    api_url: str = API_URL.default
    """Where the page asks for predictions; empty: it asks the registry's model itself."""
    serve_dir: Path | None = SERVE_DIR.default
    """Folder of serving; None: `serve/` in the data folder."""
    airflow_url: str = AIRFLOW_URL.default
    """Where the page starts a scheduled run; empty: there is no schedule."""
    airflow_user: str = AIRFLOW_USER.default
    airflow_password_file: str = AIRFLOW_PASSWORD_FILE.default

    @property
    def monitor_dir(self) -> Path:
        """Where the monitor's store in SQLite is."""
        return self.serve_dir or self.data_dir / "serve"


def read_page_settings(environment: Mapping[str, str] = os.environ) -> PageSettings:
    """The settings that the environment names; an empty variable counts as not set.

    Raises:
        UsageError: a variable of the stages has an unsupported value.
    """
    return PageSettings(
        **vars(read_settings(environment)),
        upload_mb=PAGE_UPLOAD_MB.of(environment),
        api_url=API_URL.of(environment).rstrip("/"),
        serve_dir=SERVE_DIR.of(environment),
        airflow_url=AIRFLOW_URL.of(environment).rstrip("/"),
        airflow_user=AIRFLOW_USER.of(environment),
        airflow_password_file=AIRFLOW_PASSWORD_FILE.of(environment),
    )
