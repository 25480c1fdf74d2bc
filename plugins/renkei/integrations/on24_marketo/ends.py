"""Both sides of the flow over the clients of one ON24 account and one Marketo instance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from renkei.endpoints.marketo import CustomObjectTarget, LeadTarget, ProgramMemberTarget
from renkei.endpoints.on24 import Known, On24Attendees, On24Events, On24Registrants
from renkei.integrations.on24_marketo.events import KnownEvents
from renkei.integrations.on24_marketo.flow import Ends
from renkei.integrations.on24_marketo.registration import normalised
from renkei.integrations.on24_marketo.settings import Settings


def subject_of(row: Mapping[str, Any]) -> str | None:
    """Whom a row is about: ``email:a@example.jp``, compared form; None without an address."""
    email = normalised(str(row.get("email") or ""))
    return f"email:{email}" if email else None


def ends_of(
    settings: Settings,
    on24: Any,
    marketo: Any,
    known: Known = lambda email: {},
    described: Mapping[str, Any] | None = None,
    known_events: KnownEvents = lambda ids: (),
) -> Ends:
    """Feeds and targets; nothing is called. ``on24`` and ``marketo`` are the vendors' clients; ``known`` tells what
    registrations of an address are stored (eventuserid → eventid), ``known_events`` which events are."""
    return Ends(
        events=On24Events(on24),
        registrants=On24Registrants(on24, subject_of),
        attendees=On24Attendees(on24, subject_of, known=known),
        leads=LeadTarget(marketo),
        records=CustomObjectTarget(marketo, settings.custom_object, definition=(described or {}).get("object")),
        members=ProgramMemberTarget(marketo) if settings.member_status.programs else None,
        known_events=known_events,
    )
