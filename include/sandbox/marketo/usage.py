"""``/rest/v1/stats``: what was used, never what is allowed. No right needed; each counts as a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from include.sandbox.http import Request
from include.sandbox.routing import Routes

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

routes = Routes()
WEEK = 7


@routes.add("GET", "/rest/v1/stats/usage.json")
def usage_today(marketo: Marketo, request: Request) -> dict[str, Any]:
    return {"result": marketo.quota.usage(1)}


@routes.add("GET", "/rest/v1/stats/usage/last7days.json")
def usage_last_week(marketo: Marketo, request: Request) -> dict[str, Any]:
    return {"result": marketo.quota.usage(WEEK)}


@routes.add("GET", "/rest/v1/stats/errors.json")
def errors_today(marketo: Marketo, request: Request) -> dict[str, Any]:
    return {"result": marketo.quota.error_counts(1)}


@routes.add("GET", "/rest/v1/stats/errors/last7days.json")
def errors_last_week(marketo: Marketo, request: Request) -> dict[str, Any]:
    return {"result": marketo.quota.error_counts(WEEK)}
