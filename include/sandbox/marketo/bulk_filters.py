"""The filter of an extract (Adobe: bulk-lead-extract)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from include.sandbox.marketo.errors import MarketoError
from include.sandbox.marketo.parameters import instant

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

MAX_WINDOW = timedelta(days=31)


def only_filter(marketo: Marketo, body: dict[str, Any], known: set[str]) -> tuple[str, tuple[datetime, datetime]]:
    """The one filter of a job and its window; 1035 for one this subscription lacks."""
    chosen = body.get("filter") or {}
    if len(chosen) != 1 or not set(chosen) <= known | {"staticListId", "staticListName"}:
        raise MarketoError("1003", f"Exactly one filter of {', '.join(sorted(known))} must be given")
    kind = next(iter(chosen))
    missing = kind.startswith("s") or (kind == "updatedAt" and not marketo.settings["bulk_updated_at"])
    if missing:
        raise MarketoError("1035", f"Unsupported filter type for target subscription: {kind}")
    return kind, window(chosen, kind)


def window(chosen: dict[str, Any], kind: str) -> tuple[datetime, datetime]:
    """``{startAt, endAt}`` of a filter: at most 31 days, no milliseconds."""
    span = chosen.get(kind)
    if not isinstance(span, dict) or not span.get("startAt") or not span.get("endAt"):
        raise MarketoError("1002", f"Missing value for required parameter '{kind}.startAt' or '{kind}.endAt'")
    if any("." in str(span[edge]) for edge in ("startAt", "endAt")):
        raise MarketoError("1003", f"Invalid value for '{kind}': milliseconds are not allowed")
    start, end = (instant(f"{kind}.{edge}", span[edge]) for edge in ("startAt", "endAt"))
    if not timedelta() <= end - start <= MAX_WINDOW:
        raise MarketoError("1003", f"'{kind}' must span 0 to 31 days")
    return start, end
