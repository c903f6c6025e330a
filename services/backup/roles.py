"""The roles in a backup: read from what `pg_dumpall` writes, and told to PostgreSQL in statements of our own.

The file is a program: what it holds would run with a superuser's rights. So each statement must be one that a backup
writes, and none is passed on as it stands.
"""

import re
from dataclasses import dataclass, field

from services.backup.contents import BackupError

NAME = r'(?:[a-z_][a-z0-9_$]*|"(?:[^"\x00-\x1f\x7f]|"")+")'
"""A name as PostgreSQL writes it: plain, or between double quotes."""
TEXT = r"'(?:[^'\x00\\]|'')*'"
VERIFIER = r"'(?:SCRAM-SHA-256\$\d+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+|md5[0-9a-f]{32})'"
RIGHTS = "SUPERUSER|INHERIT|CREATEROLE|CREATEDB|LOGIN|REPLICATION|BYPASSRLS"
SETTINGS = "search_path|statement_timeout|lock_timeout|idle_in_transaction_session_timeout|timezone|datestyle|work_mem"
"""What a role may come with; others may need a superuser, and some load code."""
MIGHTY = ("SUPERUSER", "CREATEROLE", "REPLICATION", "BYPASSRLS")
"""Rights that a backup does not give."""

STATEMENTS = {
    "nothing": r" *|--[^\x00-\x1f]*|\\(?:un)?restrict [A-Za-z0-9]+",
    "client": r"SET (?:default_transaction_read_only = off|client_encoding = '\w+'|standard_conforming_strings = on);",
    "create": rf"CREATE ROLE (?P<created>{NAME});",
    "alter": rf"ALTER ROLE (?P<altered>{NAME}) WITH (?P<rights>(?:(?:NO)?(?:{RIGHTS}) ?)+)"
    rf"(?: ?CONNECTION LIMIT (?P<limit>-?\d{{1,9}}))?(?: ?PASSWORD (?P<password>{VERIFIER}))?"
    r"(?: ?VALID UNTIL (?P<until>'[0-9a-z:.+ -]{1,40}'))?;",
    "setting": rf"ALTER ROLE (?P<set>{NAME}) SET (?P<setting>[a-zA-Z_.]+) TO (?P<value>{TEXT}(?:, {TEXT})*);",
    # Neither is put back: rights between roles are those that the set-up gives.
    "comment": rf"COMMENT ON ROLE {NAME} IS E?'(?:[^'\x00]|'')*';",
    "grant": rf"GRANT {NAME} TO {NAME}(?: WITH [A-Z, ]+?)?(?: GRANTED BY {NAME})?;",
}
STATEMENT = re.compile("(?:" + "|".join(f"(?:{pattern})" for pattern in STATEMENTS.values()) + r")(?:\n|\Z)", re.ASCII)


@dataclass(frozen=True)
class Role:
    """A role of a backup."""

    name: str
    rights: "tuple[str, ...]" = ()
    """LOGIN, NOCREATEDB, …"""
    more: str = ""
    """Limit of connections, password and end, as SQL has them."""
    settings: "tuple[tuple[str, str], ...]" = field(default=())
    """Name and value, as SQL has it."""

    def statements(self) -> "list[str]":
        """What makes the role.

        Raises:
            BackupError: it has rights, or settings, that a backup does not give.
        """
        mighty = [right for right in self.rights if right in MIGHTY]
        strange = [name for name, _ in self.settings if name.lower() not in SETTINGS.split("|")]
        if mighty or strange:
            what = f"the right {mighty[0]}" if mighty else f"the setting {strange[0]}"
            raise BackupError(
                f"roles.sql gives the role {self.name!a} {what}, which a restore does not give: "
                "create the role yourself (make psql) if you trust the backup, then restore again"
            )
        quoted = quote(self.name)
        made = f"create role {quoted} with {' '.join((*self.rights, self.more))}".rstrip()
        return [made, *(f"alter role {quoted} set {name} to {value}" for name, value in self.settings)]


def parse_roles(text: str) -> "dict[str, Role]":
    """Name -> role, of all in a file of roles.

    Raises:
        BackupError: it holds a statement that a backup does not write.
    """
    found: dict[str, Role] = {}
    at = 0
    while at < len(text):
        match = STATEMENT.match(text, at)
        if match is None:
            line = text.count("\n", 0, at) + 1
            said = text[at:].partition("\n")[0][:80]
            raise BackupError(
                f"roles.sql, line {line}: {said!a} is no statement that a backup writes; nothing is put back"
            )
        _note(found, match.groupdict())
        at = match.end()
    return found


def _note(found: "dict[str, Role]", parts: "dict[str, str]") -> None:
    if parts["created"]:
        name = unquote(parts["created"])
        found[name] = Role(name)
    elif parts["altered"]:
        name = unquote(parts["altered"])
        more = (("connection limit", "limit"), ("password", "password"), ("valid until", "until"))
        said = " ".join(f"{words} {parts[key]}" for words, key in more if parts[key])
        found[name] = Role(name, tuple(parts["rights"].split()), said)
    elif parts["set"]:
        old = found.get(unquote(parts["set"]), Role(unquote(parts["set"])))
        settings = (*old.settings, (parts["setting"], parts["value"]))
        found[old.name] = Role(old.name, old.rights, old.more, settings)


def unquote(name: str) -> str:
    """The name that PostgreSQL wrote so.

    Raises:
        BackupError: it is no name as PostgreSQL writes it.
    """
    if not re.fullmatch(NAME, name, re.ASCII):
        raise BackupError(f"{name[:80]!a} is no name of a role as PostgreSQL writes it; nothing is put back")
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def quote(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
