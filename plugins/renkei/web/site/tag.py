"""The tag's calls: a form was sent, a page was opened. Whoever opens a page sees a modal only after a form.

The body is JSON sent as text/plain, so that a browser asks no permission beforehand. A browser is known by a random
number in its cookie, never by an address: nobody can ask whether an address is in a list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from renkei.store import conversions
from renkei.web.receiver.body import parsed, raw_body
from renkei.web.receiver.refusal import Refused
from renkei.web.site.access import (
    caller,
    check_key,
    check_origin,
    check_scopes,
    email_in,
    key_text,
    page_in,
    text_in,
    visitor_in,
)
from renkei.web.site.offers import Site

INTEGRATION = "immedio_salesforce"
KINDS = ("", "text/plain", "application/json")
SCRIPT = Path(__file__).with_name("tag.js")
NOTHING = {"show": False}
Body = Mapping[str, Any]
Work = Callable[[Request, Site, Connection, Body], dict[str, Any] | None]

router = APIRouter(prefix="/tag/v1")


@router.get("/tag.js")
def script(request: Request) -> Response:
    """The script itself, for any site."""
    content, tag = _script()
    headers = {"Cache-Control": "public, max-age=300", "ETag": tag, "X-Content-Type-Options": "nosniff"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="text/javascript; charset=utf-8", headers=headers)


@cache
def _script() -> tuple[bytes, str]:
    content = SCRIPT.read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


@router.post("/conversions")
async def converted(request: Request) -> Response:
    """A form was sent: 204, whoever it was."""
    return await _answer(request, request.app.state.store, "conversions", _convert)


@router.post("/visits")
async def visited(request: Request) -> Response:
    """A page was opened: ``{"show": false}``, or true with the modal."""
    return await _answer(request, request.app.state.site_store, "visits", _visit)


@router.options("/{call}")
def allowed(request: Request) -> Response:
    """What a browser asks before it sends JSON as JSON."""
    site: Site = request.app.state.site()
    origin = request.headers.get("origin", "")
    if origin.lower() not in site.origins:
        return Response(status_code=403)
    headers = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "content-type",
               "Access-Control-Max-Age": "600"}  # fmt: skip
    return Response(status_code=204, headers=headers | _for(origin))


def _convert(request: Request, site: Site, connection: Connection, body: Body) -> None:
    check_key(connection, body.get("key"), "tag")
    email, visitor = email_in(body), visitor_in(body)
    if request.app.state.suppression(f"email:{email}"):
        return
    conversions.record(
        connection, visitor=visitor, email=email, form=text_in(body, "form"), page=page_in(body)
    )  # fmt: skip


def _visit(request: Request, site: Site, connection: Connection, body: Body) -> dict[str, Any]:
    """The first list from the top that holds the visitor wins, and its settings apply (R33)."""
    visitor, page = visitor_in(body), page_in(body)
    asked = conversions.ask(
        connection, key=key_text(body.get("key")), visitor=visitor, enabled=site.enabled, integration=INTEGRATION,
        names=[offer.list for offer in site.offers],
    )  # fmt: skip
    check_scopes(asked.scopes, "tag")
    if asked.converted:
        request.app.state.visits.note(visitor, page, asked.outcome, asked.list)
    offer = next((offer for offer in site.offers if offer.list == asked.list), None) if asked.list else None
    return {"show": True, "modal": offer.as_json()} if offer else NOTHING


async def _answer(request: Request, store: Engine, kind: str, work: Work) -> Response:
    state = request.app.state
    site: Site = state.site()
    headers: dict[str, str] = {}
    try:
        headers = _for(check_origin(request, site.origins))
        state.limits.take(kind, caller(request), getattr(site, f"{kind}_per_minute"))
        body = parsed(await raw_body(request, KINDS))
        done = await run_in_threadpool(_work, store, request, site, body, work)
    except Refused as refused:
        state.refusals(request.url.path, refused)
        return JSONResponse({"error": refused.message}, refused.status, headers)
    except SQLAlchemyError:
        return JSONResponse({"error": "Not now."}, 503, headers)
    return Response(status_code=204, headers=headers) if done is None else JSONResponse(done, headers=headers)


def _work(store: Engine, request: Request, site: Site, body: Body, work: Work) -> dict[str, Any] | None:
    with store.begin() as connection:
        return work(request, site, connection, body)


def _for(origin: str) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
