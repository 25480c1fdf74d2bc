"""A KARTE event as a Marketo custom activity. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from renkei.endpoints.karte import MARKER
from renkei.endpoints.marketo import normalize_email
from renkei.endpoints.marketo_newest import OUTSIDE
from renkei.integrations.karte_marketo.settings import EventRule, Settings
from renkei.integrations.karte_marketo.values import at, instant
from renkei.sync.flow import Decision, Ref, Skip, Unit, Unmappable, Write
from renkei.sync.ports import MatchKey, SourceRow
from renkei.sync.shelves import Event

FEED = "karte.event"
NO_LEAD, NOT_WANTED, FROM_MARKETO = "no_lead", "not_wanted", "from_marketo"
LONGEST = 255  # Marketo: a text attribute


def row_of(event: Event) -> SourceRow:
    """What the receiver, or the team's table, holds of an event. The table takes whatever is loaded into it."""
    said: Any = event.payload if isinstance(event.payload, dict) else {}
    wanted = ("event_name", "user_id", "visitor_id", "occurred_at")
    values = said.get("values")
    payload = {name: said.get(name) for name in wanted} | {"values": values if isinstance(values, dict) else {}}
    payload["received_at"] = event.received_at.isoformat()
    address = normalize_email(at(payload, "values.email"))
    user = f"{OUTSIDE}:{payload['user_id'] or payload['visitor_id'] or ''}"
    return SourceRow(event.sender_id, payload, subject=f"email:{address}" if "@" in address else user)


@dataclass(frozen=True)
class EventMapper:
    """Events by their own id: first the lead is found, then the activity is added."""

    settings: Settings

    @cached_property
    def _rules(self) -> Mapping[str, EventRule]:
        return {rule.event_name: rule for rule in self.settings.events}

    def lead(self, unit: Unit) -> Sequence[Decision]:
        """Finds the lead of an event that names an address or an id; nothing of it is changed."""
        said = unit.records[0].payload
        rule = self._rule(said)
        key = self._key(rule, said) if rule else None
        if key is None or key.field == OUTSIDE:
            return ()
        return [Write(unit.value, match=(key,), may_create=False, absent_reason=NO_LEAD)]

    def activity(self, unit: Unit) -> Sequence[Decision]:
        said = unit.records[0].payload
        rule = self._rule(said)
        if rule is None:
            return [Skip(unit.value, FROM_MARKETO if self._is_ours(said) else NOT_WANTED)]
        primary = _text(at(said, rule.primary))
        if not primary:
            return [Unmappable(unit.value, f"{rule.primary} is missing")]
        happened = instant(said.get("occurred_at"))
        if happened is None:
            return [Unmappable(unit.value, "occurred_at is no time with an offset")]
        keys = self._keys(rule, said)
        if not keys:
            return [Skip(unit.value, NO_LEAD)]
        given = {name: value for name, path in rule.attributes.items() if (value := at(said, path)) not in (None, "")}
        fields = {
            "activityTypeId": rule.activity_type_id,
            "activityDate": happened.isoformat(timespec="seconds"),
            "primaryAttributeValue": primary[:LONGEST],
            "attributes": {name: _value(value) for name, value in given.items()},
        }
        long = [name for name, value in {rule.primary: primary, **given}.items() if value != _value(value)]
        told = tuple(f"{name} is longer than {LONGEST} characters and was cut" for name in long)
        refs = {"leadId": Ref("lead", keys)}
        return [Write(unit.value, fields, refs=refs, may_create=False, absent_reason=NO_LEAD, warnings=told)]

    def _rule(self, said: Mapping[str, Any]) -> EventRule | None:
        return None if self._is_ours(said) else self._rules.get(str(said.get("event_name")))

    def _is_ours(self, said: Mapping[str, Any]) -> bool:
        """What was made of a Marketo activity never goes back as one."""
        name = str(said.get("event_name"))
        made = self.settings.activities
        return MARKER in said["values"] or name.startswith(made.prefix) or name in made.names.values()

    def _key(self, rule: EventRule, said: Mapping[str, Any]) -> MatchKey | None:
        value = at(said, rule.path)
        if rule.lead_key == "marketo.id":
            return MatchKey("id", str(value)) if str(value or "").isdigit() else None
        if rule.lead_key == "user":
            return MatchKey(OUTSIDE, str(value)) if value else None
        address = normalize_email(value)
        return MatchKey("email", address) if "@" in address and address.isascii() else None

    def _keys(self, rule: EventRule, said: Mapping[str, Any]) -> tuple[MatchKey, ...]:
        """The rule's own key first, then the lead the user was linked with."""
        user = said.get("user_id") or said.get("visitor_id")
        keys = [self._key(rule, said), MatchKey(OUTSIDE, str(user)) if user else None]
        return tuple(dict.fromkeys(key for key in keys if key is not None))


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()


def _value(value: Any) -> Any:
    return str(value)[:LONGEST] if isinstance(value, str) else value
