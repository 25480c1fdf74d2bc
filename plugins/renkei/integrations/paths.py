"""Where the files a team edits lie: ``include/integrations`` of the project."""

from __future__ import annotations

import os
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[3]


def settings_dir() -> Path:
    """The directory of the settings and data files; RENKEI_SETTINGS_DIR replaces it."""
    return Path(os.environ.get("RENKEI_SETTINGS_DIR") or _PROJECT / "include" / "integrations")


def data_file(name: str) -> Path:
    """A data file delivered with the project (field catalogues): not for a team to replace."""
    return _PROJECT / "include" / "integrations" / name
