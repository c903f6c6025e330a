"""Drafts of the cases: in this process, and by the command."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import commands
from cases.case import Case

from adopt.draft_data import Wishes, draft_data, examine
from adopt.recipe.corrections import read_corrections
from adopt.recipe.draft import Draft
from relay.handoff.override import quote_toml

ROOT = Path(__file__).resolve().parent.parent.parent
HANG_SECONDS = 300


def draft_case(case: Case, folder: Path) -> Draft:
    """The draft of a case's file, which is written into the folder."""
    given = case.write(_make_folder(folder))
    corrections = read_corrections(_list_sets(case), [])
    with TemporaryDirectory() as scratch:
        examined = examine(given, Path(scratch), corrections)
    return draft_data(examined, Wishes(case.name, corrections=corrections))


def run_adopt(case: Case, folder: Path) -> str:
    """What `python -m adopt FILE --dry-run --json` answers."""
    given = case.write(_make_folder(folder))
    sets = [word for setting in _list_sets(case) for word in ("--set", setting)]
    command = [sys.executable, "-m", "adopt", given, "--name", case.name, *sets, "--dry-run", "--quick", "--json"]
    ran = commands.run(command, cwd=ROOT, capture_output=True, text=True, timeout=HANG_SECONDS, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def _make_folder(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(mkdtemp(dir=folder))


def _list_sets(case: Case) -> list[str]:
    """What a person says beside the file's name: the table or the query."""
    return [f"ingest.{key}={quote_toml(value)}" for key, value in case.options.items()]
