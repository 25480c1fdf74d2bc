"""query, queryAll and their next pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from include.sandbox.routing import Routes
from include.sandbox.salesforce.ask import Ask
from include.sandbox.salesforce.calls import ROOT
from include.sandbox.salesforce.refusals import Refused
from include.sandbox.salesforce.soql.run import Result

routes = Routes()
LONGEST_ADDRESS = 16_384
CURSOR_LIFE = timedelta(days=2)


@dataclass
class Cursor:
    """A result whose pages are still to be read."""

    result: Result
    size: int
    until: datetime


@routes.add("GET", f"{ROOT}/query")
def query(ask: Ask, version: str) -> Any:
    return _first(ask, "query")


@routes.add("GET", f"{ROOT}/queryAll")
def query_all(ask: Ask, version: str) -> Any:
    return _first(ask, "queryAll")


@routes.add("GET", f"{ROOT}/query/<locator>")
def query_more(ask: Ask, version: str, locator: str) -> Any:
    return _next(ask, "query", locator)


@routes.add("GET", f"{ROOT}/queryAll/<locator>")
def query_all_more(ask: Ask, version: str, locator: str) -> Any:
    return _next(ask, "queryAll", locator)


def _first(ask: Ask, verb: str) -> Any:
    if len(ask.request.query_string) > LONGEST_ADDRESS:
        raise Refused("URI_TOO_LONG", "The request URI is too long", status=414)
    soql = ask.args.get("q")
    if not soql:
        raise Refused("MALFORMED_QUERY", "A query string has to be specified")
    result = ask.org.query(soql, with_deleted=verb == "queryAll")
    key = f"01g{len(ask.salesforce.cursors):015}"
    cursor = Cursor(result, _page_size(ask), ask.org.now() + CURSOR_LIFE)
    ask.salesforce.cursors[key] = cursor
    return _page(ask, verb, key, cursor, 0)


def _next(ask: Ask, verb: str, locator: str) -> Any:
    key, _, start = locator.rpartition("-")
    cursor = ask.salesforce.cursors.get(key)
    if cursor is None or not start.isdigit() or cursor.until <= ask.org.now():
        raise Refused("INVALID_QUERY_LOCATOR", "invalid query locator")
    return _page(ask, verb, key, cursor, int(start))


def _page(ask: Ask, verb: str, key: str, cursor: Cursor, start: int) -> Any:
    stop = start + cursor.size
    records = cursor.result.page(start, stop, ask.version)
    ask.records = len(records)
    total = cursor.result.total
    answer: dict[str, Any] = {"totalSize": total, "done": stop >= total, "records": records}
    if stop < total:
        answer["nextRecordsUrl"] = f"/services/data/{ask.version}/{verb}/{key}-{stop}"
    elif start == 0:
        ask.salesforce.cursors[key] = Cursor(cursor.result, cursor.size, ask.org.now())  # nothing more to read
    return answer


def _page_size(ask: Ask) -> int:
    """2000, or `Sforce-Query-Options: batchSize=200..2000`, or the setting's page cap."""
    asked = re.search(r"batchSize=(\d+)", ask.request.headers.get("Sforce-Query-Options", ""))
    wanted = min(max(int(asked[1]), 200), 2000) if asked else 2000
    return int(min(wanted, ask.salesforce.settings["page_cap"]))
