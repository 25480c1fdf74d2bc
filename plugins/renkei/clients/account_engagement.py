"""Account Engagement (Pardot) API v5 for one business unit. Rows are the vendor's own JSON.

Source: Account Engagement API v5 guide. Reads that must be complete go through ``window`` or ``members``: a chain of
page tokens ends silently after 100,000 records, told only by a header.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import requests

from renkei.clients.account_engagement_errors import Does, Rule, error_of, rule_for
from renkei.clients.salesforce_auth import Grant, SalesforceAuth
from renkei.clients.transport import Answer, Call, Transport
from renkei.errors import ConfigurationError, Retriable
from renkei.sync.ports import Clock, Meter

Row = dict[str, Any]
HOST = "https://pi.pardot.com"
DEMO_HOST = "https://pi.demo.pardot.com"  # sandboxes and developer orgs
PAGE = 1000
SECONDS = 60.0
CALL_DEADLINE = timedelta(seconds=2 * SECONDS + 60)
CHAIN_ENDED = "203"  # Pardot-Warning: the chain of page tokens is over, though there is more


@dataclass(frozen=True)
class Chunk:
    """Rows of one call, and the cursor to go on from (plain JSON), None at the end."""

    rows: list[Row]
    cursor: Row | None


class AccountEngagementClient:
    """One business unit, as the user of a Salesforce connection."""

    def __init__(
        self,
        session: requests.Session,
        *,
        host: str,
        business_unit_id: str,
        auth: SalesforceAuth,
        meter: Meter,
        clock: Clock,
        timezone: str = "Asia/Tokyo",
    ) -> None:
        self.account_id = business_unit_id
        self._root = host.rstrip("/")
        self._auth = auth
        self._meter = meter
        self._clock = clock
        self._zone = ZoneInfo(timezone)
        self._transport = Transport(session, clock, "Account Engagement")

    @property
    def knows_time(self) -> bool:
        """Whether an answer has told the vendor's time already."""
        return self._transport.offset is not None

    def now(self) -> datetime:
        """The vendor's clock, aware UTC; asks for the account if nothing was answered yet."""
        if self._transport.offset is None:
            self.account()
        return self._transport.now()

    def account(self) -> Row:
        """``maximumDailyApiCalls``, ``apiCallsUsed``, ``level``: proves token, scope and business unit."""
        fields = "id,company,level,maximumDailyApiCalls,apiCallsUsed"
        return self.send("account", "GET", "/api/v5/objects/account", params={"fields": fields})

    def usage_today(self) -> int:
        """The business unit's own count of calls since midnight in its time zone."""
        return int(self.account().get("apiCallsUsed") or 0)

    def page(self, resource: str, fields: Sequence[str], **filters: Any) -> Chunk:
        """One page of ``prospects``, ``lists``, … with filters in the vendor's names (``idGreaterThan``,
        ``updatedAtAfterOrEqualTo``, ``orderBy``, ``deleted``); at most three fields may be filtered."""
        asked = {name: _text(value) for name, value in filters.items()}
        found, answer = self._page(resource, {"fields": ",".join(fields), "limit": str(PAGE), **asked})
        token = found.get("nextPageToken")
        return Chunk(list(found["values"]), {"token": token} if token else _chain_end(answer, found))

    def next_page(self, resource: str, fields: Sequence[str], token: str) -> Chunk:
        """The page after; CursorExpired when the token is older than four hours."""
        found, answer = self._page(resource, {"fields": ",".join(fields), "nextPageToken": token})
        following = found.get("nextPageToken")
        return Chunk(list(found["values"]), {"token": following} if following else _chain_end(answer, found))

    def walk(
        self, resource: str, fields: Sequence[str], cursor: Mapping[str, Any] | None = None, **filters: Any
    ) -> Iterator[Chunk]:
        """All rows that pass the filters, by rising id, each once, however many there are: where the vendor ends a
        chain of tokens, a new one begins behind the last id. ``fields`` must contain ``id``. Each chunk's cursor
        resumes after it; CursorExpired when its token is dead."""
        if "id" not in fields:
            raise ConfigurationError(f"Account Engagement {resource}: a complete read needs the field id.")
        going: Mapping[str, Any] | None = cursor or {"after": 0}
        while going is not None:
            chunk, last = self._step(resource, fields, going, filters)
            if chunk.cursor is not None and "token" in chunk.cursor:
                going = {"token": chunk.cursor["token"], "after": last}
            else:
                going = {"after": last} if chunk.cursor is not None else None
            yield Chunk(chunk.rows, dict(going) if going is not None else None)

    def window(
        self, resource: str, fields: Sequence[str], since: datetime, until: datetime,
        cursor: Mapping[str, Any] | None = None, *, deleted: str = "all",
    ) -> Iterator[Chunk]:  # fmt: skip
        """All that was updated in ``[since, until)``, complete beyond 100,000 records."""
        span = {"updatedAtAfterOrEqualTo": since, "updatedAtBefore": until, "deleted": deleted}
        return self.walk(resource, fields, cursor, **span)

    def lists(self, name: str) -> list[Row]:
        """All lists of this name, not deleted."""
        fields = ("id", "name", "isDynamic", "updatedAt")
        return [row for chunk in self.walk("lists", fields, name=name) for row in chunk.rows]

    def members(self, list_id: int, cursor: Mapping[str, Any] | None = None) -> Iterator[Chunk]:
        """Memberships of a list with ``id, listId, prospectId, optedOut, prospect{email, isDeleted}``."""
        fields = ("id", "listId", "prospectId", "optedOut", "prospect.email", "prospect.isDeleted")
        return self.walk("list-memberships", fields, cursor, listId=list_id)

    def read(self, resource: str, record_id: int, fields: Sequence[str]) -> Row | None:
        """One record, or None when it is not there (any more)."""
        where = f"/api/v5/objects/{resource}/{int(record_id)}"
        found = self.send(f"{resource} read", "GET", where, params={"fields": ",".join(fields)}, absent=True)
        return found or None

    def create(self, resource: str, body: Mapping[str, Any], fields: Sequence[str] = ("id",)) -> Row:
        """Creates a record; empty when the vendor created it but may not show it (204)."""
        where, params = f"/api/v5/objects/{resource}", {"fields": ",".join(fields)}
        return self.send(f"{resource} create", "POST", where, params=params, body=body, write=True)

    def update(self, resource: str, record_id: int, body: Mapping[str, Any]) -> None:
        """Changes what is named, by id; RecordError ``109`` when it is not there, ``219`` when in the recycle bin."""
        where = f"/api/v5/objects/{resource}/{int(record_id)}"
        self.send(f"{resource} update", "PATCH", where, params={"fields": "id"}, body=body, write=True)

    def delete(self, resource: str, record_id: int) -> None:
        self.send(f"{resource} delete", "DELETE", f"/api/v5/objects/{resource}/{int(record_id)}", write=True)

    def act(self, resource: str, action: str, body: Mapping[str, Any]) -> Row:
        """``do/upsertLatestByEmail``, ``do/undelete``, ``{id}/do/addTag`` …"""
        return self.send(f"{resource} {action}", "POST", f"/api/v5/objects/{resource}/{action}", body=body, write=True)

    def reserve(self, endpoint: str) -> None:
        """Takes the place of the next call in the purse."""
        self._meter.lease(endpoint, timedelta(seconds=SECONDS))

    def send(
        self,
        endpoint: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        write: bool = False,
        absent: bool = False,
    ) -> Row:
        """The answer's object, empty for an empty one; ``absent``: empty too for what is not there."""
        return self._send(endpoint, method, path, params or {}, body, write, absent)[0]

    def _page(self, resource: str, params: Mapping[str, str]) -> tuple[Row, Answer]:
        found, answer = self._send(resource, "GET", f"/api/v5/objects/{resource}", params, None, False, False)
        if not isinstance(found.get("values"), list):
            raise Retriable(f"Account Engagement {resource}: an answer without values.")
        return found, answer

    def _step(
        self, resource: str, fields: Sequence[str], cursor: Mapping[str, Any], filters: Mapping[str, Any]
    ) -> tuple[Chunk, int]:
        after = int(cursor["after"])
        if "token" in cursor:
            chunk = self.next_page(resource, fields, str(cursor["token"]))
        else:
            behind = {"idGreaterThan": after} if after else {}
            chunk = self.page(resource, fields, orderBy="id ASC", **filters, **behind)
        return chunk, max([after, *(int(row["id"]) for row in chunk.rows)])

    def _send(
        self, endpoint: str, method: str, path: str, params: Mapping[str, str], body: Mapping[str, Any] | None,
        write: bool, absent: bool,
    ) -> tuple[Row, Answer]:  # fmt: skip
        grant = self._auth.grant()
        renewed, pauses = False, 0
        while True:
            call = self._call(endpoint, method, path, grant, params, body, write)
            answer = self._once(call)
            found = _object(answer)
            if answer.status < 300 and found is not None:
                return found, answer
            if answer.status < 300:
                self._transport.lost(call, "a body that is not a JSON object or was cut short")
            code = _code(found)
            rule = rule_for(answer.status, code)
            if rule.does is Does.TOKEN and not renewed:
                renewed, grant = True, self._auth.grant(grant)
                continue
            if absent and rule.does is Does.GONE:
                return {}, answer
            if not self._wait(rule, pauses, write):
                message = str((found or {}).get("message") or "")
                raise error_of(rule, answer.status, code, message, endpoint, write=write, resets_at=self._midnight())
            pauses += 1

    def _wait(self, rule: Rule, pauses: int, write: bool) -> bool:
        """Whether the same request may be sent again, after a pause."""
        if pauses >= len(rule.pauses) or (write and rule.does is Does.UNKNOWN):
            return False
        self._clock.sleep(rule.pauses[pauses])
        return True

    def _once(self, call: Call) -> Answer:
        with self._meter.call(call.endpoint, timedelta(seconds=call.seconds)) as receipt:
            answer = self._transport.send(call)
            receipt.free = answer.status == 401
        return answer

    def _call(
        self, endpoint: str, method: str, path: str, grant: Grant, params: Mapping[str, str],
        body: Mapping[str, Any] | None, write: bool,
    ) -> Call:  # fmt: skip
        headers = {
            "Authorization": f"Bearer {grant.values['access_token']}",
            "Pardot-Business-Unit-Id": self.account_id,
            "Accept": "application/json",
        }
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        return Call(endpoint, method, self._root + path, SECONDS, write, params=params, body=data, headers=headers)

    def _midnight(self) -> datetime:
        """When the business unit's day begins anew."""
        local = self._clock.now().astimezone(self._zone)
        day = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return day.astimezone(UTC)


def _chain_end(answer: Answer, found: Row) -> Row | None:
    """A cursor without token when the vendor ended the chain early."""
    warning = answer.headers.get("Pardot-Warning") or ""
    return {} if CHAIN_ENDED in warning.replace(";", " ").split() and found["values"] else None


def _object(answer: Answer) -> Row | None:
    if not answer.body.strip():
        return {} if answer.status < 300 else None
    try:
        value = json.loads(answer.body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _code(found: Row | None) -> int | None:
    code = (found or {}).get("code")
    return int(code) if isinstance(code, int) or (isinstance(code, str) and code.isdigit()) else None


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    return str(value)
