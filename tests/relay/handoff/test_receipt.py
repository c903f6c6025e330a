"""The receipt: what it proves, and how it says what changed."""

import json
from pathlib import Path

import pytest

from relay.handoff.errors import DatasetDamagedError
from relay.handoff.receipt import Key, Origin, Receipt, Rejects, explain_difference, flatten

KEY = Key(code={"ingest/a.py": "1"}, parameters={"rows": 3}, inputs={"data/x.csv": "f"})
RECEIPT = Receipt(
    stage="ingest",
    recipe="credit",
    title="Crédit",
    fingerprint="abc",
    bytes=10,
    rows=3,
    columns=[{"name": "age", "type": "int64"}],
    key=KEY,
    key_digest=KEY.digest,
    overrides={"ingest.rows": 3},
    sources=[Origin(where="data/x.csv", sha256="f", bytes=20)],
    rejected=Rejects(rows=1, reasons={"age: not a whole number": 1}, fingerprint="r"),
    dropped={"without text": 2},
    seed=42,
    versions={"python": "3.11.1"},
    started_at_utc="2026-01-01T00:00:00Z",
    seconds=0.25,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "credit.json").write_text(RECEIPT.to_json(), encoding="utf-8")
    return tmp_path / "credit.json"


def test_a_receipt_survives_the_round_trip(path: Path) -> None:
    assert Receipt.read(path) == RECEIPT


def test_a_missing_receipt_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Receipt.read(tmp_path / "credit.json")


@pytest.mark.parametrize(
    ("old", "new"), [('"rows": 3,', '"rows": 4,'), ("Crédit", "Credit"), ('"seed": 42', '"seed": 4')]
)
def test_an_edited_receipt_is_found_out(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(DatasetDamagedError, match="was edited after it was written"):
        Receipt.read(path)


def test_a_receipt_formatted_anew_is_the_same_receipt(path: Path) -> None:
    path.write_text(json.dumps(json.loads(path.read_text())))
    assert Receipt.read(path) == RECEIPT


@pytest.mark.parametrize("content", [b"", b'{"stage": "ing', b"[1]", b"null", b'{"stage": "ingest"}', b"\xff\xfe"])
def test_a_cut_receipt_is_none_any_more(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(DatasetDamagedError, match="not a receipt any more"):
        Receipt.read(path)


def test_the_digest_of_a_key_changes_with_each_of_its_parts() -> None:
    others = [
        KEY.model_copy(update={"code": {"ingest/a.py": "2"}}),
        KEY.model_copy(update={"parameters": {"rows": 4}}),
        KEY.model_copy(update={"inputs": {"data/x.csv": "g"}}),
    ]
    assert len({KEY.digest, *(other.digest for other in others)}) == 4


def test_the_digest_of_a_key_does_not_depend_on_order() -> None:
    one = Key(code={}, parameters={"a": 1, "b": 2}, inputs={})
    other = Key(code={}, parameters={"b": 2, "a": 1}, inputs={})
    assert one.digest == other.digest


def test_a_changed_parameter_is_said_with_both_values() -> None:
    old = Key(code={}, parameters={"test_share": 0.2, "kind": "table"}, inputs={})
    new = Key(code={}, parameters={"test_share": 0.3, "kind": "table"}, inputs={})
    assert explain_difference(old, new) == ["parameter test_share 0.2 -> 0.3"]


def test_a_parameter_that_came_or_went_is_none_on_the_other_side() -> None:
    old = Key(code={}, parameters={"a": "x"}, inputs={})
    new = Key(code={}, parameters={"b": [1, "y"]}, inputs={})
    assert explain_difference(old, new) == ['parameter a "x" -> (none)', 'parameter b (none) -> [1, "y"]']


def test_changed_code_is_said_by_file_and_many_files_by_number() -> None:
    old = Key(code={f"{letter}.py": "1" for letter in "abcde"}, parameters={}, inputs={})
    new = Key(code={f"{letter}.py": "2" for letter in "abcd"}, parameters={}, inputs={})
    assert explain_difference(old, new) == ["code a.py", "code b.py", "code c.py", "code of 2 more files"]


def test_a_changed_input_is_said_by_name() -> None:
    assert explain_difference(KEY, KEY.model_copy(update={"inputs": {"data/x.csv": "g"}})) == ["input data/x.csv"]


def test_equal_keys_have_no_difference() -> None:
    assert explain_difference(KEY, KEY.model_copy()) == []


def test_nested_parameters_become_dotted_names_and_lists_stay_whole() -> None:
    assert flatten({"a": {"b": 1, "c": {"d": [1, 2]}}, "e": {}}) == {"a.b": 1, "a.c.d": [1, 2], "e": {}}
