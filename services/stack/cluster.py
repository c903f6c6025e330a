"""The profile `cluster`: where its scheduler is, its certificates, and which of its settings do not fit."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from services.stack.certificates import AUTHORITY, FILES, find_end, is_valid_for, make_certificates
from services.stack.docker import StackError
from services.stack.env_file import ENV_FILE, read_env, set_variable, write_env
from services.stack.findings import Finding, mend, note, ok

CLUSTER = "cluster"
"""The profile."""
ADDRESS, TLS, WORKERS = "DASK_SCHEDULER_ADDRESS", "CLUSTER_TLS", "CLUSTER_WORKERS"
SERVICE = "dask-scheduler:8786"
"""The profile's own scheduler, as containers reach it."""
FOLDER = Path("secrets/cluster")
MOST_WORKERS = 1000
SOON_SECONDS = 30 * 86_400


def choose_address(settings: "Mapping[str, str]") -> str:
    """The address of the scheduler that stages and workers use: another one that a person chose, else the profile's."""
    there = settings.get(ADDRESS, "")
    return there if there and not is_own(there) else f"{'tls' if settings.get(TLS) else 'tcp'}://{SERVICE}"


def is_own(address: str) -> bool:
    """Whether an address is that of the profile's scheduler."""
    return address.partition("://")[2] == SERVICE


def read_workers(said: str) -> str:
    """The number of workers.

    Raises:
        StackError: it is no number of workers.
    """
    if not (said.isascii() and said.isdigit() and 1 <= int(said) <= MOST_WORKERS):
        raise StackError(f"WORKERS={said}: expected a whole number from 1 to {MOST_WORKERS}")
    return str(int(said))


def renew_certificates() -> int:
    """Make certificates, and name them in .env, so that scheduler, workers and stages speak TLS.

    Raises:
        StackError: as `make_certificates`, or .env names others.
    """
    settings = read_env(ENV_FILE)
    if settings.get(TLS, "") not in ("", str(FOLDER)):
        raise StackError(f"{TLS}={settings[TLS]} in .env names other certificates. To make new ones, empty it first")
    make_certificates(FOLDER)
    print(  # noqa: T201 - the output of a command
        f"Made {', '.join(FILES)} in {FOLDER}, valid until {find_end(FOLDER / AUTHORITY)}. "
        "The authority's key was deleted: no further certificate can be made for this cluster"
    )
    if ENV_FILE.exists():
        text = set_variable(ENV_FILE.read_text(encoding="utf-8"), TLS, str(FOLDER))
        if settings.get(ADDRESS):
            text = set_variable(text, ADDRESS, choose_address({**settings, TLS: str(FOLDER)}))
        write_env(ENV_FILE, text)
        print(f"Wrote {TLS}={FOLDER} to .env: `make cluster` starts the cluster with TLS")  # noqa: T201
    return 0


def check_cluster(settings: "Mapping[str, str]", wanted: "Sequence[str]") -> "Iterator[Finding]":
    """Lines about a cluster, where one is switched on or named.

    Args:
        settings: the variables.
        wanted: profiles that `make up` starts.
    """
    address = settings.get(ADDRESS, "")
    if CLUSTER in wanted and not address:
        yield note(f"The cluster is switched on, but {ADDRESS} is empty, so that stages do not use it: `make cluster`")
    if is_own(address) and CLUSTER not in wanted:
        yield mend(
            f"{ADDRESS}={address} names a scheduler that COMPOSE_PROFILES does not switch on. "
            f"`make cluster` starts it; or empty {ADDRESS} in .env"
        )
    if is_own(address) and address != choose_address(settings):
        yield mend(
            f"{ADDRESS}={address} does not fit {TLS}={settings.get(TLS, '')}: expected {choose_address(settings)}. "
            "`make cluster` corrects it"
        )
    if settings.get(TLS):
        yield from check_certificates(Path(settings[TLS]))


def check_certificates(folder: Path) -> "Iterator[Finding]":
    """Whether the certificates are there and valid for another month."""
    if missing := [name for name in FILES if not (folder / name).is_file()]:
        yield mend(
            f"Missing in {folder}: {', '.join(missing)}. `rm -rf {folder}`, then `make cluster-certs` makes all; "
            f"or empty {TLS} in .env"
        )
        return
    ending = [name for name in FILES if not is_valid_for(folder / name, SOON_SECONDS)]
    until = find_end(folder / AUTHORITY) or "an unknown time"
    if ending:
        yield mend(
            f"The certificates in {folder} are valid until {until} ({', '.join(ending)} for less than 30 days). "
            f"To renew them: `make down`, `rm -r {folder}`, `make cluster-certs`"
        )
    else:
        yield ok(f"Certificates of the cluster in {folder}, valid until {until}")
