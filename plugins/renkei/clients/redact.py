"""Vendor texts as they may be shown: short, on one line, without e-mail addresses."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[^\s'\"<>(),;:]+(?:@|%40)[^\s'\"<>(),;:]+")
_LONGEST = 300


def redact(text: object) -> str:
    """The vendor's message with addresses replaced, cut to 300 characters."""
    plain = " ".join(str(text).split())
    return _ADDRESS.sub("(address)", plain)[:_LONGEST]
