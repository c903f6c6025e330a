"""The project's key: made once, closed to others, never said."""

import contextlib
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from relay.handoff.settings import ROOT
from relay.registry.code_key import CodeKeyError, is_signed, locate_key, make_key, read_key, sign

KEY = "k" * 64


def write(path: Path, text: str = KEY, *, mode: int = 0o600, folder: int = 0o700) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    path.parent.chmod(folder)
    return path


def refuse(path: Path) -> CodeKeyError:
    with pytest.raises(CodeKeyError) as caught:
        read_key(path)
    assert str(path) in str(caught.value)
    assert caught.value.next_step
    assert KEY not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(("mode", "folder"), [(0o600, 0o755), (0o644, 0o700), (0o666, 0o700), (0o600, 0o700)])
def test_a_closed_file_or_a_closed_folder_is_enough(tmp_path: Path, mode: int, folder: int) -> None:
    assert read_key(write(tmp_path / "keys" / "key", mode=mode, folder=folder)) == KEY.encode()


@pytest.mark.parametrize(
    ("mode", "folder", "said"),
    [
        (0o640, 0o750, "users of its group on this machine can read"),
        (0o604, 0o755, "other users on this machine can read"),
        (0o644, 0o711, "users of its group on this machine can read"),  # who knows the name needs no right to list
        (0o620, 0o755, "users of its group on this machine can change"),
        (0o602, 0o701, "other users on this machine can change"),
        (0o600, 0o775, "users of its group on this machine can replace"),
        (0o600, 0o703, "other users on this machine can replace"),
    ],
)
@pytest.mark.parametrize("name", ["secrets", "elsewhere"])
def test_a_key_that_others_can_use_is_refused_with_the_chmod_that_mends_it(
    tmp_path: Path, mode: int, folder: int, said: str, name: str
) -> None:
    path = write(tmp_path / name / "code_key", mode=mode, folder=folder)
    errors = []
    while (error := find_problem(path)) and len(errors) < 4:  # a command each for file and folder
        (command,) = re.findall(r"Run `(chmod [^`]+)`", error.next_step)
        assert ("chmod 700 " in command) == (name == "secrets")
        subprocess.run(command.split(), check=True)
        errors.append(error)
    assert said in errors[0].message
    assert read_key(path) == KEY.encode()


def find_problem(path: Path) -> CodeKeyError | None:
    try:
        read_key(path)
    except CodeKeyError as error:
        return error
    return None


def test_others_cannot_replace_a_key_in_a_folder_such_as_tmp(tmp_path: Path) -> None:
    assert read_key(write(tmp_path / "keys" / "key", folder=0o1777)) == KEY.encode()


def test_the_folder_of_a_link_counts_too(tmp_path: Path) -> None:
    real = write(tmp_path / "closed" / "key")
    link = tmp_path / "open" / "key"
    link.parent.mkdir()
    link.symlink_to(real)
    link.parent.chmod(0o777)
    assert "can replace" in str(refuse(link))
    link.parent.chmod(0o755)
    assert read_key(link) == KEY.encode()


def test_no_file_and_an_empty_one_are_no_key(tmp_path: Path) -> None:
    assert read_key(tmp_path / "none" / "key") is None
    assert read_key(write(tmp_path / "keys" / "key", "\n")) is None


@pytest.mark.parametrize("text", ["short", "k" * 5_000])
def test_a_key_of_another_length_is_refused(tmp_path: Path, text: str) -> None:
    assert "expected 32 to 4096" in str(refuse(write(tmp_path / "keys" / "key", text)))


def test_what_is_not_a_file_is_refused_without_waiting(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    assert "cannot be read: Not a file" in str(refuse(tmp_path / "folder"))
    assert "cannot be read: Not a file" in str(refuse(tmp_path / "pipe"))
    assert "a symbolic link to a file that does not exist" in str(refuse(tmp_path / "link"))
    with pytest.raises(CodeKeyError):  # nothing is written through the link
        make_key(tmp_path / "link")
    assert not (tmp_path / "gone").exists()


def test_a_key_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    key = write(tmp_path / "keys" / "key", mode=0o000)
    said, answer = os.pipe()
    child = os.fork()
    if child == 0:  # root reads every file
        with contextlib.suppress(BaseException):
            if os.getuid() == 0:
                os.setuid(65_534)
            os.write(answer, str(refuse(key)).encode())
        os._exit(0)
    os.close(answer)
    os.waitpid(child, 0)
    with os.fdopen(said) as words:
        assert "Permission denied" in words.read()


def test_the_variable_names_another_file() -> None:
    assert locate_key({"CODE_KEY_FILE": "/run/secrets/code_key"}) == Path("/run/secrets/code_key")
    assert locate_key({"CODE_KEY_FILE": ""}) == locate_key({}) == ROOT / "secrets" / "code_key"


def test_a_key_is_made_once_in_a_closed_folder(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "code_key"
    key = make_key(path)
    assert (len(key) >= 32, make_key(path), read_key(path)) == (True, key, key)
    assert (path.parent.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o644)
    assert list(path.parent.iterdir()) == [path]


def test_in_an_open_folder_the_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "open" / "key"
    path.parent.mkdir(mode=0o755)
    make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("there", [False, True])
def test_trainings_that_begin_together_make_one_key(tmp_path: Path, there: bool) -> None:
    path = tmp_path / "secrets" / "code_key"
    if there:
        write(path, "")
    code = "import sys; from pathlib import Path; from relay.registry.code_key import make_key; input(); "
    code += "print(make_key(Path(sys.argv[1])).decode())"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    with ThreadPoolExecutor(4) as threads:
        made = set(threads.map(lambda process: process.communicate("\n", timeout=60)[0], processes))
    assert made == {path.read_text()}


def test_a_signature_belongs_to_one_contract_and_one_key() -> None:
    signature = sign(b"contract", b"a key")
    assert is_signed(b"contract", f"{signature}\n", b"a key")
    others = [(b"contracts", signature, b"a key"), (b"contract", signature, b"b key"), (b"contract", "ä", b"a key")]
    assert not any(is_signed(*one) for one in others)
    assert not is_signed(b"contract", "", b"a key")
