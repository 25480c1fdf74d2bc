"""Stage 1: who becomes which Marketo person."""

from __future__ import annotations

from typing import Any

import pytest

from renkei.integrations.on24_marketo.settings import Settings
from renkei.sync.flow import Decision, Skip, Unmappable, Write
from renkei.sync.ports import MatchKey
from tests.integrations.on24_marketo import builders as on24

BY_EMAIL = MatchKey("email", on24.EMAIL)


def person(*args: Any, settings: Settings | None = None, **kwargs: Any) -> Decision:
    [decision] = on24.mapper(settings).people(on24.unit(*args, value=on24.SUBJECT, **kwargs))
    return decision


def written(*args: Any, **kwargs: Any) -> Write:
    decision = person(*args, **kwargs)
    assert isinstance(decision, Write)
    return decision


@pytest.mark.req("O16")
def test_a_new_person_gets_the_fifteen_fields_and_nothing_is_owned() -> None:
    write = written(on24.registrant(companysize="250"))
    assert write.initial == {
        "firstName": "花子", "lastName": "佐藤", "email": on24.EMAIL, "company": "Example K.K.", "title": "部長",
        "address": "1-2-3 Marunouchi", "city": "Chiyoda", "state": "Tokyo", "postalCode": "100-0005",
        "country": "Japan", "phone": "03-0000-0000", "industry": "Software", "numberOfEmployees": 250,
        "leadRole": "Manager", "leadSource": "ON24",
    }  # fmt: skip
    assert write.fields == {}
    assert write.may_create
    assert write.match == (BY_EMAIL,)


@pytest.mark.req("O16")
def test_utm_fields_only_when_switched_on() -> None:
    assert not [name for name in written(on24.registrant()).initial if name.startswith("UTM")]
    initial = written(on24.registrant(), settings=on24.everything(utm=True)).initial
    assert {name: value for name, value in initial.items() if name.startswith("UTM")} == {
        "UTM_Campaign": "autumn", "UTM_content": "c", "UTM_Medium": "mail", "UTM_Source": "news", "UTM_term": "t",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("size", "number"),
    [
        ("250", 250), ("1 - 49", 1), ("50–249", 50), ("1,000+", 1000), ("10,000 or more", 10000), ("５００名以上", 500),
        ("100人", 100), ("100～299人", 100), ("1 to 10 employees", 1), ("", None), ("small", None), ("< 50", None),
        ("99999999999", None), ("about 5 or 6", None),
    ],
)  # fmt: skip
def test_company_size_is_a_number_or_left_out(size: str, number: int | None) -> None:
    write = written(on24.registrant(companysize=size))
    assert write.initial.get("numberOfEmployees") == number
    assert bool(write.warnings) == (number is None and size != "")


@pytest.mark.req("O12", "O13", "O14", "O15", "O36")
@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("registrants", [True, False])
@pytest.mark.parametrize("attended", [True, False])
def test_who_becomes_a_person_in_the_four_modes(create: bool, registrants: bool, attended: bool) -> None:
    settings = on24.everything(create_new_people=create, on24_registrants=registrants)
    attendees = (on24.attendee(),) if attended else ()
    decision = person(on24.registrant(), attendees=attendees, settings=settings)
    if not create and not registrants and not attended:
        assert decision == Skip(on24.SUBJECT, "registrant_only")
        return
    assert isinstance(decision, Write)
    assert decision.may_create is create
    assert decision.absent_reason == "no_person"
    assert bool(decision.initial) is create


@pytest.mark.req("O18")
def test_the_lead_id_goes_before_the_address() -> None:
    assert written(on24.registrant(exteventusercd="1502")).match == (MatchKey("id", "1502"), BY_EMAIL)
    off = on24.everything(match_lead_id=False)
    assert written(on24.registrant(exteventusercd="1502"), settings=off).match == (BY_EMAIL,)


@pytest.mark.parametrize("code", ["", "A-1502", "15 02", "１５０２", "0", "99999999999"])
def test_a_code_that_is_no_lead_id_is_no_key(code: str) -> None:
    assert written(on24.registrant(exteventusercd=code)).match == (BY_EMAIL,)


def test_two_registrations_are_one_person_with_the_newest_values() -> None:
    older = on24.registrant(jobtitle="old")
    newer = on24.registrant(eventid=4100002, jobtitle="new", createtimestamp="2026-11-03T00:00:00-07:00")
    write = written(newer, older)
    assert write.initial["title"] == "new"
    assert write.order is not None and write.order.isoformat() == "2026-11-03T07:00:00+00:00"
    assert write.explanation["registrations"] == [on24.KEY, "4100002:710000001"]


@pytest.mark.req("O18")
@pytest.mark.parametrize("without_id", [True, False])
def test_registrations_that_name_other_leads_are_matched_each_in_its_own_way(without_id: bool) -> None:
    """An id that is only looked for cannot be taken for the address of the others."""
    codes = ["7", "9", "7", *([""] if without_id else [])]
    rows = [on24.registrant(eventid=4100001 + n, exteventusercd=code) for n, code in enumerate(codes)]
    units = on24.unit(*rows, value=on24.SUBJECT)
    writes = {found.key: found for found in on24.mapper().people(units) if isinstance(found, Write)}
    seven, nine = writes[f"{on24.SUBJECT}|id:7"], writes[f"{on24.SUBJECT}|id:9"]
    assert seven.explanation["registrations"] == ["4100001:710000001", "4100003:710000001"]
    assert [found.may_create for found in (seven, nine)] == [not without_id] * 2
    if without_id:
        assert (seven.match, nine.match) == ((MatchKey("id", "7"),), (MatchKey("id", "9"),))
        assert (writes[on24.SUBJECT].match, writes[on24.SUBJECT].may_create) == ((BY_EMAIL,), True)
    else:
        assert (seven.match, nine.match) == ((MatchKey("id", "7"), BY_EMAIL), (MatchKey("id", "9"), BY_EMAIL))
        assert on24.SUBJECT not in writes


def test_addresses_are_compared_normalised_and_written_raw() -> None:
    write = written(on24.registrant(email="  Hanako.Sato@Example.JP "))
    assert write.match == (BY_EMAIL,)
    assert write.initial["email"] == "Hanako.Sato@Example.JP"


def test_full_width_letters_are_made_plain() -> None:
    write = written(on24.registrant(email="ｈａｎａｋｏ．ｓａｔｏ＠ｅｘａｍｐｌｅ．ｊｐ"))
    assert write.match == (BY_EMAIL,)
    assert write.initial["email"] == on24.EMAIL
    assert write.warnings == ("email: full-width letters made plain",)


@pytest.mark.parametrize("address", ["佐藤@example.jp", "sato@例え.jp", "no-at-sign", "@example.jp"])
def test_an_address_marketo_does_not_take_is_a_failed_record_with_a_reason(address: str) -> None:
    decision = person(on24.registrant(email=address))
    assert isinstance(decision, Unmappable)
    assert "e-mail" in decision.reason
    assert address not in decision.reason


NOBODIES = [
    ("forgotten", {"email": f"{on24.USER_ID}-deleted", "firstname": "deleted", "lastname": "deleted"}, {}),
    ("forgotten", {"userstatus": "forgotten"}, {}),
    ("deleted", {"userstatus": "deleted"}, {}),
    ("anonymous", {"email": f"{on24.USER_ID}@anonymous.on24.com"}, {}),
    ("test_user", {"email": "qa@test.example.com"}, {}),
    ("test_event", {}, {"istestevent": True}),
    ("test_event", {}, {"istestevent": "true"}),
    ("virtual_conference_off", {}, {"contenttype": "virtualenvironment"}),
    ("no_email", {"email": ""}, {}),
]


@pytest.mark.req("O25")
@pytest.mark.parametrize(("reason", "row", "of_event"), NOBODIES)
def test_nobody_is_created_and_nothing_written_for_nobodies(reason: str, row: Any, of_event: Any) -> None:
    settings = on24.everything(unwanted={"test_addresses": ["*@TEST.example.com"]})
    units = on24.unit(on24.registrant(**row), events=(on24.event(**of_event),))
    mapper = on24.mapper(settings)
    assert mapper.people(units) == [Skip(on24.KEY, reason)]
    assert mapper.attendance(units) == [Skip(on24.KEY, reason)]


@pytest.mark.req("O25")
def test_a_blocked_attendee_is_nobody() -> None:
    units = on24.unit(on24.registrant(), attendees=(on24.attendee(isblocked="Y"),))
    assert on24.mapper().people(units) == on24.mapper().attendance(units) == [Skip(on24.KEY, "blocked")]


@pytest.mark.req("O25")
def test_a_deleted_registration_does_not_hide_another_one() -> None:
    gone = on24.registrant(eventid=4100002, userstatus="deleted", jobtitle="gone")
    assert written(on24.registrant(), gone).initial["title"] == "部長"


@pytest.mark.req("O24")
def test_the_profile_link_is_owned_only_when_switched_on() -> None:
    on = on24.everything(profile_url={"enabled": True})
    assert written(on24.registrant(), settings=on).fields == {"pEPURL__c": "https://data.on24.com/webcast/lead?token=a"}
    assert written(on24.registrant()).fields == {}
    assert on24.mapper(on).owned_by_people == ("pEPURL__c",)


@pytest.mark.req("O24")
def test_without_the_field_on_the_person_the_link_is_left_out() -> None:
    on = on24.everything(profile_url={"enabled": True})
    mapper = on24.mapper(on, on24.definition())
    [write] = mapper.people(on24.unit(on24.registrant()))
    assert isinstance(write, Write)
    assert write.fields == {}
    assert mapper.owned_by_people == ()


def test_an_attendee_without_registrant_row_is_a_person_too() -> None:
    write = written(None, attendees=(on24.attendee(),))
    assert write.initial == {"email": on24.EMAIL, "leadSource": "ON24"}
