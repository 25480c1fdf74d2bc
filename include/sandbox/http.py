"""The request and response every vendor handler sees."""

from __future__ import annotations

import json
import posixpath
from typing import Any

import werkzeug

from include.sandbox.journal import Call


class Request(werkzeug.Request):
    """One request to a vendor; ``call`` is its line in the journal, which the vendor fills in."""

    call: Call
    max_form_parts = None
    max_form_memory_size = None

    @property
    def clean_path(self) -> str:
        """The path with dot segments resolved; double slashes stay, so that a vendor may refuse them."""
        path: str = self.path
        if "/." not in path:
            return path
        return posixpath.normpath(path)


class Response(werkzeug.Response):
    """One answer; ``cut_at`` is where a fault tears the body off the wire."""

    default_mimetype = "application/json"
    cut_at: int | None = None
    paused_seconds: float = 0.0


def json_response(body: Any, status: int = 200, **headers: str) -> Response:
    """An answer with a compact JSON body in UTF-8."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status=status, headers=headers, content_type="application/json;charset=UTF-8")
