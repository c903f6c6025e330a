"""Certificates of a cluster: each part shows one, strangers are refused, and no further one can be signed."""

import socket
import ssl
import subprocess
import threading
from pathlib import Path

import pytest

from services.stack import certificates
from services.stack.certificates import FILES, ROLES, make_certificates
from services.stack.cluster import check_certificates, renew_certificates
from services.stack.docker import StackError
from services.stack.env_file import read_env


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificates of a cluster."""
    folder = tmp_path_factory.mktemp("cluster") / "secrets" / "cluster"
    make_certificates(folder)
    return folder


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificates of another cluster."""
    folder = tmp_path_factory.mktemp("other") / "cluster"
    make_certificates(folder)
    return folder


def make_context(purpose: ssl.Purpose, authority: Path, own: Path | None) -> ssl.SSLContext:
    """What one side of a connection uses, as Dask sets it up."""
    context = ssl.create_default_context(purpose, cafile=str(authority))
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    if own:
        context.load_cert_chain(own)
    return context


def connect(server: ssl.SSLContext, client: ssl.SSLContext) -> bool:
    """Whether a byte gets from one side to the other."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            plain, _ = listener.accept()
            try:
                with server.wrap_socket(plain, server_side=True) as there:
                    there.sendall(b"!")
            except OSError:
                plain.close()

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            with (
                socket.create_connection(listener.getsockname(), timeout=30) as plain,
                client.wrap_socket(plain) as here,
            ):
                return here.recv(1) == b"!"
        except OSError:
            return False
        finally:
            thread.join()


@pytest.mark.parametrize("server", ROLES)
@pytest.mark.parametrize("client", ROLES)
def test_every_part_of_a_cluster_can_reach_every_other(server: str, client: str, made: Path) -> None:
    asked = make_context(ssl.Purpose.CLIENT_AUTH, made / "ca.pem", made / f"{server}.pem")
    asking = make_context(ssl.Purpose.SERVER_AUTH, made / "ca.pem", made / f"{client}.pem")
    assert connect(asked, asking)


def test_a_stranger_is_refused_with_no_certificate_and_with_that_of_another_cluster(made: Path, others: Path) -> None:
    scheduler = make_context(ssl.Purpose.CLIENT_AUTH, made / "ca.pem", made / "scheduler.pem")
    for own in (None, others / "client.pem"):
        assert not connect(scheduler, make_context(ssl.Purpose.SERVER_AUTH, made / "ca.pem", own))


def test_a_client_refuses_the_scheduler_of_another_cluster(made: Path, others: Path) -> None:
    stranger = make_context(ssl.Purpose.CLIENT_AUTH, made / "ca.pem", others / "scheduler.pem")
    assert not connect(stranger, make_context(ssl.Purpose.SERVER_AUTH, made / "ca.pem", made / "client.pem"))


def test_a_role_cannot_sign_a_certificate_for_another(made: Path, tmp_path: Path) -> None:
    request = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=x"]
    files = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "request")]
    ask(*request, *files)
    signed = ask("x509", "-req", "-in", str(tmp_path / "request"), "-CA", str(made / "worker.pem"))
    (tmp_path / "stranger.pem").write_text((tmp_path / "key").read_text() + signed)
    (tmp_path / "chain.pem").write_text((tmp_path / "stranger.pem").read_text() + (made / "worker.pem").read_text())
    scheduler = make_context(ssl.Purpose.CLIENT_AUTH, made / "ca.pem", made / "scheduler.pem")
    assert not connect(scheduler, make_context(ssl.Purpose.SERVER_AUTH, made / "ca.pem", tmp_path / "chain.pem"))


def ask(*arguments: str) -> str:
    """What `openssl` prints."""
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=True).stdout


def test_the_key_of_the_authority_is_gone_and_the_folder_is_closed(made: Path) -> None:
    assert sorted(path.name for path in made.iterdir()) == sorted(FILES)
    assert "PRIVATE KEY" not in (made / "ca.pem").read_text()
    assert [path.name for path in made.parent.iterdir()] == ["cluster"]
    modes = {path: path.stat().st_mode & 0o777 for path in (made.parent, made, *made.iterdir())}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o644}


def test_keys_are_on_the_curve_p_256_and_serial_numbers_differ(made: Path) -> None:
    texts = [ask("x509", "-in", str(made / f"{role}.pem"), "-noout", "-text", "-serial") for role in ROLES]
    assert ["NIST CURVE: P-256" in text for text in texts] == [True] * 3
    assert len({text.splitlines()[-1] for text in texts}) == 3


def test_certificates_that_are_there_are_not_replaced(made: Path) -> None:
    before = {path.name: path.read_bytes() for path in made.iterdir()}
    with pytest.raises(StackError, match=r"is there already.*rm -r"):
        make_certificates(made)
    assert {path.name: path.read_bytes() for path in made.iterdir()} == before


def test_where_openssl_is_missing_or_fails_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(StackError, match="openssl is missing"):
        make_certificates(tmp_path / "cluster")
    program = tmp_path / "bin" / "openssl"
    program.parent.mkdir()
    real = subprocess.run(["/bin/sh", "-c", "PATH=/usr/bin:/bin command -v openssl"], capture_output=True, text=True)
    program.write_text(f'#!/bin/sh\n[ "$1" = x509 ] && {{ echo "no space left" >&2; exit 1; }}\n'
                       f'exec {real.stdout.strip()} "$@"\n')  # fmt: skip
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    with pytest.raises(StackError, match="`openssl x509` failed: no space left"):
        make_certificates(tmp_path / "cluster")
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


@pytest.mark.parametrize(
    ("before", "after"),
    [("", ""), ("tcp://dask-scheduler:8786", "tls://dask-scheduler:8786"), ("tcp://head:8786", "tcp://head:8786")],
)
def test_env_names_the_certificates_and_the_address_of_the_own_scheduler_fits(
    before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text(f"DASK_SCHEDULER_ADDRESS={before}\nCLUSTER_TLS=\n")
    assert renew_certificates() == 0
    assert read_env(Path(".env")) == {"DASK_SCHEDULER_ADDRESS": after, "CLUSTER_TLS": "secrets/cluster"}
    said = capsys.readouterr().out
    assert ("valid until" in said, "CLUSTER_TLS=secrets/cluster" in said, "PRIVATE" in said) == (True, True, False)


def test_certificates_of_another_folder_are_not_replaced_by_new_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text("CLUSTER_TLS=/srv/certificates\n")
    with pytest.raises(StackError, match="CLUSTER_TLS=/srv/certificates"):
        renew_certificates()
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_the_doctor_names_certificates_that_end_soon_or_are_missing(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [finding.level for finding in check_certificates(made)] == ["ok"]
    monkeypatch.setattr(certificates, "DAYS", 10)
    make_certificates(tmp_path / "cluster")
    [soon] = check_certificates(tmp_path / "cluster")
    assert (soon.level, "less than 30 days" in soon.text, "make cluster-certs" in soon.text) == ("mend", True, True)
    (tmp_path / "cluster" / "worker.pem").unlink()
    [gone] = check_certificates(tmp_path / "cluster")
    assert (gone.level, "worker.pem" in gone.text, "make cluster-certs" in gone.text) == ("mend", True, True)
