"""A client library that others wrote, unmodified, against the sandbox over TCP."""

from __future__ import annotations

import pytest
from marketorestpython.client import MarketoClient
from marketorestpython.helper.exceptions import MarketoException

from include.sandbox.serve import serve
from include.sandbox.world import World


@pytest.fixture
def world():
    world = World(seed=7)
    world.vendors["marketo"].configure({
        "rights": ["Read-Write Person", "Read-Only Activity", "Read-Write Custom Object"],
        "bulk_seconds": 0, "bulk_status_seconds": 0, "activity_scan_block": 3})
    servers = serve(world, 0)
    yield world
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def client(world):
    credentials = world.vendors["marketo"].credentials()
    client = MarketoClient(credentials["munchkin_id"], credentials["client_id"], credentials["client_secret"],
                           max_retry_time=5)
    client.host = credentials["base_url"]
    return client


def test_upsert_leads_by_filter_and_activities(client, world) -> None:
    leads = [{"email": f"{n}@example.jp", "firstName": "花子"} for n in range(4)]
    assert [r["status"] for r in client.create_update_leads(leads)] == ["created"] * 4
    found = client.get_multiple_leads_by_filter_type("email", ["0@example.jp", "3@example.jp"], ["email", "firstName"])
    assert [(lead["id"], lead["firstName"]) for lead in found] == [(1, "花子"), (4, "花子")]
    client.create_update_leads([{"email": "2@example.jp", "firstName": "次郎"}], action="updateOnly")
    changes = client.get_lead_activities(["12", "13"], sinceDatetime="2020-01-01")
    assert [a["activityTypeId"] for a in changes] == [12, 12, 12, 12, 13]
    assert world.journal.count("marketo", "GET /rest/v1/activities.json") == 2


def test_bulk_extract(client) -> None:
    client.create_update_leads([{"email": "a@example.jp"}])
    created = {"startAt": client.get_lead_by_id(1)[0]["createdAt"], "endAt": client.get_lead_by_id(1)[0]["createdAt"]}
    job = client.create_leads_export_job(["id", "email"], {"createdAt": created})[0]["exportId"]
    client.enqueue_leads_export_job(job)
    assert client.get_leads_export_job_status(job)[0]["status"] == "Completed"
    assert client.get_leads_export_job_file(job) == b"id,email\n1,a@example.jp\n"
    activities = client.create_activities_export_job(filters={"createdAt": created})[0]["exportId"]
    client.enqueue_activities_export_job(activities)
    assert client.get_activities_export_job_status(activities)[0]["numberOfRecords"] == 1


def test_it_reads_refusals(client, world) -> None:
    assert client.describe()[0]["rest"]["name"] == "id"
    world.vendors["marketo"].configure({"rights": []})
    with pytest.raises(MarketoException) as refused:
        client.describe()
    assert str(refused.value.code) == "603"
