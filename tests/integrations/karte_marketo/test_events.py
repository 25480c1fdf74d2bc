"""Activities and events, both ways: each once, held while the set-up is wrong, found out when an answer is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from renkei.sync.engine import RunFailed
from renkei.sync.retry import make_due
from tests.integrations.karte_marketo.conftest import RULE, TYPE, Pair

WRITE = {"vendor": "karte", "path": "/v2/track/event/write"}
ADD = {"vendor": "marketo", "path": "/rest/v1/activities/external.json"}


def link(pair: Pair, user: str = "u1", email: str = "a@example.jp") -> int:
    """A lead and the user it is linked with."""
    lead = pair.lead(email)
    pair.identify(user, email=email)
    pair.leads_run()
    return lead


@pytest.mark.req("K2")
def test_an_activity_becomes_one_event_of_the_linked_user(pair: Pair) -> None:
    lead = link(pair)
    pair.activity(lead, "Open Email", attributes={"Program Name": "Spring", "count": 2})
    pair.activities_run()
    pair.activities_run()
    [event] = pair.karte_events("marketo_open_email")
    assert event["user_id"] == "u1"
    values = event["values"]
    assert (values["program_name"], values["count"], values["lead_id"]) == ("Spring", 2, str(lead))
    assert values["occurred_at"].startswith("2026-11-20T03:00")


@pytest.mark.req("K2")
def test_the_same_webhook_again_is_no_second_event_and_a_user_may_be_named(pair: Pair) -> None:
    for _ in range(2):
        pair.activity(7, "資料請求", user_id="u9", occurred_at="2026-11-20T00:00:00Z")
    pair.activities_run(activities={"names": {"資料請求": "marketo_request"}})
    assert [event["user_id"] for event in pair.karte_events("marketo_request")] == ["u9"]


@pytest.mark.req("K2")
def test_an_activity_waits_for_its_user_and_an_impossible_name_is_listed(pair: Pair) -> None:
    lead = pair.lead("a@example.jp")
    pair.activity(lead)
    pair.activity(lead, "資料請求")
    summary = pair.activities_run()
    assert summary.counts["events"] == {"waiting": 1, "failed": 1}
    [problem] = pair.rows("select reason from renkei.problem_record")
    assert "activities.names" in problem.reason
    pair.identify("u1", email="a@example.jp")
    pair.leads_run()
    pair.activities_run()
    assert len(pair.karte_events("marketo_open_email")) == 1


def told(pair: Pair) -> list[str]:
    """The warnings of all changes."""
    return [one for row in pair.rows("select warnings from renkei.change order by id") for one in row.warnings]


@pytest.mark.req("K35")
def test_what_an_event_of_karte_cannot_hold_is_told(pair: Pair) -> None:
    lead = link(pair)
    attributes = {"note": "あ" * 3000, "備考": "x", "Web Page": "1", "web_page": "2", "lead_id": "9", "empty": ""}
    pair.activity(lead, attributes=attributes)
    pair.activities_run()
    [event] = pair.karte_events("marketo_open_email")
    assert (len(event["values"]["note"]), event["values"]["web_page"]) == (2048, "1")
    left_out = "attribute {} has no name of its own that KARTE takes: it was left out"
    expected = [left_out.format(name) for name in ("備考", "web_page", "lead_id")]
    assert sorted(told(pair)) == sorted([*expected, "note is longer than 2048 characters and was cut"])


@pytest.mark.req("K34")
@pytest.mark.parametrize(("marker", "events"), [("0" * 32, 0), ("", 1), (None, 1)])
def test_only_an_activity_that_bears_our_mark_came_from_karte(pair: Pair, marker: str | None, events: int) -> None:
    lead = link(pair)
    pair.activity(lead, attributes={"renkeiId": marker})  # a token of a trigger that has none is empty
    pair.activities_run()
    assert len(pair.karte_events("marketo_open_email")) == events


@pytest.mark.req("K35")
def test_what_a_custom_activity_cannot_hold_is_told(typed: Pair) -> None:
    typed.lead("a@example.jp")
    typed.event(email="a@example.jp", document="d" * 300, category="c" * 255 + "い")
    typed.events_run()
    [activity] = typed.activities()
    assert activity["primaryAttributeValue"] == "d" * 255
    cut = "{} is longer than 255 characters and was cut"
    assert told(typed) == [cut.format("values.document"), cut.format("category")]


@pytest.mark.req("K2")
def test_the_log_may_be_the_source_and_late_activities_are_not_missed(pair: Pair) -> None:
    lead = link(pair)
    wanted = {"activities": {"source": "log", "types": ["Click Link"]}}
    first = {"leadId": lead, "activityTypeId": 3, "attributes": [{"name": "Webpage ID", "value": 5}]}
    pair.add("marketo", "activities", first)
    pair.pass_time(minutes=10)
    pair.activities_run(**wanted)
    pair.add("marketo", "activities", {**first, "activityDate": "2026-11-20T03:00:30Z"})  # written down late
    pair.pass_time(minutes=10)
    pair.activities_run(**wanted)
    pair.activities_run(**wanted)
    events = pair.karte_events("marketo_click_link")
    assert [event["values"]["webpage_id"] for event in events] == [5, 5]


@pytest.mark.parametrize("loaded", [["x"], "x", None, 5, {"event_name": "download", "values": 5}])
def test_one_bad_row_of_the_teams_table_stops_no_other_event(typed: Pair, loaded: Any) -> None:
    typed.lead("a@example.jp")
    at = typed.now() - timedelta(minutes=20)
    values = {"email": "a@example.jp", "document": "x"}
    good = {"event_name": "download", "user_id": "u1", "occurred_at": "2026-11-20T12:00:00+09:00", "values": values}
    typed.arrive("loaded_event", "karte.event", "1", loaded, at)
    typed.arrive("loaded_event", "karte.event", "2", good, at)
    typed.events_run(users_from="table", realtime={"enabled": False})
    assert len(typed.activities()) == 1


@pytest.mark.req("K4")
def test_an_event_becomes_one_activity_of_the_lead_with_that_address(typed: Pair) -> None:
    lead = typed.lead("a@example.jp")
    typed.event(email="A@Example.jp", document="価格表", category="price")
    typed.event("view_item", email="a@example.jp")
    typed.events_run()
    typed.events_run()
    [activity] = typed.activities()
    assert (activity["leadId"], activity["primaryAttributeValue"]) == (lead, "価格表")
    values = {one["name"]: one["value"] for one in activity["attributes"]}
    assert values["category"] == "price" and len(values["renkeiId"]) == 32
    assert typed.reasons() == {"e2": "not_wanted"}


@pytest.mark.req("K4")
@pytest.mark.parametrize(
    ("rule", "values"), [({"lead_key": "user"}, {}), ({"lead_key": "marketo.id"}, {"marketo": {"id": "1"}})]
)
def test_the_lead_may_be_named_by_user_or_id(typed: Pair, rule: dict[str, str], values: dict[str, object]) -> None:
    lead = link(typed)
    typed.event(document="x", **values)
    typed.events_run(events=[RULE | rule])
    assert [activity["leadId"] for activity in typed.activities()] == [lead]


def test_an_address_of_too_many_leads_holds_up_nobody_elses_event(typed: Pair) -> None:
    lead = typed.lead("b@example.jp")
    typed.add("marketo", "leads", *[{"email": "info@example.jp"} for _ in range(1001)])
    typed.event(email="info@example.jp", document="x")
    typed.event(email="b@example.jp", document="x")
    typed.events_run()
    assert [activity["leadId"] for activity in typed.activities()] == [lead]


@pytest.mark.req("K4", "K35")
def test_an_event_of_nobody_waits_and_one_that_says_too_little_is_listed(typed: Pair) -> None:
    typed.event(email="later@example.jp", document="x")
    typed.event(email="later@example.jp")
    typed.webhook({"user_id": "u1", "event_name": "download", "values": {"document": "x"}, "occurred_at": "yesterday"})
    summary = typed.events_run()
    assert summary.counts["activities"] == {"waiting": 1, "failed": 2}
    reasons = {row.reason for row in typed.rows("select reason from renkei.problem_record")}
    assert reasons == {"values.document is missing", "occurred_at is no time with an offset"}
    typed.lead("later@example.jp")
    typed.events_run()
    typed.events_run()
    assert len(typed.activities()) == 1


@pytest.mark.req("K38")
@pytest.mark.parametrize("wrong", ["missing", "draft", "attribute"])
def test_events_are_held_while_their_type_is_wrong_and_all_go_once_when_it_is_right(pair: Pair, wrong: str) -> None:
    link(pair)
    attributes = TYPE["attributes"] if wrong != "attribute" else [{"apiName": "renkeiId"}]
    if wrong != "missing":
        status = "draft" if wrong == "draft" else "approved"
        pair.add("marketo", "activity_types", TYPE | {"attributes": attributes, "status": status})
    for number in range(3):
        pair.event(email="a@example.jp", document=f"d{number}", category="x")
    with pytest.raises(RunFailed, match=r"3 records are held until the set-up is right.*100001"):
        pair.events_run()
    assert pair.activities() == []
    held = pair.rows("select distinct state, error_class from renkei.change where form = 'write_once'")
    assert [tuple(row) for row in held] == [("failed", "configuration")]
    if wrong == "missing":
        pair.add("marketo", "activity_types", TYPE)
    else:
        pair._objects("marketo", "activity_types").update(
            "100001", {"status": "approved", "attributes": TYPE["attributes"]}
        )
    make_due(pair.engine, "karte_event_to_marketo")
    pair.events_run()
    pair.events_run()
    assert sorted(activity["primaryAttributeValue"] for activity in pair.activities()) == ["d0", "d1", "d2"]


def test_an_event_whose_answer_was_lost_is_found_once_karte_shows_it(pair: Pair) -> None:
    lead = link(pair)
    pair.karte_world.configure({"visible_after_seconds": 600})
    pair.activity(lead)
    pair.sandbox.world.faults.add(action="drop_after", **WRITE)
    pair.activities_run()
    for _ in range(3):
        pair.pass_time(minutes=8)
        pair.activities_run()
    assert len(pair.karte_events("marketo_open_email")) == 1
    assert [row.state for row in pair.rows("select state from renkei.change where form = 'write_once'")] == ["closed"]


def test_an_event_that_never_arrived_is_sent_once_its_absence_counts(pair: Pair) -> None:
    lead = link(pair)
    pair.activity(lead)
    pair.sandbox.world.faults.add(action="drop_before", **WRITE)
    pair.activities_run()
    pair.pass_time(minutes=10)
    pair.activities_run()
    assert pair.karte_events("marketo_open_email") == []
    pair.pass_time(minutes=10)
    pair.activities_run()
    assert len(pair.karte_events("marketo_open_email")) == 1


def test_where_karte_shows_only_others_the_event_stays_in_doubt_and_listed(pair: Pair) -> None:
    lead = link(pair)
    pair.sandbox.world.faults.add(action="drop_after", **WRITE)
    pair.activity(lead)
    flow_state = pair.karte_world.state
    before = [{"user_id": "u1", "event_name": "marketo_open_email", "values": {"n": n}} for n in range(12)]
    pair.add("karte", "events", *before)
    pair.activities_run()
    pair.pass_time(days=2)
    pair.activities_run()
    [problem] = pair.rows("select problem, reason from renkei.problem_record")
    assert problem.problem == "in doubt" and "oldest 10 events" in problem.reason
    assert len([e for e in flow_state.events.values() if "renkei_id" in e.values and e.name != "identify"]) == 1


def test_a_custom_activity_whose_answer_was_lost_is_found_by_its_renkei_id(typed: Pair) -> None:
    typed.lead("a@example.jp")
    typed.marketo_world.configure({"activity_delay_seconds": 3600})
    for number in range(3):
        typed.event(email="a@example.jp", document=f"d{number}")
    typed.sandbox.world.faults.add(action="drop_after", **ADD)
    typed.events_run()
    for _ in range(3):
        typed.pass_time(minutes=40)
        typed.events_run()
    assert len(typed.activities()) == 3
    states = typed.rows("select distinct state from renkei.change where form = 'write_once'")
    assert [row.state for row in states] == ["closed"]


def test_a_custom_activity_that_never_arrived_is_sent_after_a_day(typed: Pair) -> None:
    typed.lead("a@example.jp")
    typed.event(email="a@example.jp", document="d")
    typed.sandbox.world.faults.add(action="drop_before", **ADD)
    typed.events_run()
    typed.pass_time(hours=23)
    typed.events_run()
    assert typed.activities() == []
    typed.pass_time(hours=2)
    typed.events_run()
    assert len(typed.activities()) == 1
