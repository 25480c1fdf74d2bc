"""KARTE's API v2: writing one event, reading a user's events, writing one row of a reference table.

Every method raises the tree of ``renkei.errors``. Writes are asynchronous at KARTE: a success says "taken", and an
event can be read a while later. An event that is sent twice is there twice.
Source: developers.karte.io, API v2 reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import requests

from renkei.clients.karte_endpoints import GET_EVENTS, UPSERT_ROW, WRITE_EVENT, Endpoint
from renkei.clients.karte_errors import Rule, error_of, rule_for
from renkei.clients.karte_limits import EVENT_BYTES
from renkei.clients.transport import Answer, Call, Transport
from renkei.errors import ConfigurationError, RecordError, Retriable
from renkei.sync.ports import Clock, Meter

HOST = "https://api.karte.io"
MOST_EVENTS = 10  # one answer, per name
_NOBODY = "renkei-connection-test"
Row = dict[str, Any]


@dataclass(frozen=True)
class UserKey:
    """Whom an event is about: a member's ``user_id``, or the ``visitor_id`` (``vis-…``) of somebody anonymous."""

    value: str = field(repr=False)
    kind: Literal["user_id", "visitor_id"] = "user_id"


@dataclass(frozen=True)
class Event:
    """One event as read: when KARTE received it (aware UTC), and its values without those KARTE adds."""

    at: datetime
    values: Row = field(repr=False)


class KarteClient:
    """One KARTE project. ``project_id`` only tells projects apart; KARTE is not asked for it."""

    def __init__(
        self, session: requests.Session, *, host: str, access_token: str, project_id: str, meter: Meter, clock: Clock
    ) -> None:
        self.account_id = project_id.strip()
        self._base = _base(host)
        self._headers = {
            "Authorization": f"Bearer {access_token.strip()}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        self._transport = Transport(session, clock, "KARTE")
        self._meter = meter
        self.clock = clock

    def now(self) -> datetime:
        """KARTE's clock, aware UTC; asks for nobody's events if nothing was answered yet."""
        if self._transport.offset is None:
            self.check()
        return self._transport.now()

    def check(self) -> None:
        """Proves host, token and the scope to read events; whether the app may write, only a write tells."""
        self.events(_NOBODY, ["identify"])

    def reserve(self, endpoint: Endpoint) -> None:
        """Takes the place of the next call of this endpoint in the purse."""
        self._meter.lease(endpoint.name, timedelta(seconds=endpoint.seconds))

    def write_event(self, key: UserKey, name: str, values: Mapping[str, Any]) -> None:
        """Writes one event. RecordError when it is larger than 45 KB, when KARTE refuses it, or when it is an
        ``identify`` without ``values.user_id``: projects with user data management would keep none of its fields."""
        if name == "identify" and not values.get("user_id"):
            raise RecordError("KARTE identify: values.user_id is missing; KARTE would drop the fields.")
        self._send(WRITE_EVENT, {"keys": {key.kind: key.value}, "event": {"event_name": name, "values": values}})

    def events(
        self, user: str, names: Sequence[str], *, since: datetime | None = None, until: datetime | None = None
    ) -> dict[str, list[Event]]:
        """Events by name in ``[since, until)``, oldest first, of one user_id or visitor_id; one to ten names, at most
        ten events of each: ten mean that there may be more. Names without events have empty lists. Not strongly
        consistent: what is not there may still come."""
        span = {"from": since, "to": until}
        options = {"limit": MOST_EVENTS} | {name: _millis(at) for name, at in span.items() if at is not None}
        body = {"user_id": user, "event_names": list(names), "options": options}
        found = self._send(GET_EVENTS, body).get("events") or {}
        return {name: [_event(name, row) for row in found.get(name) or []] for name in names}

    def upsert_row(self, table: str, key: Mapping[str, str], values: Mapping[str, Any]) -> None:
        """Writes one row of a reference table by its key, for instance ``{"user_id": "u1"}``; may be sent again.
        Cut long values with ``karte_limits.fit_cells`` first."""
        self._send(UPSERT_ROW, {"id": table, "rowKey": dict(key), "values": dict(values)})

    def _send(self, endpoint: Endpoint, payload: Mapping[str, Any]) -> Row:
        """Sends, and sends the very same again while KARTE says it was not executed and there is time."""
        call = self._call(endpoint, payload)
        until = self.clock.now() + endpoint.deadline
        pauses = 0
        while True:
            answer, body, rule = self._once(call, until)
            if rule is None:
                return body
            hint = self._retry_after(answer)
            pause = max(rule.pauses[pauses], hint or 0) if pauses < len(rule.pauses) else None
            if pause is None or self.clock.now() + timedelta(seconds=pause + endpoint.seconds) > until:
                raise error_of(rule, answer.status, str(body.get("message") or ""), endpoint, hint)
            self.clock.sleep(pause)
            pauses += 1

    def _once(self, call: Call, until: datetime) -> tuple[Answer, Row, Rule | None]:
        with self._meter.call(call.endpoint, timedelta(seconds=call.seconds)) as receipt:
            if self.clock.now() + timedelta(seconds=call.seconds) > until:
                raise Retriable(f"KARTE {call.endpoint}: waited too long for the pace; nothing was sent.")
            answer = self._transport.send(call)
            rule = rule_for(answer.status)
            receipt.records = 1 if rule is None else 0
            if rule is None and not call.write:
                return answer, self._transport.parse(call, answer), None
        return answer, _message(answer), rule

    def _call(self, endpoint: Endpoint, payload: Mapping[str, Any]) -> Call:
        body = _encoded(endpoint, payload)
        return Call(
            endpoint.name,
            "POST",
            self._base + endpoint.path,
            endpoint.seconds,
            endpoint.write,
            body=body,
            headers=self._headers,
        )

    def _retry_after(self, answer: Answer) -> float | None:
        """Seconds, from either form of the header."""
        value = answer.headers.get("Retry-After", "")
        if value.isdigit():
            return float(value)
        try:
            return max(0.0, (parsedate_to_datetime(value) - self._transport.now()).total_seconds())
        except (ValueError, TypeError):
            return None


def _base(host: str) -> str:
    """The host without path: the connection may give it with ``/v2`` or a doubled slash."""
    found = re.fullmatch(r"\s*(?:(https?)://)?/*([\w.-]+(?::\d+)?)(?:/[^\s?#]*)?\s*", host, re.I)
    if not found:
        raise ConfigurationError("KARTE: the connection's host is missing or is no address.", remedy=f"Use {HOST}.")
    return f"{(found[1] or 'https').lower()}://{found[2]}"


def _encoded(endpoint: Endpoint, payload: Mapping[str, Any]) -> bytes:
    try:
        text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:
        raise RecordError(f"KARTE {endpoint.name}: a number is none (NaN or infinite).") from None
    body = text.encode("utf-8", "replace")
    if endpoint.write and len(body) > EVENT_BYTES:
        raise RecordError(f"KARTE {endpoint.name}: the request is larger than 45 KB.")
    return body


def _message(answer: Answer) -> Row:
    """What an answer says besides its status: nothing, where it holds no JSON object."""
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _event(name: str, row: Mapping[str, Any]) -> Event:
    """KARTE adds ``date`` and names with a leading underscore to what was written."""
    values = (row.get("values") or {}).get(name) or {}
    own = {key: value for key, value in values.items() if key != "date" and not key.startswith("_")}
    return Event(datetime.fromtimestamp(float(row["_date"]), UTC), own)
