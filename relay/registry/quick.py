"""Small questions to a registry without MLflow's client, which takes two seconds and 150 MB to ask them.

An embedded one is read in MLflow's own tables, a server by its REST API.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from relay.registry.connection import Address
from relay.registry.errors import RegistryAwayError, RegistryMissingError
from relay.registry.rest import ask_server
from relay.registry.versions import CONTRACT_SHA256, PRODUCTION, RESULT, UNSERVED, Version

BUSY_SECONDS = 5
"""How long a reader of the embedded database waits for its writer."""

PAGE = 200
"""Models per question to a server."""

HAS_TABLES = "select 1 from sqlite_master where type = 'table' and name = 'registered_model_aliases'"
"""A row, once MLflow has made the tables of its registry, which come after those of its runs."""


@dataclass(frozen=True)
class Holder:
    """The version that holds an alias."""

    version: int
    run_id: str
    tags: Mapping[str, str]


def find_holder(address: Address, name: str, alias: str = PRODUCTION) -> Holder | None:
    """The version of a model that holds an alias; None when none does, or when there is no such model.

    Raises:
        RegistryMissingError: the embedded registry is not there.
        RegistryAwayError: the registry does not answer, or not as expected.
    """
    if address.is_embedded:
        return _find_in_database(address, name, alias)
    query = urlencode({"name": name, "alias": alias})
    answer = ask_server(address.uri, f"registered-models/alias?{query}")
    if "model_version" not in answer:
        return None
    found = answer["model_version"]
    tags = {tag["key"]: tag.get("value", "") for tag in found.get("tags", [])}
    return Holder(int(found["version"]), found.get("run_id", ""), tags)


def find_models(address: Address, alias: str = PRODUCTION) -> dict[str, bool]:
    """Model of which a version holds the alias -> whether Relay registered that version and can answer by it.

    Raises:
        RegistryMissingError: the embedded registry is not there.
        RegistryAwayError: the registry does not answer, or not as expected.
    """
    if not address.is_embedded:
        holders = {name: find_holder(address, name, alias) for name in _list_named(address, alias)}
        return {name: can_answer(holder.tags) for name, holder in holders.items() if holder is not None}
    query = (
        "select a.name, t.key, t.value from registered_model_aliases a "
        "join model_versions v on v.name = a.name and v.version = a.version "
        "left join model_version_tags t on t.name = v.name and t.version = v.version and t.key in (?, ?) "
        "where a.alias = ? order by a.name"
    )
    tags: dict[str, dict[str, str]] = {}
    for name, key, value in read_database(address, query, (CONTRACT_SHA256, UNSERVED, alias)):
        tags.setdefault(name, {})[key or ""] = value or ""
    return {name: can_answer(found) for name, found in tags.items()}


def can_answer(tags: Mapping[str, str]) -> bool:
    """Whether a version with these tags was registered by Relay and may be served."""
    return CONTRACT_SHA256 in tags and not tags.get(UNSERVED)


def _list_named(address: Address, alias: str) -> list[str]:
    """The models of a server of which a version holds the alias, by name."""
    found: list[str] = []
    token = ""
    while True:
        query = urlencode({"max_results": PAGE, "page_token": token})
        answer = ask_server(address.uri, f"registered-models/search?{query}")
        models = answer.get("registered_models", [])
        found += [str(one["name"]) for one in models if alias in [named["alias"] for named in one.get("aliases", [])]]
        token = answer.get("next_page_token") or ""
        if not token:
            return sorted(found)


def find_version(address: Address, name: str, result: str) -> Version | None:
    """The version that a result became; None when it became none, or when there is no such model.

    Args:
        address: of the registry.
        name: of the model.
        result: what the version's tag RESULT says, see `identify_result`.

    Raises:
        RegistryMissingError: the embedded registry is not there.
        RegistryAwayError: the registry does not answer, or not as expected.
    """
    if address.is_embedded:
        found = _read_versions(address, name, result)
    else:
        found = _search_versions(address, name, f" and tags.`{RESULT}` = '{result}'")
    return next(iter(found), None)


def find_versions(address: Address, name: str) -> list[Version]:
    """All versions of a model, the newest first; empty when there is no such model.

    Raises:
        RegistryMissingError: the embedded registry is not there.
        RegistryAwayError: the registry does not answer, or not as expected.
    """
    return _read_versions(address, name) if address.is_embedded else _search_versions(address, name)


def _search_versions(address: Address, name: str, chosen: str = "") -> list[Version]:
    """Versions of a server's model, the newest first; a search names no aliases, so that one is asked for."""
    holder = find_holder(address, name)
    found: list[Version] = []
    token = ""
    while True:
        query = urlencode({"filter": f"name = '{name}'{chosen}", "max_results": PAGE, "page_token": token})
        answer = ask_server(address.uri, f"model-versions/search?{query}")
        for one in answer.get("model_versions", []):
            number = int(one["version"])
            tags = {tag["key"]: tag.get("value", "") for tag in one.get("tags", [])}
            created = int(one.get("creation_timestamp", 0)) / 1000
            is_holder = holder is not None and holder.version == number
            found.append(Version(name, number, one.get("run_id", ""), created, is_holder, tags))
        token = answer.get("next_page_token") or ""
        if not token:
            return sorted(found, key=lambda version: version.number, reverse=True)


def read_database(address: Address, query: str, values: tuple[str, ...]) -> list[Any]:
    """Rows of an embedded registry, read-only.

    Raises:
        RegistryMissingError: there is no file, or its tables are not made yet.
        RegistryAwayError: the file cannot be read, or its tables are others than we know.
    """
    if not address.database.exists():
        raise _miss(address, "there is no registry")
    try:
        with closing(sqlite3.connect(f"file:{address.database}?mode=ro", uri=True, timeout=BUSY_SECONDS)) as database:
            if database.execute(HAS_TABLES).fetchone() is None:
                raise _miss(address, "the registry has no tables yet")  # it is being made
            return database.execute(query, values).fetchall()
    except sqlite3.Error as error:
        raise RegistryAwayError(f"the embedded registry {address.database} cannot be read: {error}") from error


def _miss(address: Address, what: str) -> RegistryMissingError:
    return RegistryMissingError(
        f"{what} at {address.database}",
        next_step="Train a model, which makes it, or put the folder back",
    )


def _find_in_database(address: Address, name: str, alias: str) -> Holder | None:
    rows = read_database(
        address,
        "select v.version, coalesce(v.run_id, ''), t.key, t.value from registered_model_aliases a "
        "join model_versions v on v.name = a.name and v.version = a.version "
        "left join model_version_tags t on t.name = v.name and t.version = v.version "
        "where a.name = ? and a.alias = ?",
        (name, alias),
    )
    if not rows:
        return None
    version, run_id, _, _ = rows[0]
    return Holder(int(version), run_id, {key: value or "" for _, _, key, value in rows if key is not None})


def _read_versions(address: Address, name: str, result: str = "") -> list[Version]:
    """Versions of an embedded registry's model, the newest first; all, or those of a result."""
    rows = read_database(
        address,
        "select v.version, coalesce(v.run_id, ''), v.creation_time, a.alias is not null, t.key, t.value "
        "from model_versions v "
        "left join registered_model_aliases a on a.name = v.name and a.version = v.version and a.alias = ? "
        "left join model_version_tags t on t.name = v.name and t.version = v.version "
        "where v.name = ? and coalesce(v.current_stage, '') <> 'Deleted_Internal' and (? = '' or v.version in "
        "(select r.version from model_version_tags r where r.name = v.name and r.key = ? and r.value = ?)) "
        "order by v.version desc",
        (PRODUCTION, name, result, RESULT, result),
    )
    tags: dict[int, dict[str, str]] = {}
    facts: dict[int, tuple[str, float, bool]] = {}
    for number, run_id, created_ms, is_holder, key, value in rows:
        facts[number] = (run_id, (created_ms or 0) / 1000, bool(is_holder))
        tags.setdefault(number, {}).update({} if key is None else {key: value or ""})
    return [Version(name, number, *facts[number], tags[number]) for number in facts]
