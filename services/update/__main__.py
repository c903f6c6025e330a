"""Replace the API's replicas one after the other, so that no request is lost: `make update`.

Reads: the images and the settings of now, as compose has them. Writes: the containers of the service `api`. A new
replica takes requests once it is ready, and only then an old one finishes what it began and stops. One that never gets
ready is removed, and the old ones go on. Interrupted at any moment, the update can be repeated.

Runs with Python 3.9 and nothing else.
"""

import argparse
import fcntl
import signal
import sys
import time
from pathlib import Path

from services.update.docker import UpdateError, say
from services.update.replicas import (
    ID_LENGTH,
    Project,
    Replica,
    find_replicas,
    join,
    look,
    make_replica,
    read_health,
    read_last_words,
    read_project,
    remove,
    start,
    stop,
)

LOCK = Path(__file__)
"""Held by the one update that may run in this folder; the system releases it when the process ends."""
READY_SECONDS = 180.0
"""Longer than a start that fetches large models from the registry."""
PAUSE_SECONDS = 0.5
GATEWAY_SECONDS = 5.0
"""Until the gateway knows a new replica: it looks names up every 2 s and waits 2 s for the answer."""
WORD_SECONDS = 10.0
"""Between two lines about a replica that is not ready yet."""


def main(arguments: "list[str]") -> int:
    """0 when all replicas are of the version of now, else 1 with the reason."""
    parser = argparse.ArgumentParser(prog="python3 -m services.update", description=__doc__)
    wait = "how long a new replica may take until it is ready (default: %(default).0f)"
    parser.add_argument("--wait", type=float, default=READY_SECONDS, metavar="SECONDS", help=wait)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM: `make update` continues"))
    with LOCK.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            update(options.wait)
        except BlockingIOError:
            print("Another update runs in this folder: wait until it has ended", file=sys.stderr)  # noqa: T201
            return 1
        except UpdateError as error:
            print(error, file=sys.stderr)  # noqa: T201 - the output of a command
            return 1
        except KeyboardInterrupt:
            print("Interrupted: `make update` continues", file=sys.stderr)  # noqa: T201
            return 130
    return 0


def update(ready_seconds: float) -> None:
    """Replace each replica that is not of the version of now.

    Raises:
        UpdateError: no replica runs, or a new one does not get ready.
    """
    began, project = time.monotonic(), read_project()
    finish_earlier(project)
    old = [one for one in find_replicas(project) if one.state == "running"]
    if not old:
        raise UpdateError(f"No replica of the API runs in the project {project.name}: `make serve` starts it")
    new = make_replica(project)
    try:
        stale = [one for one in old if one.version != new.version]
        if not stale:
            say(f"{count(old)} already run the image and the settings of now: nothing to do")
            return
        say(f"{count(stale)} of {len(old)} to replace, one after the other")
        for number, one in enumerate(stale, 1):
            new = new if number == 1 else make_replica(project)
            replace(project, one, new, ready_seconds)
            say(f"{one.name} has finished its requests and is removed ({number} of {len(stale)})")
    finally:
        # One that joined has taken requests: it stays, and the next update finds by its alias what is left to do.
        remove(one for one in find_replicas(project) if one.id == new.id and is_coming(one))
    say(f"Updated {count(stale)} in {time.monotonic() - began:.0f} s")


def finish_earlier(project: Project) -> None:
    """Put an update that was interrupted in order: remove what was not ready, stop what was already replaced."""
    there = find_replicas(project)
    coming = [one for one in there if is_coming(one)]
    remove(coming)
    replaced = {one.replaces for one in there if one.replaces and one.state == "running"}
    going = [one for one in there if one.id[:ID_LENGTH] in replaced]
    if coming or going:
        say("An earlier update was interrupted: going on from there")
    if any(one.state == "running" for one in going):
        time.sleep(GATEWAY_SECONDS)
    for one in going:
        stop(one)
        say(f"{one.name} has finished its requests and is removed")


def is_coming(replica: Replica) -> bool:
    """Whether a replica was made by an update and never took a request."""
    return replica.state == "created" or not replica.is_reachable


def replace(project: Project, old: Replica, new: Replica, ready_seconds: float) -> None:
    """Start the new one, let it take requests once it is ready, and stop the old one.

    Raises:
        UpdateError: it does not get ready.
    """
    took = wait_until_ready(project, new, read_health(old).ready, ready_seconds)
    join(project, new, old)
    time.sleep(GATEWAY_SECONDS)
    say(f"{new.name} was ready after {took:.0f} s and takes requests")
    stop(old)


def wait_until_ready(project: Project, new: Replica, needed: "frozenset[str]", seconds: float) -> float:
    """The seconds that a new replica needed until it is ready, or as ready as the one before.

    Raises:
        UpdateError: it ended, or time is over.
    """
    began = said = time.monotonic()
    start(new)
    while True:
        now, state = time.monotonic(), look(project, new)
        if state.state != "running" or state.restarts:
            # Where Docker has started it again, its exit code is gone.
            code = "" if state.state == "running" else f" with exit code {state.exit_code}"
            why = f"ended{code} before it was ready; its last lines:\n{read_last_words(new)}"
            raise UpdateError(fail(new, why))
        health = read_health(new)
        # Where an old one lacks a model, such as one that was never trained, the new one may lack it too.
        if health.status == 200 or (needed and needed <= health.ready):
            return now - began
        if now - began > seconds:
            why = f"was not ready within {seconds:.0f} s: {health.why}; its last lines:\n{read_last_words(new)}"
            raise UpdateError(fail(new, why))
        if now - said > WORD_SECONDS:
            said = now
            say(f"{new.name} is not ready yet: {health.why}")
        time.sleep(PAUSE_SECONDS)


def fail(new: Replica, why: str) -> str:
    """What is said where a new replica cannot take over."""
    return (
        f"{new.name} {why}\nIt is removed, and the replicas that run go on with the version before. "
        "Correct what it says, then `make update` again."
    )


def count(replicas: "list[Replica]") -> str:
    """How many, in words."""
    return f"{len(replicas)} replica{'' if len(replicas) == 1 else 's'}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
