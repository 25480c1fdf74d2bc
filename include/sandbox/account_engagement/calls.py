"""The endpoints of API v5: reads, queries, creates, updates, deletes, and what prospects can do besides."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from werkzeug.http import parse_date

from include.sandbox.account_engagement import acts, query
from include.sandbox.account_engagement.ask import Ask
from include.sandbox.account_engagement.model import Resource, Row
from include.sandbox.account_engagement.refusals import Refused
from include.sandbox.account_engagement.show import names_of, shower
from include.sandbox.http import Response, json_response
from include.sandbox.routing import Routes

routes = Routes()
ROOT = "/api/v5/objects"
IN_BIN = "201;Record In Recycle Bin"
ENOUGH = "203;Record count for nextPageToken sequence has been exceeded. No page token returned."


@routes.add("GET", f"{ROOT}/account")
def account(ask: Ask) -> Any:
    names_of(ask.args.get("fields"))
    settings = ask.vendor.settings
    return {"id": 1, "company": "サンプル株式会社", "level": settings["edition"],
            "apiCallsUsed": ask.vendor.gate.used, "maximumDailyApiCalls": int(settings["daily_quota"]),
            "timezone": settings["account_time_zone"]}  # fmt: skip


@routes.add("GET", f"{ROOT}/<path>")
def listed(ask: Ask, path: str) -> Any:
    """A page of a query."""
    resource = _allowed(ask, path, "Q")
    names = names_of(ask.args.get("fields"))
    site = ask.state.site(lagged=True)
    view = shower(site, resource, names)
    search, cap = _search(ask, resource), int(ask.vendor.settings["page_cap_records"])
    search.limit = min(search.limit, cap - search.read_before)
    rows, more = ask.vendor.finder.page(ask.state.tables[resource.name], resource, search, site.horizon)
    ask.records = len(rows)
    token = _next_token(ask, resource, search, rows[-1]) if more else None
    if more and search.read_before + len(rows) >= cap:
        token, ask.warning = None, ENOUGH
    address = None
    if token is not None:
        parameters = urlencode({"fields": ",".join(names), "nextPageToken": token})
        address = f"{ask.vendor.url}{ROOT}/{path}?{parameters}"
    return {"nextPageToken": token, "nextPageUrl": address, "values": [view(row) for row in rows]}


def _search(ask: Ask, resource: Resource) -> query.Search:
    token = ask.args.get("nextPageToken")
    if token is None:
        return query.search_of(resource, ask.args)
    others = set(ask.args) - {"fields", "nextPageToken"}
    if others:
        raise Refused(5, f"only fields may go with nextPageToken, not {sorted(others)[0]}")
    return query.from_token(resource, token, ask.state.now())


def _next_token(ask: Ask, resource: Resource, search: query.Search, last: Row) -> str:
    asked = search.limit
    following = query.Search(search.filters, search.order, search.descending, asked, search.deleted, 0,
                             query.resume_at(search, last), search.read_before + ask.records)  # fmt: skip
    return query.to_token(resource, following, ask.state.now() + int(ask.vendor.settings["page_token_seconds"]))


@routes.add("GET", f"{ROOT}/<path>/<int:row_id>")
def read(ask: Ask, path: str, row_id: int) -> Any:
    resource = _allowed(ask, path, "R")
    names, site = names_of(ask.args.get("fields")), ask.state.site(lagged=True)
    row = ask.state.tables[resource.name].seen(row_id, site.horizon)
    if row is None or (row.get("isDeleted") and ask.args.get("deleted", "false") not in ("all", "true")):
        raise Refused(109)
    if row.get("isDeleted"):
        ask.warning = IN_BIN
    changed = datetime.fromtimestamp(row["updatedAt"], UTC)
    since = parse_date(ask.request.headers.get("If-Modified-Since"))
    if since is not None and changed <= since:
        return Response(status=304)
    ask.records = 1
    answer = json_response(shower(site, resource, names)(row))
    answer.headers["Last-Modified"] = format_datetime(changed, usegmt=True)
    return answer


@routes.add("POST", f"{ROOT}/<path>", writes=True)
def create(ask: Ask, path: str) -> Any:
    resource = _allowed(ask, path, "C")
    row = acts.create(ask.state, resource.name, ask.given(), ask.doer)
    ask.note(resource.name, row["id"], "created", tuple(row))
    return _written(ask, resource, row, created=True)


@routes.add("PATCH", f"{ROOT}/<path>/<int:row_id>", writes=True)
def change(ask: Ask, path: str, row_id: int) -> Any:
    resource = _allowed(ask, path, "U")
    row, changed = acts.update(ask.state, resource.name, row_id, ask.given(), ask.doer)
    ask.note(resource.name, row_id, "updated", changed)
    return _written(ask, resource, row)


@routes.add("DELETE", f"{ROOT}/<path>/<int:row_id>", writes=True)
def delete(ask: Ask, path: str, row_id: int) -> Any:
    resource = _allowed(ask, path, "D")
    acts.delete(ask.state, resource.name, row_id, ask.doer)
    ask.note(resource.name, row_id, "deleted")
    ask.records = 1
    return Response(status=204)


@routes.add("POST", f"{ROOT}/prospects/do/upsertLatestByEmail", writes=True)
def upsert(ask: Ask) -> Any:
    """Changes the prospect of this address that was active last, or makes one."""
    body, resource = ask.given(), ask.state.resources["prospects"]
    unknown = set(body) - {"matchEmail", "prospect", "fields", "secondaryDeletedSearch"}
    if unknown:
        raise Refused(180, sorted(unknown)[0])
    values, email = body.get("prospect"), body.get("matchEmail")
    if not isinstance(values, dict) or not isinstance(email, str) or not email:
        raise Refused(207, "matchEmail and prospect")
    found = acts.latest(acts.by_email(ask.state, email, deleted=False))
    if found is None and body.get("secondaryDeletedSearch"):
        found = acts.latest(acts.by_email(ask.state, email, deleted=True))
        if found is not None:
            acts.undelete(ask.state, found["id"], ask.doer)
    if found is None:
        row = acts.create(ask.state, "prospects", {"email": email, **values}, ask.doer)
        ask.note("prospects", row["id"], "created", tuple(row))
    else:
        row, changed = acts.update(ask.state, "prospects", found["id"], values, ask.doer)
        ask.note("prospects", row["id"], "updated", changed)
    ask.records = 1
    names = body.get("fields") or ["id"]
    return json_response(shower(ask.state.site(), resource, names)(row), 201 if found is None else 200)


@routes.add("POST", f"{ROOT}/prospects/do/undelete", writes=True)
def undelete(ask: Ask) -> Any:
    """The prospect of this address in the recycle bin that was active last."""
    email = ask.given().get("email")
    if not isinstance(email, str) or not email:
        raise Refused(207, "email")
    found = acts.latest(acts.by_email(ask.state, email, deleted=True))
    if found is None:
        raise Refused(4, status=404)
    row = acts.undelete(ask.state, found["id"], ask.doer)
    ask.note("prospects", row["id"], "updated", ("isDeleted",))
    return _written(ask, ask.state.resources["prospects"], row)


@routes.add("POST", f"{ROOT}/campaigns/<int:row_id>/do/connectSalesforceCampaign", writes=True)
def connect_campaign(ask: Ask, row_id: int) -> Any:
    campaign_id = ask.given().get("salesforceCampaignId")
    if not isinstance(campaign_id, str):
        raise Refused(207, "salesforceCampaignId")
    row = ask.state.known("campaigns", row_id)
    ask.state.keep("campaigns", {**row, "salesforceId": campaign_id, "updatedAt": ask.state.now()})
    ask.note("campaigns", row_id, "updated", ("salesforceId",))
    return Response(status=204)


def _written(ask: Ask, resource: Resource, row: Row, created: bool = False) -> Response:
    """201 or 200 with the wished-for fields, or 204 when nothing can be shown."""
    ask.records = 1
    names = [name for name in ask.args.get("fields", "").split(",") if name]
    hidden = ask.vendor.settings["write_answer"] == "empty"
    headers = {"Location": f"{ROOT}/{resource.path}/{row['id']}"} if created else {}
    if hidden or not (names or created):
        return Response(status=204, headers=headers)
    body = shower(ask.state.site(), resource, names or ["id"])(row)
    return json_response(body, 201 if created else 200, **headers)


def _allowed(ask: Ask, path: str, operation: str) -> Resource:
    resource = ask.state.resource(path)
    if operation not in resource.operations:
        raise Refused(205, status=405)
    return resource
