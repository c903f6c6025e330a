"""A program `docker` for tests: it answers from a folder of recorded answers, and notes what it was asked."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """#!/bin/sh
here=%s
echo "$*" >> "$here/asked"
case "$*" in
  "compose version"*) set -- compose ;;
  "version "*) set -- engine ;;
  *"config --format json") set -- config ;;
  *"ps --all --format json") set -- ps ;;
  *"ps --quiet --status running"*) set -- running ;;
  "info --format {{.MemTotal}}") set -- memory ;;
  "info "*) set -- root ;;
  "container inspect"*|"inspect "*) set -- inspect ;;
  "image inspect"*) set -- images ;;
  "logs "*) set -- logs ;;
  *) echo "not recorded: $*" >&2; exit 64 ;;
esac
[ -f "$here/$1.err" ] && { cat "$here/$1.err" >&2; exit 1; }
[ -f "$here/$1" ] && exec cat "$here/$1"
exit 0
"""
CHANGES = ("up", "down", "rm", "start", "stop", "build", "pull", "create", "prune", "run", "exec", "restart", "kill")
"""Words of commands that change something."""


class FakeDocker:
    """What the program answers, each from a file."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put the program first on PATH."""
        self.folder = folder
        (folder / "bin").mkdir(parents=True)
        program = folder / "bin" / "docker"
        program.write_text(PROGRAM % folder, encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")

    def answer(self, what: str, told: Any) -> None:
        """What it prints from now on: a text, or JSON."""
        text = told if isinstance(told, str) else json.dumps(told)
        (self.folder / what).write_text(text, encoding="utf-8")

    def fail(self, what: str, said: str) -> None:
        """It fails with these words from now on."""
        (self.folder / f"{what}.err").write_text(said, encoding="utf-8")

    def list_asked(self) -> list[str]:
        """The arguments of each call."""
        asked = self.folder / "asked"
        return asked.read_text(encoding="utf-8").splitlines() if asked.exists() else []
