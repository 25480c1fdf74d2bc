"""Opaque, url-unsafe page tokens."""

from __future__ import annotations

import base64
import json
from typing import Any

from include.sandbox.marketo.errors import MarketoError


def make_token(*parts: Any) -> str:
    """A token of the parts, padded with ``=`` as the vendor's are."""
    text = json.dumps(parts, separators=(",", ":")).encode()
    return base64.b32encode(text).decode().rstrip("=") + "===="


def read_token(token: str, length: int) -> list[Any]:
    """The parts; 1003 for a token that was not made here."""
    text = token.strip().rstrip("=")
    try:
        parts = json.loads(base64.b32decode(text + "=" * (-len(text) % 8)))
    except ValueError:
        raise MarketoError("1003", "Invalid value for 'nextPageToken'") from None
    if not isinstance(parts, list) or len(parts) != length:
        raise MarketoError("1003", "Invalid value for 'nextPageToken'")
    return parts
