"""What make says of a container that is not well, and where it says that the others are."""

import pytest

from services.stack.addresses import PATHS, list_addresses
from services.stack.docker import Container
from services.stack.ports import PORTS, TLS_PORTS
from services.stack.ready import is_serving, list_reasons
from services.stack.reasons import describe_state, find_reason

LOGS = {
    "a stage's error": (
        ["12:00:01 INFO    ingest credit", "12:00:02 ERROR   recipes/credit.toml: [modle]: did you mean [model]?"],
        "recipes/credit.toml: [modle]: did you mean [model]?",
    ),
    "in colour": (["\x1b[2m12:00:02\x1b[0m \x1b[31mERROR  \x1b[0m no such file"], "no such file"),
    "the last error, not the last line": (["10:00:00 ERROR   one", "10:00:01 ERROR   two", "bye"], "two"),
    "MLflow": (["MLflow does not start: runs are in PostgreSQL"], "MLflow does not start: runs are in PostgreSQL"),
    "PostgreSQL": (
        ["psql:/setup/setup.sql:33: ERROR:  nothing is set up"],
        "psql:/setup/setup.sql:33: ERROR:  nothing is set up",
    ),
    "a traceback": (["Traceback (most recent call last):", '  File "a.py", line 1', "ValueError: 3"], "ValueError: 3"),
    "nothing": (["", "  "], ""),
}


@pytest.mark.parametrize("case", LOGS)
def test_the_reason_is_what_the_last_error_line_says(case: str) -> None:
    lines, reason = LOGS[case]
    assert find_reason(lines) == reason


@pytest.mark.parametrize(
    ("container", "is_well", "words"),
    [
        (Container("ingest", "a", "exited", "", 0), True, "ended with exit code 0"),
        (Container("ingest", "a", "exited", "", 2), False, "ended with exit code 2"),
        (Container("monitor", "a", "exited", "", 3), True, "ended with exit code 3"),
        (Container("monitor", "a", "exited", "", 1), False, "ended with exit code 1"),
        (Container("ingest", "a", "exited", "", 3), False, "ended with exit code 3"),
        (Container("mlflow", "a", "running", "healthy", 0), True, "is healthy"),
        (Container("mlflow", "a", "running", "unhealthy", 0), False, "is unhealthy"),
        (
            Container("mlflow", "a", "restarting", "", 1),
            False,
            "ends and is started again and again, last with exit code 1",
        ),
    ],
)
def test_a_container_is_well_or_told_as_it_stands(container: Container, is_well: bool, words: str) -> None:
    assert (container.is_well, describe_state(container)) == (is_well, words)


def test_every_port_that_is_published_has_its_line() -> None:
    assert PATHS.keys() == (PORTS | TLS_PORTS).keys()


def test_only_what_runs_is_listed_with_its_own_port_and_user() -> None:
    containers = [Container(name, name, "running", "", 0) for name in ("model", "grafana", "gateway")]
    containers.append(Container("mlflow", "mlflow", "exited", "", 1))
    settings = {"PAGE_PORT": "9000", "GRAFANA_USER": "eve", "GATEWAY_PORT": "", "BIND_ADDRESS": "0.0.0.0"}
    lines = [line.split(maxsplit=1) for line in list_addresses(settings, containers)]
    assert [where for where, _ in lines] == [
        "http://localhost:9000",
        "http://localhost:8000/docs",
        "http://localhost:3000",
        "http://localhost",
        "http://localhost:8080/docs",
    ]
    assert "user eve, password in secrets/grafana_password" in lines[2][1]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"status": "ready", "models": {"a": {"ready": True}}, "prediction_log": {"ready": True}}, True),
        # A damaged log that was set aside makes it degraded; predictions are logged again.
        (
            {
                "status": "degraded",
                "models": {"a": {"ready": True}},
                "prediction_log": {"ready": True, "set_aside": ["x"]},
            },
            True,
        ),
        (
            {
                "status": "degraded",
                "models": {"a": {"ready": True}, "b": {"ready": False}},
                "prediction_log": {"ready": True},
            },
            False,
        ),
        (
            {"status": "degraded", "models": {"a": {"ready": True, "why": "w"}}, "prediction_log": {"ready": True}},
            False,
        ),
        (
            {"status": "degraded", "models": {"a": {"ready": True}}, "prediction_log": {"ready": False, "why": "full"}},
            False,
        ),
        ({"status": "not ready", "models": {}, "prediction_log": {"ready": True}}, False),
        ({}, False),
    ],
)
def test_the_wait_ends_when_all_models_are_served_and_logged(told: dict[str, object], expected: bool) -> None:
    assert is_serving(told) == expected


def test_what_the_api_says_of_itself_is_told_model_by_model() -> None:
    told = {
        "status": "degraded",
        "models": {"linear": {"version": "1"}, "credit": {"why": "no version is in production"}},
        "prediction_log": {"ready": False, "why": "the disk is full"},
    }
    assert list_reasons(told) == "\n  credit: no version is in production\n  prediction log: the disk is full"
    assert list_reasons({}) == ""
