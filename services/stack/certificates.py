"""The certificates of a cluster with TLS: an authority of its own and one certificate for each role.

Dask accepts each certificate that the authority signed, and compares no names of hosts, so a cluster has an authority
of its own. The authority's key is deleted at once: no further certificate can be made, and to renew one is to renew
all. By the command `openssl`, because Python's standard library makes no certificates.
"""

import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from services.stack.docker import StackError, run

AUTHORITY = "ca.pem"
ROLES = ("scheduler", "worker", "client")
FILES = (AUTHORITY, *(f"{role}.pem" for role in ROLES))
"""In the folder; that of a role holds its private key and its certificate."""
DAYS = 365
SETTINGS = """\
[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[role]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
authorityKeyIdentifier = keyid
subjectAltName = DNS:dask-scheduler, DNS:dask-worker, DNS:localhost, IP:127.0.0.1
"""
"""For `openssl`. A worker is asked by others and asks them, so each role is both server and client."""


def make_certificates(folder: Path) -> None:
    """Make all files in a folder that is not there yet; it is closed to other users.

    Raises:
        StackError: the folder is there, or `openssl` is not, or it fails.
    """
    if folder.exists():
        raise StackError(
            f"{folder} is there already, and nothing in it is replaced. To renew the certificates: "
            f"`make down`, `rm -r {folder}`, `make cluster-certs`, and copy them to the other hosts again"
        )
    if not shutil.which("openssl"):
        raise StackError("The command openssl is missing. Install it (Debian and Ubuntu: `apt install openssl`)")
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkdtemp closes the folder to other users. Whole or not at all: it gets its name when all is in it.
    new = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", suffix=".new", dir=folder.parent))
    try:
        make_authority(new)
        for role in ROLES:
            make_role(new, role)
        for path in new.iterdir():
            if path.name not in FILES:
                path.unlink()
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def make_authority(folder: Path) -> None:
    """The authority's key, which does not stay, and its certificate."""
    write_settings(folder, "Relay cluster authority")
    make_key(folder / "ca.key")
    signed = ["-key", "ca.key", "-sha256", "-days", str(DAYS), "-extensions", "authority"]
    ask_openssl(folder, "req", "-new", "-x509", *signed, "-config", "settings", "-out", AUTHORITY)
    (folder / AUTHORITY).chmod(0o644)


def make_role(folder: Path, role: str) -> None:
    """The key and the certificate of a role, in one file; open to the containers that it is mounted in."""
    write_settings(folder, f"Relay cluster {role}")
    key, request, certificate = (folder / f"{role}.{ending}" for ending in ("key", "csr", "crt"))
    make_key(key)
    ask_openssl(folder, "req", "-new", "-key", key.name, "-sha256", "-config", "settings", "-out", request.name)
    signer = ["-CA", AUTHORITY, "-CAkey", "ca.key", "-set_serial", f"0x{secrets.token_hex(16)}"]
    extensions = ["-extfile", "settings", "-extensions", "role"]
    wanted = ["-sha256", "-days", str(DAYS), "-in", request.name, "-out", certificate.name]
    ask_openssl(folder, "x509", "-req", *signer, *extensions, *wanted)
    whole = folder / f"{role}.pem"
    whole.write_bytes(key.read_bytes() + certificate.read_bytes())
    whole.chmod(0o644)


def make_key(path: Path) -> None:
    """A private key on the curve P-256, which LibreSSL of macOS knows too."""
    ask_openssl(path.parent, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path.name)


def write_settings(folder: Path, name: str) -> None:
    """What `openssl` reads for a certificate of this name."""
    (folder / "settings").write_text(SETTINGS.format(name=name), encoding="utf-8")


def ask_openssl(folder: Path, *arguments: str) -> None:
    """Run `openssl` in the folder.

    Raises:
        StackError: it fails, with what it says.
    """
    command = ["openssl", *arguments]
    done = subprocess.run(  # noqa: S603 - fixed commands and names of files
        command, cwd=folder, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or "no answer").splitlines()[-1]
        raise StackError(f"No certificates were made. `openssl {arguments[0]}` failed: {said}")


def find_end(path: Path) -> str:
    """The moment until which a certificate is valid, as `openssl` writes it; empty when it cannot be read."""
    told = run("openssl", "x509", "-noout", "-enddate", "-in", str(path))
    return told.stdout.strip().partition("=")[2] if told.returncode == 0 else ""


def is_valid_for(path: Path, seconds: int) -> bool:
    """Whether a certificate is still valid in so many seconds."""
    return run("openssl", "x509", "-noout", "-checkend", str(seconds), "-in", str(path)).returncode == 0
