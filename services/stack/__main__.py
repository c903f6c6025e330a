"""Start, stop and examine the stack in containers, for `make`.

What is switched on is written to .env and stays on for every later command, those of plain compose too.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from services.stack.addresses import list_addresses
from services.stack.cluster import ADDRESS, CLUSTER, WORKERS, choose_address, is_own, read_workers, renew_certificates
from services.stack.docker import StackError, check_docker, list_containers
from services.stack.doctor import examine
from services.stack.env_file import ENV_FILE, list_profiles, read_env, read_settings, set_variable, write_env
from services.stack.key import tell_key
from services.stack.old_variables import tell_old_variables
from services.stack.ports import check_ports
from services.stack.ready import await_ready
from services.stack.reasons import tell_reasons
from services.stack.switches import POSTGRES, add_store, forget, is_on, remember

MONITORING = "monitoring"
MONITORS = ("prometheus", "grafana", "node-exporter")
"""All that the profile of that name starts; nothing else is started, stopped or built again by it."""


def main(arguments: "Sequence[str]") -> int:
    """0 when it is done, else 1 with the reason."""
    parser = argparse.ArgumentParser(prog="python3 -m services.stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    start_ = commands.add_parser("start", help="start the pipeline, the page and MLflow, and the profiles that are on")
    start_.add_argument("profiles", nargs="*", help="profiles to switch on, such as serve or dev")
    start_.add_argument("--workers", default="", help="workers of the cluster, which is written to .env")
    stop_ = commands.add_parser("stop", help="stop and remove all containers, and switch off what make switched on")
    stop_.add_argument("--volumes", action="store_true", help="delete all volumes too")
    commands.add_parser("status", help="show the containers, why one is not well, and where the others are")
    commands.add_parser("doctor", help="say what does not fit, with the command that mends it; changes nothing")
    commands.add_parser("certificates", help="make certificates for the cluster, and name them in .env")
    options = parser.parse_args(arguments)
    try:
        if options.command == "doctor":
            return examine()
        if options.command == "certificates":
            return renew_certificates()
        check_docker()
        if options.command == "start":
            return start(options.profiles, options.workers)
        return stop(with_volumes=options.volumes) if options.command == "stop" else show_status()
    except StackError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the output of a command
        return 1


def start(profiles: "Sequence[str]", workers: str = "") -> int:
    """Build and start what the profiles need, wait until it works, and say where it is.

    Args:
        profiles: to switch on.
        workers: how many the cluster has from now on; empty: as .env says.

    Raises:
        StackError: a port is taken, or something does not get ready.
    """
    tell_old_variables()
    settings = read_settings()
    use = {WORKERS: read_workers(workers)} if workers else {}
    new = add_store(settings, profiles)
    wanted = list(dict.fromkeys([*new, *list_profiles(settings)]))
    if taken := check_ports(settings, wanted):
        raise StackError("\n".join(taken))
    if POSTGRES in profiles and not is_on(settings):
        check_store()
    switch_on(new, use)
    only = MONITORS if tuple(profiles) == (MONITORING,) else ()
    command = ["docker", "compose", *(f"--profile={name}" for name in wanted), "up", "--detach", "--wait"]
    use |= {"USE_POSTGRES": "true"} if POSTGRES in profiles else {}
    use |= {ADDRESS: choose_address(settings)} if CLUSTER in wanted else {}
    began = subprocess.run(  # noqa: S603 - a fixed command and names of profiles
        [*command, *(only or ["--build"])], env={**os.environ, **use}, check=False
    )
    if began.returncode != 0:
        raise StackError("\n".join(["Not everything is up.", *tell_reasons(list_containers())]))
    if not only:
        await_ready([one.service for one in list_containers() if one.state == "running"])
    tell_addresses(settings)
    tell_scheduler(settings, wanted)
    return 0


def tell_scheduler(settings: "Mapping[str, str]", wanted: "Sequence[str]") -> None:
    """Say so where the stages use another scheduler than the one that was started."""
    if CLUSTER in wanted and not is_own(address := choose_address(settings)):
        print(  # noqa: T201 - the output of a command
            f"The stages use {ADDRESS}={address}, not the scheduler that was started: empty it in .env or in the shell"
        )


def check_store() -> None:
    """Let MLflow say whether it may go over to PostgreSQL, before that is written down.

    Raises:
        StackError: it may not, or its image cannot be built.
    """
    on = {**os.environ, "USE_POSTGRES": "true"}
    if subprocess.run(["docker", "compose", "build", "mlflow"], env=on, check=False).returncode != 0:  # noqa: S607
        raise StackError("MLflow's image could not be built")
    command = ["docker", "compose", "run", "--rm", "--no-deps", "-T", "mlflow"]
    asked = subprocess.run(  # noqa: S603 - a fixed command
        [*command, "python", "/app/services/mlflow/start_server.py", "check"],
        env=on,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode != 0:
        raise StackError((asked.stderr.strip() or f"MLflow's check failed: {asked.stdout}").splitlines()[-1])


def switch_on(profiles: "Sequence[str]", more: "Mapping[str, str]") -> None:
    """Write to .env what is switched on, and more variables; without that file nothing is kept."""
    if not ENV_FILE.exists():
        return
    text = ENV_FILE.read_text(encoding="utf-8")
    changed = remember(text, read_env(ENV_FILE), profiles)
    for name, value in more.items():
        changed = set_variable(changed, name, value)
    if changed != text:
        write_env(ENV_FILE, changed)
        after = read_env(ENV_FILE)
        names = [
            *(["USE_POSTGRES"] if POSTGRES in profiles else []),
            *([ADDRESS] if CLUSTER in profiles else []),
            *more,
        ]
        also = "".join(f" and {name}={after[name]}" for name in names)
        print(  # noqa: T201 - the output of a command
            f"Wrote COMPOSE_PROFILES={after['COMPOSE_PROFILES']}{also} to .env: later commands cover the same, "
            "until `make down`",
            flush=True,
        )


def stop(*, with_volumes: bool) -> int:
    """Stop and remove all containers, and switch off in .env what `make` switched on there."""
    command = ["docker", "compose", "--profile", "*", "down", "--remove-orphans"]
    command += ["--volumes"] if with_volumes else []
    # Without the switch compose takes the volume of PostgreSQL's socket for one that is not the project's.
    environment = os.environ | {"USE_POSTGRES": "true"}
    code = subprocess.run(command, env=environment, check=False).returncode  # noqa: S603
    if code == 0 and ENV_FILE.exists():
        text = ENV_FILE.read_text(encoding="utf-8")
        changed = forget(text, read_env(ENV_FILE), with_store=with_volumes)
        if changed != text:
            write_env(ENV_FILE, changed)
            after = read_env(ENV_FILE)
            print(  # noqa: T201 - the output of a command
                f"In .env: COMPOSE_PROFILES={after.get('COMPOSE_PROFILES', '')}, "
                f"USE_POSTGRES={after.get('USE_POSTGRES', '')}, {ADDRESS}={after.get(ADDRESS, '')}"
            )
    return min(code, 1)


def show_status() -> int:
    """Print the containers, why those are not well that are not, where the others are, and the key for own code."""
    tell_key()
    subprocess.run(["docker", "compose", "--profile", "*", "ps", "--all"], check=False)  # noqa: S607 - docker's own
    for line in tell_reasons(list_containers()):
        print(line)  # noqa: T201 - the output of a command
    tell_addresses(read_settings())
    return 0


def tell_addresses(settings: "dict[str, str]") -> None:
    """Print where what runs is found."""
    if lines := list_addresses(settings, list_containers()):
        print("Open:", *lines, sep="\n")  # noqa: T201 - the output of a command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
