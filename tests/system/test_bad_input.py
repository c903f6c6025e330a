"""What goes wrong outside is said in one line that helps, costs an exit code, and never costs data."""

import ctypes
import io
import json
import os
import re
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import commands
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stage_process import ROOT, AtStep, end_of, fork_stage, run_stage, start_stage, wait_until
from whole_data import fingerprint_of, list_leftovers, require_whole_dataset
from workshop import Workshop, require_one_line

PEOPLE = """
title = "People"

[ingest]
source = "file"
path = "people.csv"
max_rejected_share = 0.3

[preprocess]
kind = "table"
max_rejected_share = 0.3

[columns]
person = { type = "int", role = "id" }
age = { type = "int", role = "input", min = 18, max = 120 }
name = { type = "text", role = "ignore" }
is_member = { type = "int", role = "target", allowed = [0, 1] }

[model]
kind = "estimator"
estimator = "sklearn.linear_model.LogisticRegression"
"""

HEAD = "person,age,name,is_member\n"
ROWS = "1,30,Ada,1\n2,41,Blaise,0\n3,many,Carl,1\n4,17,Dora,0\n5,66,Émilie,1\n"
"""Row 3 has an age that is no number, row 4 one that breaks the rule."""

HTML = "<!DOCTYPE html>\n<html><head><title>404</title></head><body>Not found</body></html>"


@pytest.fixture
def people(workshop: Workshop) -> Path:
    """A recipe with its file, both stages run: the earlier data that no failure may touch."""
    recipe = workshop.write("people.toml", PEOPLE)
    workshop.write("people.csv", HEAD + ROWS)
    workshop.succeed("ingest", recipe)
    workshop.succeed("preprocess", recipe)
    return recipe


# The data.

AS_PARQUET = {"person": [1, 2], "age": [30, 41], "name": ["Ada", "Blaise"], "is_member": [1, 0]}


def parquet(**columns: object) -> bytes:
    """A Parquet file of people, some columns changed."""
    sink = io.BytesIO()
    pq.write_table(pa.table({**AS_PARQUET, **columns}), sink, compression="none")
    return sink.getvalue()


def turn_bytes_over(content: bytes, start: int, count: int) -> bytes:
    """The content with some bytes turned over."""
    return content[:start] + bytes(255 - byte for byte in content[start : start + count]) + content[start + count :]


RECORDS = [{"person": 1, "age": 30, "name": "Ada", "is_member": 1}] * 50

BAD_FILES: dict[str, tuple[str, str | bytes, list[str]]] = {
    "nothing": ("people.csv", "", ["people.csv: the file is empty (0 bytes)", "look at"]),
    "blank lines": ("people.csv", "\n \n\n", ["people.csv: the file is empty (4 bytes)"]),
    "a byte order mark alone": ("people.csv", b"\xef\xbb\xbf", ["people.csv: the file is empty"]),
    "a head without rows": ("people.csv", HEAD, ["no row is left of 0 read", "Look at the source and at [ingest]"]),
    "a web page": ("people.csv", HTML, ["a web page came instead of data", "it begins b'<!DOCTYPE html>"]),
    "a web page as JSON": ("people.json", HTML, ["a web page came instead of data"]),
    "a web page as Parquet": ("people.parquet", HTML, ["a web page came instead of data"]),
    "a column missing": (
        "people.csv", "person,Age,name,is_member\n1,30,Ada,1\n",
        ["column age is missing", 'from = "Age" in [columns]', 'found "person", "Age", "name", "is_member"'],
    ),
    "a column too many": (
        "people.csv", "person,age,name,height,is_member\n1,30,Ada,1.7,1\n",
        ['unexpected column "height"', "declare it in [columns]", 'extra_columns = "drop" in [ingest]'],
    ),
    "a column twice": (
        "people.csv", "person,age,age,name,is_member\n1,30,30,Ada,1\n", ["column age comes more than once"],
    ),
    "a column of another type": (
        "people.csv", HEAD + "1,old,Ada,1\n2,young,Blaise,0\n",
        ["2 of 2 rows do not match the schema; the limit is 30.0%", "age: not a whole number (2)",
         "people.failed.parquet; correct the source or [columns]"],
    ),
    "ragged rows": (
        "people.csv", HEAD + "1,30,Ada,1\n2,41\n3,50,Carl,1,1\n",
        ["2 of 3 rows do not match the schema", "2 cells instead of 4 (1)", "5 cells instead of 4 (1)"],
    ),
    "a quote that stays open": (
        "people.csv", HEAD + '1,30,"Ada,1\n2,41,Blaise,0\n', ["a quote is opened and never closed"],
    ),
    "UTF-16 without a mark": (
        "people.csv", (HEAD + ROWS).encode("utf-16-le"),
        ["no text, or UTF-16 without a byte order mark", 'encoding = "utf-16-le": say so in [ingest]'],
    ),
    "a compressed file that holds nothing": (
        "people.csv", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
        ["people.csv: the file is empty (10 bytes, which hold none)"],
    ),
    "bytes that are no text": (
        "people.csv", HEAD.encode() + b"1,30,Ad\xff,1\n2,41,Blaise,0\n",
        ["1 of 2 rows do not match the schema", "name: not UTF-8 text; declare the encoding"],
    ),
    "an ending that tells nothing": ("people.dat", HEAD + ROWS, ['the ending ".dat" tells no format', "say format ="]),
    "JSON cut short": (
        "people.json", json.dumps(RECORDS)[:-20], ["people.json: not JSON, or cut:", "bytes)"],
    ),
    "JSON with bytes that are no text": (
        "people.json", json.dumps(RECORDS).encode().replace(b"Ada", b"Ad\xe4", 1), ["people.json: not JSON"],
    ),
    "JSON without the list": (
        "people.json", json.dumps({"members": RECORDS, "page": 1}),
        ["no record at the top of the file", "object with the keys members, page", 'records = "members", in [ingest]'],
    ),
    "JSON that is a number": ("people.json", "42", ["no record", "a single value; expected a list of objects"]),
    "JSON with nothing in the list": ("people.json", "[]", ["no record", "a list without records; expected a list"]),
    "CSV under a name of JSON": ("people.json", HEAD + ROWS, ["people.json: not JSON"]),
    "CSV under a name of Parquet": ("people.parquet", HEAD + ROWS, ["people.parquet: not a whole Parquet file"]),
    "Parquet cut short": ("people.parquet", parquet()[:-30], ["people.parquet: not a whole Parquet file"]),
    "Parquet with a damaged page": (
        "people.parquet", turn_bytes_over(parquet(), 4, 60), ["people.parquet: not a whole Parquet file"],
    ),
    "Parquet without a column": (
        "people.parquet", parquet(age=pa.nulls(2), Age=[1, 2]).replace(b"age", b"egg"), ["column age is missing"],
    ),
    "Parquet with bytes that are no text": (
        "people.parquet", parquet(name=["Ad\u00e4", "Blaise"]).replace("Ad\u00e4".encode(), b"Ad\xff\xff"),
        ["1 of 2 rows do not match the schema", "name: not UTF-8 text; declare the encoding"],
    ),
    "Parquet with lists for numbers": (
        "people.parquet", parquet(age=[[30], [41]]),
        ['column "age" holds list<element: int64>; expected one value a cell'],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_refused_with_words_that_help(case: str, people: Path, workshop: Workshop) -> None:
    name, content, words = BAD_FILES[case]
    workshop.write(name, content)
    line = workshop.refuse("ingest", people, "--set", f"ingest.path={name}")
    assert [word for word in words if word not in line] == [], line


def test_parquet_damaged_anywhere_is_refused_in_one_line_or_read(people: Path, workshop: Workshop) -> None:
    content = parquet()
    codes = []
    for start in range(0, len(content), 150):
        workshop.write("people.parquet", turn_bytes_over(content, start, 30))
        ended = workshop.run("ingest", people, "--set", "ingest.path=people.parquet", "--force")
        codes.append(ended.code)
        if ended.code != 0:
            assert "people.parquet: " in require_one_line(ended, 1)
        assert require_whole_dataset(workshop.data, "raw/people", "ingest") is not None
    assert codes.count(1) >= len(codes) / 2, codes


def test_a_text_of_another_encoding_is_refused_with_line_and_byte(workshop: Workshop) -> None:
    recipe = workshop.write(
        "letter.toml",
        PEOPLE.replace("people.csv", "letter.txt").split("person =")[0]
        + 'text = { type = "text", role = "input" }\n[model]\nkind = "authorship"\n',
    )
    workshop.write("letter.txt", "one line\nstra\u00dfe\n".encode("latin-1"))
    line = workshop.refuse("ingest", recipe)
    assert "letter.txt: line 2 is not utf-8" in line
    assert 'encoding = "latin-1"' in line
    workshop.succeed("ingest", recipe, "--set", 'ingest.encoding="latin-1"')
    assert pq.read_table(workshop.data / "raw" / "letter.parquet")["text"].to_pylist() == ["one line\nstraße"]


@pytest.mark.parametrize(("encoding", "words"), [("latin1-x", "latin1-x"), ("ascii", "ascii")])
def test_an_encoding_that_is_none_or_not_the_files_is_refused(
    encoding: str, words: str, people: Path, workshop: Workshop
) -> None:
    ended = workshop.run("ingest", people, "--set", f'ingest.encoding="{encoding}"')
    assert words in require_one_line(ended, ended.code)
    assert ended.code in (1, 2)


def test_a_path_of_records_that_is_not_there_names_what_is(people: Path, workshop: Workshop) -> None:
    workshop.write("people.json", json.dumps({"members": RECORDS}))
    line = workshop.refuse("ingest", people, "--set", "ingest.path=people.json", "--set", "ingest.records=people")
    assert 'no record at records = "people"; the file is an object with the keys members' in line


def test_a_file_that_is_not_there_is_named_with_its_key(people: Path, workshop: Workshop) -> None:
    line = workshop.refuse("ingest", people, "--set", "ingest.path=peeple.csv")
    assert f"no file {workshop.home / 'peeple.csv'}: put it there" in line
    assert '[ingest] path = "peeple.csv"' in line


def test_rows_that_break_types_or_rules_are_kept_apart_and_counted(people: Path, workshop: Workshop) -> None:
    raw = workshop.succeed("ingest", people, "--force")
    processed = workshop.succeed("preprocess", people, "--force")
    assert "4 rows in raw/people, 1 rejected" in raw
    assert "3 rows in processed/people, 1 rejected" in processed
    for stage, address, expected in (
        ("ingest", "raw/people", {"row": 3, "reason": "age: not a whole number"}),
        ("preprocess", "processed/people", {"row": 3, "reason": "age: below 18"}),
    ):
        receipt = json.loads((workshop.data / f"{address}.json").read_text())
        assert (receipt["rejected"]["rows"], receipt["rejected"]["reasons"]) == (1, {expected["reason"]: 1})
        (row,) = pq.read_table(workshop.data / "rejected" / stage / "people.parquet").to_pylist()
        cells = json.loads(row.pop("cells"))
        assert row == expected
        assert cells["name"] == {"ingest": "Carl", "preprocess": "Dora"}[stage]
        require_whole_dataset(workshop.data, address, stage)


@pytest.mark.parametrize(("stage", "row", "reason"), [("ingest", 3, "age: not"), ("preprocess", 3, "age: below 18")])
def test_over_the_limit_a_stage_fails_and_leaves_the_rows_until_it_succeeds(
    stage: str, row: int, reason: str, people: Path, workshop: Workshop
) -> None:
    line = workshop.refuse(stage, people, "--set", f"{stage}.max_rejected_share=0.1")
    failed = workshop.data / "rejected" / stage / "people.failed.parquet"
    assert str(failed) in line
    assert reason in line
    assert [(bad["row"], bad["reason"].startswith(reason)) for bad in pq.read_table(failed).to_pylist()] == [
        (row, True)
    ]
    workshop.succeed(stage, people, "--force")
    assert not failed.exists()


# Recipe and command line.


def test_an_unknown_recipe_is_refused_with_the_nearest(workshop: Workshop) -> None:
    line = workshop.refuse("ingest", "lineer", code=2)
    assert 'no recipe "lineer" (did you mean "linear"?); there are ' in line


def test_a_path_without_a_recipe_is_refused(workshop: Workshop) -> None:
    line = workshop.refuse("ingest", workshop.home / "nothing.toml", code=2)
    assert f"no recipe file {workshop.home / 'nothing.toml'}: give a path to a .toml file or one of " in line


BAD_RECIPES = {
    "no TOML": ("title = ", "title: ", ["people.toml: not TOML:", "line 2"]),
    "a misspelt key": (
        "max_rejected_share = 0.3\n\n[preprocess]", "max_rejectd_share = 0.3\n\n[preprocess]",
        ["[ingest] max_rejectd_share: unknown key", 'did you mean "max_rejected_share"?', "known: "],
    ),
    "a misspelt rule": ("min = 18", "minimum = 18", ["[columns] age.minimum: unknown key", 'did you mean "min"?']),
    "a misspelt section": ("[preprocess]", "[proprocess]", ["proprocess: unknown key", 'did you mean "preprocess"?']),
    "a misspelt source": ('source = "file"', 'source = "fiel"', ['[ingest] source: "fiel" is unknown', '"file"']),
    "a wrong type": (
        "max_rejected_share = 0.3\n\n[preprocess]", 'max_rejected_share = "few"\n\n[preprocess]',
        ["[ingest] max_rejected_share: expected a valid number", "'few'"],
    ),
    "a share above one": (
        "max_rejected_share = 0.3\n\n[preprocess]", "max_rejected_share = 30\n\n[preprocess]",
        ["[ingest] max_rejected_share: expected", "less than or equal to 1", "30"],
    ),
    "a type that does not exist": ('"int", role = "id"', '"integer", role = "id"', ["[columns] person.type: expected"]),
    "no columns": ("[columns]", "[model.columns]", ["[columns]: missing"]),
    "two targets": ('role = "ignore"', 'role = "target"', ["only one column may have the role target", "name"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_RECIPES)
def test_a_bad_recipe_is_refused_with_file_and_key(case: str, people: Path, workshop: Workshop) -> None:
    right, wrong, words = BAD_RECIPES[case]
    assert right in PEOPLE
    people.write_text(PEOPLE.replace(right, wrong, 1))
    line = workshop.refuse("ingest", people)
    assert [word for word in ["people.toml", *words] if word not in line] == [], line


@pytest.mark.parametrize("stage", ["ingest", "preprocess", "model"])
def test_each_stage_finds_the_misspelt_key_of_its_own_section(stage: str, people: Path, workshop: Workshop) -> None:
    line = workshop.refuse(stage, people, "--check", "--set", f"{stage}.sede=3", code=2)
    assert f"override {stage}.sede=3: [{stage}] sede: unknown key" in line


BAD_USAGE: dict[str, tuple[list[str], dict[str, str], list[str]]] = {
    "no recipe": ([], {}, ["no recipe given", "--list", "RECIPES"]),
    "an override without a value": (["linear", "--set", "seed"], {}, ['override "seed": expected section.key=value']),
    "an override of no section": (["linear", "--set", "modell.x=1"], {}, ['no section "modell"', '"model"?']),
    "an override of another type": (
        ["linear", "--set", "ingest.rows=many"], {}, ["override ingest.rows=many: [ingest] rows: expected"],
    ),
    "an override in the environment": (["linear"], {"OVERRIDES": "ingest.rwos=5"}, ["ingest.rwos=5", '"rows"']),
    "a level of the log that does not exist": (
        ["linear"], {"LOG_LEVEL": "loud"}, ["LOG_LEVEL=loud: expected DEBUG, INFO, WARNING or ERROR"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_USAGE)
def test_bad_usage_is_refused_with_code_2(case: str, workshop: Workshop) -> None:
    arguments, environment, words = BAD_USAGE[case]
    line = workshop.refuse("ingest", *arguments, code=2, **environment)
    assert [word for word in words if word not in line] == [], line


def test_an_unknown_option_is_refused_with_code_2(workshop: Workshop) -> None:
    ended = workshop.run("ingest", "linear", "--forse")
    assert ended.code == 2
    assert "unrecognized arguments: --forse" in ended.said


def test_one_bad_recipe_among_several_costs_only_itself(people: Path, workshop: Workshop) -> None:
    workshop.write("people.csv", "")
    ended = workshop.run("ingest", f"{people},linear")
    assert "people.csv: the file is empty" in require_one_line(ended, 1)
    assert require_whole_dataset(workshop.data, "raw/linear", "ingest") is not None


def test_a_stage_started_anew_says_what_a_forked_one_says(people: Path, workshop: Workshop) -> None:
    workshop.write("people.csv", "")
    forked = workshop.run("ingest", people)
    anew = run_stage("ingest", people, folders=workshop.folders)
    assert (anew.code, anew.errors) == (forked.code, forked.errors)


# The stage before.


@pytest.mark.parametrize(("stage", "before"), [("preprocess", "ingest"), ("model", "preprocess")])
def test_without_the_stage_before_the_command_to_run_is_named(stage: str, before: str, workshop: Workshop) -> None:
    recipe = workshop.write("people.toml", PEOPLE)
    workshop.write("people.csv", HEAD + ROWS)
    if stage == "model":
        workshop.succeed("ingest", recipe)
    line = workshop.refuse(stage, recipe)
    assert " is not there yet: run `python -m " in line
    assert run_named_command(line, workshop).startswith(f"python -m {before} ")
    assert "is not there yet" not in workshop.run(stage, recipe, "--check").said


def cut(path: Path) -> None:
    """The last bytes are gone."""
    path.write_bytes(path.read_bytes()[:-20])


def change_a_byte(path: Path) -> None:
    """One byte is another."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def say_other_rows(path: Path) -> None:
    """A receipt in which somebody wrote another number of rows."""
    path.write_text(re.sub(r'"rows": \d+', '"rows": 999', path.read_text(), count=1))


def empty(path: Path) -> None:
    """Nothing is in it."""
    path.write_bytes(b"")


DAMAGES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "rows cut": ("raw/people.parquet", cut),
    "rows changed": ("raw/people.parquet", change_a_byte),
    "rows gone to nothing": ("raw/people.parquet", empty),
    "receipt cut": ("raw/people.json", cut),
    "receipt edited": ("raw/people.json", say_other_rows),
    "receipt gone": ("raw/people.json", Path.unlink),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_damaged_input_is_refused_and_the_command_that_mends_it_named(
    case: str, people: Path, workshop: Workshop
) -> None:
    name, damage = DAMAGES[case]
    whole = fingerprint_of(workshop.data / "raw/people.parquet")
    processed = fingerprint_of(workshop.data / "processed/people.parquet")
    damage(workshop.data / name)
    line = workshop.refuse("preprocess", people)
    assert str(workshop.data / "raw/people.parquet") in line
    assert " changed after it was written" in line
    assert run_named_command(line, workshop).endswith("--force")
    assert fingerprint_of(workshop.data / "raw/people.parquet") == whole
    assert "unchanged" in workshop.succeed("preprocess", people)
    assert fingerprint_of(workshop.data / "processed/people.parquet") == processed


@pytest.mark.parametrize("case", [*DAMAGES, "rejected rows changed", "rejected rows gone"])
def test_a_stage_finds_its_own_result_damaged_and_makes_it_again(case: str, people: Path, workshop: Workshop) -> None:
    before = workshop.picture()
    rejected = "rejected/ingest/people.parquet"
    more = {"rejected rows changed": (rejected, change_a_byte), "rejected rows gone": (rejected, Path.unlink)}
    name, damage = (DAMAGES | more)[case]
    damage(workshop.data / name)
    said = workshop.succeed("ingest", people)
    assert f"ingest people: runs, {workshop.data / name}" in said
    after = workshop.picture()
    changed = {name for name in before if before[name] != after.get(name)}
    assert changed <= {"raw/people.json"}, "a receipt tells the time; the rows and the rejected rows are the same"
    assert set(before) == set(after)


def run_named_command(line: str, workshop: Workshop) -> str:
    """Run the command that a message names, as a user would; gives the command."""
    match = re.search(r"`(python -m [^`]+)`", line)
    assert match is not None, line
    program, *arguments = shlex.split(match[1])
    assert program == "python"
    done = commands.run(
        [sys.executable, *arguments], cwd=ROOT, env=workshop.folders.environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return match[1]


# Folders that refuse.


def give_up_rights() -> None:
    """From here on permissions count, for root too: it loses the capabilities that overrule them."""
    set_bounding = ctypes.CDLL(None).prctl
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        if os.geteuid() == 0 and set_bounding(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            os._exit(CANNOT_GIVE_UP)


PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
"""Of linux/prctl.h and linux/capability.h."""

CANNOT_GIVE_UP = 86


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The folder and all that is in it, not to be written by anybody for a while."""
    paths = [folder, *folder.rglob("*")]
    modes = {path: path.stat().st_mode for path in paths}
    for path in paths:
        path.chmod(modes[path] & ~0o222)
    try:
        yield
    finally:
        for path in paths:
            path.chmod(modes[path])


@pytest.mark.parametrize(
    ("folder", "named"),
    [("data", "data/.locks/raw-people.lock"), ("data/raw", "data/raw/people."), ("logs", "logs/ingest.log")],
)
def test_a_folder_that_may_not_be_written_is_named(folder: str, named: str, people: Path, workshop: Workshop) -> None:
    before = workshop.picture()
    with read_only(workshop.home.parent / folder):
        process = start_stage("ingest", people, "--force", folders=workshop.folders, preexec_fn=give_up_rights)
        ended = end_of(process)
    if ended.code == CANNOT_GIVE_UP:
        pytest.skip("needs a user other than root, or root with CAP_SETPCAP, as in a plain container")
    line = require_one_line(ended, 1)
    assert f"no permission: {workshop.home.parent / named}" in line
    assert "Fix the permissions, or name other folders with --data-dir and --log-dir, then run again" in line
    assert workshop.picture() == before
    workshop.succeed("ingest", people, "--force")


@pytest.mark.parametrize("variable", ["DATA_DIR", "LOG_DIR"])
def test_a_file_in_the_place_of_a_folder_is_named(variable: str, people: Path, workshop: Workshop) -> None:
    file = workshop.write("a file", "")
    line = workshop.refuse("ingest", people, **{variable: str(file)})
    assert str(file) in line


# Two at once, and interruptions.


@pytest.fixture
def drawn(workshop: Workshop) -> Path:
    """A recipe that is under way for a while, run once."""
    recipe = workshop.write(
        "drawn.toml",
        PEOPLE.replace('source = "file"\npath = "people.csv"', 'source = "synthetic"\nrows = 400_000'),
    )
    workshop.succeed("ingest", recipe)
    return recipe


def test_of_two_runs_at_once_the_second_waits_says_for_whom_and_finds_it_done(drawn: Path, workshop: Workshop) -> None:
    outputs = [workshop.home / "first", workshop.home / "second"]
    arguments = ("ingest", drawn, "--set", "seed=7")
    at_step = AtStep(2, signal.SIGSTOP)
    first = fork_stage(*arguments, folders=workshop.folders, output=outputs[0], at_step=at_step)
    assert wait_until(lambda: first.is_stopped, first, pause=0.005)
    second = fork_stage(*arguments, folders=workshop.folders, output=outputs[1])
    assert wait_until(lambda: "waits" in outputs[1].read_text(), second, pause=0.005)
    os.kill(first.pid, signal.SIGCONT)
    done, waited = first.end(), second.end()
    assert (done.code, waited.code) == (0, 0)
    assert re.search(
        rf"ingest waits: raw/drawn is being written by ingest on \S+ \(process {first.pid}\) since 2\S+Z",
        waited.said,
    )
    assert "400,000 rows in raw/drawn" in done.said
    assert "ingest drawn: unchanged, 400,000 rows" in waited.said


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_stage_ends_with_130_and_stops_at_once(
    sent: signal.Signals, drawn: Path, workshop: Workshop
) -> None:
    before = workshop.picture()
    process = start_stage(
        "ingest",
        f"{drawn},linear",
        "--set",
        "seed=7",
        folders=workshop.folders,
        # A shell in the background has its children ignore Ctrl-C; this one must not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert wait_until((workshop.data / "raw/drawn.parquet.tmp").exists, process)
    process.send_signal(sent)
    ended = end_of(process)
    assert ended.code == 130
    assert "Traceback" not in ended.said
    assert "interrupted" in ended.said.splitlines()[-1]
    assert workshop.picture() == before, "the recipe after the interrupted one is not begun either"


@pytest.mark.slow
def test_ctrl_c_before_each_change_of_the_data_leaves_no_trace(people: Path, workshop: Workshop) -> None:
    record = workshop.home / "steps"
    workshop.write("clean.csv", HEAD + ROWS.replace("many", "50"))
    address = ("raw/people", "ingest")
    old = require_whole_dataset(workshop.data, *address)

    def run(*arguments: str, at_step: AtStep) -> tuple[int, str]:
        ended = fork_stage(
            "ingest", people, *arguments, folders=workshop.folders, output=workshop.home / "said", at_step=at_step
        ).end()
        return ended.code, ended.said

    assert run("--set", "ingest.path=clean.csv", at_step=AtStep(record=record))[0] == 0
    new = require_whole_dataset(workshop.data, *address)
    steps = len(record.read_text().splitlines())
    assert steps >= 6
    for step in range(1, steps + 1):
        workshop.succeed("ingest", people)
        code, said = run("--set", "ingest.path=clean.csv", at_step=AtStep(step, signal.SIGINT))
        assert "Traceback" not in said
        assert code == 130, said
        assert list_leftovers(workshop.data) == []
        found = require_whole_dataset(workshop.data, *address)
        assert found in (old, new)
        assert "interrupted; the data is whole" in said
