"""Catalogue fields that no path reaches: attendance as Y or N, questions with their answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from renkei.integrations.on24_marketo.extract import Payloads
from renkei.integrations.on24_marketo.values import integer


def attended_live(payloads: Payloads) -> str:
    return _attended(payloads["attendee"], "live")


def attended_archive(payloads: Payloads) -> str:
    return _attended(payloads["attendee"], "archive")


def _attended(attendee: Mapping[str, Any], part: str) -> str:
    """Y when any of the part's minutes or console launches is above 0; a registrant only has N."""
    signs = (f"cumulative{part}minutes", f"{part}minutes", f"{part}viewed")
    return "Y" if any((integer(attendee.get(sign))[0] or 0) > 0 for sign in signs) else "N"


def questions_and_answers(payloads: Payloads) -> str | None:
    """One question a line, each followed by its answer where it has one."""
    lines = []
    for question in payloads["attendee"].get("questions") or ():
        asked = str(question.get("content") or "").strip()
        answered = str((question.get("answer") or {}).get("content") or "").strip()
        lines += [f"Q: {asked}"] if asked else []
        lines += [f"A: {answered}"] if answered else []
    return "\n".join(lines) or None


DERIVED: dict[str, Callable[[Payloads], str | None]] = {
    "attended_live": attended_live,
    "attended_archive": attended_archive,
    "questions_and_answers": questions_and_answers,
}
