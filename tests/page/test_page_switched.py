"""A service beside the page that is switched off has no name; one that does not answer stays the one that is asked."""

import socket
from typing import Any

import pytest

from page.settings import PageSettings
from page.shell import switched
from page.shell.switched import is_off, without_switched_off


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that are asked for; only `there.` leads anywhere."""
    names: list[str] = []

    def find(host: str, *_: Any) -> list[Any]:
        names.append(host)
        if host != "there.":
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return []

    monkeypatch.setattr(socket, "getaddrinfo", find)
    monkeypatch.setattr(switched, "_known", {})
    return names


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://api:8000", True),
        ("http://there:8000", False),
        ("http://localhost:8000", False),
        ("http://127.0.0.1:8000", False),
        ("http://[::1]:8000", False),
        ("http://api.example.org", False),
        ("http://[::1", False),
        ("api:8000", False),
        ("", False),
    ],
)
def test_only_a_bare_name_that_leads_nowhere_is_off(url: str, found: bool, asked: list[str]) -> None:
    assert is_off(url) == found
    assert asked in ([], ["api."], ["there."])


def test_the_settings_lose_the_address_of_what_is_off_alone(asked: list[str]) -> None:
    settings = PageSettings(api_url="http://there:8000", airflow_url="http://airflow:8080")
    for _ in range(2):
        found = without_switched_off(settings)
        assert (found.api_url, found.airflow_url) == ("http://there:8000", "")
    assert asked == ["there.", "airflow."]  # an answer counts for a while
