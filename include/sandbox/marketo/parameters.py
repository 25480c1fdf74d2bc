"""Reads what a request carries: query, form of a tunnelled GET, JSON body."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from include.sandbox.http import Request
from include.sandbox.marketo.errors import MarketoError

MAX_BATCH = 300


def is_tunnelled(request: Request) -> bool:
    """Whether this POST is a GET in disguise: ``_method=GET`` in the query or in the form body."""
    if request.method != "POST":
        return False
    marker = request.args.get("_method") or (request.form.get("_method") if _is_form(request) else None)
    return bool(marker) and str(marker).upper() == "GET"


def _is_form(request: Request) -> bool:
    return request.mimetype == "application/x-www-form-urlencoded"


def parameter(request: Request, name: str, default: str | None = None) -> str | None:
    """One parameter from query or form; repeated ones are comma-joined."""
    values = request.args.getlist(name)
    if _is_form(request):
        values += request.form.getlist(name)
    return ",".join(values) if values else default


def required(request: Request, name: str) -> str:
    """The same; 1002 when it is missing or empty."""
    value = parameter(request, name)
    if not value:
        raise MarketoError("1002", f"Missing value for required parameter '{name}'")
    return value


def listed(request: Request, name: str, limit: int = MAX_BATCH) -> list[str]:
    """A comma-separated parameter; 1003 above the limit."""
    return limited(name, split(parameter(request, name)), limit)


def split(text: str | None) -> list[str]:
    """The parts of a comma-separated value."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def limited(name: str, values: list[str], limit: int) -> list[str]:
    """The values; 1003 when there are too many."""
    if len(values) > limit:
        raise MarketoError("1003", f"Too many values for '{name}': at most {limit}")
    return values


def integers(name: str, values: list[str]) -> list[int]:
    """The values as integers; 1001 otherwise."""
    try:
        return [int(value) for value in values]
    except ValueError:
        raise MarketoError("1001", f"Invalid value for '{name}'. Required of type 'Integer'") from None


def batch_size(request: Request, cap: int) -> int:
    """The page size asked for, at most the cap."""
    text = parameter(request, "batchSize")
    size = integers("batchSize", [text])[0] if text else cap
    return max(1, min(size, cap))


def json_object(request: Request) -> dict[str, Any]:
    """The JSON body; 612 for another content type, 609 for what is no JSON object."""
    if not request.is_json:
        raise MarketoError("612")
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise MarketoError("609")
    return body


def batch(body: dict[str, Any], limit: int = MAX_BATCH) -> list[dict[str, Any]]:
    """The ``input`` of a write; 1002 when absent, 1003 when empty or above the limit."""
    records = body.get("input")
    if records is None:
        raise MarketoError("1002", "Missing value for required parameter 'input'")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise MarketoError("609", "Invalid JSON: 'input' must be an array of objects")
    if not records or len(records) > limit:
        raise MarketoError("1003", f"'input' must have 1 to {limit} records, got {len(records)}")
    return records


def instant(name: str, text: Any, *, code: str = "1003") -> datetime:
    """An ISO 8601 instant as aware UTC; ``code`` when it is none."""
    try:
        moment = datetime.fromisoformat(str(text).replace(" ", "+") if "T" in str(text) else str(text))
    except ValueError:
        raise MarketoError(code, f"Invalid value for '{name}': expected an ISO 8601 datetime") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def stamp(moment: datetime) -> str:
    """An instant as Marketo writes it: second resolution, UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
