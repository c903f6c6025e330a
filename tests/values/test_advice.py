"""The advice of a message is followed, and the failing input gets past that message."""

import gzip
import io
import re
import subprocess
import tarfile
import zipfile
from dataclasses import dataclass

import pytest
from checkout import Project, Ran
from openpyxl import Workbook

RECIPE = """
title = "Values"

[ingest]
source = "file"
path = "{path}"

[preprocess]
kind = "table"

[columns]
a = { type = "int", role = "input", null = true }
b = { type = "int", role = "target", null = true }

[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""


@dataclass(frozen=True)
class Case:
    """An input that is refused, and where its message has the lines to write."""

    file: str
    content: bytes
    advice: str
    """Pattern of the line that goes below [ingest], or as the group `column` below [columns]."""
    prepare: str = ""
    """Pattern of the command that the message has one run first."""
    more: str = ""
    """Further lines of [ingest]."""
    recipe: str = RECIPE


def workbook(*sheets: str) -> bytes:
    """A workbook with the same rows in each of these sheets."""
    book, content = Workbook(), io.BytesIO()
    book.remove(book.active)
    for name in sheets:
        for row in (["a", "b"], [1, 2], [3, 4], [5, 6]):
            (book[name] if name in book.sheetnames else book.create_sheet(name)).append(row)
    book.save(content)
    return content.getvalue()


CSV = b"a,b\n1,2\n3,4\n5,6\n"


def zipped(*names: str) -> bytes:
    """An archive whose files are all the same table."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, CSV)
    return content.getvalue()


def tar() -> bytes:
    """A compressed tar archive of one table."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        member = tarfile.TarInfo("a.csv")
        member.size = len(CSV)
        archive.addfile(member, io.BytesIO(CSV))
    return content.getvalue()


SEMICOLON, TAB = CSV.replace(b",", b";"), CSV.replace(b",", b"\t")
LIST = b'[{"a": 1, "b": 2}, {"a": 3, "b": 4}]'
BOTH_IDS = b'[{"user": {"id": 1}, "user_id": 2, "a": 3, "b": 4}]'
UNPACK = r"run (.+?), then say"
UNPACKED = r'then say (?P<ingest>source = "file" and path = "[^"]+") in \[ingest\]'
INGEST = r"(?P<ingest>%s = \"[^\"]*\"),? in \[ingest\]"
BY_PATH = r"in \[columns\]: (?P<column>\w+ = \{.*\})"
SHARE = r"--set (?P<ingest>ingest\.max_rejected_share=[\d.]+)"
WITH_IDS = RECIPE.replace("[columns]\n", '[columns]\nuser_id = { type = "int", role = "ignore" }\n')

CASES = {
    "semicolon": Case("x.csv", SEMICOLON, INGEST % "delimiter", more='delimiter = ","'),
    "tab": Case("x.csv", TAB, INGEST % "delimiter", more='delimiter = ","'),
    "comma_in_tsv": Case("x.tsv", CSV, INGEST % "delimiter", more='delimiter = "\\t"'),
    "colon": Case("x.csv", CSV.replace(b",", b":"), INGEST % "delimiter"),
    "wrong_delimiter": Case("x.csv", CSV, INGEST % "delimiter", more='delimiter = "|"'),
    "a_name_alike": Case("x.csv", b"a_,b\n1,2\n", r'say (?P<of_a>from = "[^"]+") in \[columns\]'),
    "a_name_in_capitals": Case("x.csv", b"A,b\n1,2\n", r'say (?P<of_a>from = "[^"]+") in \[columns\]'),
    "a_name_with_a_backslash": Case("x.csv", b"a\\,b\n1,2\n", r'say (?P<of_a>from = "[^"]+") in \[columns\]'),
    "a_name_with_a_quote": Case("x.csv", b'a",b\n1,2\n', r"say (?P<of_a>from = '[^']+') in \[columns\]"),
    "extra_column": Case("x.csv", b"a,b,c\n1,2,3\n", INGEST % "extra_columns"),
    "no_such_records": Case("x.json", b'{"n": 1, "rows": ' + LIST + b"}", INGEST % "records", more='records = "row"'),
    "records_of_a_list": Case("x.json", LIST, INGEST % "records", more='records = "x"'),
    "records_deeper": Case("x.json", b'{"data": {"rows": ' + LIST + b"}}", INGEST % "records", more='records = "data"'),
    "records_forgotten": Case("x.json", b'{"meta": [1], "rows": ' + LIST + b"}", INGEST % "records"),
    "json_as_lines": Case("x.jsonl", LIST.replace(b", {", b",\n{"), INGEST % "format"),
    "two_paths": Case("x.json", BOTH_IDS, BY_PATH, recipe=WITH_IDS),
    "two_paths_in_lines": Case("x.jsonl", BOTH_IDS[1:-1], BY_PATH, recipe=WITH_IDS),
    "tar": Case("x.csv.tgz", tar(), UNPACKED, UNPACK, more='format = "csv"'),
    "tar_named_csv": Case("x.csv", gzip.decompress(tar()), UNPACKED, UNPACK, more='format = "csv"'),
    "kinds_in_a_zip": Case("x.zip", zipped("a.csv", "b.csv", "c.xml"), INGEST % "member"),
    "no_data_in_a_zip": Case("x.zip", zipped("README.txt"), INGEST % "member", more='format = "csv"'),
    "workbook_named_csv": Case("x.csv", workbook("a"), INGEST % "format", more='format = "csv"'),
    "two_sheets": Case("x.xlsx", workbook("New", "Old"), INGEST % "sheet"),
    "most_rows_bad": Case("x.csv", b"a,b\n" + b"x,1\n" * 57 + b"1,2\n" * 43, SHARE),
    "few_rows_bad": Case("x.csv", b"a,b\n" + b"x,1\n" * 2 + b"1,2\n" * 31, SHARE),
    "ending": Case("x.data", CSV, r'say (?P<ingest>format = "csv")'),
}  # fmt: skip
LATIN = "é\n".encode("latin-1")
TEXTS = re.sub(r"(?m)^a = .*\nb = .*$", 'text = { type = "text", role = "input" }', RECIPE)
CASES["encoding"] = Case("x.txt", LATIN, r"(?P<ingest>encoding = \"[^\"]+\")", recipe=TEXTS)


def message_of(ran: Ran, name: str) -> str:
    """The message of a recipe that failed; empty for one that did not."""
    found = [line for line in ran.log.splitlines() if "ERROR" in line and re.search(rf"/{name}(\.toml)?: ", line)]
    return found[0] if found else ""


def follow(recipe: str, message: str, case: Case) -> str:
    """The recipe after the advice of the message."""
    match = re.search(case.advice, message)
    assert match is not None, f"no advice in: {message}"
    found = match.groupdict()
    if "column" in found:
        return recipe.replace("[columns]\n", f"[columns]\n{found['column']}\n")
    if "of_a" in found:
        return recipe.replace("a = { ", f"a = {{ {found['of_a']}, ")
    for line in re.split(" and ", found["ingest"]):
        key, value = re.split(r"\s*=\s*", line.removeprefix("ingest."), maxsplit=1)
        recipe = re.sub(rf"(?m)^{key} = .*\n", "", recipe)
        recipe = recipe.replace("[ingest]\n", f"[ingest]\n{key} = {value}\n")
    return recipe


def prepare(message: str, case: Case) -> None:
    """Run the command of the message."""
    if case.prepare:
        command = re.search(case.prepare, message)
        assert command is not None
        subprocess.run(["/bin/sh", "-c", command[1]], check=True, timeout=60)


def test_the_advice_of_each_message_about_a_source_gets_past_it(project: Project) -> None:
    recipes = {}
    for name, case in CASES.items():
        (project.folder / name).mkdir()
        path = project.write(f"{name}/{case.file}", case.content)
        recipes[name] = case.recipe.replace("{path}", str(path)).replace("[ingest]\n", f"[ingest]\n{case.more}\n")
    failed = project.run("ingest", *[project.recipe(text, name) for name, text in recipes.items()])
    messages = {name: message_of(failed, name) for name in CASES}
    corrected = []
    for name, case in CASES.items():
        prepare(messages[name], case)
        corrected.append(project.recipe(follow(recipes[name], messages[name], case), name))
    passed = project.run("ingest", *corrected)
    assert {name: message_of(passed, name) for name in CASES} == dict.fromkeys(CASES, "")
    assert all(project.rows(f"raw/{name}") for name in CASES)

    for name in ("two_paths", "two_paths_in_lines"):
        (row,) = project.rows(f"raw/{name}")
        assert (row["user_id"], row["user_id_by_path"]) == (2, "1")


TEXT = "The cat sat on the mat and looked at the dog, who did not look back at all; so it goes with them. "

MODELS = {
    "text_as_input": (
        {"x.csv": 'a,b,c\n' + "".join(f"{n},{2 * n},word{n % 3}\n" for n in range(60))},
        'a = { type = "int", role = "input" }\nb = { type = "int", role = "target" }\n'
        'c = { type = "text", role = "input" }\n',
        'kind = "estimator"\nestimator = "sklearn.linear_model.LinearRegression"',
        r'give it (?P<role>role = "ignore")',
    ),
    "text_as_category": (
        {"x.csv": 'a,b,c\n' + "".join(f"{n},{2 * n},word{n % 3}\n" for n in range(60))},
        'a = { type = "int", role = "input" }\nb = { type = "int", role = "target" }\n'
        'c = { type = "text", role = "input" }\n',
        'kind = "estimator"\nestimator = "sklearn.linear_model.LinearRegression"',
        r'or (?P<type>type = "category")',
    ),
    "one_whole_document": (
        {"x.csv": f'text,who\n"{TEXT * 40}",A\n"{TEXT[::-1] * 40}",B\n'},
        'text = { type = "text", role = "input" }\nwho = { type = "category", role = "label" }\n',
        'kind = "authorship"\nchunking = "whole"\nprojection = "tsne"',
        r"Say (?P<model>chunking = .*) in \[model\]",
    ),
    "chunks_longer_than_documents": (
        {"x.csv": f'text,who\n"{TEXT * 40}",A\n"{TEXT[::-1] * 40}",B\n'},
        'text = { type = "text", role = "input" }\nwho = { type = "category", role = "label" }\n',
        'kind = "authorship"\nchunking = "within"',
        r"Say (?P<model>chunking = \S+ and .*) in \[model\]",
    ),
}  # fmt: skip


@pytest.mark.slow
def test_the_advice_of_each_message_about_a_model_gets_past_it(project: Project) -> None:
    recipes = {}
    for name, (files, columns, model, _) in MODELS.items():
        (project.folder / name).mkdir()
        paths = [str(project.write(f"{name}/{file}", content)) for file, content in files.items()]
        kind = "documents" if "authorship" in model else "table"
        head = f'title = "Values"\n[ingest]\nsource = "file"\npath = "{paths[0]}"\n[preprocess]\nkind = "{kind}"\n'
        recipes[name] = f"{head}[columns]\n{columns}[model]\n{model}\n"
    failed = run_all(project, recipes)
    messages = {name: message_of(failed, name) for name in MODELS}
    for name, (*_, advice) in MODELS.items():
        match = re.search(advice, messages[name])
        assert match is not None, messages[name]
        recipes[name] = follow_model(recipes[name], match.groupdict())
    passed = run_all(project, recipes)
    assert {name: message_of(passed, name) for name in MODELS} == dict.fromkeys(MODELS, "")


def run_all(project: Project, recipes: dict[str, str]) -> Ran:
    """All stages of the recipes; gives how the last one ended."""
    paths = [project.recipe(text, name) for name, text in recipes.items()]
    for stage in ("ingest", "preprocess"):
        ran = project.run(stage, *paths)
        assert ran.exit_code == 0, ran.log
    return project.run("model", *paths)


def follow_model(recipe: str, advice: dict[str, str]) -> str:
    """The recipe with a column's new role or type, or with lines of [model]."""
    if "role" in advice:
        return recipe.replace('type = "text", role = "input"', f'type = "text", {advice["role"]}')
    if "type" in advice:
        return recipe.replace('type = "text"', advice["type"])
    for line in advice["model"].split(" and "):
        key = line.partition(" ")[0]
        recipe = re.sub(rf"(?m)^{key} = .*\n", "", recipe).replace("[model]\n", f"[model]\n{line}\n")
    return recipe
