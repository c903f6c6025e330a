"""A file behind a URL, in a scratch folder."""

import threading
from pathlib import Path

from relay.sources.download import DownloadControl, RetryPolicy, download
from relay.sources.kept import Wanted
from relay.sources.urls import mask_url, name_file, path_file

POLICY = RetryPolicy(retries=2)
"""A person waits for it."""


def fetch(url: str, scratch: Path) -> Path:
    """The file that a URL gives, downloaded once into a folder.

    Raises:
        SourceError: it cannot be had.
    """
    folder = scratch / "fetched"
    file = folder / name_file(url)
    if not file.is_file():
        wanted = Wanted(url=url, name=mask_url(url), item=path_file(url), folder=folder)
        download(wanted, POLICY, DownloadControl(advance=lambda _: None, stop=threading.Event()))
        wanted.part.replace(file)
    return file
