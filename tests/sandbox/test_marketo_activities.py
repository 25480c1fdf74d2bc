"""Marketo's activities: paging tokens, empty pages, late arrivals, lead changes, custom activities, programs."""

from __future__ import annotations

import pytest

ACTIVITIES = "/rest/v1/activities.json"


def token(api, since="2026-11-20T00:00:00Z"):
    return api.get("/rest/v1/activities/pagingtoken.json", sinceDatetime=since)["nextPageToken"]


def read_all(api, path=ACTIVITIES, start=None, **params):
    rows, pages, at = [], 0, start or token(api)
    while True:
        page = api.get(path, nextPageToken=at, **params)
        rows, pages, at = rows + page.get("result", []), pages + 1, page["nextPageToken"]
        if not page["moreResult"]:
            return rows, pages, at


def test_changes_make_activities(api) -> None:
    api.upsert({"email": "a@example.jp", "leadScore": 5})
    api.upsert({"email": "a@example.jp", "leadScore": 15, "title": "部長"})
    rows, _, _ = read_all(api, activityTypeIds="12,13,22")
    assert [r["activityTypeId"] for r in rows] == [12, 22, 13]
    score, title = rows[1], rows[2]
    assert {"name": "Change Value", "value": "+10"} in score["attributes"]
    assert score["primaryAttributeValue"] == "Lead Score"
    assert title["primaryAttributeValue"] == "Job Title"
    assert "Old Value" not in {a["name"] for a in title["attributes"]}
    assert title["marketoGUID"] == str(title["id"])


def test_lead_changes_show_api_names_and_only_asked_fields(api) -> None:
    api.upsert({"email": "a@example.jp"})
    api.upsert({"email": "a@example.jp", "title": "x", "city": "y", "leadScore": 1})
    rows, _, _ = read_all(api, "/rest/v1/activities/leadchanges.json", fields="title,leadScore")
    assert [r["activityTypeId"] for r in rows] == [12, 13]
    assert rows[1]["fields"][0]["name"] == "title"
    assert (rows[1]["fields"][0]["oldValue"], rows[1]["fields"][0]["newValue"]) == (None, "x")


def test_pages_may_be_empty_with_more_to_come(api) -> None:
    api.marketo.configure({"activity_scan_block": 10})
    first = api.lead(email="0@example.jp")
    for number in range(1, 35):
        api.lead(email=f"{number}@example.jp")
    api.marketo.objects["leads"].update(str(first), {"leadScore": 5})
    page = api.get(ACTIVITIES, nextPageToken=token(api), activityTypeIds="22")
    assert page["moreResult"] is True
    assert "result" not in page
    rows, pages, _ = read_all(api, activityTypeIds="22")
    assert (len(rows), pages) == (1, 4)


def test_the_last_token_continues(api, world) -> None:
    api.lead(email="a@example.jp")
    rows, _, at = read_all(api, activityTypeIds="12")
    assert len(rows) == 1
    api.lead(email="b@example.jp")  # the same second
    world.clock.advance(60)
    api.lead(email="c@example.jp")
    rows, _, at = read_all(api, activityTypeIds="12", start=at)
    assert [r["leadId"] for r in rows] == [2, 3]
    assert read_all(api, activityTypeIds="12", start=at)[0] == []


def test_late_commits_are_lost_to_a_cursor_at_now(api, world) -> None:
    _, _, at = read_all(api, activityTypeIds="12")
    api.marketo.configure({"activity_delay_seconds": 300})
    api.lead(email="a@example.jp")
    world.clock.advance(60)
    rows, _, at = read_all(api, activityTypeIds="12", start=at)
    assert rows == []
    world.clock.advance(300)
    assert read_all(api, activityTypeIds="12", start=at)[0] == []
    late, _, _ = read_all(api, activityTypeIds="12", start=token(api, "2026-11-20T02:59:59Z"))
    assert [r["activityDate"] for r in late] == ["2026-11-20T03:00:00Z"]


@pytest.mark.parametrize(("params", "expected"), [
    ({"nextPageToken": "garbage", "activityTypeIds": "1"}, "1003"), ({"activityTypeIds": "1"}, "1002"),
    ({"nextPageToken": None}, "1002"), ({"activityTypeIds": ",".join(map(str, range(1, 12)))}, "1003"),
    ({"nextPageToken": None, "activityTypeIds": "1", "leadIds": ",".join(map(str, range(31)))}, "1003"),
    ({"nextPageToken": None, "activityTypeIds": "x"}, "1001"),
])
def test_bad_requests(api, code, params, expected) -> None:
    if "nextPageToken" in params and params["nextPageToken"] is None:
        params = {**params, "nextPageToken": token(api)}
    assert code(api.get(ACTIVITIES, **params)) == expected
    assert code(api.get("/rest/v1/activities/pagingtoken.json", sinceDatetime="yesterday")) == "704"


def test_types_are_described(api) -> None:
    api.marketo.objects["activity_types"].create([
        {"apiName": "karte_event_c", "name": "KARTE event", "attributes": [{"apiName": "renkeiId"}]}])
    types = {t["id"]: t for t in api.get("/rest/v1/activities/types.json")["result"]}
    assert types[13]["primaryAttribute"]["name"] == "Attribute Name"
    assert types[100001]["apiName"] == "karte_event_c"


def test_custom_activities_are_written_as_often_as_sent(api) -> None:
    api.lead(email="a@example.jp")
    api.marketo.objects["activity_types"].create([
        {"apiName": "karte_event_c", "attributes": [{"apiName": "renkeiId"}]}])
    good = {"leadId": 1, "activityDate": "2026-11-20T11:00:00+09:00", "activityTypeId": 100001,
            "primaryAttributeValue": "x", "attributes": [{"apiName": "renkeiId", "value": "r1"}]}
    bad = [{**good, "leadId": 9}, {**good, "activityTypeId": 1}, {**good, "attributes": [{"apiName": "no"}]},
           {**good, "attributes": [{"apiName": "renkeiId", "value": "x" * 70_000}]}]
    results = api.post("/rest/v1/activities/external.json", {"input": [good, good, *bad]})["result"]
    codes = [r.get("errors", [{"code": None}])[0]["code"] for r in results]
    assert codes == [None, None, "1004", "1003", "1003", "1049"]
    rows, _, _ = read_all(api, activityTypeIds="100001")
    assert [r["activityDate"] for r in rows] == ["2026-11-20T02:00:00Z"] * 2
    assert rows[0]["attributes"] == [{"name": "renkeiId", "value": "r1"}]


def test_the_ui_can_write_late_activities(api) -> None:
    lead = api.lead(email="a@example.jp")
    made = api.marketo.objects["activities"].create([
        {"leadId": lead, "activityTypeId": 6, "activityDate": "2026-11-19T00:00:00Z", "primaryAttributeValue": "m"}])
    assert made[0]["activityDate"] == "2026-11-19T00:00:00Z"
    assert [r["activityTypeId"] for r in read_all(api, start=token(api, "2026-11-18T00:00:00Z"),
                                                  activityTypeIds="6,12")[0]] == [6, 12]


def status(api, name, *leads):
    return api.post("/rest/v1/programs/7/members/status.json",
                    {"statusName": name, "input": [{"leadId": lead} for lead in leads]})


def test_member_status_never_goes_backwards(api, code) -> None:
    api.marketo.objects["programs"].create([{"id": 7, "name": "W"}])
    lead = api.lead(email="a@example.jp")
    outcomes = [status(api, name, lead)["result"][0] for name in ("Registered", "Attended", "Attended", "No Show")]
    assert [o["status"] for o in outcomes] == ["created", "updated", "skipped", "skipped"]
    assert outcomes[-1]["reasons"][0]["code"] == "1037"
    assert status(api, "Registered", 99)["result"][0]["reasons"][0]["code"] == "1004"
    assert code(status(api, "Winner", lead)) == "1025"
    elsewhere = {"statusName": "x", "input": [{"leadId": 1}]}
    assert code(api.post("/rest/v1/programs/8/members/status.json", elsewhere)) == "1013"
    changes, _, _ = read_all(api, activityTypeIds="104")
    assert len(changes) == 2
    assert {"name": "New Status", "value": "Attended"} in changes[1]["attributes"]


def test_members_can_be_read_changed_and_deleted(api, world, code) -> None:
    api.marketo.objects["programs"].create([{"id": 7, "name": "W"}])
    leads = [api.lead(email=f"{n}@example.jp") for n in range(3)]
    status(api, "Registered", *leads)
    world.clock.advance(60)
    status(api, "Attended", leads[0])
    path = "/rest/v1/programs/7/members.json"
    attended = api.get(path, filterType="statusName", filterValues="Attended", fields="statusName")["result"]
    assert [(m["leadId"], m["reachedSuccess"]) for m in attended] == [(leads[0], True)]
    page = api.get(path, filterType="reachedSuccess", filterValues="false", batchSize=1)
    assert page["moreResult"] and len(page["result"]) == 1
    window = {"filterType": "updatedAt", "startAt": "2026-11-20T03:00:30Z"}
    assert len(api.get(path, **window, endAt="2026-11-20T04:00:00Z")["result"]) == 1
    assert code(api.get(path, **window, endAt="2026-11-28T04:00:00Z")) == "1003"
    changed = api.post(path, {"input": [{"leadId": leads[1], "registrationCode": "r"}, {"leadId": 99}]})["result"]
    assert [m["status"] for m in changed] == ["updated", "skipped"]
    gone = api.post("/rest/v1/programs/7/members/delete.json", {"input": [{"leadId": leads[1]}] * 2})["result"]
    assert [m["status"] for m in gone] == ["deleted", "skipped"]


def test_a_type_in_draft_takes_nothing_until_it_is_approved(api) -> None:
    [kind] = api.marketo.objects["activity_types"].create([{"apiName": "visit", "status": "draft"}])
    api.marketo.objects["leads"].create([{"email": "a@example.jp"}])
    row = {"leadId": 1, "activityTypeId": kind["id"], "activityDate": "2026-11-20T00:00:00Z",
           "primaryAttributeValue": "x", "attributes": []}
    [refused] = api.post("/rest/v1/activities/external.json", {"input": [row]})["result"]
    assert (refused["status"], refused["errors"][0]["code"]) == ("skipped", "1003")
    names = [known["name"] for known in api.get("/rest/v1/activities/types.json")["result"]]
    assert "visit" not in names
    api.marketo.objects["activity_types"].update(str(kind["id"]), {"status": "approved"})
    [added] = api.post("/rest/v1/activities/external.json", {"input": [row]})["result"]
    assert added["status"] == "added"
