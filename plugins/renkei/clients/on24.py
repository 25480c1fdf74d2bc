"""ON24's REST API v2, reads only. Rows are the vendor's own JSON, all keys lowercase.

Source: ON24's published OpenAPI; help page "REST API Integrations Overview".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

import requests

from renkei.clients.on24_errors import Does, Rule, error_of, rule_for
from renkei.clients.on24_pace import Pace
from renkei.clients.transport import Answer, Call, Transport
from renkei.errors import ConfigurationError, Fatal, Retriable
from renkei.sync.ports import Clock, Meter

HOSTS = {
    "north_america": "https://api.on24.com",
    "europe": "https://api.eu.on24.com",
    "global": "https://api.on24.com",
}
PAGE = 100
SECONDS = 130.0  # ON24 names no time-out of its own; event-level lists come in one piece
PATIENCE = timedelta(seconds=70)  # for the client's own replays, on top of the call itself
Row = dict[str, Any]


@dataclass(frozen=True)
class ListPage:
    """One page of a list: zero-based ``page`` of ``pages``; ``total`` rows in all."""

    rows: list[Row]
    page: int
    pages: int
    total: int

    @property
    def last(self) -> bool:
        return self.page >= self.pages - 1


class On24Client:
    """One ON24 client account. ``pace`` is calls per minute by endpoint class (see ``on24_pace``)."""

    def __init__(
        self,
        session: requests.Session,
        *,
        host: str,
        client_id: str,
        access_token_key: str,
        access_token_secret: str,
        meter: Meter,
        clock: Clock,
        pace: Mapping[str, int] | None = None,
    ) -> None:
        self.account_id = client_id.strip()
        self._root = f"{_root(host)}/v2/client/{quote(self.account_id, safe='')}"
        self._headers = {
            "accessTokenKey": access_token_key.strip(),
            "accessTokenSecret": access_token_secret.strip(),
            "Accept": "application/json",
        }
        self._transport = Transport(session, clock, "ON24")
        self._meter = meter
        self._clock = clock
        self._pace = Pace(clock, pace)

    def now(self) -> datetime:
        """ON24's clock, aware UTC; asks for the account's name if nothing was answered yet."""
        if self._transport.offset is None:
            self.client_info()
        return self._transport.now()

    def client_info(self) -> Row:
        """``{clientname, subclients}``: proves the token, and keeps it from expiring after 60 idle days."""
        found = self._get("client", "management", "")
        if found is None:
            raise Fatal("ON24 does not know this client.", remedy="Check client_id in the connection.")
        return found

    def events(self, start: date, end: date, *, mode: str, page: int = 0, subaccounts: bool = True) -> ListPage:
        """Events by day, at most 6 months. ``mode``: updated, modified, creation, livestart, … (datefiltermode)."""
        params = {**_days(start, end), **_paged(page), "datefiltermode": mode, "includeinactive": "Y"}
        if subaccounts:
            params["includesubaccounts"] = "Y"
        return _list(self._get("events", "event_list", "/event", params), "events", "totalevents", page)

    def event(self, event_id: str) -> Row | None:
        """One event; None when it does not exist (any more) or is inactive."""
        return self._get("event", "event", f"/event/{quote(event_id, safe='')}")

    def registrants(
        self, start: date, end: date, *, mode: str | None = None, page: int = 0, subaccounts: bool = True
    ) -> ListPage:
        """Registrants by day of registration, or by last change through the API (mode ``lastActivity``)."""
        return self._people("registrant", start, end, mode, page, subaccounts)

    def attendees(
        self, start: date, end: date, *, mode: str | None = None, page: int = 0, subaccounts: bool = True
    ) -> ListPage:
        """Attendees by day of activity, or of ``lastActivity``; new ones can take 24 h to appear."""
        return self._people("attendee", start, end, mode, page, subaccounts)

    def event_registrants(self, event_id: str) -> list[Row]:
        """All registrants of one event in one piece; hidden (APIEXCLUDE) events answer here too."""
        return self._of_event(event_id, "registrant")

    def event_attendees(self, event_id: str) -> list[Row]:
        """All attendees of one event in one piece; the rows carry no ``eventid``."""
        return self._of_event(event_id, "attendee")

    def registrations_of(self, email: str) -> list[Row]:
        """All registrations of one person; empty when ON24 does not know the address."""
        rows: list[Row] = []
        page = 0
        while True:
            path = f"/registrant/{quote(email, safe='')}/allevents"
            found = self._get("registrant/allevents", "people", path, _paged(page))
            listed = _list(found, "registrants", "totalregistrants", page)
            rows += listed.rows
            if listed.last:
                return rows
            page += 1

    def _people(self, kind: str, start: date, end: date, mode: str | None, page: int, subaccounts: bool) -> ListPage:
        params = {**_days(start, end), **_paged(page)}
        if mode:
            params["datefiltermode"] = mode
        if not subaccounts:
            params["excludesubaccounts"] = "Y"
        return _list(self._get(f"{kind}s", "people", f"/{kind}", params), f"{kind}s", f"total{kind}s", page)

    def _of_event(self, event_id: str, kind: str) -> list[Row]:
        found = self._get(f"event/{kind}s", "people", f"/event/{quote(event_id, safe='')}/{kind}")
        return list((found or {}).get(f"{kind}s") or [])

    def _get(self, endpoint: str, pace: str, path: str, params: Mapping[str, str] | None = None) -> Row | None:
        """The answer's object, or None when what was asked for is not there."""
        call = Call(endpoint, "GET", self._root + path, SECONDS, params=params or {}, headers=self._headers)
        until = self._clock.now() + timedelta(seconds=SECONDS) + PATIENCE
        pauses = 0
        while True:
            self._pace.wait(pace)
            answer, body, rule = self._once(call)
            if rule is None:
                return body
            if rule.does is Does.EMPTY:
                return None
            hint = _retry_after(answer)
            pause = max(rule.pauses[pauses], hint or 0) if pauses < len(rule.pauses) else None
            if pause is None or self._clock.now() + timedelta(seconds=pause + SECONDS) > until:
                raise error_of(rule, answer.status, str(body.get("message") or ""), endpoint, hint)
            self._clock.sleep(pause)
            pauses += 1

    def _once(self, call: Call) -> tuple[Answer, Row, Rule | None]:
        with self._meter.call(call.endpoint, timedelta(seconds=SECONDS)) as receipt:
            answer = self._transport.send(call)
            try:
                body = self._transport.parse(call, answer)
            except Retriable:
                if answer.status < 400:
                    raise
                body = {}
            receipt.records = max((len(value) for value in body.values() if isinstance(value, list)), default=0)
        return answer, body, rule_for(answer.status, str(body.get("message") or ""))


def _root(host: str) -> str:
    """The host without path: the connection may give it with ``/v2`` or a doubled slash."""
    text = host.strip()
    scheme, found, rest = text.partition("://")
    name = (rest if found else text).strip("/").split("/")[0]
    if not name:
        raise ConfigurationError(
            "ON24: the connection's host is missing.", remedy=f"Use one of {sorted(HOSTS.values())}."
        )
    return f"{scheme if found else 'https'}://{name}"


def _days(start: date, end: date) -> dict[str, str]:
    return {"startdate": start.isoformat(), "enddate": end.isoformat()}


def _paged(page: int) -> dict[str, str]:
    return {"pageoffset": str(page), "itemsperpage": str(PAGE)}


def _list(body: Row | None, key: str, total: str, page: int) -> ListPage:
    """``pagecount`` is told where the list is paged; elsewhere a full page may have a successor."""
    found = body or {}
    rows = list(found.get(key) or [])
    all_rows = int(found.get(total) or len(rows))
    pages = found.get("pagecount")
    if pages is None:
        # Not paged (then all rows are here), or paged without saying so.
        pages = page + 2 if len(rows) == PAGE and all_rows > (page + 1) * PAGE else page + 1
    return ListPage(rows, page, int(pages), all_rows)


def _retry_after(answer: Answer) -> float | None:
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdigit() else None
