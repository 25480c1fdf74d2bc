"""Marketo's client against the sandbox: what only a vendor with state can show."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

from include.sandbox.world import World
from renkei.clients.marketo import MarketoClient
from renkei.clients.marketo_bulk import POLL_SECONDS, BulkExtract, rows, window
from renkei.errors import (
    ConfigurationError,
    CursorExpired,
    Disconnected,
    OutcomeUnknown,
    QuotaExhausted,
    Retriable,
)
from renkei.sync.ports import Result
from tests.support.sandbox import Sandbox
from tests.support.vendors import marketo_client

LEADS = "/rest/v1/leads.json"
OBJECT = "oN24Attendee_c"


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    sandbox.world.load("demo", seed=7)
    return sandbox.world


@pytest.fixture
def client(world: World) -> MarketoClient:
    return marketo_client(world)


def store(world: World, name: str) -> Any:
    return world.vendors["marketo"].find_store(name)[0]


def calls(world: World, path: str) -> int:
    return sum(call.path == path for call in world.journal.latest)


def create(client: MarketoClient, *emails: str) -> list[Result]:
    outcomes = client.sync_leads("createOnly", [{"email": email, "firstName": "花子"} for email in emails])
    return [outcome.result for outcome in outcomes]


def test_leads_are_created_found_and_updated(world: World, client: MarketoClient) -> None:
    outcome = client.sync_leads("createOnly", [{"email": "New@example.jp", "firstName": "花子"}])[0]
    found = list(client.leads("email", ["new@example.jp"], ["id", "email", "firstName"]))
    assert [str(row["id"]) for row in found] == [outcome.id] and found[0]["firstName"] == "花子"
    assert create(client, "new@example.jp") == [Result.EXISTS]
    updated = client.sync_leads("updateOnly", [{"id": found[0]["id"], "firstName": "太郎"}], lookup_field="id")
    assert updated[0].result is Result.UPDATED
    assert client.sync_leads("updateOnly", [{"id": 999_999_999}], lookup_field="id")[0].result is Result.NOT_FOUND


def test_two_leads_of_one_address_are_ambiguous_and_both_found(world: World, client: MarketoClient) -> None:
    store(world, "leads").create([{"email": "two@example.jp"}])
    store(world, "leads").create([{"email": "two@example.jp"}])
    assert len(list(client.leads("email", ["two@example.jp"], ["id"]))) == 2
    outcome = client.sync_leads("createOrUpdate", [{"email": "two@example.jp", "firstName": "x"}])[0]
    assert outcome.result is Result.AMBIGUOUS


def test_an_unknown_field_is_named(client: MarketoClient) -> None:
    with pytest.raises(ConfigurationError, match="noSuchField"):
        client.sync_leads("createOnly", [{"email": "x@example.jp", "noSuchField": 1}])


@pytest.mark.parametrize("action", ["expire_token", "revoke_token"])
def test_a_token_lost_mid_page_is_renewed_and_the_page_read_once(
    world: World, client: MarketoClient, action: str
) -> None:
    world.vendors["marketo"].configure(
        {"rights": ["Read-Write Person", "Read-Only Activity"], "activity_scan_block": 5}
    )
    token = client.paging_token(world.clock.now() - timedelta(days=90))
    whole = [row["marketoGUID"] for page in client.activities(token, [12]) for row in page.rows]
    assert len(whole) > 10
    world.faults.add(action=action, vendor="marketo", path="/rest/v1/activities.json", nth=3)
    again = [row["marketoGUID"] for page in client.activities(token, [12]) for row in page.rows]
    assert again == whole


@pytest.mark.parametrize("code", ["606", "615"])
def test_limits_are_waited_out(world: World, client: MarketoClient, code: str) -> None:
    world.faults.add(action="error", vendor="marketo", code=code, path=LEADS, count=2)
    assert create(client, "a@example.jp") == [Result.CREATED]
    assert len(world.journal.writes("marketo", "leads")) == 1


def test_the_spent_day_postpones_until_the_reset(world: World, client: MarketoClient) -> None:
    world.vendors["marketo"].configure({"daily_quota": 0})
    with pytest.raises(QuotaExhausted) as caught:
        create(client, "a@example.jp")
    left = (caught.value.resets_at - world.clock.now()).total_seconds()
    assert 0 < left <= 86_400
    world.vendors["marketo"].configure({"daily_quota": 10})
    world.clock.advance(left)
    assert create(client, "a@example.jp") == [Result.CREATED]


@pytest.mark.parametrize(("action", "leads"), [("drop_before", 0), ("drop_after", 1), ("truncate", 1), ("cut", 1)])
def test_a_write_whose_answer_is_lost_is_unknown_and_not_repeated(
    world: World, client: MarketoClient, action: str, leads: int
) -> None:
    world.faults.add(action=action, vendor="marketo", method="POST", path=LEADS)
    with pytest.raises(OutcomeUnknown):
        create(client, "lost@example.jp")
    assert len(list(client.leads("email", ["lost@example.jp"], ["id"]))) == leads


def test_an_answer_that_comes_too_late_is_unknown(world: World, client: MarketoClient) -> None:
    world.faults.add(action="delay", seconds=500, vendor="marketo", method="POST", path=LEADS)
    with pytest.raises(OutcomeUnknown):
        create(client, "late@example.jp")
    assert len(list(client.leads("email", ["late@example.jp"], ["id"]))) == 1


@pytest.mark.parametrize("action", ["drop_before", "drop_after", "truncate", "cut"])
def test_a_read_whose_answer_is_lost_may_be_asked_again(world: World, client: MarketoClient, action: str) -> None:
    world.faults.add(action=action, vendor="marketo", method="GET", path=LEADS)
    with pytest.raises(Retriable) as caught:
        list(client.leads("email", ["a@example.jp"], ["id"]))
    assert not isinstance(caught.value, OutcomeUnknown)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_gateway_errors_leave_writes_unknown(world: World, client: MarketoClient, status: int) -> None:
    world.faults.add(action="refuse", status=status, body="<html>", vendor="marketo", method="POST", path=LEADS)
    with pytest.raises(OutcomeUnknown):
        create(client, "a@example.jp")


@pytest.mark.req("O1", "O37")
@pytest.mark.parametrize(
    ("rights", "missing"),
    [
        (["Read-Write Person", "Read-Write Custom Object"], []),
        (["Read-Write Person"], ["Read-Write Custom Object"]),
        (["Read-Only Person", "Read-Write Custom Object"], ["Read-Write Person"]),
        (["Read-Only Person", "Read-Only Custom Object"], ["Read-Write Person", "Read-Write Custom Object"]),
    ],
)
def test_missing_rights_are_named_and_nothing_is_written(world: World, rights: list[str], missing: list[str]) -> None:
    world.vendors["marketo"].configure({"rights": rights})
    assert marketo_client(world).missing_rights(OBJECT) == missing
    assert all(entry.status == "skipped" for entry in world.journal.writes("marketo"))


@pytest.mark.req("O2")
def test_a_wrong_secret_disconnects_even_while_a_good_token_lives(world: World, client: MarketoClient) -> None:
    client.authenticate()
    wrong = marketo_client(world, client_secret="wrong")
    wrong._auth._store = client._auth._store
    with pytest.raises(Disconnected, match="client secret"):
        wrong.describe_leads()


def test_custom_objects_are_written_and_read_by_their_compound_key(world: World, client: MarketoClient) -> None:
    lead = store(world, "leads").create([{"email": "co@example.jp"}])[0]["id"]
    keys = [{"personid": lead, "eventid": "7", "eventuserid": str(n)} for n in range(350)]
    for start in (0, 300):
        outcomes = client.sync_custom_objects(OBJECT, "createOrUpdate", keys[start : start + 300])
        assert {outcome.result for outcome in outcomes} == {Result.CREATED}
    assert client.sync_custom_objects(OBJECT, "createOrUpdate", keys[:1])[0].result is Result.UPDATED
    found = list(client.query_by_dedupe_fields(OBJECT, keys, ["eventuserid"]))
    assert sorted(int(row["eventuserid"]) for row in found) == list(range(350))
    gone = [{**keys[0], "personid": 999_999_999}]
    assert client.sync_custom_objects(OBJECT, "createOrUpdate", gone)[0].result is Result.NOT_FOUND
    assert client.describe_custom_object(OBJECT)["dedupeFields"] == ["personid", "eventid", "eventuserid"]
    with pytest.raises(ConfigurationError) as caught:
        client.describe_custom_object("nothing_c")
    assert caught.value.code == "1013"


def test_members_move_forward_only(world: World, client: MarketoClient) -> None:
    lead = str(store(world, "leads").create([{"email": "m@example.jp"}])[0]["id"])
    results = [client.set_member_status("1001", s, [lead])[0].result for s in ("Registered", "Attended", "Registered")]
    assert results == [Result.CREATED, Result.UPDATED, Result.UNCHANGED]
    assert next(iter(client.members("1001", [lead], ["leadId", "statusName"])))["statusName"] == "Attended"
    with pytest.raises(ConfigurationError) as caught:
        client.set_member_status("1001", "Nonsense", [lead])
    assert caught.value.code == "1025"


def test_usage_is_what_marketo_counts(world: World, client: MarketoClient) -> None:
    before = client.usage_today()
    create(client, "u@example.jp")
    assert client.usage_today() == before + 2


def test_free_calls_are_told_to_the_meter(world: World) -> None:
    from tests.support.http import TestMeter

    meter = TestMeter()
    client = marketo_client(world, meter)
    client.authenticate()
    world.vendors["marketo"].expire_tokens()
    create(client, "f@example.jp")
    assert meter.free == [True, False]
    assert meter.receipts[-1][1].records == 1


def test_lead_changes_and_deletions_can_be_read(world: World) -> None:
    world.vendors["marketo"].configure({"rights": ["Read-Write Person", "Read-Only Activity"]})
    client = marketo_client(world)
    token = client.paging_token(world.clock.now())
    lead = store(world, "leads").create([{"email": "log@example.jp"}])[0]["id"]
    world.clock.advance(10)
    store(world, "leads").update(str(lead), {"firstName": "次郎"})
    store(world, "leads").delete(str(lead))
    world.clock.advance(3600)
    changed = [row for page in client.lead_changes(token, ["firstName"]) for row in page.rows]
    deleted = [row for page in client.deleted_leads(token) for row in page.rows]
    assert {row["activityTypeId"] for row in changed if row["leadId"] == lead} == {12, 13}
    assert [row["leadId"] for row in deleted] == [lead]
    assert client.activity_types()
    with pytest.raises(CursorExpired):
        list(client.activities("nonsense", [1]))


def finish(world: World, extract: BulkExtract, job: Any) -> Any:
    for _ in range(10):
        job = extract.advance(job)
        if job.done:
            return job
        world.clock.advance(POLL_SECONDS)
    raise AssertionError(job)


def test_a_bulk_extract_survives_faults_on_its_way(world: World, client: MarketoClient) -> None:
    now = world.clock.now()
    store(world, "leads").create([{"email": "bulk@example.jp", "firstName": "改\u2028行", "lastName": 'a"\r\nb'}])
    world.clock.advance(60)
    extract = BulkExtract(client)
    criteria = window("createdAt", now - timedelta(days=1), now + timedelta(hours=1))
    job = finish(world, extract, extract.create("leads", ["id", "email", "firstName", "lastName", "title"], criteria))
    file = BytesIO()
    world.faults.add(action="cut", keep_bytes=10, vendor="marketo", path="*/file.json")
    with pytest.raises(Retriable):
        extract.download(job, file)
    extract.download(job, file)
    found = {row["email"]: row for row in rows(file)}
    assert len(found) <= job.records and found["bulk@example.jp"]["firstName"] == "改\u2028行"
    assert found["bulk@example.jp"]["lastName"] == 'a"\r\nb' and found["bulk@example.jp"]["title"] is None


def test_the_vendors_clock_is_the_sandboxs(world: World) -> None:
    client = marketo_client(world)
    assert abs(client.now() - world.clock.now()) < timedelta(seconds=2)
    assert calls(world, LEADS) == 0
