"""The ON24 half of the scale world: registrations in memory, everything inside them made when it is asked for."""

from __future__ import annotations

from functools import partial

from include.sandbox.on24.model import Attendance, Event, Registration, State, Visit
from include.sandbox.on24.times import DAY, HOUR
from include.sandbox.worlds._attendance import make_items, make_sessions
from include.sandbox.worlds._dice import SETTLED, Dice
from include.sandbox.worlds._people import shared_form
from include.sandbox.worlds._programme import furnish, make_event

REGISTRANTS = 100_000
EVENTS = 200
SPAN_DAYS = 96
ATTENDING = 60
KINDS_OF_PEOPLE = 997
KINDS_OF_VISITS = 24
FIRST_EVENT = 5_000_001
FIRST_USER = 800_000_001
KINDS = ("webcast",) * 14 + ("gateway", "gateway", "experience", "virtualenvironment", "golive", "webcast")
Visits = dict[tuple[int, int], Visit]


def email_of(seed: int, person: int) -> str:
    return f"p{person:07}.s{seed}@example.jp"


def person_of(seed: int, email: str) -> int | None:
    """The person with this address, or None."""
    name, _, domain = email.partition("@")
    digits, _, mark = name.partition(".")
    if domain != "example.jp" or mark != f"s{seed}" or digits[:1] != "p" or not digits[1:].isdigit():
        return None
    return int(digits[1:])


def person_count(scale: float) -> int:
    """People behind the registrations: three of ten come twice. Odd, so that nobody comes to one event twice."""
    return max(int(REGISTRANTS * scale * 0.7), 1) // 2 * 2 + 1


def fill(state: State, seed: int, now: int, scale: float) -> None:
    """`REGISTRANTS × scale` registrations over about 200 events of the last 96 days, 60 % of them attended."""
    events = [_event(state, now, number) for number in range(min(EVENTS, max(int(REGISTRANTS * scale) // 5, 1)))]
    people, latest = person_count(scale), now - SETTLED
    visits: Visits = {}
    for number in range(int(REGISTRANTS * scale)):
        event = events[number * 7919 % len(events)]
        registration = _registration(seed, event, number, number % people, latest)
        state.add_registration(registration)
        if attendance := _attendance(seed, registration, visits, latest):
            state.attend(registration, attendance)


def _event(state: State, now: int, number: int) -> Event:
    kind = KINDS[number % len(KINDS)]
    start = (now - SETTLED - 2 * DAY - number * SPAN_DAYS * DAY // EVENTS) // HOUR * HOUR
    event = make_event(FIRST_EVENT + number, state.clientid, f"第{number + 1}回ウェビナー", kind, start, 60,
                       campaigncode=f"CMP-{number:03}")  # fmt: skip
    return state.add_event(furnish(event, japanese=number % 3 != 0, polls=3))


def _registration(seed: int, event: Event, number: int, person: int, latest: int) -> Registration:
    dice = Dice(seed, number, 4)
    created = min(event.livestart, latest) - dice.below(14 * DAY)
    make = partial(shared_form, seed, person % KINDS_OF_PEOPLE)
    return Registration(FIRST_USER + number, event, email_of(seed, person), created, make=make)


def _attendance(seed: int, registration: Registration, visits: Visits, latest: int) -> Attendance | None:
    dice, event = Dice(seed, registration.eventuserid, 2), registration.event
    if not dice.chance(ATTENDING):
        return None
    key = (event.eventid, dice.below(KINDS_OF_VISITS))
    if key not in visits:
        sessions = make_sessions(Dice(seed, *key), event, latest)
        visits[key] = Visit(sessions, partial(make_items, seed, key[0] * KINDS_OF_VISITS + key[1], event, sessions))
    return Attendance([], visits[key])
