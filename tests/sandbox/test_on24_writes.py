"""ON24 emulator: registering, updating, forgetting over the API."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.on24_caller import DAY, MINUTE, Caller
from tests.support.sandbox import Sandbox

FORM = {"firstName": "花子", "lastName": "佐藤", "email": "hanako@example.jp", "extEventUserCd": "42", "std1": "はい"}


@pytest.fixture
def on24(sandbox: Sandbox) -> Caller:
    return Caller(sandbox)


def register(on24: Caller, eventid: int, **form: Any) -> requests.Response:
    return on24.call("POST", f"/event/{eventid}/registrant", data={**FORM, **form})


def test_registering(on24: Caller) -> None:
    eventid = on24.webinar(ended=-DAY)
    made = register(on24, eventid, job_title="部長").json()
    assert (made["firstname"], made["exteventusercd"], made["std1"], made["jobtitle"]) == ("花子", "42", "はい", "部長")
    assert made["eventid"] == eventid and made["userprofileurl"]
    assert on24.get("/registrant")["totalregistrants"] == 0
    on24.advance(15 * MINUTE)
    assert on24.get("/registrant")["registrants"][0]["eventuserid"] == made["eventuserid"]


def test_registering_again_updates(on24: Caller) -> None:
    eventid = on24.webinar(ended=-DAY)
    first = register(on24, eventid).json()
    second = register(on24, eventid, company="新会社", email="HANAKO@example.jp").json()
    assert (second["eventuserid"], second["company"]) == (first["eventuserid"], "新会社")
    statuses = [write.status for write in on24.sandbox.world.journal.writes("on24")]
    assert statuses == ["created", "updated"]


def test_validation_and_how_to_waive_it(on24: Caller) -> None:
    title = {"fieldid": "job_title", "required": "Y", "options": ["部長", "課長"]}
    fields = [{"fieldid": "email", "required": "Y"}, title]
    eventid = on24.webinar(ended=-DAY, regfields=fields)
    assert register(on24, eventid).json() == {"message": "The field job_title is required."}
    assert register(on24, eventid, jobTitle="社長").status_code == 400
    path = f"/event/{eventid}/registrant"
    assert on24.call("POST", path, data=FORM, params={"honorrequired": "N"}).ok
    assert on24.call("POST", path, data={**FORM, "jobTitle": "社長"}, params={"honorvalidation": "N"}).ok
    assert register(on24, eventid, jobTitle="部長", email="花子@example.jp").status_code == 400
    text = "Invalid value for the honorrequired parameter."
    assert on24.refused(path, "POST", data=FORM, honorrequired="maybe") == (400, text)


def test_soft_delete_before_the_event_only(on24: Caller) -> None:
    eventid = on24.webinar(ended=-DAY)
    assert register(on24, eventid, isDeleted="Y").status_code == 412
    register(on24, eventid)
    assert register(on24, eventid, isDeleted="Y").json()["userstatus"] == "deleted"
    assert register(on24, eventid, isDeleted="N").json()["userstatus"] == "active"
    on24.advance(DAY)
    assert register(on24, eventid, isDeleted="Y").status_code == 400


def test_patch_in_one_event(on24: Caller) -> None:
    eventid = on24.webinar()
    on24.person(eventid, "hanako@example.jp", company="旧", city="東京")
    path = f"/event/{eventid}/registrant"
    done = on24.call("PATCH", path, data={"email": "hanako@example.jp", "company": "新"}).json()
    assert (done["company"], done["city"]) == ("新", "東京")
    assert done["lastactivity"] > done["createtimestamp"]
    assert on24.refused(path, "PATCH", data={"email": "x@example.jp"}) == (403, "The email provided was not found.")
    assert on24.refused(path, "PATCH", data={"company": "新"}) == (400, "The email parameter is missing.")
    assert on24.refused(path, "PATCH", data={"email": ""}) == (400, "The email parameter value is blank.")


def test_patch_everywhere(on24: Caller) -> None:
    ids = [on24.person(on24.webinar(), "hanako@example.jp"), on24.person(on24.webinar(), "hanako@example.jp")]
    done = on24.call("PATCH", "/registrant/hanako@example.jp", data={"email": "new@example.jp"}).json()
    assert done == {"updatedregistrants": ids}
    assert on24.get("/registrant/new@example.jp/allevents")["totalregistrants"] == 2
    assert on24.refused("/registrant/hanako@example.jp", "PATCH", data={"city": "x"}) == (
        404, "No registrant was found for that email address")  # fmt: skip


def test_a_new_address_must_be_free_in_each_event(on24: Caller) -> None:
    eventid = on24.webinar()
    on24.person(eventid, "a@example.jp")
    on24.person(eventid, "b@example.jp")
    assert on24.refused("/registrant/a@example.jp", "PATCH", data={"email": "b@example.jp"}) == (
        400, "New email address matches other registrant's email address")  # fmt: skip


def test_forgetting_people(on24: Caller) -> None:
    first, second = on24.webinar(), on24.webinar()
    ids = [on24.person(first, "a@example.jp"), on24.person(second, "a@example.jp"), on24.person(second, "b@example.jp")]
    one = on24.call("POST", "/forget", data={"email": "a@example.jp", "eventid": first}).json()
    assert one == {"deletedregistrants": {"eventuserids": ids[:1]}}
    rest = on24.call("POST", "/forget", data={"email": "a@example.jp,b@example.jp"}).json()
    assert rest == {"deletedregistrants": {"eventuserids": ids[1:]}}
    assert on24.refused("/forget", "POST", data={"email": "a@example.jp"})[0] == 404
    rows = on24.get("/registrant", datefiltermode="lastactivity", dateinterval=1)["registrants"]
    assert {row["userstatus"] for row in rows} == {"forgotten"} and len(rows) == 3


def test_forgetting_all(on24: Caller) -> None:
    first, second = on24.webinar(), on24.webinar()
    one, two = on24.person(first), on24.person(second)
    assert on24.call("POST", f"/event/{second}/forgetall").json()["deletedregistrants"]["eventuserids"] == [two]
    assert on24.call("POST", "/forgetall").json()["deletedregistrants"]["eventuserids"] == [one]


def test_an_answer_dropped_after_commit(on24: Caller) -> None:
    eventid = on24.webinar(ended=-DAY)
    on24.sandbox.world.faults.add(action="drop_after", vendor="on24", method="POST")
    with pytest.raises(requests.ConnectionError):
        register(on24, eventid)
    on24.advance(15 * MINUTE)
    assert on24.get("/registrant")["totalregistrants"] == 1
