"""The ON24 half of the demo world."""

from __future__ import annotations

from typing import Any

from include.sandbox.on24 import acts
from include.sandbox.on24.deeds import attend
from include.sandbox.on24.model import Attendance, Event, Registration, State
from include.sandbox.on24.times import DAY, HOUR, MINUTE, iso
from include.sandbox.worlds._attendance import make_items, make_sessions
from include.sandbox.worlds._dice import SETTLED, Dice
from include.sandbox.worlds._people import form
from include.sandbox.worlds._programme import furnish, make_event

ROSTER = 36
FIRST_EVENT = 4_200_001
SUBCLIENT = 22950


def email_of(number: int) -> str:
    """The address of roster member `number`; some with capitals or a plus sign, as people type them."""
    address = f"person{number:02}@example.{'jp' if number % 3 else 'com'}"
    if number == 4:
        return "Person04@Example.JP"
    return address.replace("@", "+news@") if number == 7 else address


def fill(state: State, seed: int, now: int, lead_ids: dict[int, int]) -> None:
    """`lead_ids`: roster number → Marketo lead id, for those who registered through Marketo."""
    state.subclients = {SUBCLIENT: "Example K.K. 大阪"}
    events = _events(state, now)
    for event in events:
        state.add_event(event)
    _everyone(state, seed, now, events, lead_ids)
    _special_cases(state, seed, now, events)


def _events(state: State, now: int) -> list[Event]:
    ids = iter(range(FIRST_EVENT, FIRST_EVENT + 100))

    def event(title: str, kind: str, days_ago: float, minutes: int = 60, **more: Any) -> Event:
        start = now - int(days_ago * DAY)
        return make_event(next(ids), more.pop("clientid", state.clientid), title, kind, start, minutes, **more)

    webinar = furnish(event("データ連携 入門ウェビナー", "webcast", 7, campaigncode="CMP-001", tags=["integration"]),
                      polls=7, surveys=2)  # fmt: skip
    english = furnish(event("Integration in Practice", "webcast", 20, campaigncode="CMP-002"), japanese=False)
    hub = event("導入事例ハブ", "gateway", 28, 27 * DAY // MINUTE, created=now - 60 * DAY, eventtype="Engagement Hub")
    target = event("お客様専用ページ", "experience", 25, 24 * DAY // MINUTE, eventtype="Target", created=now - 40 * DAY)
    conference = furnish(event("Virtual Conference 2026 夏", "virtualenvironment", 12, 480))
    golive = event("開発者 Go Live", "golive", 9, 45, eventtype="Go Live")
    older = furnish(event("アーカイブ: 前四半期のまとめ", "webcast", 75, campaigncode="CMP-000"), polls=2)
    child = furnish(event("データ連携 入門 (再放送)", "webcast", 5, campaigncode="CMP-001R", source=webinar,
                          eventtype="Simu-live"), polls=7)  # fmt: skip
    coming = furnish(event("次回予告ウェビナー", "webcast", -6))
    branch = furnish(event("大阪支社セミナー", "webcast", 15, clientid=SUBCLIENT), polls=1)
    test = event("TEST リハーサル", "webcast", 8, 30, istest=True)
    hidden = event("社内限定", "webcast", 10, 30, tags=["APIEXCLUDE"])
    return [webinar, english, hub, target, conference, golive, older, child, coming, branch, test, hidden]


SEATS = (12, 8, 6, 5, 6, 4, 6, 4, 4, 3, 1, 1)
"""registrations per event, in the order of `_events`: 60"""
THERE = (9, 5, 5, 4, 5, 3, 2, 3, 0, 2, 1, 1)
"""how many of them attend: 40 less those whose visit would not have settled"""


def _everyone(state: State, seed: int, now: int, events: list[Event], lead_ids: dict[int, int]) -> None:
    member = 0
    for event, seats, there in zip(events, SEATS, THERE, strict=True):
        for seat in range(seats):
            registration = _register(state, seed, now, event, member % ROSTER, lead_ids)
            if seat < there:
                _attend(state, seed, now, registration, keen=seat == 0)
            member += 1


def _register(state: State, seed: int, now: int, event: Event, member: int, lead_ids: dict[int, int]) -> Registration:
    dice = Dice(seed, event.eventid, member)
    latest = min(event.livestart, now - SETTLED)
    created = latest - dice.below(max(latest - event.created, 1))
    person = {"email": email_of(member), **form(seed, member)}
    if member in lead_ids:
        person["exteventusercd"] = str(lead_ids[member])
    return acts.register(state, event, person, created)


def _attend(state: State, seed: int, now: int, registration: Registration, *, keen: bool) -> None:
    number, event = registration.eventuserid, registration.event
    sessions = make_sessions(Dice(seed, number, 2), event, now - SETTLED)
    if not sessions:
        return
    attendance = Attendance(sessions)
    attendance.edit().update(make_items(seed, number, event, sessions, keen=keen))
    state.attend(registration, attendance)


def _special_cases(state: State, seed: int, now: int, events: list[Event]) -> None:
    """Forgotten, deleted, blocked, anonymous, unverified, registered twice, retaken survey, over-long text."""
    webinar, hub = events[0], events[2]
    before = webinar.livestart - DAY
    _attend(state, seed, now, acts.register(state, webinar, {"email": ""}, before), keen=False)
    gone = acts.register(state, webinar, {"email": "gone@example.jp", **form(seed, 90)}, before)
    acts.forget(state, gone, now - SETTLED)
    left = acts.register(state, webinar, {"email": "left@example.jp", **form(seed, 91)}, before)
    acts.set_status(state, left, "deleted", before + HOUR)
    blocked = acts.register(state, webinar, {"email": "blocked@example.jp", **form(seed, 92)}, before)
    blocked.blocked = True
    _attend(state, seed, now, blocked, keen=False)
    acts.register(state, webinar, {"email": "unverified@example.jp", **form(seed, 93)}, before).verified = False
    twice = acts.register(state, hub, {"email": email_of(20), **form(seed, 20)}, hub.livestart + DAY)
    acts.register(state, hub, {"email": email_of(20), **form(seed, 20)}, hub.livestart + 2 * DAY)
    _attend(state, seed, now, twice, keen=True)
    _retake(state, webinar)


def _retake(state: State, event: Event) -> None:
    """The keenest attendee takes the first survey again, with an answer longer than any field."""
    keenest = next(r for r in state.of_event(event.eventid) if r.attendance)
    assert keenest.attendance is not None
    visit = keenest.attendance.sessions[-1]
    question = event.surveys[0]["surveyquestions"][1]
    answers = [{
        "surveyquestionid": question["questionid"], "surveyquestion": question["question"],
        "questioncode": question["questioncode"], "surveyanswers": ["とても長い感想です。" * 200],
    }]  # fmt: skip
    survey = {"surveyid": event.surveys[0]["surveyid"], "surveysubmittedtimestamp": iso(visit.end),
              "surveyquestions": answers}  # fmt: skip
    attend(state, keenest, {"surveys": [survey]}, visit.end)
