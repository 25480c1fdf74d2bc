"""What an event offers: polls, surveys, calls to action, resources."""

from __future__ import annotations

from typing import Any

from include.sandbox.on24.model import Event
from include.sandbox.on24.times import DAY, HOUR

JAPANESE_POLLS = (
    ("現在の課題は何ですか?", ("データ連携", "人材不足", "予算", "その他")),
    ("導入時期はいつ頃ですか?", ("3か月以内", "半年以内", "未定")),
    ("役職を教えてください。", ("経営層", "管理職", "担当者")),
    ("本日の内容は役に立ちましたか?", ("とても", "まあまあ", "いいえ")),
    ("利用中のツールは?(複数選択可)", ("MA", "SFA", "CDP", "BI")),
    ("次回の希望テーマは?", ("自動化", "分析", "事例")),
    ("デモを希望しますか?", ("はい", "いいえ")),
)
ENGLISH_POLLS = (
    ("Which problem comes first?", ("Integration", "People", "Budget")),
    ("When do you plan to start?", ("This quarter", "This year", "Not yet")),
    ("Would you like a demo?", ("Yes", "No")),
)
SURVEY = (
    ("全体の満足度", ("5", "4", "3", "2", "1")),
    ("ご感想をお聞かせください", ("参考になりました 🎉", "もう少し詳しく", "ﾊﾝｶｸもあります")),
    ("Would you recommend us?", ("Yes", "Maybe", "No")),
)
RESOURCES = ("製品カタログ.pdf", "Whitepaper: Sync without Tears", "料金表", "導入事例集", "Checklist", "API ガイド")
CTAS = ("お問い合わせ", "資料請求", "Start free trial", "Book a seat")


def make_event(eventid: int, clientid: int, title: str, contenttype: str, livestart: int, minutes: int,
               **more: Any) -> Event:  # fmt: skip
    """An event, announced three weeks before it starts, on demand for a year from an hour after its end."""
    end = livestart + minutes * 60
    created = more.pop("created", livestart - 21 * DAY)
    return Event(
        eventid=eventid, clientid=clientid, title=title, contenttype=contenttype, created=created, livestart=livestart,
        liveend=end, archivestart=end + HOUR, archiveend=end + 365 * DAY, lastmodified=created,
        abstract=more.pop("abstract", f"{title}: 概要"), **more)  # fmt: skip


def furnish(event: Event, *, japanese: bool = True, polls: int = 3, surveys: int = 1) -> Event:
    """Gives the event its polls, surveys, calls to action and resources; ids follow from the event's."""
    base = event.eventid * 100
    source = JAPANESE_POLLS if japanese else ENGLISH_POLLS
    event.polls = [_poll(base + number, *poll) for number, poll in enumerate(source[:polls])]
    event.surveys = [_survey(event, number) for number in range(1, surveys + 1)]
    event.ctas = [
        {"ctaid": base + 40 + number, "ctaname": name, "actiontype": "url", "action": f"https://www.example.jp/cta/{number}"}
        for number, name in enumerate(CTAS)
    ]  # fmt: skip
    event.resources = [{"resourceid": base + 60 + n, "resourcename": name} for n, name in enumerate(RESOURCES)]
    return event


def choices(answers: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"answercode": f"choice{number}", "answer": answer} for number, answer in enumerate(answers, start=1)]


def _poll(pollid: int, question: str, answers: tuple[str, ...]) -> dict[str, Any]:
    kind = "multipleoption" if "複数" in question else "singleoption"
    return {"pollid": pollid, "polltype": kind, "pollquestionid": pollid + 20, "pollquestion": question,
            "choices": choices(answers)}  # fmt: skip


def _survey(event: Event, number: int) -> dict[str, Any]:
    questions = [
        {"questionid": event.eventid * 100 + 80 + number * 5 + n, "questiontype": "singleoption", "question": question,
         "questioncode": str(100 + n), "choices": choices(answers)}
        for n, (question, answers) in enumerate(SURVEY, start=1)
    ]  # fmt: skip
    survey = {"surveyid": f"{event.eventid}_survey{number}", "surveycode": f"survey{number}"}
    return survey | {"surveyquestions": questions}
