"""The named worlds: the same from the same seed, and holding what they promise."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from include.sandbox.errors import ControlError
from include.sandbox.world import World, world_names
from include.sandbox.worlds._attendee_object import fields
from tests.sandbox.on24_caller import DAY, Caller, day
from tests.support.sandbox import NOW, Sandbox


def snapshot(world: World) -> list[Any]:
    names = (("on24", "events"), ("on24", "registrants"), ("on24", "attendees"), ("marketo", "leads"),
             ("marketo", "programs"))  # fmt: skip
    return [world.vendors[vendor].find_store(name)[0].list() for vendor, name in names]


def loaded(name: str, seed: int, scale: float = 1.0, later: int = 0) -> World:
    world = World(seed=1, now=NOW + timedelta(seconds=later))
    world.load(name, seed, scale)
    return world


def test_the_worlds_there_are() -> None:
    assert world_names() == ["demo", "empty_on24", "scale"]
    with pytest.raises(ControlError, match="there is no world"):
        loaded("moon", 1)


def test_demo_follows_from_seed_and_clock() -> None:
    assert snapshot(loaded("demo", 7)) == snapshot(loaded("demo", 7))
    assert snapshot(loaded("demo", 7)) != snapshot(loaded("demo", 8))
    assert snapshot(loaded("demo", 7)) != snapshot(loaded("demo", 7, later=DAY))


def test_loading_replaces_what_was_there() -> None:
    world = loaded("demo", 7)
    before = snapshot(world)
    world.load("demo", 7)
    assert snapshot(world) == before


@pytest.fixture
def demo(sandbox: Sandbox) -> Caller:
    sandbox.world.load("demo", 7)
    return Caller(sandbox)


def test_demo_holds_every_product(demo: Caller) -> None:
    events = demo.vendor.find_store("events")[0].list()
    kinds = Counter(event["contenttype"] for event in events)
    assert {"webcast", "gateway", "experience", "virtualenvironment", "golive"} == set(kinds)
    assert sum(event["istestevent"] for event in events) == 1
    attended = {row["eventid"] for row in demo.vendor.find_store("attendees")[0].list()}
    assert len(attended) >= 10


def test_demo_numbers(demo: Caller) -> None:
    registrants = demo.vendor.find_store("registrants")[0].list()
    attendees = demo.vendor.find_store("attendees")[0].list()
    assert 60 <= len(registrants) <= 70 and 35 <= len(attendees) <= 45
    usages = {frozenset(s["usage"] for s in row["sessions"]) for row in attendees}
    assert usages == {frozenset({"Live"}), frozenset({"Archived"}), frozenset({"Live", "Archived"})}
    assert Counter(row["userstatus"] for row in registrants).keys() == {"active", "deleted", "forgotten"}
    assert any(row["email"].endswith("@anonymous.on24.com") for row in registrants)
    addresses = Counter(row["email"].lower() for row in registrants)
    assert addresses.most_common(1)[0][1] >= 2
    assert any(row["isblocked"] == "Y" for row in attendees)


def test_demo_attendees_did_all_there_is(demo: Caller) -> None:
    rows = demo.get("/attendee")["attendees"]
    lists = {name for row in rows for name, value in row.items() if isinstance(value, list)}
    assert lists >= {
        "polls", "surveys", "questions", "resources", "calltoactions", "breakouts", "reactions", "testwidgets",
        "certifications", "meetingconversions", "democonversions", "contactus", "freetrial", "getpricing",
        "locationvisits"}  # fmt: skip
    assert max(len(row.get("polls", ())) for row in rows) == 7
    longest = max(len(answer) for row in rows for survey in row.get("surveys", ())
                  for question in survey["surveyquestions"] for answer in question["surveyanswers"])  # fmt: skip
    assert longest > 1500


def test_demo_does_not_change_by_itself(demo: Caller) -> None:
    """Nothing waits to become visible, so a second sync has nothing to do."""
    window = {"startdate": day(100), "enddate": day(0)}
    first = [demo.get("/registrant", **window), demo.get("/attendee", **window)]
    demo.advance(30 * DAY)
    assert [demo.get("/registrant", **window), demo.get("/attendee", **window)] == first


def test_demo_reaches_back_beyond_the_default_window(demo: Caller) -> None:
    recent, everything = demo.get("/attendee"), demo.get("/attendee", startdate=day(100))
    assert 0 < recent["totalattendees"] < everything["totalattendees"]


def test_demo_leads(sandbox: Sandbox, demo: Caller) -> None:
    leads = sandbox.world.vendors["marketo"].find_store("leads")[0].list()
    registrants = demo.vendor.find_store("registrants")[0].list()
    assert len(leads) == 25
    assert Counter(Counter(lead["email"].lower() for lead in leads).values()) == {1: 23, 2: 1}
    shared = {lead["email"].lower() for lead in leads} & {row["email"].lower() for row in registrants}
    assert len(shared) >= 18
    by_id = {lead["id"]: lead for lead in leads}
    named = [row for row in registrants if row["exteventusercd"]]
    assert named and all(int(row["exteventusercd"]) in by_id for row in named)
    assert any(by_id[int(row["exteventusercd"])]["email"] != row["email"].lower() for row in named)


def test_demo_programs_are_the_webinars(sandbox: Sandbox, demo: Caller) -> None:
    programs = sandbox.world.vendors["marketo"].find_store("programs")[0].list()
    titles = {e["description"] for e in demo.vendor.find_store("events")[0].list() if e["contenttype"] == "webcast"}
    assert {program["name"] for program in programs} <= titles
    wanted = {"Registered", "Attended", "Attended On-demand", "No Show"}
    assert all(wanted <= {status["name"] for status in program["statuses"]} for program in programs)


@pytest.mark.parametrize("name", ["demo", "empty_on24", "scale"])
def test_the_attendee_object_is_defined_in_every_world(name: str) -> None:
    marketo: Any = loaded(name, 7, 0.001).vendors["marketo"]
    kind = marketo.custom_objects.tables["oN24Attendee_c"].kind
    assert (kind.state, kind.dedupe_fields) == ("approved", ["personid", "eventid", "eventuserid"])
    assert kind.links == {"personid": "Id"}
    assert len(fields()) == 3 + 44
    assert (kind.fields["eventid"].data_type, kind.fields["eventuserid"].data_type) == ("string", "string")
    assert marketo.leads.fields.get("pEPURL__c") is None


def test_scale_numbers() -> None:
    world = loaded("scale", 7, 0.02)
    state: Any = world.vendors["on24"].state  # type: ignore[attr-defined]
    assert (len(state.registrations), len(state.events)) == (2000, 200)
    assert 0.57 < len(state.attended) / 2000 < 0.63
    pairs = Counter((r.email, r.event.eventid) for r in state.registrations.values())
    assert max(pairs.values()) == 1
    assert {e.contenttype for e in state.events.values()} >= {"webcast", "gateway", "experience", "golive"}
    settled = min(world.clock.now().timestamp() - r.created for r in state.registrations.values())
    assert settled > 60 * 3600


def test_scale_is_made_from_seed_and_id() -> None:
    first, again, other = (loaded("scale", seed, 0.002) for seed in (7, 7, 8))
    assert snapshot(first)[1:3] == snapshot(again)[1:3]
    assert snapshot(first)[1] != snapshot(other)[1]


def test_scale_leads_are_found_by_the_addresses_of_registrants() -> None:
    world = loaded("scale", 7, 0.01)
    marketo: Any = world.vendors["marketo"]
    registrants = world.vendors["on24"].find_store("registrants")[0].list()
    found = [marketo.leads.find("email", row["email"]) for row in registrants]
    assert 0.4 < sum(bool(ids) for ids in found) / len(found) < 0.6
    row, ids = next((row, ids) for row, ids in zip(registrants, found, strict=True) if ids)
    lead = marketo.leads.get(ids[0])
    assert (lead["email"], lead["lastName"]) == (row["email"], row["lastname"])
    assert marketo.leads.find("email", "p0000000.s8@example.jp") == []
    assert marketo.leads.get(10_001) is None and marketo.leads.get(10_000) is not None


def test_scale_leads_take_edits_and_creations() -> None:
    marketo: Any = loaded("scale", 7, 0.001).vendors["marketo"]
    store, _ = marketo.find_store("leads")
    store.update("3", {"title": "変更"})
    assert marketo.leads.get(3)["title"] == "変更"
    made = store.create([{"email": "new@example.jp"}])[0]
    assert made["id"] == 1001
    assert marketo.leads.find("email", "new@example.jp") == [1001]


def test_a_million_leads_cost_no_memory() -> None:
    tracemalloc.start()
    try:
        world = World(seed=1, now=NOW)
        before, _ = tracemalloc.get_traced_memory()
        world.vendors.pop("on24")
        world.load("scale", 7, 1.0)
        used = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert used < 5_000_000


def test_scale_pages_read_every_registrant_and_attendee_once(sandbox: Sandbox) -> None:
    sandbox.world.load("scale", 7, 0.01)
    caller = Caller(sandbox)
    window = {"startdate": day(130), "enddate": day(0)}
    for noun, expected in (("registrant", 1000), ("attendee", len(caller.vendor.state.attended))):
        seen: list[int] = []
        for number in range(20):
            page = caller.get(f"/{noun}", pageoffset=number, **window)
            seen += [row["eventuserid"] for row in page[f"{noun}s"]]
            if number >= page["pagecount"] - 1:
                break
        assert len(seen) == len(set(seen)) == expected


def test_shared_rows_read_the_same_as_rows_of_ones_own(sandbox: Sandbox) -> None:
    """Scale rows are encoded in parts; an edit that changes nothing takes them out of the shared form."""
    sandbox.world.load("scale", 7, 0.002)
    caller = Caller(sandbox)
    window = {"startdate": day(130), "enddate": day(0)}
    before = caller.get("/attendee", **window)["attendees"], caller.get("/registrant", **window)["registrants"]
    for registration in caller.vendor.state.registrations.values():
        registration.own_person()
        if registration.attendance:
            registration.attendance.edit()
    after = caller.get("/attendee", **window)["attendees"], caller.get("/registrant", **window)["registrants"]
    assert after == before
