"""The read API: what is synced of a Lead, Contact or Account, and why somebody saw a modal or did not.

Questions are bodies, not addresses: an address on the web ends up in logs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from renkei.store import crm
from renkei.store.api_keys import digest
from renkei.web.receiver.body import parsed, raw_body
from renkei.web.receiver.refusal import Refused
from renkei.web.site.access import check_key, check_scopes, domain_in, email_in, key_of, key_text, page_in
from renkei.web.site.explain import explain
from renkei.web.site.offers import Site

FIELD_SYNC = "immedio_field_sync"
Body = Mapping[str, Any]
Work = Callable[[Site, Connection, str, Body], dict[str, Any]]

router = APIRouter(prefix="/api/v1")


@router.post("/fields")
async def fields(request: Request) -> JSONResponse:
    """``{"email": …}`` or ``{"domain": …}`` → ``{"records": {"Lead": {"Id": …, …}, …}, "refreshed_at": {…}}``;
    nobody known: no records."""
    return await _answer(request, _fields)


@router.post("/explain")
async def explained(request: Request) -> JSONResponse:
    """``{"email": …}``, if need be with ``"page"`` → the three things a modal needs, and what is missing."""
    await run_in_threadpool(request.app.state.visits.flush)
    return await _answer(request, _explain)


def _fields(site: Site, connection: Connection, key: str, body: Body) -> dict[str, Any]:
    if ("email" in body) == ("domain" in body):
        check_key(connection, key, "read")
        raise Refused(400, "bad_value", "Give email or domain.")
    found = (
        crm.by_email(connection, email_in(body), key=key, flow=FIELD_SYNC)
        if "email" in body
        else crm.by_domain(connection, domain_in(body), key=key, flow=FIELD_SYNC)
    )
    check_scopes(found.scopes, "read")
    return {"records": found.records, "refreshed_at": found.refreshed_at}


def _explain(site: Site, connection: Connection, key: str, body: Body) -> dict[str, Any]:
    check_key(connection, key, "read")
    return explain(connection, site, email_in(body), page_in(body) if body.get("page") else None)


async def _answer(request: Request, work: Work) -> JSONResponse:
    state = request.app.state
    try:
        site, key = state.site(), key_text(key_of(request))
        state.limits.take("reads", digest(key), site.reads_per_minute)
        body = parsed(await raw_body(request))
        done = await run_in_threadpool(_work, state.site_store, site, key, body, work)
        return JSONResponse(done, headers=NO_STORE)
    except Refused as refused:
        state.refusals(request.url.path, refused)
        return JSONResponse({"error": refused.message}, refused.status)
    except SQLAlchemyError:
        return JSONResponse({"error": "The database is away; try again."}, 503)


def _work(store: Engine, site: Site, key: str, body: Body, work: Work) -> dict[str, Any]:
    with store.connect() as connection:
        return work(site, connection, key, body)


NO_STORE = {"Cache-Control": "no-store"}
