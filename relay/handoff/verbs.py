"""Subcommands of a program, which answer people in words and, with `--json`, programs with one JSON document.

The document is the result, or `{"error": {"kind", "message", "next"}}`. The log goes to standard error.
"""

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any, NoReturn, Protocol, cast

from loguru import logger

from relay.handoff import interrupt
from relay.handoff.errors import FAILED, INTERRUPTED, RelayError, UsageError, describe_error
from relay.handoff.log import configure_terminal

JSON = "--json"


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
    """A parser that raises bad usage where a program asks, so that the answer is JSON too."""

    is_json = False

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong, or say it and end with exit code 2.

        Raises:
            UsageError: the answer must be JSON.
        """
        if self.is_json:
            raise UsageError(message, next_step=f"`{self.prog} --help` lists the options")
        super().error(message)


def run_verb(program: str, name: str, verb: Verb, arguments: Sequence[str]) -> int:
    """Run a subcommand and print its answer.

    Args:
        program: the package that is run.
        name: of the subcommand; empty for a program that has only this one.
        verb: the subcommand.
        arguments: the rest of the command line.

    Returns:
        0 when all went well; the error's exit code, 130 when interrupted, or 1 for an unexpected error of a program
        that asked for JSON.
    """
    if verb.program:
        os.execv(sys.executable, [sys.executable, "-m", verb.program, *arguments])  # noqa: S606 - our own program
    is_json, where = JSON in arguments, program
    configure_terminal("INFO")
    interrupt.listen()
    try:
        module = cast(VerbModule, import_module(verb.module))
        options = _make_parser(program, name, verb, module, is_json=is_json).parse_args(arguments)
        where = f"{program} {options.recipe}" if "recipe" in options else program
        # Libraries print to standard output too, which holds the document alone.
        with redirect_stdout(sys.stderr) if options.json else nullcontext():
            found = module.answer(options)
    except KeyboardInterrupt as error:
        if is_json:
            print_error(error)
        else:
            logger.warning("{}: interrupted", where)
        return INTERRUPTED
    except RelayError as error:
        if is_json:
            print_error(error)
        else:
            logger.error("{}: {}", where, error)
        return error.exit_code
    except Exception as error:
        if not is_json:
            raise
        traceback.print_exc()
        print_error(error)
        return FAILED
    _print(json.dumps(found.data, indent=2) if options.json else found.text)
    if found.then is not None:
        found.then()
    return 0


def describe_verbs(program: str, verbs: Mapping[str, Verb]) -> str:
    """The subcommands with a line each, for the program's `--help`; empty where it has none."""
    if not verbs:
        return ""
    lines = [f"  {name:<22} {verb.help}" for name, verb in verbs.items()]
    return "\n".join([f"Subcommands (`python -m {program} SUBCOMMAND --help` lists their options):", *lines])


def _make_parser(program: str, name: str, verb: Verb, module: VerbModule, *, is_json: bool) -> argparse.ArgumentParser:
    parser = Parser(
        prog=f"python -m {program} {name}".rstrip(),
        description=f"{verb.help[0].upper()}{verb.help[1:]}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.is_json = is_json
    parser.set_defaults(verb=name)
    parser.add_argument(JSON, action="store_true", help="answer with one JSON document, errors too")
    module.add_options(name, parser)
    return parser


def print_error(error: BaseException) -> None:
    """Print an error as the one JSON document of a command that was asked for JSON."""
    _print(json.dumps({"error": asdict(describe_error(error))}))


def _print(text: str) -> None:
    if text:
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
        sys.stdout.flush()
