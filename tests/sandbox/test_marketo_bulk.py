"""Marketo's bulk extract: queue, status refresh, file, ranges, the meanings of 1029, 1035."""

from __future__ import annotations

import csv
import hashlib
import io

import pytest

from tests.sandbox.conftest import ATTENDEE

WINDOW = {"startAt": "2026-11-20T00:00:00Z", "endAt": "2026-11-21T00:00:00Z"}
LEADS = {"fields": ["id", "email", "title"], "format": "CSV", "filter": {"createdAt": WINDOW}}


def create(api, kind="leads", body=LEADS):
    return api.post(f"/bulk/v1/{kind}/export/create.json", body)["result"][0]["exportId"]


def call(api, job, action, kind="leads"):
    path = f"/bulk/v1/{kind}/export/{job}/{action}.json"
    return api.get(path) if action == "status" else api.post(path)


def run(api, world, kind, body):
    job = create(api, kind, body)
    call(api, job, "enqueue", kind)
    world.clock.advance(180)
    assert call(api, job, "status", kind)["result"][0]["status"] == "Completed"
    text = api.raw("GET", f"/bulk/v1/{kind}/export/{job}/file.json").content.decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_the_life_of_a_job(api, world) -> None:
    api.lead(email="a@example.jp")
    job = create(api)
    assert call(api, job, "status")["result"][0]["status"] == "Created"
    assert call(api, job, "enqueue")["result"][0]["status"] == "Queued"
    seen = []
    for _ in range(8):
        world.clock.advance(20)
        seen.append(call(api, job, "status")["result"][0]["status"])
    assert seen == ["Queued", "Queued", "Processing", "Processing", "Processing", "Completed", "Completed", "Completed"]
    line = call(api, job, "status")["result"][0]
    data = api.raw("GET", f"/bulk/v1/leads/export/{job}/file.json").content
    assert data.decode() == "id,email,title\n1,a@example.jp,null\n"
    assert (line["numberOfRecords"], line["fileSize"]) == (1, len(data))
    assert line["fileChecksum"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert line["finishedAt"] == "2026-11-20T03:02:00Z"


def test_the_time_scale_makes_it_quick(api, world) -> None:
    api.marketo.configure({"bulk_time_scale": 60})
    job = create(api)
    call(api, job, "enqueue")
    world.clock.advance(2)
    assert call(api, job, "status")["result"][0]["status"] == "Completed"


def test_ranges_and_the_plain_404(api, world) -> None:
    for number in range(50):
        api.lead(email=f"{number}@example.jp")
    job = create(api)
    file = f"/bulk/v1/leads/export/{job}/file.json"
    early = api.raw("GET", file)
    assert (early.status_code, early.headers["Content-Type"]) == (404, "text/plain")
    assert api.raw("GET", "/bulk/v1/leads/export/nobody/file.json").status_code == 404
    call(api, job, "enqueue")
    world.clock.advance(180)
    call(api, job, "status")
    whole = api.raw("GET", file).content
    part = api.raw("GET", file, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole)}"
    assert api.raw("GET", file, headers={"Range": "bytes=100-"}).content == whole[100:]
    streamed = api.raw("GET", file, stream=True)
    assert b"".join(streamed.iter_content(64)) == whole
    world.clock.advance(7 * 86400 + 1)
    api.log_in()
    assert api.raw("GET", file).status_code == 404


def test_the_three_meanings_of_1029(api, world) -> None:
    jobs = [create(api) for _ in range(11)]
    for job in jobs[:10]:
        call(api, job, "enqueue")
    full = call(api, jobs[10], "enqueue")["errors"][0]
    assert (full["code"], full["message"]) == ("1029", "Too many jobs in queue")
    assert "already queued" in call(api, jobs[0], "enqueue")["errors"][0]["message"]
    world.clock.advance(130)
    assert call(api, jobs[10], "enqueue")["success"]
    api.marketo.configure({"bulk_daily_bytes": 1})
    day = call(api, create(api), "enqueue")["errors"][0]
    assert (day["code"], day["message"]) == ("1029", "Export daily quota 500MB exceeded")
    world.clock.advance(86400)
    api.log_in()
    assert call(api, create(api), "enqueue")["success"]


def test_two_run_at_a_time(api, world) -> None:
    jobs = [create(api) for _ in range(4)]
    for job in jobs:
        call(api, job, "enqueue")
    world.clock.advance(180)
    states = [call(api, job, "status")["result"][0]["status"] for job in jobs]
    assert states == ["Completed", "Completed", "Processing", "Processing"]
    world.clock.advance(120)
    assert call(api, jobs[3], "status")["result"][0]["finishedAt"] == "2026-11-20T03:04:00Z"


def test_cancel_and_list(api) -> None:
    first, second = create(api), create(api)
    assert call(api, first, "cancel")["result"][0]["status"] == "Cancelled"
    listed = api.get("/bulk/v1/leads/export.json", status="Created,Cancelled")["result"]
    assert [(j["exportId"], j["status"]) for j in listed] == [(first, "Cancelled"), (second, "Created")]
    assert api.get("/bulk/v1/leads/export.json", status="Created", batchSize=1)["result"][0]["exportId"] == second
    assert api.get("/bulk/v1/activities/export.json")["result"] == []


@pytest.mark.parametrize(("change", "expected"), [
    ({"filter": {"updatedAt": WINDOW}}, "1035"), ({"filter": {"smartListId": 3}}, "1035"), ({"filter": {}}, "1003"),
    ({"filter": {"createdAt": WINDOW, "updatedAt": WINDOW}}, "1003"), ({"fields": ["nothing"]}, "1006"),
    ({"fields": []}, "1002"), ({"format": "XML"}, "1003"),
    ({"filter": {"createdAt": {"startAt": "2026-10-01T00:00:00Z", "endAt": "2026-11-20T00:00:00Z"}}}, "1003"),
    ({"filter": {"createdAt": {"startAt": "2026-11-19T00:00:00.5Z", "endAt": "2026-11-20T00:00:00Z"}}}, "1003"),
    ({"filter": {"createdAt": {"startAt": "2026-11-19T00:00:00Z"}}}, "1002"),
])
def test_bad_jobs_are_refused_at_create(api, code, change, expected) -> None:
    api.marketo.configure({"bulk_updated_at": False})
    assert code(api.post("/bulk/v1/leads/export/create.json", {**LEADS, **change})) == expected


def test_updated_at_filters_by_any_field(api, world) -> None:
    api.marketo.objects["lead_fields"].create([{"name": "senses_phase"}])
    api.lead(email="a@example.jp")
    api.lead(email="b@example.jp")
    world.clock.advance(1800)
    api.upsert({"email": "a@example.jp", "senses_phase": "提案"})
    span = {"startAt": "2026-11-20T03:10:00Z", "endAt": "2026-11-20T23:00:00Z"}
    rows = run(api, world, "leads", {"fields": ["id", "updatedAt", "senses_phase"], "filter": {"updatedAt": span}})
    assert rows == [{"id": "1", "updatedAt": "2026-11-20T03:00:00Z", "senses_phase": "提案"}]


def test_other_kinds(api, world) -> None:
    lead = api.lead(email="a@example.jp")
    api.marketo.objects["custom_objects"].create([ATTENDEE])
    store, _ = api.marketo.find_store("custom_objects/oN24Attendee_c")
    store.create([{"personid": lead, "eventid": "1", "eventuserid": "1"}])
    api.marketo.objects["programs"].create([{"id": 7, "name": "W"}])
    api.marketo.objects["members"].create([{"programId": 7, "leadId": lead, "statusName": "Attended"}])
    activities = run(api, world, "activities", {"filter": {"createdAt": WINDOW, "activityTypeIds": [12, 104]}})
    assert [row["activityTypeId"] for row in activities] == ["12", "104"]
    assert '"New Status": "Attended"' in activities[1]["attributes"]
    objects = run(api, world, "customobjects/oN24Attendee_c", {
        "fields": ["eventid", "liveminutes"], "filter": {"updatedAt": WINDOW}, "columnHeaderNames": {"eventid": "E"}})
    assert objects == [{"E": "1", "liveminutes": "null"}]
    members = run(api, world, "program/members", {"fields": ["email", "statusName", "program"],
                                                  "filter": {"programId": 7}})
    assert members == [{"email": "a@example.jp", "statusName": "Attended", "program": "W"}]


def test_jobs_belong_to_their_user(api, code) -> None:
    job = create(api)
    api.marketo.configure({"services": [{"client_id": "c", "client_secret": "s", "rights": ["Read-Only Lead"]}]})
    answer = api.session.get(f"{api.base}/identity/oauth/token", params={
        "grant_type": "client_credentials", "client_id": "c", "client_secret": "s"})
    api.token = answer.json()["access_token"]
    assert code(call(api, job, "status")) == "1013"
