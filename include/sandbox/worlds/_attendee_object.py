"""The custom object `oN24Attendee_c` as an administrator of the demo's Marketo has built it: 3 keys and 44 fields."""

from __future__ import annotations

from typing import Any

NAME = "oN24Attendee_c"
DEDUPE = ("personid", "eventid", "eventuserid")
_TYPES = {
    "string": (
        "attendedlive", "attendedarchive", "eventtitle", "campaigncode", "sourcecampaigncode", "sourceeventid",
        "partnerref", "userprofileurl", "ctaname1", "meetingconversionswidgetname", "democonversionswidgetname",
        "contactuswidgetname", "custom1", "custom2",
    ),
    "email": ("email",),
    "integer": (
        "cumulativeliveminutes", "cumulativearchiveminutes", "liveminutes", "archiveminutes", "archiveviewed",
        "answeredpolls", "answersurveys", "askedquestions", "totalresourcesviewed",
    ),
    "float": ("engagementscore",),
    "datetime": (
        "registrationdate", "firstliveactivity", "lastliveactivity", "firstarchiveactivity", "lastarchiveactivity",
        "ctadate1", "meetingconversionswidgetsubmittedtimestamp", "democonversionswidgetsubmittedtimestamp",
        "contactuswidgetsubmittedtimestamp",
    ),
    "text": (
        "userquestionsandanswers", "poll1question", "poll1answer", "poll2question", "poll2answer", "survey1question",
        "survey1answer", "survey2question", "survey2answer", "resource1viewed",
    ),
}  # fmt: skip


def fields() -> list[dict[str, Any]]:
    """All 47 fields: `{"name", "dataType", "isDedupeField"}`; `personid` links to the lead's id."""
    keys = [{"name": "personid", "dataType": "link", "isDedupeField": True}]
    keys += [{"name": name, "dataType": "string", "isDedupeField": True} for name in DEDUPE[1:]]
    rest = [
        {"name": name, "dataType": kind, "isDedupeField": False} for kind, names in _TYPES.items() for name in names
    ]
    return keys + rest
