"""Volumes as tar files, made and put back by containers that see nothing but the volumes."""

from pathlib import Path

from services.backup.project import LABEL, Project, ask

COMING, GOING = ".relay-coming", ".relay-going"
"""Folders in a volume: what is unpacked, until all is; and what it replaces, until it is removed."""

SWAP = f"""
import os, pathlib, shutil
for volume in sorted(pathlib.Path("/volumes").iterdir()):
    coming, going = volume / "{COMING}", volume / "{GOING}"
    shutil.rmtree(going, ignore_errors=True)
    going.mkdir()
    for path in list(volume.iterdir()):
        if path not in (coming, going):
            path.rename(going / path.name)
    for path in list(coming.iterdir()):
        path.rename(volume / path.name)
    kept = coming.stat()
    os.chown(volume, kept.st_uid, kept.st_gid)
    os.chmod(volume, kept.st_mode & 0o7777)
for volume in pathlib.Path("/volumes").iterdir():
    shutil.rmtree(volume / "{GOING}")
    shutil.rmtree(volume / "{COMING}")
"""

CLEAR = f"""
import pathlib, shutil
for volume in pathlib.Path("/volumes").iterdir():
    shutil.rmtree(volume / "{COMING}", ignore_errors=True)
"""


def pack(project: Project, name: str, path: Path) -> None:
    """Write a volume's files to a tar file."""
    tar = ("--create", "--format=gnu", "--numeric-owner", "--sparse", f"--exclude=./{COMING}", f"--exclude=./{GOING}")
    ask(*start_container(project, f"{project.volumes[name]}:/volume:ro"), *tar, "-C", "/volume", ".", write=path)


def unpack(project: Project, name: str, path: Path) -> None:
    """Put a tar file's files into a volume, beside what is there."""
    mount = f"{project.volumes[name]}:/volume"
    run_python(project, [mount], f"import pathlib; pathlib.Path('/volume/{COMING}').mkdir()")
    tar = ("--extract", "--numeric-owner", "--same-owner", "--preserve-permissions")
    ask(*start_container(project, mount), *tar, "-C", f"/volume/{COMING}", read=path)


def swap(project: Project, names: "list[str]") -> None:
    """Let what is unpacked take the place of what was there; the renames of all volumes come before any removal."""
    run_python(project, mount_all(project, names), SWAP)


def clear(project: Project, names: "list[str]") -> None:
    """Remove what is unpacked."""
    run_python(project, mount_all(project, names), CLEAR)


def mount_all(project: Project, names: "list[str]") -> "list[str]":
    """Each volume in a folder of its own."""
    return [f"{project.volumes[name]}:/volumes/{name}" for name in names]


def run_python(project: Project, mounts: "list[str]", code: str) -> None:
    """Run a program in a container with these volumes."""
    ask(*start_container(project, *mounts, program="python"), "-c", code)


def start_container(project: Project, *mounts: str, program: str = "tar") -> "list[str]":
    """The command for a container that reaches no network, and may touch files of every owner."""
    volumes = [word for mount in mounts for word in ("--volume", mount)]
    capabilities = [f"--cap-add={name}" for name in ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID")]
    options = [
        "--network=none",
        "--read-only",
        "--cap-drop=ALL",
        *capabilities,
        *volumes,
        "--user=0:0",
        f"--label={LABEL}={project.name}",
    ]
    return ["docker", "run", "--rm", "--interactive", *options, f"--entrypoint={program}", project.image]
