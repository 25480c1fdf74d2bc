"""Which keys an attendee row carries for each kind of content (ON24 API v2: the published samples per content type)."""

from __future__ import annotations

from dataclasses import dataclass

WIDGETS = ("meetingconversions", "democonversions", "freetrial", "contactus", "drift")
WEBCAST_ITEMS = (
    "questions", "polls", "resources", "surveys", "calltoactions", "twitterwidget", "testwidgets", "certifications",
    *WIDGETS, "breakouts", "calendly", "shareidea", "reactions",
)  # fmt: skip
IDENTITY = ("email", "clientid", "eventid", "eventuserid", "exteventusercd", "userstatus", "isblocked")
ARCHIVE = ("archiveminutes", "archiveviewed", "firstarchiveactivity", "lastarchiveactivity")
COUNTERS = ("askedquestions", "resourcesdownloaded", "answeredpolls", "answeredsurveys", "answeredsurveyquestions")
ORIGIN = ("userprofileurl", "campaigncode", "sourcecampaigncode", "sourceeventid")
PARTNER = ("partnerref", "attendancepartnerref")
CUMULATIVE = ("cumulativeliveminutes", "cumulativearchiveminutes")

WAREHOUSE = frozenset({
    "engagementscore", "firstliveactivity", "lastliveactivity", "firstarchiveactivity", "lastarchiveactivity",
    "askedquestions", "resourcesdownloaded", "answeredpolls", "answeredsurveys", *CUMULATIVE,
})  # fmt: skip
"""left out with `realtimeonly=Y`"""


@dataclass(frozen=True)
class Shape:
    scalars: tuple[str, ...]
    items: tuple[str, ...]
    clientid: str
    """where the row carries `clientid`: everywhere, client (level and by e-mail) or nowhere"""
    eventid: str = "client"


WEBCAST = Shape(
    scalars=(*IDENTITY, "engagementscore", "liveminutes", "liveviewed", "firstliveactivity", "lastliveactivity",
             *ARCHIVE, *CUMULATIVE, "livemediaplayerminutes", "archivemediaplayerminutes", *COUNTERS,
             "attendeesessions", "launchmode", "testwidgetresult",
             "certificationwidgetresult", "certificationcredit", "certificationtimestamp", *ORIGIN,
             *PARTNER),
    items=WEBCAST_ITEMS, clientid="client")  # fmt: skip
GATEWAY = Shape(
    scalars=(*IDENTITY, "engagementscore", "liveminutes", "liveviewed", *ARCHIVE, *COUNTERS, *ORIGIN, *CUMULATIVE,
             *PARTNER, "attendeesessions"),
    items=(*WIDGETS, "getpricing"), clientid="nowhere", eventid="nowhere")  # fmt: skip
EXPERIENCE = Shape(
    scalars=(*IDENTITY, "engagementscore", "liveminutes", *ARCHIVE, *COUNTERS, *ORIGIN, *CUMULATIVE, *PARTNER,
             "attendeesessions"),
    items=WIDGETS, clientid="client")  # fmt: skip
VIRTUAL = Shape(
    scalars=(*IDENTITY, *ARCHIVE, "resourcesdownloaded", "answeredsurveys", "answeredsurveyquestions", "campaigncode",
             "sourcecampaigncode", "cumulativearchiveminutes", "attendeesessions", "locationsvisited"),
    items=("locationvisits", "resources", "surveys", *WIDGETS, "getpricing"), clientid="everywhere")  # fmt: skip
GOLIVE = Shape(
    scalars=("email", "clientid", "eventid", "eventuserid", "userstatus", "isblocked", "engagementscore", "liveminutes",
             "liveviewed", "firstliveactivity", "lastliveactivity", "resourcesdownloaded", "answeredpolls",
             "sourceeventid", "userprofileurl", "cumulativeliveminutes", "attendeesessions"),
    items=(), clientid="client")  # fmt: skip

VIRTUAL_CONFERENCE = "virtualenvironment"
_SHAPES = {
    "webcast": WEBCAST, "gateway": GATEWAY, "experience": EXPERIENCE, VIRTUAL_CONFERENCE: VIRTUAL, "golive": GOLIVE,
}  # fmt: skip


def shape_of(contenttype: str) -> Shape:
    """Videos, documents and pages look like Target pages."""
    return _SHAPES.get(contenttype, EXPERIENCE)
