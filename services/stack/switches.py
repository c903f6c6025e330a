"""What `make` switched on stays on: profiles and the cluster until `make down`, PostgreSQL until `make down-volumes`.

It is written to .env, so that every later command means the same stack, those of plain compose too: a command that did
not know of PostgreSQL would go on with SQLite, where other models have the same names and numbers.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from services.stack.cluster import ADDRESS, CLUSTER, choose_address
from services.stack.env_file import list_profiles, set_variable

PROFILES, USE = "COMPOSE_PROFILES", "USE_POSTGRES"
POSTGRES = "postgres"
"""The profile that belongs to USE_POSTGRES."""
NOTE = re.compile(r"^# Switched on by make: (.*?)\. .*\n", re.M)


def remember(text: str, settings: "dict[str, str]", profiles: "Sequence[str]") -> str:
    """The text of .env with what is switched on now.

    Args:
        text: of .env.
        settings: the variables in it.
        profiles: that a target starts; `postgres` switches USE_POSTGRES on too, `cluster` names its scheduler.
    """
    noted, there = read_note(text), list_profiles(settings)
    new = [name for name in dict.fromkeys(profiles) if name not in there]
    if new:
        text = set_variable(text, PROFILES, ",".join([*there, *new]))
    if POSTGRES in profiles and not is_on(settings):
        text = set_variable(text, USE, "true")
        new.append(USE)
    if CLUSTER in profiles and settings.get(ADDRESS, "") != choose_address(settings):
        text = set_variable(text, ADDRESS, choose_address(settings))
        new.append(ADDRESS)
    return write_note(text, list(dict.fromkeys([*noted, *new]))) if new else text


def forget(text: str, settings: "dict[str, str]", *, with_store: bool) -> str:
    """The text of .env without what `make` switched on; what a person wrote stays.

    Args:
        text: of .env.
        settings: the variables in it.
        with_store: whether PostgreSQL is switched off too, because all that was in it is deleted.
    """
    noted = read_note(text)
    kept = [] if with_store else [name for name in noted if name in (POSTGRES, USE) and is_on(settings)]
    gone = [name for name in noted if name not in kept]
    if not gone:
        return text
    left = [name for name in list_profiles(settings) if name not in gone]
    text = set_variable(text, PROFILES, ",".join(left))
    if USE in gone:
        text = set_variable(text, USE, "")
    if ADDRESS in gone:
        text = set_variable(text, ADDRESS, "")
    return write_note(text, kept)


def is_on(settings: "Mapping[str, str]") -> bool:
    """Whether PostgreSQL is used, by .env and the shell, or by a container's variables."""
    return settings.get(USE, "").lower() == "true"


def add_store(settings: "Mapping[str, str]", profiles: "Sequence[str]") -> "list[str]":
    """The profiles, and the one that USE_POSTGRES needs unless it names a server of one's own."""
    own = is_on(settings) and not settings.get("POSTGRES_SERVER")
    return list(dict.fromkeys([*profiles, *([POSTGRES] if own else [])]))


def is_wanted(service: "Mapping[str, Any]", profiles: "Sequence[str]") -> bool:
    """Whether these profiles start a service, as compose has it."""
    return not service.get("profiles") or bool(set(profiles).intersection(service["profiles"]))


def read_note(text: str) -> "list[str]":
    """What the note in .env says that `make` switched on: profiles, USE_POSTGRES, and the cluster's address."""
    found = NOTE.search(text)
    return found[1].split(", ") if found else []


def write_note(text: str, switched: "list[str]") -> str:
    """The text with the note above the profiles, or without one where nothing is switched on."""
    text = NOTE.sub("", text)
    if not switched:
        return text
    note = (
        f"# Switched on by make: {', '.join(switched)}. "
        "`make down` switches the profiles off, `make down-volumes` PostgreSQL too.\n"
    )
    *_, line = re.finditer(rf"^[ \t]*(?:export[ \t]+)?{PROFILES}[ \t]*=", text, re.M)
    return f"{text[: line.start()]}{note}{text[line.start() :]}"
