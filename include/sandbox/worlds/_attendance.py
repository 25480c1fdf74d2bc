"""What a generated person does at an event; the same seed and registration always give the same."""

from __future__ import annotations

from typing import Any

from include.sandbox.on24.deeds import details
from include.sandbox.on24.model import Event, Items, Session
from include.sandbox.on24.shapes import VIRTUAL_CONFERENCE
from include.sandbox.on24.times import DAY, iso
from include.sandbox.worlds._dice import Dice

LOCATIONS = ("プラザ", "展示ホール", "Auditorium", "ラウンジ", "Help Desk")
WIDGETS = {
    "meetingconversions": ("打ち合わせを予約", "book_a_meeting", "https://www.example.jp/meeting"),
    "democonversions": ("デモを申し込む", "request_a_demo", "demo@example.jp"),
    "freetrial": ("無料トライアル", "free_trial", "https://www.example.jp/trial"),
    "contactus": ("お問い合わせ", "contactus", "contact@example.jp"),
    "getpricing": ("見積もり", "get_pricing", "https://www.example.jp/pricing"),
}
QUESTIONS = ("録画は公開されますか?", "What does it cost?", "既存のシステムと連携できますか?")


def make_sessions(dice: Dice, event: Event, latest: int) -> list[Session]:
    """Live, on demand or both; two consoles now and then. Nothing ends after `latest`."""
    live_kind = event.contenttype in ("webcast", "golive")
    which = dice.below(3) if live_kind and event.contenttype != "golive" else (0 if live_kind else 1)
    sessions = []
    if which in (0, 2):
        length = event.liveend - event.livestart
        start = event.livestart + dice.below(max(length // 4, 1))
        sessions.append(Session(start, start + dice.between(length // 6, length * 2 // 3), True))
        if dice.chance(15):
            again = sessions[0].end + 60
            sessions.append(Session(again, min(again + 300, max(event.liveend, again + 60)), True, "At the Venue"))
    if which in (1, 2):
        opens = event.archivestart if live_kind else event.livestart
        start = opens + dice.below(max(min(latest - 7200 - opens, 5 * DAY), 60))
        sessions.append(Session(start, start + dice.between(40, 5400), False))
    return [session for session in sessions if session.end <= latest]


def make_items(seed: int, number: int, event: Event, sessions: list[Session], *, keen: bool = False) -> Items:
    """Answers, clicks and requests inside the sessions; a keen person does everything the event offers."""
    dice = Dice(seed, number, 3)
    items: Items = {}
    if event.contenttype in ("webcast", VIRTUAL_CONFERENCE):
        _surveys(items, dice, event, sessions, keen)
        _resources(items, dice, event, sessions, keen)
    if event.contenttype == "webcast":
        _webcast(items, dice, event, sessions, keen)
    if event.contenttype == VIRTUAL_CONFERENCE:
        _locations(items, dice, sessions, keen)
    if event.contenttype != "golive":
        _widgets(items, dice, event, sessions, keen)
    for group in items.values():
        group.sort(key=lambda item: item[0])
    return items


def _put(items: Items, name: str, moment: int, **item: Any) -> None:
    items.setdefault(name, []).append((moment, item))


def _when(dice: Dice, sessions: list[Session]) -> int:
    session = dice.pick(sessions)
    return dice.between(session.start, session.end)


def _webcast(items: Items, dice: Dice, event: Event, sessions: list[Session], keen: bool) -> None:
    for poll in event.polls:
        if keen or dice.chance(50):
            at, answers = _when(dice, sessions), [choice["answer"] for choice in poll["choices"]]
            given = answers[:2] if poll["polltype"] == "multipleoption" else [dice.pick(answers)]
            _put(items, "polls", at, pollid=poll["pollid"], pollsubmittedtimestamp=iso(at),
                 pollquestionid=poll["pollquestionid"], pollquestion=poll["pollquestion"], pollanswers=given,
                 pollanswersdetail=details(given))  # fmt: skip
    for cta in event.ctas:
        if keen or dice.chance(20):
            at = _when(dice, sessions)
            _put(items, "calltoactions", at, ctaid=str(cta["ctaid"]), ctaname=cta["ctaname"], clicks="1",
                 action=cta["action"], date=iso(at))  # fmt: skip
    if keen or dice.chance(20):
        _question(items, dice, event, _when(dice, sessions))
    if keen:
        _extras(items, event, _when(dice, sessions))


def _question(items: Items, dice: Dice, event: Event, at: int) -> None:
    answer = {"createtimestamp": iso(at + 60), "content": "はい、後日ご案内します。", "presenterid": 813717,
              "presentername": "司会 一郎", "privacy": "Private"}  # fmt: skip
    question = {"questionid": event.eventid * 10 + dice.below(10), "createtimestamp": iso(at),
                "content": dice.pick(QUESTIONS)}  # fmt: skip
    _put(items, "questions", at, **question, **({"answer": answer} if dice.chance(70) else {}))


def _extras(items: Items, event: Event, at: int) -> None:
    for number, name in enumerate(("分科会 A", "Breakout B"), start=1):
        _put(items, "breakouts", at, breakoutid=str(4816 + number), breakoutname=name, breakoutrole="Attendee",
             breakoutcumulativeliveminutes=10 + number)  # fmt: skip
    _put(items, "reactions", at, type="like", timefromstart=4, datetime=iso(at))
    _put(items, "testwidgets", at, testwidgetresult="P", retries=0, correctanswersneeded=2, correctanswersprovided=2)
    _put(items, "certifications", at, certificationid=1, certificationresult="C", certificationname="修了証",
         certificationcredit="1.5", certificationtimestamp=iso(at),
         certificationurl=f"https://event.on24.com/certificate/{event.eventid}")  # fmt: skip
    _put(items, "twitterwidget", at, date=iso(at), tweetdescription="#example")


def _surveys(items: Items, dice: Dice, event: Event, sessions: list[Session], keen: bool) -> None:
    for survey in event.surveys:
        if not (keen or dice.chance(30)):
            continue
        at, questions = _when(dice, sessions), []
        for question in survey["surveyquestions"]:
            given = [dice.pick(question["choices"])["answer"]]
            questions.append({
                "surveyquestionid": question["questionid"], "surveyquestion": question["question"],
                "questioncode": question["questioncode"], "primaryquestioncode": question["questioncode"],
                "surveyanswers": given, "surveyanswersdetail": details(given),
            })  # fmt: skip
        plain = event.contenttype == VIRTUAL_CONFERENCE
        surveyid = str(event.eventid * 10) if plain else survey["surveyid"]
        _put(items, "surveys", at, surveyid=surveyid, surveysubmittedtimestamp=iso(at), surveyquestions=questions)


def _resources(items: Items, dice: Dice, event: Event, sessions: list[Session], keen: bool) -> None:
    for resource in event.resources:
        if keen or dice.chance(25):
            at = _when(dice, sessions)
            row = {"resourceid": resource["resourceid"], "resourceviewed": resource["resourcename"],
                   "resourceviewedtimestamp": iso(at)}  # fmt: skip
            if event.contenttype == VIRTUAL_CONFERENCE:
                row |= {"resourceviews": 1, "resourcetype": "WEBCAST", "sponsorid": 223628, "sponsorname": "協賛 A"}
            _put(items, "resources", at, **row)


def _locations(items: Items, dice: Dice, sessions: list[Session], keen: bool) -> None:
    for number, name in enumerate(LOCATIONS):
        if keen or dice.chance(60):
            minutes = dice.between(1, 40)
            _put(items, "locationvisits", _when(dice, sessions), locationid=number + 1, locationcode=f"loc{number}",
                 locationname=name, sponsorid=0, sponsorname="Environment-level", visits=dice.between(1, 9),
                 visitsduration=minutes, cumulativevisitsduration=minutes)  # fmt: skip


def _widgets(items: Items, dice: Dice, event: Event, sessions: list[Session], keen: bool) -> None:
    for number, (name, (label, kind, action)) in enumerate(WIDGETS.items()):
        if keen or dice.chance(12):
            at = _when(dice, sessions)
            _put(items, name, at, widgetid=str(98_533_000 + number), widgetname=label, widgettype=kind,
                 widgetaction=action, widgetsubmittedtimestamp=iso(at))  # fmt: skip
