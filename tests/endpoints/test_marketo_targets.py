"""Marketo's targets over scripted answers: pairing of keys and outcomes, field names, halves, groups."""

from __future__ import annotations

from typing import Any

import pytest

from renkei.clients.marketo import MarketoClient
from renkei.clients.marketo_auth import TokenStore
from renkei.endpoints.marketo import CustomObjectTarget, LeadTarget, ProgramMemberTarget
from renkei.errors import ConfigurationError, OutcomeUnknown, Retriable
from renkei.sync.ports import MatchKey, Result, WriteItem
from tests.support.http import (
    Scripted,
    ScriptedVendor,
    TestClock,
    TestMeter,
    failed,
    form_of,
    json_of,
    ok,
    session_with,
)

DESCRIBE = {
    "name": "oN24Attendee_c",
    "idField": "marketoGUID",
    "dedupeFields": ["PersonID", "eventid", "eventuserid"],
    "fields": [
        {"name": "PersonID", "dataType": "integer"},
        {"name": "eventid", "dataType": "string"},
        {"name": "eventuserid", "dataType": "string"},
        {"name": "liveMinutes", "dataType": "integer"},
        {"name": "answeredSurveys", "dataType": "integer"},
    ],
}
OBJECT = "oN24Attendee_c"


def marketo(*script: Any) -> tuple[MarketoClient, ScriptedVendor]:
    vendor = ScriptedVendor(*script)
    client = MarketoClient(
        session_with(vendor),
        host="https://123-ABC-456.mktorest.com",
        client_id="id",
        client_secret="secret",
        meter=TestMeter(),
        clock=TestClock(),
        tokens=TokenStore(),
    )
    return client, vendor


def item(key: str, id: str | None = None, **fields: Any) -> WriteItem:
    return WriteItem(key, fields, id)


def skipped(code: str) -> dict[str, Any]:
    return {"status": "skipped", "reasons": [{"code": code, "message": "text"}]}


def email(value: str) -> MatchKey:
    return MatchKey("email", value)


def test_lookup_finds_all_leads_of_a_key_lowest_id_first() -> None:
    client, vendor = marketo(
        ok([{"id": 10, "email": "A@Example.jp", "title": "x"}, {"id": 9, "email": "a@example.jp", "title": "y"}]),
        ok([{"id": 5, "title": "z"}]),
    )
    keys = [email("a@example.jp"), MatchKey("id", "5"), email("b@example.jp"), MatchKey("id", "６")]
    found = LeadTarget(client).lookup(keys, ["title"])
    assert [hit.id for hit in found[email("a@example.jp")]] == ["9", "10"]
    assert found[MatchKey("id", "5")][0].fields == {"title": "z"}
    assert set(found) == {email("a@example.jp"), MatchKey("id", "5")}
    assert form_of(vendor.sent[0])["filterValues"] == "a@example.jp,b@example.jp"
    assert form_of(vendor.sent[1])["filterValues"] == "5"


def test_keys_that_marketo_cannot_hold_are_not_asked_for() -> None:
    client, vendor = marketo()
    keys = [
        email("a,b@example.jp"),
        email("花子@example.jp"),
        MatchKey("id", "abc"),
        MatchKey("id", "0"),
        MatchKey("id", "9" * 12),
    ]
    assert LeadTarget(client).lookup(keys, []) == {}
    assert vendor.sent == []


def test_create_is_create_only_by_email() -> None:
    client, vendor = marketo(ok([{"id": 1, "status": "created"}, skipped("1005"), skipped("1007")]))
    items = [item(str(n), email=f"p{n}@example.jp") for n in range(3)]
    assert [o.result for o in LeadTarget(client).create(items)] == [Result.CREATED, Result.EXISTS, Result.AMBIGUOUS]
    body = json_of(vendor.sent[0])
    assert (body["action"], body["lookupField"], body["asyncProcessing"]) == ("createOnly", "email", False)


def test_one_address_is_created_once_in_a_request() -> None:
    client, vendor = marketo(ok([{"id": 1, "status": "created"}, {"id": 2, "status": "created"}]))
    items = [item("1", email="a@example.jp"), item("2", email="b@example.jp"), item("3", email=" A@example.JP")]
    assert [o.result for o in LeadTarget(client).create(items)] == [Result.CREATED, Result.CREATED, Result.EXISTS]
    assert len(json_of(vendor.sent[0])["input"]) == 2


def test_update_is_by_id_only() -> None:
    client, vendor = marketo(ok([{"id": 50, "status": "updated"}, skipped("1004")]))
    outcomes = LeadTarget(client).update([item("1", "50", title="x"), item("2", "51", title="y")])
    assert [o.result for o in outcomes] == [Result.UPDATED, Result.NOT_FOUND]
    body = json_of(vendor.sent[0])
    assert (body["action"], body["lookupField"]) == ("updateOnly", "id")
    assert body["input"] == [{"title": "x", "id": 50}, {"title": "y", "id": 51}]


def test_read_finds_by_id_or_email() -> None:
    client, _ = marketo(
        ok([{"id": 50, "email": "x@example.jp", "title": "x"}]),
        ok([{"id": 51, "email": "b@example.jp", "title": None}]),
    )
    items = [item("1", "50", title="?"), item("2", email="B@example.jp", title="?"), item("3", "99", title="?")]
    assert LeadTarget(client).read(items) == {"1": {"title": "x"}, "2": {"email": "b@example.jp", "title": None}}


def test_a_request_refused_for_its_data_is_halved_down_to_the_record() -> None:
    bad = failed("1003", "Invalid data")
    client, vendor = marketo(bad, bad, ok([{"id": 51, "status": "updated"}]))
    outcomes = LeadTarget(client).update([item("1", "50"), item("2", "51")])
    assert [(o.result, o.error_class, o.code) for o in outcomes[:1]] == [(Result.FAILED, "data", "1003")]
    assert outcomes[1].result is Result.UPDATED
    assert [len(json_of(request)["input"]) for request in vendor.sent] == [2, 1, 1]


def test_the_rest_of_a_batch_that_was_partly_executed_is_sent_later() -> None:
    bad = failed("1003", "Invalid data")
    client, _ = marketo(bad, ok([{"id": 50, "status": "updated"}]), failed("607", "Daily quota reached"))
    outcomes = LeadTarget(client).update([item("1", "50"), item("2", "51")])
    assert [(o.result, o.error_class) for o in outcomes] == [(Result.UPDATED, "data"), (Result.FAILED, "transient")]


def test_a_lost_answer_in_a_halved_batch_leaves_all_of_it_unknown() -> None:
    client, _ = marketo(failed("1003", "bad"), ok([{"id": 50, "status": "updated"}]), Scripted(b"", 502))
    with pytest.raises(OutcomeUnknown):
        LeadTarget(client).update([item("1", "50"), item("2", "51")])


def test_a_record_too_large_for_a_request_of_its_own_fails() -> None:
    client, vendor = marketo()
    outcome = LeadTarget(client).update([item("1", "50", notes="あ" * 400_000)])[0]
    assert (outcome.result, outcome.error_class) == (Result.FAILED, "data")
    assert vendor.sent == []


def test_all_calls_of_a_batch_keep_its_deadline() -> None:
    client, vendor = marketo(*[failed("1003", "bad")] * 50)
    target = LeadTarget(client)
    began = client.clock.now()
    send = vendor.send

    def slow(request: Any, **more: Any) -> Any:
        client.clock.sleep(25)
        return send(request, **more)

    vendor.send = slow  # type: ignore[method-assign]
    outcomes: list[Any] = []
    with pytest.raises(Retriable):
        outcomes += target.update([item(str(n), str(n)) for n in range(1, 200)])
    assert client.clock.now() - began <= target.call_deadline
    assert len(vendor.sent) == 2  # the token took its time too


@pytest.mark.parametrize("which", [0, 1], ids=["leads", "records"])
def test_a_half_that_is_replayed_keeps_the_deadline_of_its_batch(which: int) -> None:
    client, vendor = marketo(failed("1003", "bad"), failed("606", "rate limit"), *[ok([{"id": 1}])] * 3)
    client.authenticate()
    target: Any = [LeadTarget(client), CustomObjectTarget(client, OBJECT, definition=DESCRIBE)][which]
    began, send = client.clock.now(), vendor.send
    takes = iter([55, 1, target.writes.seconds - 5])

    def slow(request: Any, **more: Any) -> Any:
        client.clock.sleep(next(takes))
        return send(request, **more)

    vendor.send = slow  # type: ignore[method-assign]
    with pytest.raises(Retriable):
        target.update([item(str(n), str(n)) for n in (1, 2)])
    assert client.clock.now() - began <= target.call_deadline


def test_an_unknown_field_stops_before_anything_is_halved() -> None:
    client, _ = marketo(failed("1006", "Field 'pEPURL__c' not found"))
    with pytest.raises(ConfigurationError, match="pEPURL__c"):
        LeadTarget(client).update([item("1", "50"), item("2", "51")])


@pytest.mark.req("O40")
def test_custom_object_fields_are_named_and_typed_as_described() -> None:
    client, vendor = marketo(ok([DESCRIBE]), ok([{"seq": 0, "marketoGUID": "g", "status": "created"}]))
    target = CustomObjectTarget(client, OBJECT, {"answersurveys": ["answeredsurveys"]})
    fields = {
        "personid": "1001",
        "eventid": 7,
        "eventuserid": "456",
        "liveminutes": 5,
        "answersurveys": 1,
        "absent": "x",
    }
    assert target.upsert([item("k", **fields)])[0].id == "g"
    body = json_of(vendor.sent[1])
    assert (body["action"], body["dedupeBy"]) == ("createOrUpdate", "dedupeFields")
    assert body["input"] == [
        {"PersonID": 1001, "eventid": "7", "eventuserid": "456", "liveMinutes": 5, "answeredSurveys": 1}
    ]


def test_a_record_of_a_lead_that_is_gone_is_not_found() -> None:
    client, _ = marketo(ok([DESCRIBE]), ok([{"seq": 0, **skipped("1004")}]))
    outcome = CustomObjectTarget(client, OBJECT).upsert([item("k", personid="1", eventid="7", eventuserid="4")])[0]
    assert outcome.result is Result.NOT_FOUND


def test_custom_objects_are_read_back_by_their_compound_key() -> None:
    row = {"seq": 0, "marketoGUID": "g", "PersonID": 1, "eventid": "7", "eventuserid": "4", "liveMinutes": 5}
    client, vendor = marketo(ok([DESCRIBE]), ok([row]))
    items = [item(k, personid="1", eventid="7", eventuserid=k, liveminutes=9) for k in ("4", "5")]
    shown = CustomObjectTarget(client, OBJECT).read(items)
    assert shown == {"4": {"personid": 1, "eventid": "7", "eventuserid": "4", "liveminutes": 5}}
    assert json_of(vendor.sent[1])["input"][1] == {"PersonID": 1, "eventid": "7", "eventuserid": "5"}


def member(key: str, program: int, lead: str, status: str) -> WriteItem:
    return item(key, programId=program, leadId=lead, statusName=status)


MEMBERS = [member("a", 1, "5", "Attended"), member("b", 2, "5", "Attended"), member("c", 1, "6", "Attended")]


@pytest.mark.req("O35")
def test_member_status_goes_by_program_and_never_backwards() -> None:
    client, vendor = marketo(
        ok([{"leadId": 5, "status": "created"}, skipped("1037")]), ok([{"leadId": 5, "status": "updated"}])
    )
    outcomes = ProgramMemberTarget(client).upsert(MEMBERS)
    assert [o.result for o in outcomes] == [Result.CREATED, Result.UPDATED, Result.UNCHANGED]
    assert ["/1/" in str(r.url) for r in vendor.sent] == [True, False]


def test_a_program_that_is_gone_fails_only_its_own_members() -> None:
    client, _ = marketo(failed("1013", "Program not found"), ok([{"leadId": 5, "status": "created"}]))
    outcomes = ProgramMemberTarget(client).upsert(MEMBERS)
    assert [(o.result, o.error_class) for o in outcomes if o.result is Result.FAILED] == [
        (Result.FAILED, "configuration")
    ] * 2
    assert outcomes[1].result is Result.CREATED


def test_a_later_group_that_was_not_executed_keeps_the_outcomes_of_the_first() -> None:
    client, _ = marketo(
        ok([{"leadId": 5, "status": "created"}, {"leadId": 6, "status": "created"}]), Scripted(b"", 502)
    )
    outcomes = ProgramMemberTarget(client).upsert(MEMBERS)
    assert [o.result for o in outcomes] == [Result.CREATED, Result.FAILED, Result.CREATED]
    assert outcomes[1].error_class == "transient"
    client, _ = marketo(Scripted(b"", 502))
    with pytest.raises((OutcomeUnknown, Retriable)):
        ProgramMemberTarget(client).upsert(MEMBERS)


def test_empty_batches_call_nobody() -> None:
    client, vendor = marketo()
    assert LeadTarget(client).create([]) == [] and LeadTarget(client).update([]) == []
    assert ProgramMemberTarget(client).upsert([]) == []
    assert vendor.sent == []


def test_deadlines_are_longer_than_marketos_own_time_outs() -> None:
    client, _ = marketo()
    assert LeadTarget(client).call_deadline.total_seconds() > 90
    assert CustomObjectTarget(client, OBJECT).call_deadline.total_seconds() > 120
