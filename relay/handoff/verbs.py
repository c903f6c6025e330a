"""Subcommands of a program, which answer people in words and, with `--json`, programs with one JSON document.

The document is the result, or `{"error": {"kind", "message", "next"}}`. The log goes to standard error.
"""

import argparse
import errno
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn, Protocol, cast

from loguru import logger

from relay.handoff import interrupt
from relay.handoff.answer import JSON, print_error, say
from relay.handoff.disk import explain_refusal, is_refusal
from relay.handoff.errors import FAILED, INTERRUPTED, OK, RelayError, UsageError
from relay.handoff.log import configure_terminal
from relay.handoff.settings import DATA_DIR, OFF, Settings, read_settings


@dataclass(frozen=True)
class Verb:
    """A subcommand."""

    help: str
    """What it does, as one line of `--help`."""
    module: str = ""
    """Where it is implemented, as `VerbModule`; imported only when the subcommand is used."""
    program: str = ""
    """Another program that replaces this one, with the same arguments; then there is no module."""


@dataclass(frozen=True)
class VerbAnswer:
    """What a subcommand answers."""

    data: Any
    """The document of `--json`."""
    text: str = ""
    """What people read on standard output."""
    then: Callable[[], None] | None = None
    """What happens once the answer is out, such as becoming a server."""
    exit_code: int = OK
    """Of the command: not 0 where the answer itself is one that a script must not pass over, such as an alarm."""


class VerbModule(Protocol):
    """The module of one or more subcommands."""

    def add_options(self, verb: str, parser: argparse.ArgumentParser) -> None:
        """Declare what the command line may hold; `--json` is declared already."""

    def answer(self, options: argparse.Namespace) -> VerbAnswer:
        """Do what is asked; `options.verb` names the subcommand.

        Raises:
            RelayError: it cannot be done.
        """


class Parser(argparse.ArgumentParser):
    """The one command line of a program: its options, and the subcommands that may come first on it.

    Help and dispatch come from one table, so that neither can leave a subcommand out. The module of a subcommand is
    imported only when it is used: an unchanged run must stay quick.

    Args:
        program: as one types it after `python -m`.
        description: of the program, for `--help`.
        epilog: of `--help`.
        verbs: name -> subcommand.
        is_json: whether bad usage is raised, so that its answer is JSON too.
    """

    def __init__(
        self,
        program: str,
        description: str,
        *,
        epilog: str = "",
        verbs: Mapping[str, Verb] = MappingProxyType({}),
        is_json: bool = False,
    ) -> None:
        prog = f"python -m {program}"
        super().__init__(
            prog=prog,
            usage=f"{prog} [OPTION ...] RECIPE ...\n       {prog} SUBCOMMAND ..." if verbs else None,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self.verbs, self.is_json = verbs, is_json
        if verbs:
            self.add_argument_group(
                f"subcommands (`{prog} SUBCOMMAND --help` lists their options)",
                "\n".join(f"{name:<10} {verb.help}" for name, verb in verbs.items()),
            )

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong, or say it and end with exit code 2.

        Raises:
            UsageError: the answer must be JSON.
        """
        if self.is_json:
            raise UsageError(message, next_step=f"`{self.prog} --help` lists the options")
        super().error(message)

    def print_help(self, file: Any = None) -> None:
        """Print the help; a reader that has gone, such as `head`, is no error."""
        if file is None:
            say(self.format_help())
        else:
            super().print_help(file)


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of a subcommand that is about one recipe: which, and in which data folder."""
    parser.add_argument(
        "recipe", metavar="RECIPE", help="a name in recipes/ or data/recipes/, or a path to a .toml file"
    )
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help=DATA_DIR.option)


def read_verb_settings(options: argparse.Namespace) -> Settings:
    """The settings of the environment, with the data folder of the command line.

    A subcommand reads what a run has left, so it makes no data folder: a missing one is a slip, unless a registry
    elsewhere has the answer.

    Raises:
        UsageError: there is no such folder, or a variable has an unsupported value.
        StorageError: it is a file.
    """
    settings = read_settings()
    data_dir = (options.data_dir or settings.data_dir).absolute()
    if data_dir.exists() and not data_dir.is_dir():
        raise explain_refusal(NotADirectoryError(errno.ENOTDIR, "", str(data_dir)))
    if not data_dir.exists() and settings.tracking_uri in ("", OFF):
        raise UsageError(
            f"the data folder {data_dir} does not exist",
            next_step="Name the folder that the runs wrote to with --data-dir, or set DATA_DIR",
        )
    return replace(settings, data_dir=data_dir)


def run_verb(
    program: str,
    name: str,
    verb: Verb,
    arguments: Sequence[str],
    *,
    verbs: Mapping[str, Verb] = MappingProxyType({}),
) -> int:
    """Run a subcommand and print its answer.

    Args:
        program: the package that is run.
        name: of the subcommand; empty for a program that has only this one.
        verb: the subcommand.
        arguments: the rest of the command line.
        verbs: the program's other subcommands, for `--help` where `name` is empty.

    Returns:
        The answer's exit code, 0 when all went well; the error's, 130 when interrupted, or 1 for an unexpected error
        of a program that asked for JSON.
    """
    if verb.program:
        os.execv(sys.executable, [sys.executable, "-m", verb.program, *arguments])  # noqa: S606 - our own program
    is_json, where = JSON in arguments, program
    configure_terminal("INFO")
    interrupt.listen()
    try:
        module = cast(VerbModule, import_module(verb.module))
        options = _make_parser(program, name, verb, module, verbs, is_json=is_json).parse_args(arguments)
        where = f"{program} {options.recipe}" if "recipe" in options else program
        # Libraries print to standard output too, which holds the document alone.
        with redirect_stdout(sys.stderr) if options.json else nullcontext():
            found = module.answer(options)
    except (Exception, KeyboardInterrupt) as error:
        return _refuse(where, error, is_json=is_json)
    if options.json:
        say(json.dumps(found.data, indent=2))
    elif found.text:
        say(found.text)
    if found.then is not None:
        found.then()
    return found.exit_code


def _refuse(where: str, error: BaseException, *, is_json: bool) -> int:
    """Say what is wrong; gives the exit code. An unexpected error is raised where no program waits for JSON."""
    if isinstance(error, OSError) and is_refusal(error):
        error = explain_refusal(error)
    is_expected = isinstance(error, RelayError | KeyboardInterrupt)
    if is_json:
        if not is_expected:
            traceback.print_exception(error)
        print_error(error)
    elif not is_expected:
        raise error
    else:
        logger.error("{}: {}", where, str(error) or "interrupted")
    return error.exit_code if isinstance(error, RelayError) else INTERRUPTED if is_expected else FAILED


def _make_parser(
    program: str, name: str, verb: Verb, module: VerbModule, verbs: Mapping[str, Verb], *, is_json: bool
) -> Parser:
    parser = Parser(
        f"{program} {name}".rstrip(),
        description=f"{verb.help[0].upper()}{verb.help[1:]}.",
        verbs=verbs,
        is_json=is_json,
    )
    parser.set_defaults(verb=name)
    parser.add_argument(JSON, action="store_true", help="answer with one JSON document, errors too")
    module.add_options(name, parser)
    return parser
