"""Marketo's custom objects: definition, describe, compound queries, upserts, delete."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import ATTENDEE

NAME = "oN24Attendee_c"
PATH = f"/rest/v1/customobjects/{NAME}.json"


@pytest.fixture
def attendee(api):
    api.marketo.objects["custom_objects"].create([ATTENDEE])
    api.lead(email="a@example.jp")
    api.lead(email="b@example.jp")
    return api


def record(**more):
    return {"personid": 1, "eventid": "10", "eventuserid": "100", **more}


def sync(api, *records, **more):
    return api.post(PATH, {"action": "createOrUpdate", "dedupeBy": "dedupeFields", "input": list(records), **more})


def query(api, *keys, **more):
    return api.post(PATH, {"filterType": "dedupeFields", "fields": ["liveminutes"], "input": list(keys), **more},
                    _method="GET")


def test_describe(attendee) -> None:
    described = attendee.get(f"/rest/v1/customobjects/{NAME}/describe.json")["result"][0]
    assert described["name"] == NAME
    assert described["idField"] == "marketoGUID"
    assert described["dedupeFields"] == ["personid", "eventid", "eventuserid"]
    assert described["relationships"] == [
        {"field": "personid", "type": "child", "relatedTo": {"name": "Lead", "field": "Id"}}]
    types = {f["name"]: (f["dataType"], f.get("length")) for f in described["fields"]}
    assert types["personid"] == ("integer", None)
    assert types["eventid"] == ("string", 255)
    assert types["attendedlive"] == ("string", 1)
    listed = attendee.get("/rest/v1/customobjects.json", names=f"{NAME},other_c")["result"]
    assert [line["name"] for line in listed] == [NAME]


def test_a_draft_is_not_there_and_its_state_is_in_the_schema(attendee, code) -> None:
    attendee.marketo.objects["custom_objects"].update(NAME, {"state": "draft"})
    assert code(attendee.get(f"/rest/v1/customobjects/{NAME}/describe.json")) == "1013"
    assert code(sync(attendee, record())) == "1013"
    assert attendee.get("/rest/v1/customobjects.json")["result"] == []
    schema = attendee.get(f"/rest/v1/customobjects/schema/{NAME}/describe.json")["result"][0]
    assert schema["state"] == "draft"


def test_fields_added_later_wait_for_approval(attendee, code) -> None:
    fields = [*ATTENDEE["fields"], {"name": "extra", "dataType": "text", "draft": True}]
    attendee.marketo.objects["custom_objects"].update(NAME, {"state": "approvedWithDraft", "fields": fields})
    described = attendee.get(f"/rest/v1/customobjects/{NAME}/describe.json")["result"][0]
    assert "extra" not in {f["name"] for f in described["fields"]}
    assert code(sync(attendee, record(extra="x"))) == "1006"
    fields[-1]["draft"] = False
    attendee.marketo.objects["custom_objects"].update(NAME, {"state": "approved", "fields": fields})
    assert sync(attendee, record(extra="x"))["result"][0]["status"] == "created"


def test_upsert_by_compound_key(attendee, world) -> None:
    first = sync(attendee, record(liveminutes=5), record(eventid=11))["result"]
    assert [(r["seq"], r["status"]) for r in first] == [(0, "created"), (1, "created")]
    again = sync(attendee, record(liveminutes="55"), record(eventid="11"))["result"]
    assert [r["status"] for r in again] == ["updated", "updated"]
    assert [r["marketoGUID"] for r in again] == [r["marketoGUID"] for r in first]
    writes = world.journal.writes("marketo", NAME)
    assert [w.changed for w in writes[2:]] == [("liveminutes",), ()]
    found = query(attendee, record(), record(eventid="11"), record(eventid="12"))["result"]
    assert [r["liveminutes"] for r in found] == [55, None]


@pytest.mark.parametrize(("values", "expected"), [
    ({"personid": 99}, "1004"), ({"liveminutes": "long"}, "1001"), ({"attendedlive": "YES"}, "1003"),
    ({"personid": "x"}, "1001"), ({"eventid": "1" * 256}, "1003"),
])
def test_one_bad_record_is_skipped(attendee, values, expected) -> None:
    bad, good = sync(attendee, record(**values), record(eventuserid="2"))["result"]
    assert (bad["seq"], bad["status"], bad["reasons"][0]["code"]) == (0, "skipped", expected)
    assert good["status"] == "created"


@pytest.mark.parametrize(("body", "expected"), [
    ({"input": [record(nothing=1)]}, "1006"), ({"input": [{"personid": 1, "eventid": "1"}]}, "1003"),
    ({"input": [record(eventid=None)]}, "1003"), ({"input": [record(), record(eventid=10)]}, "1036"),
    ({"dedupeBy": "idField", "input": [{"marketoGUID": "x"}]}, "1003"),
    ({"action": "upsert", "input": [record()]}, "1003"), ({"input": []}, "1003"),
])
def test_bad_requests_execute_nothing(attendee, code, body, expected) -> None:
    assert code(attendee.post(PATH, body)) == expected
    assert attendee.marketo.custom_objects.tables[NAME].rows == {}


def test_actions_and_id_field(attendee) -> None:
    assert sync(attendee, record(), action="updateOnly")["result"][0]["reasons"][0]["code"] == "1013"
    guid = sync(attendee, record(), action="createOnly")["result"][0]["marketoGUID"]
    assert sync(attendee, record(), action="createOnly")["result"][0]["reasons"][0]["code"] == "1017"
    by_id = sync(attendee, {"marketoGUID": guid, "liveminutes": 7}, action="updateOnly", dedupeBy="idField")
    assert by_id["result"][0]["status"] == "updated"
    found = attendee.get(PATH, filterType="idField", filterValues=guid, fields="liveminutes,createdAt")["result"]
    assert found == [{"seq": 0, "marketoGUID": guid, "liveminutes": 7, "createdAt": "2026-11-20T03:00:00Z"}]


def test_compound_query_pages_with_all_inputs_repeated(attendee) -> None:
    keys = [record(eventuserid=str(n)) for n in range(7)]
    sync(attendee, *keys)
    seen, token = 0, None
    while True:
        page = query(attendee, *keys, batchSize=3, **({"nextPageToken": token} if token else {}))
        seen += len(page["result"])
        token = page.get("nextPageToken")
        if not page.get("moreResult"):
            break
    assert seen == 7


def test_simple_queries(attendee, code) -> None:
    sync(attendee, record(), record(personid=2), record(eventid="11"))
    assert code(attendee.get(PATH, filterType="dedupeFields", filterValues="1")) == "1003"
    assert code(attendee.get(PATH, filterType="liveminutes", filterValues="1")) == "1003"
    linked = attendee.get(PATH, filterType="personid", filterValues="1")["result"]
    assert [r["eventid"] for r in sorted(linked, key=lambda r: r["eventid"])] == ["10", "11"]


def test_integer_keys_are_a_matter_of_definition(attendee) -> None:
    fields = [dict(f, dataType="integer") if f["name"].startswith("event") else f for f in ATTENDEE["fields"]]
    attendee.marketo.objects["custom_objects"].update(NAME, {"fields": fields})
    created = sync(attendee, record(eventid="10", eventuserid=100))["result"][0]
    assert sync(attendee, record(eventid=10, eventuserid="100"))["result"][0]["marketoGUID"] == created["marketoGUID"]
    assert sync(attendee, record(eventid="ten"))["result"][0]["reasons"][0]["code"] == "1001"


def test_delete(attendee) -> None:
    guid = sync(attendee, record(), record(eventid="11"))["result"][0]["marketoGUID"]
    by_id = attendee.post(f"/rest/v1/customobjects/{NAME}/delete.json", {
        "deleteBy": "idField", "input": [{"marketoGUID": guid}, {"marketoGUID": "x"}]})["result"]
    assert [r["status"] for r in by_id] == ["deleted", "skipped"]
    by_key = attendee.post(f"/rest/v1/customobjects/{NAME}/delete.json", {
        "deleteBy": "dedupeFields", "input": [record(eventid="11")]})["result"]
    assert by_key[0]["status"] == "deleted"


def test_control_plane_refuses_what_the_ui_would(attendee, world) -> None:
    def control(method, path, body=None):
        return attendee.session.request(method, f"http://control.sandbox/marketo/{path}", json=body)

    created = control("POST", f"custom_objects/{NAME}", [record()]).json()[0]
    one = f"custom_objects/{NAME}/{created['marketoGUID']}"
    assert control("PATCH", one, {"liveminutes": 3}).json()["liveminutes"] == 3
    assert control("POST", f"custom_objects/{NAME}", [record()]).status_code == 400
    assert control("POST", f"custom_objects/{NAME}", [record(personid=99)]).status_code == 400
    assert control("GET", "custom_objects/other_c").status_code == 404
    assert control("POST", "custom_objects", [{"apiName": "x_c", "fields": [{"name": "a"}]}]).status_code == 400
    assert control("DELETE", one).status_code == 200
    assert control("GET", f"custom_objects/{NAME}").json() == []
