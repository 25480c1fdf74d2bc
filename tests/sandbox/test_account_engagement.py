"""Account Engagement's API v5: who gets in, how it pages, what prospects and lists do."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from include.sandbox.world import World
from tests.sandbox.crm import Crm


def refusal(answer: requests.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["code"]


def get(crm: Crm, path: str, **params: Any) -> requests.Response:
    return crm.ae("GET", path, params=params)


def fill(crm: Crm, count: int) -> None:
    crm.engagement.objects["prospects"].create([{"email": f"{n}@example.jp"} for n in range(count)])


@pytest.mark.parametrize(("headers", "expected"), [
    ({"Pardot-Business-Unit-Id": None}, (400, 181)), ({"Pardot-Business-Unit-Id": "abc"}, (400, 182)),
    ({"Pardot-Business-Unit-Id": "0Uv000000000002CAA"}, (400, 201)), ({"Authorization": "Bearer x"}, (401, 184)),
    ({"Authorization": None}, (401, 184)),
])  # fmt: skip
def test_who_does_not_get_in(crm: Crm, headers: dict[str, Any], expected: tuple[int, int]) -> None:
    assert refusal(crm.ae("GET", "/prospects", params={"fields": "id"}, headers=headers)) == expected


def test_the_missing_header_is_named_as_the_vendor_does(crm: Crm) -> None:
    answer = crm.ae("GET", "/prospects", params={"fields": "id"}, headers={"Pardot-Business-Unit-Id": None})
    assert answer.json() == {
        "code": 181,
        "message": "A required header is missing: Pardot-Business-Unit-Id header not found on request.",
    }


def test_the_token_needs_the_scope_and_a_user_of_the_business_unit(crm: Crm) -> None:
    crm.salesforce.configure({"scopes": ["api", "refresh_token"]})
    token = crm.token(grant_type="client_credentials").json()["access_token"]
    narrow = {"Authorization": f"Bearer {token}"}
    assert refusal(crm.ae("GET", "/prospects", params={"fields": "id"}, headers=narrow)) == (401, 184)
    crm.engagement.objects["users"].delete("1")
    assert refusal(get(crm, "/prospects", fields="id")) == (401, 184)


def test_the_day_is_spent_until_midnight_in_the_accounts_zone(crm: Crm) -> None:
    crm.engagement.configure({"daily_quota": 1})
    answer = crm.ae("GET", "/prospects", params={"fields": "id"}, headers={"X-Return-Api-Usage": "1"})
    assert answer.headers["x-api-usage"] == "1/1"
    assert refusal(get(crm, "/prospects", fields="id")) == (429, 122)
    crm.world.clock.advance(12 * 3600)  # 03:00 UTC is noon in Tokyo
    crm.log_in()
    answer = get(crm, "/prospects", fields="id")
    assert answer.ok and "x-api-usage" not in answer.headers


def test_a_sixth_call_at_once_is_refused(crm: Crm) -> None:
    crm.engagement.in_flight = 5
    assert refusal(get(crm, "/prospects", fields="id")) == (429, 66)


def test_the_account_tells_its_limit(crm: Crm) -> None:
    answer = get(crm, "/account", fields="apiCallsUsed,maximumDailyApiCalls").json()
    assert (answer["apiCallsUsed"], answer["maximumDailyApiCalls"]) == (1, 50_000)


@pytest.mark.parametrize(("params", "code"), [
    ({}, 13), ({"fields": "id,nope"}, 224), ({"fields": "campaign.createdBy.createdBy.email"}, 224),
    ({"fields": "id", "limit": 1001}, 52), ({"fields": "id", "limit": "0"}, 52), ({"fields": "id", "nope": 1}, 5),
    ({"fields": "id", "orderBy": "score ASC"}, 51), ({"fields": "id", "updatedAtAfter": "yesterday"}, 7),
    ({"fields": "id", "idGreaterThan": "x"}, 16), ({"fields": "id", "deleted": "maybe"}, 51),
    ({"fields": "id", "nextPageToken": "nonsense"}, 211), ({"fields": "id", "scoreGreaterThan": "1"}, 5),
    ({"fields": "id", "id": 1, "createdAtAfter": "2026-01-01T00:00:00Z", "updatedAtAfter": "2026-01-01T00:00:00Z",
      "userId": 1}, 209),
])  # fmt: skip
def test_queries_that_are_refused(crm: Crm, params: dict[str, Any], code: int) -> None:
    assert refusal(get(crm, "/prospects", **params)) == (400, code)


@pytest.mark.parametrize(("order", "expected"), [
    ("id ASC", [1, 2, 3, 4, 5]), ("id DESC", [5, 4, 3, 2, 1]), ("updatedAt ASC", [2, 4, 5, 1, 3]),
    ("updatedAt DESC", [3, 1, 5, 4, 2]), ("lastActivityAt ASC", [1, 3, 4, 5, 2]),
])  # fmt: skip
def test_pages_hold_every_record_once_in_every_order(crm: Crm, order: str, expected: list[int]) -> None:
    fill(crm, 5)
    for prospect in (1, 3):
        crm.world.clock.advance(10)
        crm.edit_prospect(prospect, phone="1")
    crm.edit_prospect(2, lastActivityAt="2026-11-01T00:00:00Z", updatedAt="2026-11-01T00:00:00Z")
    pages = crm.pages("/prospects", fields="id", orderBy=order, limit=2)
    assert [row["id"] for page in pages for row in page] == expected


def test_answers_have_exactly_these_keys_and_the_users_offset(crm: Crm) -> None:
    fill(crm, 1)
    answer = get(crm, "/prospects", fields="id,createdAt,createdBy.email").json()
    assert answer == {"nextPageToken": None, "nextPageUrl": None, "values": [
        {"id": 1, "createdAt": "2026-11-20T12:00:00+09:00", "createdBy": {"email": "api.user@example.com"}},
    ]}  # fmt: skip


def test_a_token_goes_with_fields_alone_repeats_its_page_and_runs_out(crm: Crm) -> None:
    fill(crm, 4)
    token = get(crm, "/prospects", fields="id", limit=2).json()["nextPageToken"]
    again = [get(crm, "/prospects", fields="id", nextPageToken=token).json()["values"] for _ in range(2)]
    assert again[0] == again[1] == [{"id": 3}, {"id": 4}]
    assert refusal(get(crm, "/prospects", fields="id", nextPageToken=token, limit=2)) == (400, 5)
    assert refusal(get(crm, "/lists", fields="id", nextPageToken=token)) == (400, 211)
    crm.world.clock.advance(4 * 3600)
    crm.log_in()
    assert refusal(get(crm, "/prospects", fields="id", nextPageToken=token)) == (400, 210)


def test_a_chain_of_tokens_ends_at_the_cap_with_a_warning_only(crm: Crm) -> None:
    crm.engagement.configure({"page_cap_records": 5})
    fill(crm, 7)
    first = get(crm, "/prospects", fields="id", limit=3).json()
    last = get(crm, "/prospects", fields="id", nextPageToken=first["nextPageToken"])
    assert last.json() == {"nextPageToken": None, "nextPageUrl": None, "values": [{"id": 4}, {"id": 5}]}
    assert last.headers["Pardot-Warning"].startswith("203;")
    rest = get(crm, "/prospects", fields="id", limit=3, idGreaterThan=5)
    assert [row["id"] for row in rest.json()["values"]] == [6, 7] and "Pardot-Warning" not in rest.headers


def test_a_chain_that_ends_exactly_at_the_cap_is_complete(crm: Crm) -> None:
    crm.engagement.configure({"page_cap_records": 4})
    fill(crm, 4)
    first = get(crm, "/prospects", fields="id", limit=2).json()
    last = get(crm, "/prospects", fields="id", nextPageToken=first["nextPageToken"])
    assert last.json()["nextPageToken"] is None and "Pardot-Warning" not in last.headers


def test_filters_on_times_ids_and_addresses(crm: Crm) -> None:
    fill(crm, 4)
    crm.world.clock.advance(60)
    crm.edit_prospect(2, phone="1")

    def ids(**params: Any) -> list[int]:
        return [row["id"] for row in get(crm, "/prospects", fields="id", **params).json()["values"]]

    assert ids(updatedAtAfterOrEqualTo="2026-11-20T12:01:00+09:00") == [2]
    assert ids(updatedAtAfter="2026-11-20T03:01:00Z") == []
    assert ids(updatedAtBefore="2026-11-20T03:01:00Z", idGreaterThan=2) == [3, 4]
    assert ids(email="2@EXAMPLE.jp") == [3]
    assert ids(idGreaterThanOrEqualTo=2, idLessThan=4, deleted="all") == [2, 3]


def test_creating_and_changing_a_prospect(crm: Crm) -> None:
    asked = {"email": "a@example.jp", "firstName": "花子", "score": 5}
    made = crm.ae("POST", "/prospects", json=asked, params={"fields": "id,firstName,isDeleted"})
    assert (made.status_code, made.json()) == (201, {"id": 1, "firstName": "花子", "isDeleted": False})
    assert made.headers["Location"] == "/api/v5/objects/prospects/1"
    crm.world.clock.advance(60)
    assert crm.ae("PATCH", "/prospects/1", json={"phone": "1"}).status_code == 204
    same = crm.ae("PATCH", "/prospects/1", json={"phone": "1"}, params={"fields": "phone,updatedAt"}).json()
    assert same == {"phone": "1", "updatedAt": "2026-11-20T12:01:00+09:00"}
    crm.engagement.configure({"write_answer": "empty"})
    assert crm.ae("POST", "/prospects", json={"email": "b@example.jp"}).status_code == 204
    assert len(crm.prospects()) == 2


@pytest.mark.parametrize(("body", "code"), [
    ({}, 13), ({"email": "nobody"}, 4), ({"email": "a@example.jp", "nope": 1}, 180),
    ({"email": "a@example.jp", "grade": "A"}, 180), ({"email": "a@example.jp", "optedOut": "perhaps"}, 50),
    ({"email": "a@example.jp", "userId": 99}, 10), ({"email": "a@example.jp", "campaignId": 99}, 38),
])  # fmt: skip
def test_prospects_that_are_refused(crm: Crm, body: dict[str, Any], code: int) -> None:
    assert refusal(crm.ae("POST", "/prospects", json=body)) == (400, code)


def test_ampsea_decides_whether_an_address_may_come_twice(crm: Crm) -> None:
    body = {"email": "a@example.jp"}
    assert [crm.ae("POST", "/prospects", json=body).status_code for _ in range(2)] == [201, 201]
    crm.engagement.configure({"ampsea": False})
    assert refusal(crm.ae("POST", "/prospects", json={"email": "A@example.jp"})) == (400, 9)
    crm.ae("POST", "/prospects", json={"email": "b@example.jp"})
    assert refusal(crm.ae("PATCH", "/prospects/3", json=body)) == (400, 54)


def test_upsert_takes_the_one_that_was_active_last(crm: Crm) -> None:
    fill(crm, 0)
    for day in (1, 3, 2):
        crm.prospect(email="a@example.jp", lastActivityAt=f"2026-11-0{day}T00:00:00Z")
    body = {"matchEmail": "a@example.jp", "prospect": {"phone": "1"}, "fields": ["id", "phone"]}
    assert crm.ae("POST", "/prospects/do/upsertLatestByEmail", json=body).json() == {"id": 2, "phone": "1"}
    crm.ae("DELETE", "/prospects/2")
    assert crm.ae("POST", "/prospects/do/upsertLatestByEmail", json=body).json()["id"] == 3
    for prospect in (1, 3):
        crm.ae("DELETE", f"/prospects/{prospect}")
    found = crm.ae("POST", "/prospects/do/upsertLatestByEmail", json={**body, "secondaryDeletedSearch": True})
    assert found.json()["id"] == 2 and not crm.see_prospect(2)["isDeleted"]
    fresh = {**body, "matchEmail": "new@example.jp"}
    assert crm.ae("POST", "/prospects/do/upsertLatestByEmail", json=fresh).status_code == 201


def test_the_recycle_bin_hides_keeps_and_gives_back(crm: Crm) -> None:
    fill(crm, 2)
    crm.engagement.objects["lists"].create([{"name": "L"}])
    crm.ae("POST", "/list-memberships", json={"listId": 1, "prospectId": 1})
    assert crm.ae("DELETE", "/prospects/1").status_code == 204
    assert refusal(get(crm, "/prospects/1", fields="id")) == (404, 109)
    binned = get(crm, "/prospects/1", fields="isDeleted", deleted="all")
    assert binned.json() == {"isDeleted": True} and binned.headers["Pardot-Warning"].startswith("201;")
    assert [row["id"] for row in get(crm, "/prospects", fields="id").json()["values"]] == [2]
    assert [row["id"] for row in get(crm, "/prospects", fields="id", deleted="true").json()["values"]] == [1]
    assert get(crm, "/list-memberships", fields="id", listId=1).json()["values"] == []
    assert refusal(crm.ae("PATCH", "/prospects/1", json={"phone": "1"})) == (400, 219)
    assert crm.ae("POST", "/prospects/do/undelete", json={"email": "0@example.jp"}).status_code == 204
    assert get(crm, "/list-memberships", fields="id", listId=1).json()["values"] == [{"id": 1}]


def test_memberships_are_unique_and_show_their_prospect(crm: Crm) -> None:
    fill(crm, 2)
    assert crm.ae("POST", "/lists", json={"name": "重点"}).status_code == 201
    asked = {"listId": 1, "prospectId": 2}
    assert crm.ae("POST", "/list-memberships", json=asked).status_code == 201
    assert refusal(crm.ae("POST", "/list-memberships", json=asked)) == (400, 58)
    assert refusal(crm.ae("POST", "/list-memberships", json={"listId": 9, "prospectId": 2})) == (400, 55)
    (row,) = get(crm, "/list-memberships", fields="prospect.email,list.name", listId=1).json()["values"]
    assert row == {"prospect": {"email": "1@example.jp"}, "list": {"name": "重点"}}
    assert get(crm, "/lists", fields="id", name="重点").json()["values"] == [{"id": 1}]
    assert crm.ae("DELETE", "/list-memberships/1").status_code == 204
    assert crm.ae("POST", "/list-memberships", json=asked).status_code == 201


def test_crm_ids_are_told_apart_and_belong_to_one_prospect(crm: Crm) -> None:
    fill(crm, 2)
    lead = crm.make("Lead")["Id"]
    crm.ae("PATCH", "/prospects/1", json={"salesforceId": lead})
    shown = get(crm, "/prospects/1", fields="salesforceLeadId,salesforceContactId").json()
    assert shown == {"salesforceLeadId": lead, "salesforceContactId": None}
    assert refusal(crm.ae("PATCH", "/prospects/2", json={"salesforceId": lead})) == (400, 99)


def test_assigning_and_unassigning(crm: Crm) -> None:
    fill(crm, 1)
    crm.ae("PATCH", "/prospects/1", json={"userId": 1})
    assert crm.see_prospect(1)["assignedToId"] == 1
    assert crm.ae("POST", "/../../prospect/version/4/do/unassign/id/1").ok
    assert crm.see_prospect(1)["assignedToId"] is None
    answer = crm.ae("POST", "/../../prospect/version/4/do/assign/id/1", data={"user_email": "api.user@example.com"})
    assert answer.json()["@attributes"]["stat"] == "ok" and crm.see_prospect(1)["userId"] == 1


def test_custom_fields_can_be_written_as_soon_as_they_exist(crm: Crm) -> None:
    made = crm.ae("POST", "/custom-fields", json={"name": "趣味", "fieldId": "hobby", "type": "text"},
                  params={"fields": "apiFieldId"})  # fmt: skip
    assert made.json() == {"apiFieldId": "hobby__c"}
    fill(crm, 1)
    crm.ae("PATCH", "/prospects/1", json={"hobby__c": "茶道"})
    assert get(crm, "/prospects/1", fields="hobby__c").json() == {"hobby__c": "茶道"}
    crm.ae("DELETE", "/custom-fields/1")
    assert refusal(get(crm, "/prospects/1", fields="hobby__c")) == (400, 224)


def test_the_cache_shows_what_was(crm: Crm) -> None:
    crm.engagement.configure({"cache_lag_seconds": 60})
    crm.ae("POST", "/prospects", json={"email": "a@example.jp"})
    assert get(crm, "/prospects", fields="id").json()["values"] == []
    crm.world.clock.advance(60)
    assert get(crm, "/prospects", fields="id").json()["values"] == [{"id": 1}]
    crm.ae("PATCH", "/prospects/1", json={"phone": "1"})
    assert get(crm, "/prospects/1", fields="phone").json() == {"phone": None}
    crm.world.clock.advance(60)
    assert get(crm, "/prospects/1", fields="phone").json() == {"phone": "1"}


def test_conditional_reads(crm: Crm) -> None:
    fill(crm, 1)
    first = get(crm, "/prospects/1", fields="id")
    asked = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert crm.ae("GET", "/prospects/1", params={"fields": "id"}, headers=asked).status_code == 304


def test_objects_that_are_read_only_or_unknown(crm: Crm) -> None:
    assert refusal(crm.ae("POST", "/users", json={"email": "a@example.jp"})) == (405, 205)
    assert refusal(crm.ae("DELETE", "/campaigns/1")) == (405, 205)
    assert refusal(get(crm, "/nope", fields="id")) == (404, 198)
    campaign = crm.make("Campaign", Name="c")["Id"]
    path = "/campaigns/1/do/connectSalesforceCampaign"
    assert crm.ae("POST", path, json={"salesforceCampaignId": campaign}).status_code == 204
    assert get(crm, "/campaigns/1", fields="salesforceId").json() == {"salesforceId": campaign}


def test_faults_speak_the_vendors_language(world: World, crm: Crm) -> None:
    world.faults.add(action="error", vendor="account_engagement", code="202")
    assert refusal(get(crm, "/prospects", fields="id")) == (429, 202)
    world.faults.add(action="drop_after", vendor="account_engagement", method="POST")
    with pytest.raises(requests.ConnectionError):
        crm.ae("POST", "/prospects", json={"email": "a@example.jp"})
    assert len(crm.prospects()) == 1
