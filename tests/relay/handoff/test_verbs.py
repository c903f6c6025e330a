"""Subcommands answer people in words, and programs with exactly one JSON document."""

import argparse
import json
import sys
from collections.abc import Callable
from types import ModuleType

import pytest

from relay.handoff.errors import UsageError
from relay.handoff.verbs import Parser, Verb, VerbAnswer, run_verb

VERB = Verb("do it", "verb_of_the_test")

Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the subcommand `do` by a function of the test."""

    def run_with(answer: Callable[[argparse.Namespace], VerbAnswer], *arguments: str) -> int:
        module = ModuleType(VERB.module)
        module.add_options = lambda _, parser: parser.add_argument("--times", type=int)  # type: ignore[attr-defined]
        module.answer = answer  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, VERB.module, module)
        return run_verb("program", "do", VERB, arguments)

    return run_with


def chatter(options: argparse.Namespace) -> VerbAnswer:
    """Answers, after a library has printed something."""
    print("a library says hello")  # noqa: T201 - what this is about
    return VerbAnswer({"verb": options.verb, "times": options.times}, "done twice")


def refuse(_: argparse.Namespace) -> VerbAnswer:
    raise UsageError("there is no text", next_step="Give one")


def break_down(_: argparse.Namespace) -> VerbAnswer:
    raise ZeroDivisionError("a mistake")


def test_a_program_gets_the_document_alone_whatever_libraries_print(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(chatter, "--times", "2", "--json") == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == {"verb": "do", "times": 2}
    assert "a library says hello" in said.err


def stop(_: argparse.Namespace) -> VerbAnswer:
    raise KeyboardInterrupt


def test_an_interrupt_is_an_answer_too(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(stop, "--json") == 130
    assert json.loads(capsys.readouterr().out)["error"]["kind"] == "interrupted"
    assert run(stop) == 130
    assert capsys.readouterr().out == ""


def test_a_person_gets_the_text(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(chatter) == 0
    assert capsys.readouterr().out.endswith("done twice\n")


def test_a_refusal_is_one_object_for_programs_and_one_line_for_people(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (run(refuse, "--json"), run(refuse)) == (2, 2)
    said = capsys.readouterr()
    assert json.loads(said.out) == {
        "error": {"kind": "usage", "message": "there is no text. Give one", "next": "Give one"}
    }
    assert said.err.endswith("program: there is no text. Give one\n")


def test_an_unexpected_error_is_an_object_too_and_keeps_its_traceback(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(break_down, "--json") == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["error"]["kind"] == "unexpected"
    assert "Traceback" in said.err
    with pytest.raises(ZeroDivisionError):
        run(break_down)


def test_bad_usage_is_an_object_for_programs_and_ends_with_the_usage_for_people(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(chatter, "--times", "often", "--json") == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["kind"], error["next"]) == ("usage", "`python -m program do --help` lists the options")
    with pytest.raises(SystemExit) as ended:
        run(chatter, "--times", "often")
    assert (ended.value.code, capsys.readouterr().out) == (2, "")


def test_what_follows_an_answer_comes_after_it(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    seen = []
    assert run(lambda _: VerbAnswer({}, "first", then=lambda: seen.append(capsys.readouterr().out))) == 0
    assert seen == ["first\n"]


def test_the_help_of_a_program_has_a_line_for_each_subcommand() -> None:
    assert "\n  do         do it\n" in Parser("program", "Does things.", verbs={"do": VERB}).format_help()
    assert "subcommands" not in Parser("program", "Does things.").format_help()
