"""The variables of .env, which every command of compose reads."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

ENV_FILE = Path(".env")


def read_env(path: Path) -> "dict[str, str]":
    """The variables of an .env file; none when there is no file."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    pairs = [line.partition("=") for line in lines if "=" in line and not line.lstrip().startswith("#")]
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def read_settings(environment: "Mapping[str, str]" = os.environ, path: Path = ENV_FILE) -> "dict[str, str]":
    """The variables as compose sees them: those of the shell go before those of .env, empty ones too."""
    return read_env(path) | dict(environment)


def list_profiles(settings: "Mapping[str, str]") -> "list[str]":
    """The profiles that COMPOSE_PROFILES names, each once."""
    names = [name.strip() for name in settings.get("COMPOSE_PROFILES", "").split(",")]
    return list(dict.fromkeys(name for name in names if name))


def set_variable(text: str, name: str, value: str) -> str:
    """The text of an .env file with another value of a variable, in its place; without one it comes last.

    The last line of a name is the one that counts.
    """
    found = list(re.finditer(rf"^[ \t]*(?:export[ \t]+)?{name}[ \t]*=.*$", text, re.M))
    if found:
        return f"{text[: found[-1].start()]}{name}={value}{text[found[-1].end() :]}"
    return f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{name}={value}\n"


def write_env(path: Path, text: str) -> None:
    """Put another text in place of an .env file, whole or not at all; who may read it stays as it was."""
    there = path.resolve()
    part = there.with_name(f"{there.name}.{os.getpid()}.new")
    mode = there.stat().st_mode & 0o777
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
            file.write(text)
        part.chmod(mode)
        part.replace(there)
    finally:
        part.unlink(missing_ok=True)
