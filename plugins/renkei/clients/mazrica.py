"""Mazrica Sales (formerly Senses), Open API v1. Rows are the vendor's own JSON.

Source: Mazrica Open API References (v1). Creates are not idempotent and nothing there prevents doubles.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import requests

from renkei.clients.mazrica_errors import Does, Rule, error_of, rule_for
from renkei.clients.mazrica_pages import Cursor, ListPage, Row, moment, step
from renkei.clients.transport import Answer, Call, Transport
from renkei.errors import ConfigurationError, Retriable, SyncError
from renkei.sync.ports import Clock, Meter, Receipt

HOST = "https://senses-open-api.mazrica.com"
PAGE = 1000  # the vendor's most
SECONDS = 60.0  # Mazrica names no time-out of its own
PATIENCE = timedelta(seconds=60)  # for the client's own replays, on top of the call itself
CALL_DEADLINE = timedelta(seconds=SECONDS) + PATIENCE
RATE_CALLS, RATE_SECONDS = 60, 20.0  # a purse's pace that the vendor's 3 a second with burst 100 never refuses
DAILY_CALLS = 10_000


class MazricaClient:
    """One Mazrica account. The API names no account: ``account_id`` is the name our state is kept under."""

    def __init__(
        self, session: requests.Session, *, host: str, account_id: str, api_key: str, meter: Meter, clock: Clock
    ) -> None:
        self.account_id = account_id.strip()
        self._root = f"{_root(host)}/v1"
        self._headers = {"X-Api-Key": api_key.strip(), "Accept": "application/json"}
        self._transport = Transport(session, clock, "Mazrica")
        self._meter = meter
        self.clock = clock

    def now(self) -> datetime:
        """Mazrica's clock, aware UTC; asks for the settings if nothing was answered yet."""
        if self._transport.offset is None:
            self.deal_types()
        return self._transport.now()

    def deal_types(self) -> list[Row]:
        """Deal types with their phases, products, probabilities and channels: proves the key."""
        return list(self._get("domains/settings", "/domains/settings").get("dealTypes") or [])

    def custom_items(self, kind: str) -> list[Row]:
        """Custom items of ``contact`` or ``customer``: ``{id, name, itemType, options}``."""
        return list(self._get("customer_setting", "/customer_setting").get(f"{kind}CustomItems") or [])

    def page(
        self,
        resource: str,
        *,
        page: int = 1,
        limit: int = PAGE,
        sort: str = "-updatedAt",
        since: datetime | None = None,
        until: datetime | None = None,
        search_word: str = "",
    ) -> ListPage:
        """One page of ``customers``, ``contacts``, ``deals`` or ``actions``; ``since`` and ``until`` included.
        While the list changes, pages by number miss records: ``changed`` does not."""
        params = {"sort": sort, "limit": str(limit)}
        if since is not None:
            params["updatedAtFrom"] = moment(since)
        if until is not None:
            params["updatedAtTo"] = moment(until)
        if search_word:
            params["searchWord"] = search_word
        return self._list(resource, params, page)

    def changed(
        self,
        resource: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: Cursor | None = None,
        limit: int = PAGE,
    ) -> Iterator[tuple[list[Row], Cursor | None]]:
        """All that was changed in the span (None: ever), oldest change first, call by call with the cursor to go on
        from (None: the end). Complete though records are changed or deleted meanwhile; what is changed comes again
        if it still lies in the span."""
        going: Cursor | None = cursor or Cursor(moment(since) if since else None)
        while going is not None:
            rows, going = step(lambda params, page: self._list(resource, params, page), going, until, limit)
            yield rows, going

    def users(self, *, deleted: bool = False) -> list[Row]:
        """All users; 100 a call."""
        params = {"deleted": "1"} if deleted else {}
        found: dict[int, Row] = {}
        page = 1
        while True:
            listed = self._list("users", params, page)
            found |= {int(row["id"]): row for row in listed.rows}
            if not listed.rows or len(found) >= listed.total:
                return list(found.values())
            page += 1

    def deal(self, deal_id: int) -> Row | None:
        """One deal; None when it does not exist (any more)."""
        return self._send("deal", "GET", f"/deals/{deal_id}", absent=True)

    def search_deals(self, condition: Row, *, page: int = 1, limit: int = PAGE) -> ListPage:
        """Deals that pass a filter (see ``equals``, ``all_of``), in the vendor's default order."""
        body = {"filter": condition, "page": page, "limit": limit}
        return _listed(self._send("deals/search", "POST", "/deals/search", body=body, write=False), "deals")

    def create(self, resource: str, fields: Row) -> Row:
        """Creates a customer, contact or deal, whatever is there already; the record with its ``id``."""
        return self._send(f"{resource} create", "POST", f"/{resource}", body=fields, needs="id") or {}

    def update(self, resource: str, record_id: int, fields: Row) -> Row | None:
        """Changes a customer, contact or deal, null clears; the record as answered, None when the answer is empty.
        RecordError ``HTTP 404`` when it is gone."""
        return self._send(f"{resource} update", "PATCH", f"/{resource}/{record_id}", body=fields) or None

    def delete(self, resource: str, record_id: int) -> None:
        """Deletes a customer (with its deals, actions and contacts) or a deal. RecordError ``HTTP 404`` when gone."""
        self._send(f"{resource} delete", "DELETE", f"/{resource}/{record_id}", write=True)

    def reserve(self, resource: str, verb: str) -> None:
        """Takes the place of the next ``create``, ``update`` or ``delete`` in the purse."""
        self._meter.lease(f"{resource} {verb}", timedelta(seconds=SECONDS))

    def _list(self, resource: str, params: Mapping[str, str], page: int) -> ListPage:
        return _listed(self._get(resource, f"/{resource}", {**params, "page": str(page)}), resource)

    def _get(self, endpoint: str, path: str, params: Mapping[str, str] | None = None) -> Row:
        return self._send(endpoint, "GET", path, params=params) or {}

    def _send(
        self,
        endpoint: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Row | None = None,
        write: bool | None = None,
        absent: bool = False,
        needs: str = "",
    ) -> Row | None:
        """The answer's object; ``absent``: None for what is not there; ``needs``: a create's answer without it is
        no answer."""
        call = self._call(endpoint, method, path, params, body, body is not None if write is None else write)
        until = self.clock.now() + CALL_DEADLINE
        pauses = 0
        while True:
            answer, found, rule = self._once(call, until)
            if rule is None:
                if needs and needs not in found:
                    self._transport.lost(call, f"an answer without '{needs}'")
                return found
            if absent and rule.does is Does.MISSING:
                return None
            pause = self._pause(call, rule, pauses, _retry_after(answer))
            if pause is None or self.clock.now() + timedelta(seconds=pause + SECONDS) > until:
                raise self._error(call, rule, answer, found)
            self.clock.sleep(pause)
            pauses += 1

    def _call(
        self, endpoint: str, method: str, path: str, params: Mapping[str, str] | None, body: Row | None, write: bool
    ) -> Call:
        content = None if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        data = None if content is None else content.encode("utf-8", "replace")
        headers = self._headers if content is None else {**self._headers, "Content-Type": "application/json"}
        return Call(
            endpoint, method, self._root + path, SECONDS, write, params=params or {}, body=data, headers=headers
        )

    def _once(self, call: Call, until: datetime) -> tuple[Answer, Row, Rule | None]:
        with self._meter.call(call.endpoint, timedelta(seconds=SECONDS)) as receipt:
            if self.clock.now() + timedelta(seconds=SECONDS) > until:
                receipt.free = True
                raise Retriable(f"Mazrica {call.endpoint}: waited too long for the pace; nothing was sent.")
            answer = self._transport.send(call)
            found = _object(answer)
            message = str((found or {}).get("message") or "")
            rule = rule_for(answer.status, message, json=found is not None)
            _note(receipt, rule, found or {})
        return answer, found or {}, rule

    def _pause(self, call: Call, rule: Rule, pauses: int, hint: float | None) -> float | None:
        """Seconds until the same request may be sent again; None when it may not."""
        if pauses >= len(rule.pauses) or (call.write and rule.does is Does.UNKNOWN):
            return None
        return max(rule.pauses[pauses], hint or 0)

    def _error(self, call: Call, rule: Rule, answer: Answer, found: Row) -> SyncError:
        message = str(found.get("message") or "")
        return error_of(
            rule,
            answer.status,
            message or ("no JSON, as a firewall answers" if answer.status < 400 else ""),
            call.endpoint,
            write=call.write,
            now=self._transport.now(),
            retry_after=_retry_after(answer),
        )


def equals(field: str, value: int | str) -> Row:
    """A search condition: ``customerId`` = 1."""
    key = "integerValue" if isinstance(value, int) else "stringValue"
    return {"valueFilter": {"field": {"reference": field}, "comparisonOperator": "=", "value": {key: value}}}


def all_of(*conditions: Row) -> Row:
    """A search condition that joins others."""
    return {"compositeFilter": {"logicalOperator": "AND", "subFilters": list(conditions)}}


def _note(receipt: Receipt, rule: Rule | None, found: Row) -> None:
    receipt.free = rule is not None and rule.free
    receipt.records = max((len(value) for value in found.values() if isinstance(value, list)), default=0)


def _object(answer: Answer) -> Row | None:
    """The body as an object, empty for an empty one; None when it is neither."""
    if not answer.body.strip():
        return {} if answer.status == 204 or answer.status >= 400 else None
    try:
        value = json.loads(answer.body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _listed(found: Row | None, resource: str) -> ListPage:
    rows = list((found or {}).get(resource) or [])
    return ListPage(rows, int((found or {}).get("page") or 1), int((found or {}).get("totalCount") or len(rows)))


def _root(host: str) -> str:
    """The host without path: the connection may give it with ``/v1``."""
    scheme, found, rest = host.strip().partition("://")
    name = (rest if found else scheme).strip("/").split("/")[0]
    if not name:
        raise ConfigurationError("Mazrica: the connection's host is missing.", remedy=f"Use {HOST}.")
    return f"{scheme if found else 'https'}://{name}"


def _retry_after(answer: Answer) -> float | None:
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdigit() else None
