"""Stage 3, member status (off by default): one status per person and program (O35).

Marketo's "is updated" trigger on a custom object has to be enabled by Adobe; this works without it. Marketo
itself refuses to take a member's status backwards (code 1037) and answers that as unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from renkei.integrations.on24_marketo.attendance import LEAD
from renkei.integrations.on24_marketo.derived import attended_archive, attended_live
from renkei.integrations.on24_marketo.events import SETTLED
from renkei.integrations.on24_marketo.registration import (
    Registration,
    match_keys,
    nobody,
    registrations,
    unwritable,
)
from renkei.integrations.on24_marketo.settings import Settings
from renkei.sync.flow import Decision, Ref, Skip, Unit, Write
from renkei.sync.ports import MatchKey

PROGRAM, PERSON, STATUS = "programId", "leadId", "statusName"


class Rank(IntEnum):
    """Statuses from the first to the last; over several registrations the highest one counts."""

    REGISTERED = 1
    NO_SHOW = 2
    ATTENDED_ON_DEMAND = 3
    ATTENDED = 4


def map_member_status(unit: Unit, settings: Settings) -> Sequence[Decision]:
    """One decision per program of the person; registrations for events without a program are left out."""
    programs: dict[int, list[Registration]] = {}
    reasons = []
    for registration in registrations(unit):
        program = _program(registration, settings)
        reason = _left_out(registration, program, settings)
        if reason or program is None:
            reasons.append(reason or "no_program")
        else:
            programs.setdefault(program, []).append(registration)
    if not programs:
        return [Skip(unit.value, reasons[-1] if reasons else "deleted")]
    return [_write(unit.value, program, found, settings) for program, found in sorted(programs.items())]


def _program(registration: Registration, settings: Settings) -> int | None:
    event_id = registration.event_id
    return settings.member_status.programs.get(int(event_id)) if event_id.isdigit() else None


def _left_out(registration: Registration, program: int | None, settings: Settings) -> str | None:
    if program is None:
        return "no_program"
    if not registration.attended and not settings.on24_registrants:
        return nobody(registration, settings) or "registrant_only"
    return nobody(registration, settings) or ("unwritable_email" if unwritable(registration.email) else None)


def _write(subject: str, program: int, found: list[Registration], settings: Settings) -> Write:
    rank = max(rank_of(registration) for registration in found)
    keys: dict[MatchKey, None] = {}
    for registration in reversed(found):
        keys.update(dict.fromkeys(match_keys(registration, settings)))
    return Write(
        key=f"{program}:{subject}",
        fields={PROGRAM: program, STATUS: _name(rank, settings)},
        refs={PERSON: Ref(LEAD, tuple(sorted(keys, key=lambda key: key.field != "id")))},
        absent_reason="no_person",
        order=found[-1].registered_at,
        explanation={"registrations": [registration.key for registration in found[-10:]]},
    )


def rank_of(registration: Registration) -> Rank:
    """From attendance; No Show only once the event is over and its attendance has settled."""
    payloads = registration.payloads
    if attended_live(payloads) == "Y":
        return Rank.ATTENDED
    if attended_archive(payloads) == "Y":
        return Rank.ATTENDED_ON_DEMAND
    return Rank.NO_SHOW if payloads["event"].get(SETTLED) is True and not registration.attended else Rank.REGISTERED


def _name(rank: Rank, settings: Settings) -> str:
    names = settings.member_status.names
    return {
        Rank.REGISTERED: names.registered,
        Rank.NO_SHOW: names.no_show,
        Rank.ATTENDED_ON_DEMAND: names.attended_on_demand,
        Rank.ATTENDED: names.attended,
    }[rank]
