"""The webhooks Marketo sends: the flow step "Call Webhook" of one trigger campaign.

Payload template with tokens, custom headers, no signature, no repetition; an empty answer is error 1001; 30 s time-out
(Adobe: webhooks; marketo.md §12).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from include.sandbox import outgoing
from include.sandbox.errors import ControlError
from include.sandbox.marketo.activity_types import STANDARD
from include.sandbox.vendor import Record

if TYPE_CHECKING:
    from include.sandbox.marketo.activity_log import Activity
    from include.sandbox.marketo.vendor import Marketo

SECONDS = 30.0
ENCODINGS = ("JSON", "Form/Url", "None")
HEADER = "X-Webhook-Token"
PAYLOAD = """{"lead_id": {{lead.Id}}, "email": {{lead.Email Address}}, "activity": {{trigger.Trigger Name}},
 "occurred_at": {{system.dateTime}}, "attributes": {"name": {{trigger.Name}}}}"""
_TOKEN = re.compile(r"\{\{([^{}]+)\}\}")
_NAMES = {"id": "id", "email address": "email", "first name": "firstName", "last name": "lastName",
          "company name": "company"}  # fmt: skip


@dataclass
class Call:
    """One call of the webhook; ``status`` is the receiver's, 0 for none, None until it was sent."""

    id: str
    url: str
    body: bytes
    headers: dict[str, str]
    status: int | None = None
    error: str = ""

    def row(self) -> Record:
        """As the control plane shows it; the secret stays out."""
        return {"id": self.id, "url": self.url, "body": self.body.decode(errors="replace"), "status": self.status,
                "error": self.error}


class Webhooks:
    """Object ``webhooks``: the calls so far. POST ``{leadId, trigger?: {…}}`` calls as a campaign would; ``body``
    (text as it is), ``url`` and ``token`` make other ones. PATCH sends the same again."""

    def __init__(self, marketo: Marketo) -> None:
        self._marketo = marketo
        self._outgoing = outgoing.Outgoing()
        self.calls: dict[str, Call] = {}
        self.post: outgoing.Post = partial(outgoing.post, seconds=SECONDS)

    def on_activity(self, activity: Activity) -> None:
        """The campaign's trigger: an activity whose type the settings name."""
        name, settings = self._type_name(activity.type_id), self._marketo.settings
        wanted = any(fnmatchcase(name, wanted) for wanted in settings["webhook_activities"])
        if settings["webhook_url"] and wanted and self._marketo.leads.get(activity.lead_id) is not None:
            facts = {"Trigger Name": name, "Name": activity.primary_value or "", **dict(activity.attributes)}
            self._call(activity.lead_id, facts)

    def list(self) -> list[Record]:
        return [call.row() for call in self.calls.values()]

    def create(self, records: list[Record]) -> list[Record]:
        return [self._by_hand(record) for record in records]

    def update(self, record_id: str, fields: Record) -> Record:
        call = self.calls.get(record_id)
        if call is None:
            raise ControlError(f"there is no webhook call {record_id}", 404)
        if fields:
            raise ControlError("what was sent cannot be changed; PATCH {} sends it again")
        self._outgoing.put(partial(self._send, call))
        return call.row()

    def delete(self, record_id: str) -> None:
        raise ControlError("what was sent cannot be taken back", 405)

    def forget(self) -> None:
        """What was sent is forgotten, what was not never leaves."""
        self.calls.clear()
        self._outgoing.forget()

    def wait(self) -> None:
        """Until everything was sent."""
        self._outgoing.wait()

    def _by_hand(self, record: Record) -> Record:
        unknown = sorted(set(record) - {"leadId", "trigger", "body", "url", "token"})
        if unknown:
            raise ControlError(f"a webhook call has no {unknown[0]!r}; it has leadId, trigger, body, url, token")
        if "body" in record:
            return self._queue(str(record["body"]).encode(), **_given(record)).row()
        if "leadId" not in record:
            raise ControlError("a webhook call needs a leadId, or a body")
        return self._call(int(record["leadId"]), record.get("trigger") or {}, **_given(record)).row()

    def _call(self, lead_id: int, trigger: Mapping[str, Any], **given: str) -> Call:
        encoding = self._marketo.settings["webhook_encoding"]
        facts = {"lead": self._lead(lead_id), "trigger": dict(trigger), "system": {"dateTime": self._local_time()}}
        text = _TOKEN.sub(lambda found: _encoded(_value(facts, found[1]), encoding),
                          self._marketo.settings["webhook_payload"])  # fmt: skip
        return self._queue(text.encode(), **given)

    def _queue(self, body: bytes, *, url: str = "", token: str | None = None) -> Call:
        settings = self._marketo.settings
        if not (url or settings["webhook_url"]):
            raise ControlError("there is no url: give one, or set webhook_url")
        kind = "application/x-www-form-urlencoded" if settings["webhook_encoding"] == "Form/Url" else "application/json"
        headers = {"Content-Type": kind, HEADER: self._marketo.webhook_secret if token is None else token}
        headers |= settings["webhook_headers"]
        call = Call(f"wc-{len(self.calls) + 1}", url or settings["webhook_url"], body, headers)
        self.calls[call.id] = call
        self._outgoing.put(partial(self._send, call))
        return call

    def _send(self, call: Call) -> None:
        answer = self.post(call.url, call.headers, call.body)
        empty = 200 <= answer.status < 300 and not answer.body
        call.status, call.error = answer.status, "1001 Empty response body" if empty else ""

    def _lead(self, lead_id: int) -> Mapping[str, Any]:
        lead = self._marketo.leads.get(lead_id)
        if lead is None:
            raise ControlError(f"there is no lead {lead_id}", 404)
        return lead

    def _type_name(self, type_id: int) -> str:
        return next((kind.name for kind in (*STANDARD, *self._marketo.custom_types.values()) if kind.id == type_id), "")

    def _local_time(self) -> str:
        """As ``{{system.dateTime}}``: the instance's time zone, without an offset."""
        zone = ZoneInfo(self._marketo.settings["webhook_time_zone"])
        return f"{self._marketo.world.clock.now().astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _given(record: Record) -> dict[str, str]:
    return {name: str(record[name]) for name in ("url", "token") if name in record}


def _value(facts: Mapping[str, Mapping[str, Any]], token: str) -> Any:
    """The token's value; what nobody knows is empty, as in Marketo."""
    space, _, name = token.strip().partition(".")
    found = facts.get(space, {})
    if space == "lead":
        return found.get(_NAMES.get(name.lower(), name))
    return found.get(name)


def _encoded(value: Any, encoding: str) -> str:
    if encoding == "JSON":
        numeric = isinstance(value, int | float)
        return json.dumps(value if numeric else "" if value is None else _text(value), ensure_ascii=False)
    return quote(_text(value)) if encoding == "Form/Url" else _text(value)


def _text(value: Any) -> str:
    return "" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)
