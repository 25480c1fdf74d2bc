"""KARTE emulator: what an event may be, what is cut, when it shows, and identify."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from include.sandbox.karte.rules import RESERVED
from tests.sandbox.karte_caller import GET, WRITE, WRITE_AND_ACT, Caller, event
from tests.support.sandbox import NOW, Sandbox

MILLIS = int(NOW.timestamp() * 1000)


@pytest.fixture
def karte(sandbox: Sandbox) -> Caller:
    return Caller(sandbox)


def keyed(keys: Any) -> dict[str, Any]:
    return {**event(), "keys": keys}


def named(name: Any, values: Any = None) -> dict[str, Any]:
    return {"keys": {"user_id": "u1"}, "event": {"event_name": name, "values": {} if values is None else values}}


@pytest.mark.parametrize("path", [WRITE, WRITE_AND_ACT])
@pytest.mark.parametrize("body", [
    keyed({}), keyed(None), keyed({"user_id": "u1", "visitor_id": "vis-1"}), keyed({"email": "a@example.jp"}),
    keyed({"user_id": ""}), keyed({"user_id": 5}), {"keys": {"user_id": "u1"}}, named("1trial"), named("無料体験"),
    named(""), named(None), named("trial", [1]), named("trial", "x"), named("trial", {"a-b": 1}),
    named("trial", {"a": {"b c": 1}}), named("trial", {"n": 2**53}), named("trial", {"n": -(2**53)}), [event()],
    {"keys": {"user_id": "u1"}, "events": [{"event_name": "trial", "values": {}}]},
])  # fmt: skip
def test_what_is_no_event_is_400_and_leaves_nothing(karte: Caller, path: str, body: Any) -> None:
    assert karte.refused(path, body) == 400
    assert karte.records("events") == []


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_reserved_names_are_refused_from_the_api_and_taken_from_the_tag(karte: Caller, name: str) -> None:
    assert karte.refused(WRITE, named(name)) == 400
    assert karte.make("events", user_id="u1", event_name=name)["source"] == "tag"


def test_no_json_is_400(karte: Caller) -> None:
    for data in (b"", b"{", b"\xff", b"null"):
        assert karte.refused(WRITE, None, json=None, data=data) == 400


@pytest.mark.parametrize("depth", [10, 400, 5000, 20_000])
def test_deep_bodies_are_taken_or_refused(karte: Caller, depth: int) -> None:
    data = json.dumps(event(a=0)).replace("0", "[" * depth + "]" * depth)
    assert karte.call(WRITE, data=data).status_code == (200 if depth == 10 else 400)


def test_a_request_over_45_kb_is_refused(karte: Caller) -> None:
    def body(size: int) -> bytes:
        empty = json.dumps(event(a=[])).encode()
        return empty.replace(b"[]", b"[" + b" " * (size - len(empty)) + b"]")

    karte_limit = 45 * 1024
    assert karte.call(WRITE, data=body(karte_limit)).ok
    assert karte.call(WRITE, data=body(karte_limit + 1)).status_code == 413
    karte.vendor.configure({"oversize_status": 400})
    assert karte.call(WRITE, data=body(karte_limit + 1)).status_code == 400


def test_long_texts_and_names_are_cut_without_a_word(karte: Caller) -> None:
    karte.write(kanji="漢" * 2049, exact="x" * 2048, inner={"deep": ["y" * 3000]}, **{"n" * 2049: 1})
    [found] = karte.events()
    assert (found["kanji"], found["exact"], found["inner"]) == ("漢" * 2048, "x" * 2048, {"deep": ["y" * 2048]})
    assert "n" * 2048 in found and "n" * 2049 not in found


def test_kinds_of_values(karte: Caller) -> None:
    karte.write(n=9007199254740991, m=-9007199254740991, f=0.5, t=True, nothing=None, many=[1, None, "a"])
    [found] = karte.events()
    assert found | {"date": 0, "_id": ""} == {
        "n": 9007199254740991, "m": -9007199254740991, "f": 0.5, "t": True, "many": [1, "a"], "date": 0, "_id": "",
    }  # fmt: skip


def test_the_same_event_twice_is_two_events(karte: Caller) -> None:
    karte.write(renkei_id="1")
    karte.write(renkei_id="1")
    assert [row["renkei_id"] for row in karte.events()] == ["1", "1"]
    assert len(karte.world.journal.writes("karte", "events")) == 2


def test_a_dropped_answer_has_been_written(karte: Caller) -> None:
    karte.world.faults.add(action="drop_after", vendor="karte", path=WRITE)
    with pytest.raises(requests.ConnectionError):
        karte.write()
    assert len(karte.events()) == 1


def test_events_show_after_the_lag_of_the_sandboxs_clock(karte: Caller) -> None:
    karte.vendor.configure({"visible_after_seconds": 60})
    karte.write()
    karte.world.clock.advance(59)
    assert karte.events() == [] and karte.records("events")[0]["visible"] is False
    karte.world.clock.advance(1)
    assert len(karte.events()) == 1 and karte.records("events")[0]["visible"] is True


def test_reading_knows_names_limit_and_span(karte: Caller) -> None:
    for number in range(12):
        karte.write(number=number)
        karte.world.clock.advance(1)
    assert [row["number"] for row in karte.events()] == list(range(10))
    assert [row["number"] for row in karte.events(limit=2)] == [0, 1]
    span = {"from": MILLIS + 3000, "to": MILLIS + 5000}
    assert [row["number"] for row in karte.events(**span)] == [3, 4]
    assert karte.events("other") == [] and karte.events(user="nobody") == []
    assert karte.post(GET, {"user_id": "nobody", "event_names": ["trial"]}) == {"events": {}}


def test_a_row_carries_karte_s_own_keys(karte: Caller) -> None:
    karte.write(a=1)
    [row] = karte.post(GET, {"user_id": "u1", "event_names": ["trial"]})["events"]["trial"]
    seconds = int(NOW.timestamp())
    assert row == {"_date": seconds, "values": {"trial": {"a": 1, "date": seconds, "_id": "ev-1"}}}


@pytest.mark.parametrize("body", [
    {}, {"user_id": "u1"}, {"event_names": ["a"]}, {"user_id": "u1", "event_names": []},
    {"user_id": "", "event_names": ["a"]},
    {"user_id": "u1", "event_names": [f"a{n}" for n in range(11)]}, {"user_id": "u1", "event_names": [1]},
    {"user_id": "u1", "event_names": ["a"], "options": {"limit": 11}},
    {"user_id": "u1", "event_names": ["a"], "options": {"limit": 0}},
    {"user_id": "u1", "event_names": ["a"], "options": {"from": 1_700_000_000}},
    {"user_id": "u1", "event_names": ["a"], "options": []},
])  # fmt: skip
def test_wrong_questions_are_400(karte: Caller, body: dict[str, Any]) -> None:
    assert karte.refused(GET, body) == 400


def test_identify_joins_a_visitor_and_a_member(karte: Caller) -> None:
    karte.make("events", visitor_id="vis-1", event_name="view")
    identify = {"event_name": "identify", "values": {"user_id": "u1", "email": "a@example.jp"}}
    karte.post(WRITE, {"keys": {"visitor_id": "vis-1"}, "event": identify})
    [user] = karte.records("users")
    assert (user["user_id"], user["visitor_ids"]) == ("u1", ["vis-1"])
    assert user["identify"] == {"user_id": "u1", "email": "a@example.jp"}
    assert len(karte.events("view", "u1")) == len(karte.events("view", "vis-1")) == 1


def test_identify_keeps_what_was_said_before(karte: Caller) -> None:
    karte.write("identify", email="a@example.jp", user_id="u1")
    karte.write("identify", marketo={"id": 5}, user_id="u1")
    assert karte.records("users")[0]["identify"] == {"email": "a@example.jp", "user_id": "u1", "marketo": {"id": 5}}
    assert len(karte.events("identify")) == 2


def test_user_data_management_drops_identify_without_user_id(karte: Caller) -> None:
    karte.write("identify", email="a@example.jp")
    assert karte.records("users")[0]["identify"] == {"email": "a@example.jp"}
    karte.world.reset()
    karte.vendor.configure({"user_data_management": True})
    karte.write("identify", email="a@example.jp")
    assert karte.records("users")[0]["identify"] == {}
    karte.write("identify", email="a@example.jp", user_id="u1")
    assert karte.records("users")[0]["identify"] == {"email": "a@example.jp", "user_id": "u1"}
    assert karte.events("identify") == []
    karte.write("trial")
    assert len(karte.events("trial")) == 1


def test_a_person_on_the_site(karte: Caller) -> None:
    karte.make("users", user_id="u1", email="a@example.jp")
    store, _ = karte.vendor.find_store("users")
    store.update("u1", {"plan": "pro"})
    assert karte.records("users")[0]["identify"] == {"user_id": "u1", "email": "a@example.jp", "plan": "pro"}
    karte.make("events", user_id="u1", event_name="trial", occurred_at="2026-11-01T09:00:00+09:00")
    assert karte.records("events")[-1]["date"] == "2026-11-01T09:00:00+09:00"
    store.delete("u1")
    assert karte.records("users") == karte.records("events") == []
