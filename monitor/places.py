"""Where serving keeps the prediction log in SQLite, and the monitor its store beside it."""

import os
from pathlib import Path

from relay.handoff.settings import SERVE_DIR, Settings


def find_serve_folder(settings: Settings) -> Path:
    """The folder of serving: SERVE_DIR, or `serve/` in the data folder."""
    return SERVE_DIR.of(os.environ) or settings.data_dir / "serve"
