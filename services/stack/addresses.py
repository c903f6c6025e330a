"""Where a browser finds what runs."""

from collections.abc import Iterable, Mapping

from services.stack.docker import Container
from services.stack.ports import LOOPBACK, list_published

PATHS = {
    "PAGE_PORT": ("http", "", "the page"),
    "MLFLOW_PORT": ("http", "", "MLflow: runs and models"),
    "API_PORT": ("http", "/docs", "the prediction API"),
    "GRAFANA_PORT": ("http", "", "Grafana: dashboards (user admin, password in secrets/grafana_password)"),
    "PROMETHEUS_PORT": ("http", "", "Prometheus: figures and alerts"),
    "AIRFLOW_PORT": ("http", "", "Airflow: the schedule (user admin, password in secrets/airflow_password)"),
    "CLUSTER_PORT": ("http", "/status", "the cluster's dashboard: workers and tasks"),
    "GATEWAY_PORT": ("http", "", "the gateway to MLflow"),
    "GATEWAY_API_PORT": ("http", "/docs", "the gateway to the API"),
    "GATEWAY_TLS_PORT": ("https", "", "the gateway to MLflow, with TLS"),
    "API_TLS_PORT": ("https", "/docs", "the prediction API, with TLS"),
    "POSTGRES_PORT": ("postgresql", "/relay", "PostgreSQL (password in secrets/postgres_password; make psql)"),
}
"""Variable -> scheme, path and what is there, in the order in which they are shown."""
USERS = {"GRAFANA_PORT": "GRAFANA_USER", "AIRFLOW_PORT": "AIRFLOW_USER"}


def list_addresses(settings: "Mapping[str, str]", containers: "Iterable[Container]") -> "list[str]":
    """A line for each address that something running listens at.

    Args:
        settings: the variables.
        containers: of the project.

    Raises:
        StackError: a variable is no port.
    """
    running = {one.service for one in containers if one.state == "running"}
    published = list_published(settings, ["*"])
    host = settings.get("BIND_ADDRESS") or "127.0.0.1"
    host = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
    lines = []
    for variable, (scheme, path, what) in PATHS.items():
        if variable not in published or published[variable][0] not in running:
            continue
        if user := settings.get(USERS.get(variable, "")):
            what = what.replace("user admin", f"user {user}")
        port = published[variable][1]
        at = "localhost" if variable in LOOPBACK else host
        where = f"{scheme}://{at}{'' if (scheme, port) in (('http', 80), ('https', 443)) else f':{port}'}{path}"
        lines.append(f"  {where:<34} {what}")
    return lines
