"""From a webhook event to actions with a time of their own, and from a due action to what is to be written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from renkei.integrations.immedio_salesforce.arms import Arms, refusal_of
from renkei.integrations.immedio_salesforce.booking import BOOKED, Booking, Unusable, booking_id, read
from renkei.integrations.immedio_salesforce.settings import CAMPAIGN_LAG, Action, Settings
from renkei.sync.flow import Decision, Skip, Unit, Unmappable, Write
from renkei.sync.intake import UNUSABLE, DueAction, Event, Scheduled
from renkei.sync.ports import SourceRow

FEED = "immedio.booking"
INBOX = "immedio.booking"
SEND_AGAIN = "Mend what the webhook sends, and send the booking again under another event_id."
ACTIONS: tuple[Action, ...] = ("todo", "campaign")
NOT_BOOKED = "not_a_booking"


class Scheduler:
    """Makes two actions of each booking: the ToDo after its lag, the campaign after ten minutes. What may not be done
    is due at once, so that the reason is on record."""

    def __init__(self, settings: Settings, arms: Callable[[], Arms]) -> None:
        self._settings = settings
        self._arms = arms

    def __call__(self, event: Event) -> list[Scheduled]:
        kind = str(event.payload.get("event_type") or "")
        if kind != BOOKED:
            return [_refused(event.sender_id, action, event, NOT_BOOKED) for action in ACTIONS[:1]]
        number = booking_id(event.payload)
        try:
            booking = read(event.payload, event.received_at)
        except Unusable as error:
            key = number or event.sender_id
            actions = self._settings.actions or ACTIONS[:1]
            return [_refused(key, action, event, UNUSABLE, str(error)) for action in actions]
        arms = self._arms()
        return [self._scheduled(booking, action, event, arms) for action in ACTIONS]

    def _scheduled(self, booking: Booking, action: Action, event: Event, arms: Arms) -> Scheduled:
        refusal = refusal_of(self._settings, arms, action, event.received_at)
        if refusal:
            return _refused(booking.id, action, event, refusal)
        lag = self._settings.todo.lag if action == "todo" else CAMPAIGN_LAG
        due_at = booking.booked_at + lag
        return Scheduled(booking.id, action, due_at, self._payload(booking, action, due_at, event))

    def _payload(self, booking: Booking, action: Action, due_at: datetime, event: Event) -> dict[str, Any]:
        day = booking.day(self._settings.todo.timezone)
        return {
            "action": action, "booking": booking.id, "guest": booking.guest, "host": booking.host,
            "subject": booking.subject or booking.meeting_type, "comment": booking.comment,
            "day": day.isoformat() if day else None, "due_at": due_at.isoformat(),
            "booked_at": booking.booked_at.isoformat(), "received_at": event.received_at.isoformat(),
        }  # fmt: skip


def _refused(key: str, action: Action, event: Event, reason: str, detail: str = "") -> Scheduled:
    payload = {"action": action, "booking": key, "refused": reason} | ({reason: detail} if detail else {})
    return Scheduled(key, action, event.received_at, payload)


def row_of(action: DueAction) -> SourceRow:
    """A due action as a record of the feed; one that could not be used is another record than the one that can."""
    guest = action.payload.get("guest")
    key = f"{action.action}:{action.key}" + (f":{UNUSABLE}" if UNUSABLE in action.payload else "")
    return SourceRow(key, action.payload, subject=f"email:{guest}" if guest else None)


@dataclass(frozen=True)
class Mapper:
    """Due actions → Tasks and campaign members, without the people: those are looked up when it is sent."""

    settings: Settings
    arms: Callable[[], Arms]

    def todo(self, unit: Unit) -> Sequence[Decision]:
        return self._map(unit, "todo", self._task)

    def campaign(self, unit: Unit) -> Sequence[Decision]:
        return self._map(unit, "campaign", self._membership)

    def _map(
        self, unit: Unit, action: Action, fields: Callable[[Mapping[str, Any]], dict[str, Any]]
    ) -> Sequence[Decision]:
        [record] = unit.records
        payload = record.payload
        if payload.get("action") != action:
            return ()
        key, refused = str(payload["booking"]), payload.get("refused")
        if refused == UNUSABLE:
            return [Unmappable(key, f"the booking cannot be used: {payload.get(UNUSABLE)}. {SEND_AGAIN}")]
        if refused:
            return [Skip(key, str(refused))]
        refusal = refusal_of(self.settings, self.arms(), action, datetime.fromisoformat(payload["received_at"]))
        if refusal:
            return [Skip(key, refusal)]
        needs = {name: payload.get(name) for name in ("guest", "host", "received_at") if payload.get(name)}
        told = {name: payload.get(name) for name in ("booked_at", "due_at")} | {"action": action}
        return [Write(key, fields(payload), initial=needs, explanation=told)]

    def _task(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Status and Priority are left to the org's defaults (R18)."""
        fields = {
            "Subject": payload.get("subject"), "Description": payload.get("comment"),
            "ActivityDate": payload.get("day"),
        }  # fmt: skip
        if self.settings.todo.booking_id_field:
            fields[self.settings.todo.booking_id_field] = payload["booking"]
        return {name: value for name, value in fields.items() if value}

    def _membership(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        status = self.settings.campaign.status
        return {"CampaignId": self.settings.campaign.campaign_id} | ({"Status": status} if status else {})
