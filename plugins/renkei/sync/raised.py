"""How an exception that nobody foresaw is told: what was raised and where. Its message may quote a record."""

from __future__ import annotations

import traceback
from pathlib import Path


def told(error: BaseException) -> str:
    """``ValueError in mapping.py:42``: the class, and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + where
