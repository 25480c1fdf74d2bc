"""ON24 emulator: pages, envelopes, sub-accounts."""

from __future__ import annotations

import pytest

from tests.sandbox.on24_caller import Caller
from tests.support.sandbox import Sandbox

SUB = 30001


@pytest.fixture
def on24(sandbox: Sandbox) -> Caller:
    caller = Caller(sandbox)
    caller.settings(freshness=False)
    caller.vendor.state.subclients = {SUB: "支社"}
    return caller


def crowd(on24: Caller, count: int, **event: object) -> int:
    eventid = on24.webinar(**event)
    for number in range(count):
        on24.attends(on24.person(eventid, f"p{number}@example.jp"), began=10.03 * 86_400)
    return eventid


@pytest.mark.parametrize("noun", ["registrant", "attendee"])
def test_pages_are_zero_based_and_hold_a_hundred_at_most(on24: Caller, noun: str) -> None:
    crowd(on24, 205)
    pages = [on24.get(f"/{noun}", pageoffset=number, itemsperpage=500) for number in range(3)]
    assert [len(page[f"{noun}s"]) for page in pages] == [100, 100, 5]
    assert {name: pages[2][name] for name in pages[2] if name != f"{noun}s"} == {
        "clientid": 22921, f"total{noun}s": 205, "pagecount": 3, "currentpage": 2}  # fmt: skip
    ids = [row["eventuserid"] for page in pages for row in page[f"{noun}s"]]
    assert len(set(ids)) == 205


def test_smaller_pages(on24: Caller) -> None:
    crowd(on24, 7)
    assert [len(on24.get("/registrant", pageOffset=n, itemsPerPage=3)["registrants"]) for n in range(3)] == [3, 3, 1]


def test_leads_come_in_pages_of_fifty(on24: Caller) -> None:
    crowd(on24, 60)
    first = on24.get("/lead", itemsperpage=100)
    assert (len(first["leads"]), first["totalleads"], first["pagecount"]) == (50, 60, 2)
    assert len(on24.get("/lead", pageoffset=1)["leads"]) == 10


@pytest.mark.parametrize("path", ["/registrant", "/attendee", "/lead"])
def test_a_page_out_of_range_is_refused(on24: Caller, path: str) -> None:
    crowd(on24, 101)
    last = 2 if path == "/lead" else 1
    text = f"Invalid pageOffset, range must be between 0 and {last}."
    assert on24.refused(path, pageoffset=last + 1) == (400, text)
    assert on24.refused(path, pageoffset="x") == (400, text)


def test_no_rows(on24: Caller) -> None:
    assert on24.get("/attendee") == {
        "clientid": 22921, "totalattendees": 0, "pagecount": 0, "currentpage": 0, "attendees": []}  # fmt: skip
    assert on24.refused("/attendee", pageoffset=1) == (400, "Invalid pageOffset, range must be between 0 and 0.")


@pytest.mark.parametrize("noun", ["registrant", "attendee"])
def test_event_level_lists_ignore_paging(on24: Caller, noun: str) -> None:
    eventid = crowd(on24, 120)
    answers = [on24.get(f"/event/{eventid}/{noun}", pageoffset=n, itemsperpage=10) for n in (0, 1)]
    assert answers[0] == answers[1]
    assert list(answers[0]) == ["eventid", f"total{noun}s", f"{noun}s"]
    assert len(answers[0][f"{noun}s"]) == 120


def test_the_event_list_pages_only_with_sub_accounts(on24: Caller) -> None:
    crowd(on24, 0)
    crowd(on24, 0)
    other = crowd(on24, 0, clientid=SUB)
    alone = on24.get("/event", itemsperpage=1)
    assert (list(alone), len(alone["events"])) == (["totalevents", "events"], 2)
    pages = [on24.get("/event", includesubaccounts="Y", itemsperpage=2, pageoffset=n) for n in (0, 1)]
    assert [(p["pagecount"], p["currentpage"], len(p["events"])) for p in pages] == [(2, 0, 2), (2, 1, 1)]
    assert pages[1]["events"][0]["eventid"] == other


def test_sub_accounts_of_people_are_in_unless_excluded(on24: Caller) -> None:
    crowd(on24, 1)
    crowd(on24, 2, clientid=SUB)
    assert on24.get("/registrant")["totalregistrants"] == 3
    assert on24.get("/registrant", excludeSubAccounts="Y")["totalregistrants"] == 1
    assert on24.get("/attendee", subaccounts=str(SUB))["totalattendees"] == 2


def test_sub_accounts_that_cannot_be_asked_for(on24: Caller) -> None:
    hint = "in order to filter by subaccounts."
    assert on24.refused("/event", subaccounts=str(SUB)) == (400, f"You have to set includesubaccounts='Y' {hint}")
    assert on24.refused("/registrant", subaccounts=str(SUB), excludesubaccounts="Y") == (
        400, f"You have to set excludesubaccounts='N' {hint}")  # fmt: skip
    assert on24.refused("/registrant", subaccounts="1")[0] == 404


def test_the_account_tree(on24: Caller) -> None:
    assert on24.get("") == {"clientname": "Example K.K.", "subclients": [{"id": SUB, "name": "支社", "subclients": []}]}


def test_pages_stand_while_nothing_changes_and_follow_when_it_does(on24: Caller) -> None:
    eventid = crowd(on24, 3)
    assert on24.get("/registrant")["totalregistrants"] == 3
    on24.person(eventid, "late@example.jp", registered=0)
    assert on24.get("/registrant")["totalregistrants"] == 4
