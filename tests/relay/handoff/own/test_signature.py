"""What a user's function takes, read from its source."""

from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest

from relay.handoff.own.arguments import hash_files, locate_files, pack, resolve_arguments, to_plain, unpack
from relay.handoff.own.docstring import read_help
from relay.handoff.own.module import OwnCodeError, OwnFolder, list_functions
from relay.handoff.own.signature import REQUIRED, Frame, Signature, read_signature
from relay.handoff.recipe import Recipe

HEAD = """import pandas as pd
import pyarrow as pa
import polars
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Literal, Optional
K = 3
"""


def read(line: str, folder: Path, data: int = 0) -> Signature:
    """The signature of a function, from its first line."""
    (folder / "mine.py").write_text(f"{HEAD}{line}\n    pass\n")
    source = OwnFolder(folder).find("recipes.mine")
    assert source is not None
    return read_signature(source, list_functions(source)["f"], data)


def recipe(*overrides: str) -> Recipe:
    """A recipe with seed 7."""
    return Recipe("mine", Path("mine.toml"), "Mine", "", 7, {}, {}, dict.fromkeys(overrides))


@pytest.mark.parametrize(
    ("text", "kind", "default"),
    [
        ("n: int = 3", int, 3),
        ("n=3", int, 3),
        ("n=K", int, 3),
        ("n: float = 1", float, 1.0),
        ("n=True", bool, True),
        ("n: str = 'a'", str, "a"),
        ("n: 'int' = 3", int, 3),
        ("n: int | None = None", int | None, None),
        ("n: Optional[str] = None", str | None, None),
        ("n: Literal['a', 'b'] = 'a'", Literal["a", "b"], "a"),
        ("n: list[int] = [1, 2]", list[int], [1, 2]),
        ("n=('a', 'b')", list[str], ["a", "b"]),
        ("n: date = date(2024, 1, 31)", date, date(2024, 1, 31)),
        ("n: Path = Path('x.csv')", Path, Path("x.csv")),
        ("n: float = -1.5e3", float, -1500.0),
        ("n: int", int, REQUIRED),
    ],
)
def test_parameters_have_the_types_and_defaults_that_the_source_says(
    text: str, kind: Any, default: Any, tmp_path: Path
) -> None:
    found = read(f"def f(*, {text}):", tmp_path).parameters[0]
    assert (found.name, found.type, found.default) == ("n", kind, default)


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("x", Frame.PANDAS),
        ("x: pd.DataFrame", Frame.PANDAS),
        ("x: 'pd.DataFrame'", Frame.PANDAS),
        ("x: pa.Table", Frame.ARROW),
        ("x: Iterator[pa.RecordBatch]", Frame.BATCHES),
        ("x: polars.DataFrame", Frame.POLARS),
        ("x: Path", Frame.PATH),
        ("x: list[Path]", Frame.PATHS),
    ],
)
def test_data_is_what_the_annotation_says(text: str, frame: Frame, tmp_path: Path) -> None:
    assert read(f"def f({text}):", tmp_path, data=1).data[0].frame is frame


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("def f(*rest):", r"recipes/mine.py: f takes \*rest; name each parameter"),
        ("def f(**rest):", r"recipes/mine.py: f takes \*\*rest; name each parameter"),
        ("def f(*, n):", "parameter n has neither a type nor a default"),
        ("def f(*, n: dict = {}):", "parameter n has the type dict; expected int, float"),
        ("def f(*, n=open('x')):", r"the default of n, open\('x'\), is no plain value"),
        ("def f(*, n=None):", "the type of n does not follow from its default None"),
        ("def f(*, n=[]):", r"the type of n does not follow from its default \[\]"),
    ],
)
def test_what_a_recipe_could_not_set_is_refused(line: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(OwnCodeError, match=why):
        read(line, tmp_path)


def test_too_few_data_arguments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OwnCodeError, match="f takes 1 positional arguments; expected 2 for the data"):
        read("def f(a, *, n=1):", tmp_path, data=2)


PARAMETERS = "def f(*, n: int, how: Literal['a', 'b'] = 'a', since: date = date(2024, 1, 2), seed: int = 0):"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, r"recipes/mine.py: f: parameter n has no default; set it in \[preprocess.arguments\]"),
        ({"n": 1.5}, "parameter n: expected a valid integer, found 1.5"),
        ({"n": True}, "parameter n: expected a valid integer, found True"),
        ({"n": "1"}, "parameter n: expected a valid integer, found '1'"),
        ({"n": 1, "how": "c"}, "parameter how: expected 'a' or 'b', found 'c'"),
        ({"n": 1, "hwo": "a"}, r'f has no parameter hwo \(did you mean "how"\?\); it takes n, how, since, seed'),
        ({"n": 1, "since": "yesterday"}, "parameter since: expected a valid date"),
    ],
)
def test_a_wrong_argument_is_one_line_with_function_parameter_expected_and_found(
    given: dict[str, Any], why: str, tmp_path: Path
) -> None:
    with pytest.raises(Exception, match=why) as caught:
        resolve_arguments(read(PARAMETERS, tmp_path), given, recipe(), "preprocess")
    assert (type(caught.value).__name__, "\n" in str(caught.value)) == ("RecipeError", False)


def test_an_override_that_is_wrong_is_bad_usage(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="found 'x'") as caught:
        resolve_arguments(read(PARAMETERS, tmp_path), {"n": "x"}, recipe("preprocess.arguments.n"), "preprocess")
    assert type(caught.value).__name__ == "UsageError"


def test_values_are_typed_the_seed_is_the_recipes_and_both_survive_json(tmp_path: Path) -> None:
    found = resolve_arguments(read(PARAMETERS, tmp_path), {"n": 4, "since": "2025-02-03"}, recipe(), "preprocess")
    assert found == {"n": 4, "how": "a", "since": date(2025, 2, 3), "seed": 7}
    assert (to_plain(found)["since"], unpack(pack(found))) == ("2025-02-03", found)


def test_lists_of_dates_and_paths_may_be_written_as_texts(tmp_path: Path) -> None:
    signature = read("def f(*, days: list[date], files: list[Path] = [], other: Path | None = None):", tmp_path)
    given = {"days": ["2025-02-03"], "files": ["a.csv", "data/b.csv"], "other": "c.csv"}
    found = resolve_arguments(signature, given, recipe(), "preprocess")
    assert found == {
        "days": [date(2025, 2, 3)],
        "files": [Path("a.csv"), Path("data/b.csv")],
        "other": Path("c.csv"),
    }
    assert unpack(pack(found)) == found


def test_each_file_of_a_list_is_located_and_in_the_key(tmp_path: Path) -> None:
    signature = read("def f(*, files: list[Path], other: Path):", tmp_path)
    (tmp_path / "a.csv").write_text("a")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "b.csv").write_text("b")
    values = {"files": [Path("a.csv"), Path("data/b.csv")], "other": Path("a.csv")}
    files = locate_files(values, tmp_path / "data", tmp_path)
    assert files["files"] == [tmp_path / "a.csv", tmp_path / "data" / "b.csv"]
    hashes = hash_files(signature.shown, files)
    assert list(hashes) == ["file of files.0", "file of files.1", "file of other"]
    assert hashes["file of files.0"] == hashes["file of other"] != hashes["file of files.1"]


@pytest.mark.parametrize(
    "text",
    [
        "Clean it.\n\nArgs:\n    n: how many,\n        at most.\n    how (str): which way.\n\n"
        "Returns:\n    x: a frame.",
        "Clean it.\n\nParameters\n----------\nn : int\n    how many,\n    at most.\nhow : str\n    which way.\n\n"
        "Returns\n-------\nx\n    a frame.",
    ],
)
def test_the_words_of_a_docstring_are_read_in_both_styles(text: str) -> None:
    found = read_help(text)
    assert (found.summary, found.parameters) == ("Clean it.", {"n": "how many, at most.", "how": "which way."})
