"""What the page reads from the environment beside what every stage reads."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from relay.handoff.settings import Settings, read_settings

ENVIRONMENT = {
    "PAGE_PORT": "port of the page (empty: 8501)",
    "PAGE_ADDRESS": "where the page listens (empty: 127.0.0.1, this machine only)",
    "API_URL": "the API that the page asks for predictions, http://host:port (empty: the registry's model, not logged)",
    "AIRFLOW_URL": "Airflow, which starts a scheduled run from the page, http://host:port (empty: no schedule)",
    "AIRFLOW_USER": "user of Airflow (empty: admin)",
    "AIRFLOW_PASSWORD_FILE": "file with that user's password",
}
"""Every variable of the page alone."""


@dataclass(frozen=True)
class PageSettings(Settings):
    """The settings of the stages, and whom the page asks."""

    api_url: str = ""
    """Where the page asks for predictions; empty: it asks the registry's model itself."""
    airflow_url: str = ""
    """Where the page starts a scheduled run; empty: there is no schedule."""
    airflow_user: str = "admin"
    airflow_password_file: str = ""


def read_page_settings(environment: Mapping[str, str] = os.environ) -> PageSettings:
    """The settings that the environment names; an empty variable counts as not set.

    Raises:
        UsageError: a variable of the stages has an unsupported value.
    """
    return PageSettings(
        **vars(read_settings(environment)),
        api_url=(environment.get("API_URL") or "").rstrip("/"),
        airflow_url=(environment.get("AIRFLOW_URL") or "").rstrip("/"),
        airflow_user=environment.get("AIRFLOW_USER") or "admin",
        airflow_password_file=environment.get("AIRFLOW_PASSWORD_FILE") or "",
    )
