"""What a statement opens outside the kernel: files, URLs, databases, programs."""

import os
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

WRITES = set("wax+")
PROGRAMS = {"subprocess.Popen", "os.system", "os.posix_spawn", "os.exec"}
OF_LIBRARIES = ("lscpu", "ldconfig", "uname", "nvidia-smi", "sysctl")
"""Programs with which packages look at the machine."""
CHANGES = {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate"}
NOT_DATA = (".py", ".pyc", ".pyi", ".so", ".pth", ".ttf", ".mplstyle")
"""Ends of files that are read because code is loaded."""
SYSTEM = ("/proc", "/sys", "/dev", "/usr", "/etc", "/lib", "/run")
CACHES = (".cache", ".config", ".ipython", ".jupyter", ".local", ".matplotlib")
"""Folders of the user in which programs keep their own files."""


class Watch:
    """Notes what is opened while it is on, by Python's audit events.

    Args:
        folder: Where the notebook runs.
        out: Where the tracer writes: it counts for nothing.
        guarded: A folder in which nothing may be written: the notebook's own, of which `folder` is a copy.
        top: What was copied: `folder`, or a folder above it that has `../data` as well.
    """

    def __init__(self, folder: Path, out: Path, guarded: str, top: str = "") -> None:
        self.folder = folder.resolve()
        self.top = os.path.realpath(top or self.folder) + os.sep
        self.guarded = os.path.realpath(guarded) + os.sep
        self.is_on = False
        self.read: dict[str, None] = {}
        self.written: dict[str, None] = {}
        self.urls: dict[str, None] = {}
        self.commands: dict[str, None] = {}
        paths = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), *SYSTEM}
        homes = {str(Path.home() / name) for name in CACHES}
        self.ignored = tuple(f"{os.path.realpath(path)}{os.sep}" for path in {*paths, *homes, str(out)})
        sys.addaudithook(self._hear)

    def start(self) -> None:
        """Forget what was opened, and listen."""
        self.read, self.written, self.urls, self.commands = {}, {}, {}, {}
        self.is_on = True

    def stop(self) -> dict[str, list[str]]:
        """The fields of a `StatementRecord` on what was opened since the start."""
        self.is_on = False
        return {
            "files_read": [self._name(path) for path in self.read if self._is_data(path)],
            "files_written": [self._name(path) for path in self.written if self._is_data(path) and Path(path).exists()],
            "urls": list(self.urls),
            "commands": list(self.commands),
        }

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.is_on:
            try:
                self._note(event, arguments)
            except PermissionError:
                raise
            except Exception:  # an error in a hook would make the notebook's own call fail
                self.urls.setdefault(f"unknown ({event})")

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            mode, flags = arguments[1], arguments[2]
            path = os.path.realpath(os.fsdecode(arguments[0]))
            is_written = bool(WRITES & set(mode)) if isinstance(mode, str) else bool(flags & (os.O_WRONLY | os.O_RDWR))
            if is_written:
                self._guard(path)
                self.written.setdefault(path)
            is_added_to = isinstance(mode, str) and bool({"+", "a"} & set(mode)) and Path(path).exists()
            if not is_written or (is_added_to and "w" not in mode):
                self.read.setdefault(path)
        elif event == "sqlite3.connect":
            self.read.setdefault(os.path.realpath(os.fsdecode(arguments[0])))
        elif event == "socket.getaddrinfo":
            self.urls.setdefault(f"{arguments[0]}:{arguments[1]}")
        elif event == "urllib.Request":
            self.urls.setdefault(str(arguments[0]))
        elif event in CHANGES:
            self._guard(os.path.realpath(os.fsdecode(arguments[0])))
        elif event in PROGRAMS and not str(arguments[0]).endswith(OF_LIBRARIES):
            self.commands.setdefault(str(arguments[0]))

    def _guard(self, path: str) -> None:
        if path.startswith(self.guarded) and not path.startswith(f"{self.folder}{os.sep}"):
            raise PermissionError(f"It writes into its own folder by an absolute path: {path}. Use a relative path.")

    def _is_data(self, path: str) -> bool:
        """Whether a file is the notebook's business: neither code, nor the system's, nor a temporary one."""
        if path.startswith(self.top):
            return not path.endswith(NOT_DATA)
        is_temporary = path.startswith(os.path.realpath(tempfile.gettempdir())) and not Path(path).exists()
        return not (is_temporary or path.startswith(self.ignored) or path.endswith(NOT_DATA) or "site-packages" in path)

    def _name(self, path: str) -> str:
        """The path from the notebook's folder, such as `../data/x.csv`, or as it is where it was not copied."""
        return Path(os.path.relpath(path, self.folder)).as_posix() if path.startswith(self.top) else path
