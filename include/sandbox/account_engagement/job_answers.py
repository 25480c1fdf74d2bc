"""Imports and exports as answers show them."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.account_engagement.ask import Ask
from include.sandbox.account_engagement.jobs import Job, line
from include.sandbox.account_engagement.refusals import Refused
from include.sandbox.account_engagement.times import show
from include.sandbox.http import Response, json_response

ROOT = "/api/v5"


def shown(ask: Ask, job: Job, status: int = 200) -> Response:
    """The asked-for fields, or those that matter after a write."""
    full: dict[str, Any] = line(job, ask.vendor.jobs.expired(job), f"{ask.vendor.url}{ROOT}")
    zone = ZoneInfo(ask.vendor.settings["time_zone"])
    full |= {name: show(full[name], zone) for name in ("createdAt", "updatedAt")}
    names = [name for name in ask.args.get("fields", "").split(",") if name]
    if not names and ask.request.method == "GET":
        raise Refused(13, "fields")
    unknown = [name for name in names if name not in full]
    if unknown:
        raise Refused(224, unknown[0])
    return json_response({name: full[name] for name in names} if names else full, status)
