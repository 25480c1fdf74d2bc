"""Synthetic ON24 rows, stored records and units, and a Marketo that has every field."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from renkei.integrations.on24_marketo.catalogue import attendee_fields, lead_fields
from renkei.integrations.on24_marketo.definition import Definition, from_marketo
from renkei.integrations.on24_marketo.mapping import Mapper
from renkei.integrations.on24_marketo.registration import ATTENDEE, EVENT, REGISTRANT
from renkei.integrations.on24_marketo.settings import Settings
from renkei.sync.flow import Stored, Unit

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
EVENT_ID, USER_ID = 4100001, 710000001
KEY = f"{EVENT_ID}:{USER_ID}"
EMAIL = "hanako.sato@example.jp"
SUBJECT = f"email:{EMAIL}"
MARKETO_TYPES = {"link": "integer", "key": "string"}


def registrant(**changes: Any) -> dict[str, Any]:
    row = {
        "eventuserid": USER_ID, "eventid": EVENT_ID, "email": EMAIL, "firstname": "花子", "lastname": "佐藤",
        "company": "Example K.K.", "jobtitle": "部長", "addressstreet1": "1-2-3 Marunouchi", "city": "Chiyoda",
        "state": "Tokyo", "zip": "100-0005", "country": "Japan", "workphone": "03-0000-0000",
        "companyindustry": "Software", "companysize": "1 - 49", "jobfunction": "Manager",
        "createtimestamp": "2026-11-01T18:44:59-07:00", "userstatus": "active", "exteventusercd": "",
        "userprofileurl": "https://data.on24.com/webcast/lead?token=a", "campaigncode": "CPM-1",
        "utmcampaign": "autumn", "utmcontent": "c", "utmmedium": "mail", "utmsource": "news", "utmterm": "t",
        **{f"std{n}": f"答え {n}" for n in range(1, 11)},
    }  # fmt: skip
    return row | changes


def attendee(**changes: Any) -> dict[str, Any]:
    row = {
        "email": EMAIL, "eventid": EVENT_ID, "eventuserid": USER_ID, "userstatus": "active", "isblocked": "N",
        "engagementscore": 5.8, "liveminutes": 30, "liveviewed": 1, "cumulativeliveminutes": 45,
        "archiveminutes": 0, "archiveviewed": 0, "cumulativearchiveminutes": 0,
    }  # fmt: skip
    return row | changes


def event(**changes: Any) -> dict[str, Any]:
    row = {
        "eventid": EVENT_ID, "description": "秋のウェビナー", "contenttype": "webcast", "istestevent": False,
        "livestart": "2026-11-10T10:00:00-08:00", "liveend": "2026-11-10T11:00:00-08:00",
    }  # fmt: skip
    return row | changes


def stored(feed: str, payload: dict[str, Any], *, deleted: bool = False) -> Stored:
    if feed == EVENT:
        key, parent, subject = str(payload["eventid"]), None, None
    else:
        key, parent = f"{payload['eventid']}:{payload['eventuserid']}", str(payload["eventid"])
        subject = f"email:{str(payload['email']).strip().lower()}"
    return Stored(feed, key, payload, subject, parent, deleted, NOW)


def unit(
    *registrants: dict[str, Any] | None,
    attendees: tuple[dict[str, Any], ...] = (),
    events: tuple[dict[str, Any], ...] = (event(),),
    value: str = KEY,
) -> Unit:
    rows = [stored(REGISTRANT, row) for row in registrants if row] + [stored(ATTENDEE, row) for row in attendees]
    return Unit(value, rows, {str(row["eventid"]): stored(EVENT, row) for row in events})


def describe(**types: str) -> dict[str, Any]:
    """A good custom object with every field of the catalogue; ``types`` replaces types, "" leaves a field out."""
    fields = []
    for name, known in attendee_fields().items():
        data_type = types.get(name, MARKETO_TYPES.get(known.type, known.type))
        if data_type:
            fields.append({"name": name, "displayName": name, "dataType": data_type})
    return {
        "name": "oN24Attendee_c",
        "dedupeFields": ["personid", "eventid", "eventuserid"],
        "relationships": [{"field": "personid", "type": "child", "relatedTo": {"name": "Lead", "field": "Id"}}],
        "fields": fields,
    }


def person_fields(*more: str) -> list[dict[str, Any]]:
    names = [field.name for field in lead_fields()]
    return [{"name": name, "dataType": "string", "length": 255} for name in (*names, *more)]


def definition(*more_person_fields: str, **types: str) -> Definition:
    return from_marketo(describe(**types), [], person_fields(*more_person_fields))


def mapper(settings: Settings | None = None, found: Definition | None = None) -> Mapper:
    chosen, marketo = settings or everything(), found or definition("pEPURL__c")
    return Mapper(chosen, marketo.record_names(chosen), marketo.lead_names(chosen))


def everything(**changes: Any) -> Settings:
    """Both switches on."""
    return Settings.model_validate({"create_new_people": True, "on24_registrants": True} | changes)
