"""Webhooks sent so far, and sending one by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from include.sandbox.errors import ControlError
from include.sandbox.karte.webhooks import ENCODINGS, Delivery
from include.sandbox.vendor import Record

if TYPE_CHECKING:
    from include.sandbox.karte.vendor import Karte

KNOWN = {"kind", "url", "body", "event_type", "data", "extra", "secret", "age_seconds", "encoding"}


@dataclass
class WebhookStore:
    """``{kind: "webhook_v2", url?, body}`` (body JSON, or text as it is) or ``{kind: "hook_v2", url?, event_type, data,
    extra?}``, sent at once. ``secret``, ``age_seconds`` and ``encoding`` make a forged, an old or the other form.
    PATCH sends the same again."""

    karte: Karte

    def list(self) -> list[Record]:
        return [delivery.row() for delivery in self.karte.webhooks.deliveries.values()]

    def create(self, records: list[Record]) -> list[Record]:
        return [self._send(record).row() for record in records]

    def update(self, record_id: str, fields: Record) -> Record:
        delivery = self.karte.webhooks.deliveries.get(record_id)
        if delivery is None:
            raise ControlError(f"there is no webhook {record_id}", 404)
        if fields:
            raise ControlError("what was sent cannot be changed; PATCH {} sends it again")
        self.karte.webhooks.again(delivery)
        return delivery.row()

    def delete(self, record_id: str) -> None:
        raise ControlError("what was sent cannot be taken back", 405)

    def _send(self, record: Record) -> Delivery:
        unknown = sorted(set(record) - KNOWN)
        if unknown:
            raise ControlError(f"a webhook has no {unknown[0]!r}; it has {', '.join(sorted(KNOWN))}")
        how = _how(record)
        url = str(record.get("url") or "")
        if record.get("kind") == "hook_v2":
            trigger, data, extra = record.get("event_type"), record.get("data", {}), record.get("extra", {})
            return self.karte.webhooks.trigger(str(trigger), data, extra, url, **how)
        if record.get("kind") != "webhook_v2" or "body" not in record:
            raise ControlError("kind is webhook_v2 (with a body) or hook_v2 (with an event_type)")
        return self.karte.webhooks.send("webhook_v2", url or self.karte.settings["webhook_url"], record["body"], **how)


def _how(record: Record) -> dict[str, Any]:
    how = {name: record[name] for name in ("secret", "age_seconds", "encoding") if name in record}
    age = how.get("age_seconds", 0)
    if isinstance(age, bool) or not isinstance(age, int | float):
        raise ControlError("age_seconds must be a number, negative for the future")
    if not isinstance(how.get("secret", ""), str) or how.get("encoding", "hex") not in ENCODINGS:
        raise ControlError(f"secret is a text, encoding one of {', '.join(ENCODINGS)}")
    return how
