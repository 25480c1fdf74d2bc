"""Stage 3: the program member status of a person."""

from __future__ import annotations

from typing import Any

import pytest

from renkei.integrations.on24_marketo.events import SETTLED
from renkei.integrations.on24_marketo.settings import Settings
from renkei.sync.flow import Decision, Ref, Skip, Write
from renkei.sync.ports import MatchKey
from tests.integrations.on24_marketo import builders as on24

PROGRAMS = {"programs": {on24.EVENT_ID: 1001, 4100002: 1001, 4100003: 1002}}
LIVE = on24.attendee()
ON_DEMAND = on24.attendee(liveminutes=0, liveviewed=0, cumulativeliveminutes=0, cumulativearchiveminutes=9)


def statuses(units: Any, **changes: Any) -> list[Decision]:
    settings = on24.everything(member_status=PROGRAMS, **changes)
    return list(on24.mapper(settings).member_status(units))


def status(units: Any, **changes: Any) -> Any:
    [write] = statuses(units, **changes)
    assert isinstance(write, Write)
    return write.fields["statusName"]


@pytest.mark.req("O34", "O35")
@pytest.mark.parametrize(
    ("attendee", "settled", "name"),
    [
        (None, False, "Registered"), (None, True, "No Show"),
        (LIVE, False, "Attended"), (LIVE, True, "Attended"),
        (ON_DEMAND, False, "Attended On-demand"), (ON_DEMAND, True, "Attended On-demand"),
    ],
)  # fmt: skip
def test_status_follows_attendance(attendee: Any, settled: bool, name: str) -> None:
    events = (on24.event(**{SETTLED: settled}),)
    assert status(on24.unit(on24.registrant(), attendees=(attendee,) if attendee else (), events=events)) == name


@pytest.mark.req("O35")
def test_one_status_per_person_and_program_the_highest() -> None:
    second = on24.registrant(eventid=4100002)
    third = on24.registrant(eventid=4100003)
    units = on24.unit(on24.registrant(), second, third, attendees=(LIVE,), value=on24.SUBJECT)
    first_program, other_program = statuses(units)
    assert isinstance(first_program, Write) and isinstance(other_program, Write)
    assert first_program.key == f"1001:{on24.SUBJECT}"
    assert first_program.fields == {"programId": 1001, "statusName": "Attended"}
    assert first_program.refs == {"leadId": Ref("lead", (MatchKey("email", on24.EMAIL),))}
    assert other_program.fields == {"programId": 1002, "statusName": "Registered"}


@pytest.mark.req("O35")
def test_off_by_default() -> None:
    assert Settings().member_status.programs == {}
    assert statuses(on24.unit(on24.registrant(eventid=4100009))) == [Skip(on24.KEY, "no_program")]


def test_names_are_those_of_the_channel() -> None:
    named = PROGRAMS | {"names": {"attended": "参加"}}
    settings = on24.everything(member_status=named)
    [write] = on24.mapper(settings).member_status(on24.unit(on24.registrant(), attendees=(LIVE,)))
    assert isinstance(write, Write)
    assert write.fields["statusName"] == "参加"


def test_without_registrants_only_attendance_makes_members() -> None:
    assert statuses(on24.unit(on24.registrant()), on24_registrants=False) == [Skip(on24.KEY, "registrant_only")]
    assert status(on24.unit(on24.registrant(), attendees=(LIVE,)), on24_registrants=False) == "Attended"


def test_nobodies_are_no_members() -> None:
    units = on24.unit(on24.registrant(), events=(on24.event(istestevent=True),))
    assert statuses(units) == [Skip(on24.KEY, "test_event")]
