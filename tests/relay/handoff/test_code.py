"""Which files and packages a key holds."""

from pathlib import Path

import pytest

from relay.handoff.code import Code, LockError, digest_modules, read_pins

LOCK = """\
joblib==1.6.0 \\
    --hash=sha256:aa
    # via scikit-learn
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:bb
    # via
    #   -r model/requirements.in
    #   scikit-learn
numpy==2.5.0 ; python_full_version >= '3.12' \\
    --hash=sha256:cc
    # via
    #   -r model/requirements.in
    #   scikit-learn
scikit-learn==1.9.1 \\
    --hash=sha256:dd
    # via -r model/requirements.in
streamlit==1.67.0 \\
    --hash=sha256:ee
    # via -r model/requirements.in
uvicorn[standard]==0.54.0 \\
    --hash=sha256:ff
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text(LOCK)
    return path


def test_a_pin_brings_the_pins_of_what_it_requires_and_no_other(lock: Path) -> None:
    numpy = "2.4.6 ; python_full_version < '3.12' | 2.5.0 ; python_full_version >= '3.12'"
    assert read_pins(lock, ["scikit-learn"]) == {"joblib": "1.6.0", "numpy": numpy, "scikit-learn": "1.9.1"}


def test_an_extra_does_not_hide_a_pin(lock: Path) -> None:
    assert read_pins(lock, ["uvicorn"]) == {"uvicorn": "0.54.0"}


def test_a_package_that_is_not_pinned_is_named_with_the_command_that_pins_it(lock: Path) -> None:
    with pytest.raises(LockError, match=r"requirements.txt does not pin pandas\. Run `make lock`\."):
        read_pins(lock, ["pandas"])


def test_a_module_is_its_file_and_a_package_all_its_modules(tmp_path: Path) -> None:
    for name in (
        "ingest/prose.py",
        "relay/reading/formats/__init__.py",
        "relay/reading/formats/text.py",
        "ingest/parameters.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    digests = digest_modules(["relay.reading.formats", "ingest.prose"], tmp_path)
    assert list(digests) == ["ingest/prose.py", "relay/reading/formats/__init__.py", "relay/reading/formats/text.py"]


def test_the_digest_of_code_follows_the_bytes_of_a_file(tmp_path: Path) -> None:
    digests = []
    for text in ("x = 1", "x = 2", "x = 1"):
        (tmp_path / "a.py").write_text(text)
        digests.append(digest_modules(["a"], tmp_path)["a.py"])
    assert [digests[0] == digests[1], digests[0] == digests[2]] == [False, True]


def test_a_named_module_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        digest_modules(["a.b"], tmp_path)


def test_what_stages_share_and_what_one_adds_are_one_list() -> None:
    assert Code(("a",), ("x",)) + Code(("b",), ("y",)) == Code(("a", "b"), ("x", "y"))
