"""Reading a request's body within bounds: size, time, charset, JSON, depth."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Sequence
from typing import Any

from starlette.requests import ClientDisconnect, Request

from renkei.web.receiver.refusal import Refused

MAX_BODY = 1_000_000  # bytes
MAX_DEPTH = 32
JSON_ONLY = ("", "application/json")
SECONDS = 10.0  # for the whole body to come in


async def raw_body(request: Request, kinds: Sequence[str] = JSON_ONLY) -> bytes:
    """The body as sent, of one of these content types. Refused with 413 as soon as it is known to be too long, 408
    when it does not come."""
    _check_encoding(request, kinds)
    length = request.headers.get("content-length", "0")
    if not length.isdigit():
        raise Refused(400, "bad_length", "Content-Length must be a number.")
    if int(length) > MAX_BODY:
        raise _too_large()
    try:
        async with asyncio.timeout(SECONDS):
            return await _collected(request)
    except TimeoutError:
        raise Refused(408, "slow_body", f"The body did not arrive within {SECONDS:.0f} seconds.") from None
    except ClientDisconnect:
        raise Refused(400, "disconnected", "The connection ended before the body did.") from None


async def _collected(request: Request) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise _too_large()
        chunks.append(chunk)
    return b"".join(chunks)


def parsed(raw: bytes) -> dict[str, Any]:
    """The JSON object in a body; Refused with 400 for anything else."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(400, "bad_charset", "The body must be UTF-8.") from None
    try:
        value = _JSON.decode(text)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise Refused(400, "bad_json", "The body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise Refused(400, "not_an_object", "The body must be a JSON object.")
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH:
        _check_depth(value)
    return value


def _check_encoding(request: Request, kinds: Sequence[str]) -> None:
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Refused(415, "content_encoding", "Send the body uncompressed.")
    kind, _, options = request.headers.get("content-type", "").partition(";")
    if kind.strip().lower() not in kinds:
        raise Refused(415, "content_type", "Content-Type must be application/json.")
    for option in options.split(";"):
        name, _, value = option.partition("=")
        if name.strip().lower() == "charset" and value.strip(' "').lower() not in ("utf-8", "utf8"):
            raise Refused(415, "bad_charset", "The charset must be UTF-8.")


def _check_depth(value: Any) -> None:
    """Breadth first, so that no depth of nesting can exhaust our own stack."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise _too_deep()
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]


def _no_constant(_: str) -> None:
    raise ValueError("NaN and Infinity are not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("beyond the range of a number")
    return number


_JSON = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)


def _too_large() -> Refused:
    return Refused(413, "too_large", f"The body is longer than {MAX_BODY} bytes.")


def _too_deep() -> Refused:
    return Refused(400, "too_deep", f"The body is nested deeper than {MAX_DEPTH} levels.")
