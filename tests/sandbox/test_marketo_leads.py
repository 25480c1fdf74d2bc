"""Marketo's leads: look-ups, Sync Leads, describe, delete, merge."""

from __future__ import annotations

import threading

import pytest
import requests

from include.sandbox.transport import mount
from tests.sandbox.conftest import ATTENDEE

LEAD = "/rest/v1/leads.json"


def test_create_update_and_needless_update(api, world) -> None:
    created = api.upsert({"email": "a@example.jp", "firstName": "花子", "company": "株式会社例"})
    assert created == [{"id": 1, "status": "created"}]
    assert api.upsert({"email": "A@Example.jp ".strip(), "firstName": "太郎"}) == [{"id": 1, "status": "updated"}]
    api.upsert({"email": "A@Example.jp", "firstName": "太郎"})
    writes = world.journal.writes("marketo", "leads")
    assert [(w.status, w.changed) for w in writes] == [
        ("created", ("email", "firstName", "company")), ("updated", ("email", "firstName")), ("updated", ())]
    assert [w.record_id for w in world.journal.needless_writes()] == [1]
    found = api.get(LEAD, filterType="email", filterValues="a@EXAMPLE.jp", fields="firstName,company,title")
    assert found["result"] == [{"id": 1, "firstName": "太郎", "company": "株式会社例", "title": None}]


def test_case_sensitive_email_is_a_setting(api) -> None:
    api.marketo.configure({"email_case_sensitive": True})
    api.upsert({"email": "a@example.jp"})
    assert api.upsert({"email": "A@example.jp"})[0]["status"] == "created"


@pytest.mark.parametrize(("action", "exists", "expected"), [
    ("createOnly", False, "created"), ("createOnly", True, "1005"), ("updateOnly", False, "1004"),
    ("updateOnly", True, "updated"), ("createOrUpdate", True, "updated"), ("createDuplicate", True, "created"),
])
def test_actions(api, action, exists, expected) -> None:
    if exists:
        api.lead(email="a@example.jp")
    result = api.upsert({"email": "a@example.jp", "lastName": "x"}, action=action)[0]
    assert (result["reasons"][0]["code"] if "reasons" in result else result["status"]) == expected


def test_duplicates_match_with_1007_and_by_id(api) -> None:
    first, second = api.lead(email="a@example.jp"), api.lead(email="a@example.jp")
    assert len(api.get(LEAD, filterType="email", filterValues="a@example.jp")["result"]) == 2
    assert api.upsert({"email": "a@example.jp", "lastName": "x"})[0]["reasons"][0]["code"] == "1007"
    by_id = api.upsert({"id": second, "lastName": "x"}, {"id": 99, "lastName": "x"},
                       action="updateOnly", lookupField="id")
    assert [r["status"] for r in by_id] == ["updated", "skipped"]
    assert [r["lastName"] for r in api.get(LEAD, filterType="id", filterValues=f"{first},{second}",
                                           fields="lastName")["result"]] == [None, "x"]


@pytest.mark.parametrize(("record", "expected"), [
    ({"email": "山田@example.jp"}, "1003"), ({"email": "nobody"}, "1003"), ({"email": None}, "1003"),
    ({"email": "a@example.jp", "firstName": "x" * 256}, "1003"),
    ({"email": "a@example.jp", "numberOfEmployees": "1 - 49"}, "1001"),
    ({"email": "a@example.jp", "unsubscribed": "maybe"}, "1001"),
    ({"email": "a@example.jp", "createdAt": "2026-01-01"}, "1003"),
    ({"email": "a@example.jp", "numberOfEmployees": "49", "address": "あ" * 10_000}, None),
    ({"email": "a@example.jp", "address": "あ" * 10_001}, "1003"),
])
def test_one_bad_record_is_skipped_and_the_others_go_on(api, record, expected) -> None:
    bad, good = api.upsert(record, {"email": "good@example.jp"})
    assert (bad["reasons"][0]["code"] if "reasons" in bad else None) == expected
    assert good["status"] == "created"


@pytest.mark.parametrize(("body", "expected"), [
    ({"input": [{"email": "a@example.jp", "nothing": 1}]}, "1006"),
    ({"lookupField": "nothing", "input": [{"email": "a@example.jp"}]}, "1006"),
    ({"lookupField": "firstName", "input": [{"firstName": "a"}]}, "1011"),
    ({"lookupField": "id", "input": [{"id": 1}]}, "1003"),
    ({"action": "upsert", "input": [{"email": "a@example.jp"}]}, "1003"),
    ({"partitionName": "Other", "input": [{"email": "a@example.jp"}]}, "1008"),
    ({"partitionName": "Default", "action": "updateOnly", "input": [{"email": "a@example.jp"}]}, "1010"),
    ({"input": []}, "1003"), ({}, "1002"),
    ({"input": [{"email": f"{n}@example.jp"} for n in range(301)]}, "1003"),
])
def test_bad_requests_execute_nothing(api, code, body, expected) -> None:
    assert code(api.post(LEAD, body)) == expected
    assert api.marketo.objects["leads"].list() == []


def test_company_fields_are_initial_values(api) -> None:
    api.upsert({"email": "a@example.jp", "company": "A", "industry": "IT"})
    refused = api.upsert({"email": "a@example.jp", "company": "B", "title": "x"})[0]
    assert refused["reasons"][0]["code"] == "1021"
    api.marketo.configure({"company_update": "ignore"})
    assert api.upsert({"email": "a@example.jp", "company": "B", "title": "x"})[0]["status"] == "updated"
    lead = api.get("/rest/v1/lead/1.json", fields="company,title")["result"][0]
    assert (lead["company"], lead["title"]) == ("A", "x")


def test_null_and_empty_clear(api) -> None:
    api.upsert({"email": "a@example.jp", "title": "x", "city": "y"})
    api.upsert({"email": "a@example.jp", "title": None, "city": ""})
    lead = api.get("/rest/v1/lead/1.json", fields="title,city")["result"][0]
    assert (lead["title"], lead["city"]) == (None, None)


def test_concurrent_upserts_of_a_new_address_make_two_leads(api, world) -> None:
    meeting = threading.Barrier(2)
    world._sleep = lambda seconds: meeting.wait(5)
    api.marketo.configure({"latency_ms": 1})

    def upsert() -> None:
        session = requests.Session()
        mount(world, session)
        session.post(f"{api.base}{LEAD}", json={"input": [{"email": "a@example.jp"}]},
                     headers={"Authorization": f"Bearer {api.token}"})

    threads = [threading.Thread(target=upsert) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(api.marketo.leads.find("email", "a@example.jp")) == 2


def test_index_lag_hides_new_leads_from_look_ups(api, world) -> None:
    api.marketo.configure({"index_lag_seconds": 60})
    api.upsert({"email": "a@example.jp"})
    look = {"filterType": "email", "filterValues": "a@example.jp"}
    assert api.get(LEAD, **look)["result"] == []
    assert api.get(LEAD, filterType="id", filterValues="1")["result"][0]["email"] == "a@example.jp"
    world.clock.advance(60)
    assert [lead["id"] for lead in api.get(LEAD, **look)["result"]] == [1]


def test_filter_limits(api, code) -> None:
    for number in range(1001):
        api.lead(email="same@example.jp", lastName=str(number))
    assert code(api.get(LEAD, filterType="email", filterValues="same@example.jp")) == "1003"
    many = ",".join(f"{n}@e.jp" for n in range(301))
    assert code(api.get(LEAD, filterType="email", filterValues=many)) == "1003"
    assert code(api.get(LEAD, filterType="firstName", filterValues="x")) == "1011"
    assert code(api.get(LEAD, filterType="nothing", filterValues="x")) == "1006"
    assert code(api.get(LEAD, filterType="cookies", filterValues="garbage")) == "1012"
    assert code(api.get(LEAD, filterType="id", filterValues="x")) == "1001"
    assert code(api.get(LEAD, filterType="email")) == "1002"


def test_paging_repeats_nothing(api) -> None:
    ids = [api.lead(email=f"{n}@example.jp") for n in range(7)]
    params = {"filterType": "id", "filterValues": ",".join(map(str, ids)), "batchSize": 3}
    seen, token = [], None
    while True:
        page = api.get(LEAD, **params, **({"nextPageToken": token} if token else {}))
        seen += [lead["id"] for lead in page["result"]]
        if not page.get("moreResult"):
            break
        token = page["nextPageToken"]
        assert "=" in token
    assert seen == ids


@pytest.mark.parametrize("in_query", [True, False])
def test_a_post_can_be_a_get(api, in_query) -> None:
    api.lead(email="a@example.jp")
    long = [f"{'x' * 40}{n}@e.jp" for n in range(290)]
    form = {"filterType": "email", "filterValues": ",".join(["a@example.jp", *long])}
    where = {"params": {"_method": "GET"}, "data": form} if in_query else {"data": {**form, "_method": "GET"}}
    assert [lead["id"] for lead in api.raw("POST", LEAD, **where).json()["result"]] == [1]


def test_values_may_be_repeated_or_comma_joined(api) -> None:
    ids = [api.lead(email=f"{n}@example.jp") for n in range(3)]
    repeated = api.raw("GET", LEAD, params=[("filterType", "id"), *(("filterValues", str(i)) for i in ids)]).json()
    joined = api.get(LEAD, filterType="id", filterValues=",".join(map(str, ids)))
    assert [lead["id"] for lead in repeated["result"]] == [lead["id"] for lead in joined["result"]] == ids


def test_describe_knows_standard_and_custom_fields(api) -> None:
    api.marketo.objects["lead_fields"].create([{"name": "pEPURL__c", "dataType": "url"}])
    first = api.get("/rest/v1/leads/describe.json")["result"]
    second = api.get("/rest/v1/leads/describe2.json")["result"][0]
    assert {f["rest"]["name"]: f["rest"]["readOnly"] for f in first}["createdAt"] is True
    assert {f["name"] for f in second["fields"]} == {f["rest"]["name"] for f in first}
    assert ["email"] in second["searchableFields"] and ["pEPURL__c"] in second["searchableFields"]
    custom = [f["name"] for f in api.get("/rest/v1/leads/schema/fields.json")["result"] if f["isCustom"]]
    assert custom == ["pEPURL__c"]


def test_updated_at_ignores_custom_fields(api, world) -> None:
    api.marketo.objects["lead_fields"].create([{"name": "senses_phase"}])
    api.upsert({"email": "a@example.jp"})
    world.clock.advance(10)
    api.upsert({"email": "a@example.jp", "senses_phase": "提案"})
    lead = api.get("/rest/v1/lead/1.json", fields="updatedAt")["result"][0]
    assert lead["updatedAt"] == "2026-11-20T03:00:00Z"


def test_delete_and_deleted_leads_for_14_days(api, world) -> None:
    api.lead(email="a@example.jp")
    since = api.get("/rest/v1/activities/pagingtoken.json", sinceDatetime="2026-11-20T00:00:00Z")["nextPageToken"]
    gone = api.post("/rest/v1/leads/delete.json", {"input": [{"id": 1}, {"id": 2}]})["result"]
    assert [r["status"] for r in gone] == ["deleted", "skipped"]
    assert api.get("/rest/v1/lead/1.json")["errors"][0]["code"] == "1004"
    seen = api.get("/rest/v1/activities/deletedleads.json", nextPageToken=since)
    assert [(r["leadId"], r["activityTypeId"]) for r in seen["result"]] == [(1, 37)]
    world.clock.advance(15 * 86400)
    api.log_in()
    assert "result" not in api.get("/rest/v1/activities/deletedleads.json", nextPageToken=since)


def test_merge_moves_everything_and_leaves_an_activity(api, code) -> None:
    winner, loser = api.lead(email="a@example.jp"), api.lead(email="b@example.jp", title="x")
    api.marketo.objects["custom_objects"].create([ATTENDEE])
    store, _ = api.marketo.find_store("custom_objects/oN24Attendee_c")
    store.create([{"personid": loser, "eventid": "1", "eventuserid": "1"},
                  {"personid": loser, "eventid": "2", "eventuserid": "2"},
                  {"personid": winner, "eventid": "2", "eventuserid": "2"}])
    api.marketo.objects["programs"].create([{"id": 7, "name": "W"}])
    api.marketo.objects["members"].create([{"programId": 7, "leadId": loser, "statusName": "Attended"}])
    assert code(api.post(f"/rest/v1/leads/{winner}/merge.json", None, leadIds=loser)) is None
    assert api.marketo.leads.get(loser) is None
    assert api.marketo.leads.get(winner)["title"] == "x"
    assert sorted((r["personid"], r["eventid"]) for r in store.list()) == [(winner, "1"), (winner, "2")]
    assert [m["leadId"] for m in api.marketo.objects["members"].list()] == [winner]
    merge = api.marketo.objects["activities"].list()[-1]
    assert (merge["activityTypeId"], merge["leadId"]) == (32, winner)
    assert {"name": "Merge IDs", "value": f"[{loser}]"} in merge["attributes"]
    path, many = f"/rest/v1/leads/{winner}/merge.json", ",".join(map(str, range(2, 28)))
    assert code(api.post(path, None, leadIds=many)) == "1080"
    assert code(api.post(path, None, leadIds=loser)) == "1004"


def test_associate_and_find_by_cookie(api, code) -> None:
    api.lead(email="a@example.jp")
    cookie = f"id:{api.marketo.munchkin_id}&token:_mch-example.jp-1418418733122-51548"
    assert code(api.post("/rest/v1/leads/1/associate.json", None, cookie=cookie)) is None
    found = api.raw("POST", LEAD, data={"_method": "GET", "filterType": "cookies", "filterValues": cookie,
                                        "fields": "id,cookies"}).json()
    assert found["result"] == [{"id": 1, "cookies": "_mch-example.jp-1418418733122-51548"}]
    assert code(api.post("/rest/v1/leads/1/associate.json", None, cookie="x")) == "1012"


def test_push_lead_joins_the_program(api) -> None:
    api.marketo.objects["programs"].create([{"id": 7, "name": "W"}])
    result = api.post("/rest/v1/leads/push.json", {"programName": "W", "lookupField": "email",
                                                   "input": [{"email": "a@example.jp"}]})["result"]
    assert result[0]["status"] == "created"
    assert api.marketo.objects["members"].list()[0]["statusName"] == "Invited"


def test_companies_can_be_updated_unless_a_crm_is_synced(api, code) -> None:
    api.lead(email="a@example.jp", externalCompanyId="c1", company="A")
    sync = {"action": "createOrUpdate", "input": [{"externalCompanyId": "c1", "company": "A"}]}
    assert api.post("/rest/v1/companies.json", sync)["result"][0]["status"] == "created"
    sync["input"][0]["company"] = "B"
    assert api.post("/rest/v1/companies.json", sync)["result"][0]["status"] == "updated"
    assert api.marketo.leads.get(1)["company"] == "B"
    api.marketo.configure({"native_crm": True})
    assert code(api.post("/rest/v1/companies.json", sync)) == "1018"


class Generated:
    first_id, count = 1, 1_000_000

    def lead(self, lead_id: int) -> dict:
        return {"id": lead_id, "email": f"p{lead_id}@example.com", "createdAt": "2026-01-01T00:00:00Z",
                "updatedAt": "2026-01-01T00:00:00Z"}

    def find(self, field: str, value: str) -> list[int]:
        number = value.removeprefix("p").partition("@")[0]
        return [int(number)] if field == "email" and number.isdigit() and 1 <= int(number) <= self.count else []


def test_generated_leads_have_an_overlay_of_edits(api) -> None:
    api.marketo.leads.table.generate(Generated())
    look = {"filterType": "email", "fields": "email,title"}
    assert api.get(LEAD, filterValues="P77@example.com", **look)["result"][0]["id"] == 77
    assert api.upsert({"email": "p77@example.com", "title": "x"}) == [{"id": 77, "status": "updated"}]
    assert api.upsert({"email": "new@example.com"})[0]["id"] == 1_000_001
    assert api.upsert({"id": 77, "email": "other@example.com"}, action="updateOnly", lookupField="id")
    assert api.get(LEAD, filterValues="p77@example.com", **look)["result"] == []
    assert api.get(LEAD, filterValues="other@example.com", **look)["result"] == [
        {"id": 77, "email": "other@example.com", "title": "x"}]
    api.post("/rest/v1/leads/delete.json", {"input": [{"id": 78}]})
    assert api.get(LEAD, filterValues="p78@example.com", **look)["result"] == []
    assert len(api.marketo.leads.table) == 1_000_000


def test_a_lead_is_found_by_each_of_its_cookies_and_one_associated_anew_moves(api, code) -> None:
    api.marketo.objects["leads"].create([{"email": "a@example.jp"}, {"email": "b@example.jp"}])

    def of(token: str) -> list[int]:
        wanted = {"_method": "GET", "filterType": "cookies", "filterValues": f"id:123-ABC-456&token:{token}"}
        return [lead["id"] for lead in api.raw("POST", LEAD, data=wanted).json()["result"]]

    for token in ("_mch-x-1", "_mch-x-2"):
        api.post("/rest/v1/leads/1/associate.json", None, cookie=f"id:123-ABC-456&token:{token}")
    assert of("_mch-x-1") == of("_mch-x-2") == [1]
    api.post("/rest/v1/leads/2/associate.json", None, cookie="id:123-ABC-456&token:_mch-x-2")
    assert (of("_mch-x-1"), of("_mch-x-2")) == ([1], [2])
