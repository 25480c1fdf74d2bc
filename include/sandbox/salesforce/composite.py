"""composite (subrequests that refer to each other) and composite/batch."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder

from include.sandbox.http import Request, Response, json_response
from include.sandbox.routing import Routes
from include.sandbox.salesforce.ask import Ask
from include.sandbox.salesforce.calls import ROOT
from include.sandbox.salesforce.collections import RollBack
from include.sandbox.salesforce.refusals import Refused

routes = Routes()
MOST = 25
_REFERENCE = re.compile(r"@\{([A-Za-z0-9_]+)\.([A-Za-z0-9_.\[\]]+)\}")
HALTED = {"errorCode": "PROCESSING_HALTED", "message": "The transaction was rolled back since another operation in "
          "the same transaction failed."}  # fmt: skip


@routes.add("POST", f"{ROOT}/composite", writes=True)
def composite(ask: Ask, version: str) -> Any:
    parts = _parts(ask, "compositeRequest")
    strict = bool(ask.record().get("allOrNone", False))
    results: list[dict[str, Any]] = []
    try:
        with ask.org.transaction():
            _run_all(ask, parts, results)
            if strict and any(result["httpStatusCode"] >= 400 for result in results):
                raise RollBack
    except RollBack:
        ask.notes = []
        results = [r if r["httpStatusCode"] >= 400 else {**r, "body": [HALTED], "httpStatusCode": 400} for r in results]
    return {"compositeResponse": results}


def _run_all(ask: Ask, parts: list[dict[str, Any]], results: list[dict[str, Any]]) -> None:
    known: dict[str, Any] = {}
    for part in parts:
        name = part.get("referenceId", "")
        try:
            status, headers, body = _run(ask, _filled(part, known))
        except Refused as refused:
            status, headers, body = refused.status, {}, [refused.line()]
        known[name] = body
        results.append({"body": body, "httpHeaders": headers, "httpStatusCode": status, "referenceId": name})


@routes.add("POST", f"{ROOT}/composite/batch", writes=True)
def batch(ask: Ask, version: str) -> Any:
    results: list[dict[str, Any]] = []
    halt = bool(ask.record().get("haltOnError", False))
    for part in _parts(ask, "batchRequests"):
        if halt and any(result["statusCode"] >= 400 for result in results):
            skipped = {"errorCode": "BATCH_PROCESSING_HALTED", "message": "Batch processing halted per request"}
            results.append({"statusCode": 412, "result": [skipped]})
            continue
        url = str(part.get("url", ""))
        path = url if url.startswith("/services") else f"/services/data/{url.lstrip('/')}"
        try:
            status, _, body = _run(ask, {"method": part["method"], "url": path, "body": part.get("richInput")})
        except Refused as refused:
            status, body = refused.status, [refused.line()]
        ask.salesforce.gate.count(ask.org.now())
        results.append({"statusCode": status, "result": body})
    return {"hasErrors": any(result["statusCode"] >= 400 for result in results), "results": results}


def _parts(ask: Ask, name: str) -> list[dict[str, Any]]:
    parts = ask.record().get(name)
    if not isinstance(parts, list) or len(parts) > MOST:
        raise Refused("INVALID_INPUT", f"{name} must be a list of at most {MOST} subrequests")
    return parts


def _filled(part: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """`@{reference.id}` replaced by what an earlier answer holds."""

    def replace(match: re.Match[str]) -> str:
        value = known.get(match[1])
        for step in re.findall(r"[A-Za-z0-9_]+", match[2]):
            try:
                value = value[int(step)] if isinstance(value, list) else (value or {})[step]
            except (KeyError, IndexError, ValueError, TypeError):
                raise Refused("PROCESSING_HALTED", f"Invalid reference specified. No value for {match[0]}") from None
        return str(value)

    filled: dict[str, Any] = json.loads(_REFERENCE.sub(replace, json.dumps(part)))
    return filled


def _run(ask: Ask, part: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
    """One subrequest through the same endpoints."""
    from include.sandbox.salesforce.vendor import DATA

    address = urlsplit(str(part.get("url", "")))
    method = str(part.get("method", "GET")).upper()
    try:
        route, arguments = DATA.match(method, address.path.rstrip("/"))
    except HTTPException:
        raise Refused("NOT_FOUND") from None
    inner = Request(EnvironBuilder(address.path, query_string=address.query, method=method).get_environ())
    version = arguments.get("version", ask.version)
    sub = Ask(ask.salesforce, inner, version, ask.user, inner.args.to_dict(), part.get("body"))
    answer = route.handler(sub, **arguments)
    ask.notes += sub.notes
    response = answer if isinstance(answer, Response) else json_response(answer)
    text = response.get_data(as_text=True)
    location = {"Location": f"{address.path}/{json.loads(text)['id']}"} if response.status_code == 201 else {}
    return response.status_code, location, json.loads(text) if text else None
