"""Which services beside the page are switched on: in containers their names are fixed, and one that is off has none."""

import socket
import threading
import time
from dataclasses import replace
from urllib.parse import urlsplit

from page.settings import PageSettings

KEPT_SECONDS = 10.0
"""How long an answer counts."""
ANSWER_SECONDS = 2.0
"""A name that is asked for longer counts as one that is there: then the service is asked, and what is wrong said."""

_known: dict[str, tuple[float, bool]] = {}


def without_switched_off(settings: PageSettings) -> PageSettings:
    """The settings without the address of each service that is off.

    A service that is on and does not answer keeps its address: nothing answers in its place.
    """
    return replace(
        settings,
        api_url="" if is_off(settings.api_url) else settings.api_url,
        airflow_url="" if is_off(settings.airflow_url) else settings.airflow_url,
    )


def is_off(url: str) -> bool:
    """Whether the address is that of a container that is not there: a name without a dot that leads nowhere."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False  # told where it is used
    if not host or "." in host or ":" in host or host == "localhost":
        return False
    known = _known.get(host)
    if known is None or time.monotonic() - known[0] > KEPT_SECONDS:
        _known[host] = known = (time.monotonic(), not _is_known(host))
    return known[1]


def _is_known(host: str) -> bool:
    """Whether a name leads to an address; asked in a thread, because a name server that is away takes its time."""
    found: list[bool] = []

    def ask() -> None:
        try:
            # The dot keeps the names of the host's own domain out: `api` is not among them.
            socket.getaddrinfo(f"{host}.", None)
        except OSError:
            found.append(False)
        else:
            found.append(True)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(ANSWER_SECONDS)
    return found[0] if found else True
