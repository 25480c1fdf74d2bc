"""Marketo's targets against the sandbox: what was written is what is read, and nothing else happens."""

from __future__ import annotations

from typing import Any

import pytest

from include.sandbox.world import World
from renkei.endpoints.marketo import CustomObjectTarget, LeadTarget, ProgramMemberTarget
from renkei.errors import ConfigurationError, RequestTooLarge
from renkei.sync.ports import MatchKey, Result, WriteItem
from tests.support.sandbox import Sandbox
from tests.support.vendors import marketo_client

OBJECT = "oN24Attendee_c"


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    sandbox.world.load("demo", seed=7)
    return sandbox.world


def people(count: int, start: int = 0) -> list[WriteItem]:
    names = [f"new{n}@example.jp" for n in range(start, start + count)]
    return [WriteItem(name, {"email": name, "lastName": "山田", "leadSource": "ON24"}) for name in names]


def writes(world: World, path: str) -> int:
    return sum(call.method == "POST" and call.path == path for call in world.journal.latest)


def test_300_people_are_looked_up_and_created_in_a_call_each(world: World) -> None:
    target, items = LeadTarget(marketo_client(world)), people(300)
    keys = [MatchKey("email", item.key) for item in items]
    assert target.lookup(keys, ["lastName"]) == {}
    outcomes = target.create(items)
    assert {outcome.result for outcome in outcomes} == {Result.CREATED}
    found = target.lookup(keys, ["lastName"])
    assert [found[key][0].id for key in keys] == [outcome.id for outcome in outcomes]
    assert found[keys[0]][0].fields == {"lastName": "山田"}
    assert writes(world, "/rest/v1/leads.json") == 1
    assert {outcome.result for outcome in target.create(items)} == {Result.EXISTS}


def test_what_was_written_is_read_back(world: World) -> None:
    target = LeadTarget(marketo_client(world))
    items = people(2)
    ids = [outcome.id for outcome in target.create(items)]
    changed = [WriteItem(item.key, {"lastName": "鈴木"}, id) for item, id in zip(items, ids, strict=True)]
    assert {outcome.result for outcome in target.update(changed)} == {Result.UPDATED}
    assert target.read(changed) == {item.key: {"lastName": "鈴木"} for item in items}


def test_a_merged_lead_is_not_found(world: World) -> None:
    target = LeadTarget(marketo_client(world))
    lead = target.create(people(1))[0].id
    world.vendors["marketo"].find_store("leads")[0].delete(str(lead))
    assert target.update([WriteItem("x", {"lastName": "x"}, lead)])[0].result is Result.NOT_FOUND


def record(person: Any, number: int, **fields: Any) -> WriteItem:
    keys = {"personid": str(person), "eventid": "4200001", "eventuserid": str(number)}
    return WriteItem(f"4200001:{number}", {**keys, "liveminutes": number, **fields})


@pytest.mark.req("O19")
def test_records_are_upserted_once_per_person_event_and_registration(world: World) -> None:
    client = marketo_client(world)
    person = LeadTarget(client).create(people(1))[0].id
    target = CustomObjectTarget(client, OBJECT)
    items = [record(person, n, attendedlive="Y", engagementscore=7.5) for n in range(3)]
    assert {outcome.result for outcome in target.upsert(items)} == {Result.CREATED}
    assert {outcome.result for outcome in target.upsert(items)} == {Result.UPDATED}
    assert len(world.vendors["marketo"].find_store(f"custom_objects/{OBJECT}")[0].list()) == 3
    shown = target.read([*items, record(person, 99)])
    assert set(shown) == {item.key for item in items}
    assert shown[items[2].key]["liveminutes"] == 2 and shown[items[2].key]["attendedlive"] == "Y"
    assert target.upsert([record(999_999_999, 1)])[0].result is Result.NOT_FOUND


def test_a_record_that_poisons_its_batch_is_found_by_halving(world: World) -> None:
    client = marketo_client(world)
    person = LeadTarget(client).create(people(1))[0].id
    target = CustomObjectTarget(client, OBJECT)
    items = [record(person, n) for n in range(300)]
    items[123] = WriteItem("bad", {"personid": person, "eventid": "", "eventuserid": "1"})
    world.journal.reset()
    outcomes = target.upsert(items)
    assert [n for n, outcome in enumerate(outcomes) if outcome.result is Result.FAILED] == [123]
    assert {outcome.result for outcome in outcomes} == {Result.CREATED, Result.FAILED}
    assert outcomes[123].error_class == "data"
    assert writes(world, f"/rest/v1/customobjects/{OBJECT}.json") <= 20


def test_a_batch_of_which_nothing_is_taken_stops(world: World) -> None:
    target = CustomObjectTarget(marketo_client(world), OBJECT)
    items = [WriteItem(str(n), {"personid": "1", "eventid": "", "eventuserid": str(n)}) for n in range(300)]
    with pytest.raises(ConfigurationError, match=r"one record after the other.*eventid"):
        target.upsert(items)
    assert writes(world, f"/rest/v1/customobjects/{OBJECT}.json") == 40


@pytest.mark.req("O35")
def test_members_are_set_by_program_and_read_back(world: World) -> None:
    client = marketo_client(world)
    ids = [str(outcome.id) for outcome in LeadTarget(client).create(people(2))]
    target = ProgramMemberTarget(client)
    items = [
        WriteItem(f"{program}:{lead}", {"programId": program, "leadId": lead, "statusName": status})
        for program, status in ((1001, "Attended"), (1002, "Registered"))
        for lead in ids
    ]
    assert {outcome.result for outcome in target.upsert(items)} == {Result.CREATED}
    assert target.read(items) == {item.key: dict(item.fields) for item in items}
    back = [WriteItem("back", {"programId": 1001, "leadId": ids[0], "statusName": "Registered"})]
    assert target.upsert(back)[0].result is Result.UNCHANGED
    lost = [WriteItem("lost", {"programId": 9999, "leadId": ids[0], "statusName": "Registered"})]
    assert target.upsert(lost)[0].error_class == "configuration"


def test_a_megabyte_is_asked_for_in_halves_without_a_call(world: World) -> None:
    target = LeadTarget(marketo_client(world))
    items = [WriteItem(i.key, {**i.fields, "company": "あ" * 5000}) for i in people(100)]
    with pytest.raises(RequestTooLarge):
        target.create(items)
    assert writes(world, "/rest/v1/leads.json") == 0
