"""How often the tests of reliability repeat what they try: the one place of these numbers.

Each has an environment variable. `make test-all` takes the number of the tests, a tenth of what `make soak` takes.
A test of this kind carries the marker `counted`, and says what it counted by `record_property`.
"""

import math
import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Count:
    """A number of repetitions."""

    variable: str
    tests: int
    soak: int
    what: str

    @property
    def value(self) -> int:
        """What the environment says, else the number of the tests."""
        return int(os.environ.get(self.variable, self.tests))


KILLS = Count("RELAY_KILLS", 100, 1_000, "kill -9 of stages, service, log, registry and page, in all")
SWAPS = Count("RELAY_SWAPS", 10, 100, "versions swapped under load")
POSTGRES_KILLS = Count("RELAY_POSTGRES_KILLS", 2, 20, "kill -9 of PostgreSQL under load")
MLFLOW_KILLS = Count(
    "RELAY_MLFLOW_KILLS", 2, 20, "kill -9 of an MLflow server while a training sends to it, under load"
)
DISK_SIZES = Count("RELAY_DISK_SIZES", 2, 20, "sizes of what is free on a disk that fills up, for each of its users")
EXAMPLES = Count("RELAY_API_EXAMPLES", 10, 100, "requests of a kind that schemathesis makes for a route of the API")
RESTARTS = Count("RELAY_RESTARTS", 10, 100, "restarts of a service under load, half of them with two processes")
UPDATES = Count("RELAY_UPDATES", 1, 10, "make update in containers under load, of three replicas each")
MONITOR_KILLS = Count("RELAY_MONITOR_KILLS", 7, 70, "kill -9 of the monitor while it counts, for each database")
PART_KILLS = Count("RELAY_PART_KILLS", 8, 80, "kill -9 of each stage that writes a dataset in parts, with two readers")

COUNTS = (
    KILLS,
    SWAPS,
    POSTGRES_KILLS,
    MLFLOW_KILLS,
    DISK_SIZES,
    EXAMPLES,
    RESTARTS,
    UPDATES,
    MONITOR_KILLS,
    PART_KILLS,
)

SHARES = {"ingest": 24, "preprocess": 22, "model": 14, "service": 16, "log": 16, "registry": 4, "page": 4}
"""Of 100 kills, how many are of what; a kill of a model or a service costs several times that of a raw dataset."""


def share_kills(subject: str, ways: int = 1) -> int:
    """Kills of one subject, for each of the ways in which a test kills it: at least one."""
    return math.ceil(KILLS.value * SHARES[subject] / 100 / ways)


def spread(needed: int, least: int = 2) -> list[int]:
    """Sizes from nothing up to less than what is needed, as many as DISK_SIZES says."""
    sizes = max(DISK_SIZES.value, least)
    return [needed * number // sizes for number in range(sizes)]
