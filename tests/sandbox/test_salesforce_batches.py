"""Many records in one call: collections, composite, Bulk API 2.0."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.crm import Crm


def lead(number: int, **more: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Lead"}, "LastName": f"山田{number}", "Company": "見本", **more}


def test_each_record_of_a_collection_has_its_own_outcome(crm: Crm) -> None:
    records = [lead(1), {"attributes": {"type": "Lead"}}, {"attributes": {"type": "Nope"}}, lead(4)]
    answer = crm.sf("POST", "/composite/sobjects", json={"records": records})
    assert answer.status_code == 200
    done = answer.json()
    assert [one["success"] for one in done] == [True, False, False, True]
    assert done[1]["errors"][0] == {
        "statusCode": "REQUIRED_FIELD_MISSING", "message": "Required fields are missing: [LastName, Company]",
        "fields": ["LastName", "Company"],
    }  # fmt: skip
    assert len(crm.people("Lead")) == 2


def test_all_or_none_takes_everything_back(crm: Crm) -> None:
    known = crm.make("Lead", Email="a@example.jp")
    body = {"allOrNone": True, "records": [
        {"attributes": {"type": "Lead"}, "Id": known["Id"], "Title": "x"},
        {"attributes": {"type": "Lead"}, "Id": "00Q5g0000000999EAA", "Title": "x"},
    ]}  # fmt: skip
    done = crm.sf("PATCH", "/composite/sobjects", json=body).json()
    assert [one["errors"][0]["statusCode"] for one in done] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_CROSS_REFERENCE_KEY",
    ]  # fmt: skip
    assert crm.see("Lead", known["Id"])["Title"] is None
    assert crm.world.journal.writes("salesforce", "Lead") == []


def test_a_collection_takes_two_hundred(crm: Crm) -> None:
    answer = crm.sf("POST", "/composite/sobjects", json={"records": [lead(n) for n in range(201)]})
    assert answer.status_code == 400 and crm.people("Lead") == []


def test_upsert_by_external_id_tells_made_from_changed(crm: Crm) -> None:
    crm.salesforce.objects["fields"].create([{"object": "Lead", "name": "Ref__c", "external_id": True}])
    crm.make("Lead", Ref__c="r1")
    records = [lead(1, Ref__c="r1"), lead(2, Ref__c="r2")]
    done = crm.sf("PATCH", "/composite/sobjects/Lead/Ref__c", json={"records": records}).json()
    assert [one["created"] for one in done] == [False, True]


def test_reading_and_deleting_many(crm: Crm) -> None:
    ids = [crm.make("Lead", Email=f"{n}@example.jp")["Id"] for n in range(3)]
    crm.salesforce.objects["Lead"].delete(ids[1])
    body = {"ids": ids, "fields": ["Email", "Owner.Email"]}
    found = crm.sf("POST", "/composite/sobjects/Lead", json=body).json()
    assert [row and row["Email"] for row in found] == ["0@example.jp", None, "2@example.jp"]
    assert found[0]["Owner"]["Email"] == "api.user@example.com"
    done = crm.sf("DELETE", "/composite/sobjects", params={"ids": ",".join(ids)}).json()
    assert [one["success"] for one in done] == [True, False, True]


def composite(crm: Crm, *parts: tuple[str, str, str, Any], strict: bool = True) -> list[dict[str, Any]]:
    asked = [{"referenceId": name, "method": method, "url": f"/services/data/v67.0{path}", "body": body}
             for name, method, path, body in parts]  # fmt: skip
    answer = crm.sf("POST", "/composite", json={"allOrNone": strict, "compositeRequest": asked})
    return answer.json()["compositeResponse"]


def test_subrequests_refer_to_each_other(crm: Crm) -> None:
    done = composite(
        crm,
        ("lead", "POST", "/sobjects/Lead", {"LastName": "x", "Company": "y"}),
        ("task", "POST", "/sobjects/Task", {"WhoId": "@{lead.id}", "Subject": "s"}),
        ("read", "GET", "/query?q=SELECT+Id+FROM+Task+WHERE+WhoId='@{lead.id}'", None),
    )
    assert [one["httpStatusCode"] for one in done] == [201, 201, 200]
    assert done[2]["body"]["records"][0]["Id"] == done[1]["body"]["id"]


@pytest.mark.parametrize("strict", [True, False])
def test_a_failing_subrequest_takes_the_others_back_if_wished(crm: Crm, strict: bool) -> None:
    done = composite(
        crm,
        ("lead", "POST", "/sobjects/Lead", {"LastName": "x", "Company": "y"}),
        ("bad", "POST", "/sobjects/Lead", {}), strict=strict,
    )  # fmt: skip
    assert [one["httpStatusCode"] for one in done] == ([400, 400] if strict else [201, 400])
    assert len(crm.people("Lead")) == (0 if strict else 1)


def test_a_batch_halts_on_an_error_if_wished(crm: Crm) -> None:
    parts = [{"method": "GET", "url": "v67.0/sobjects/Nope/describe"}, {"method": "GET", "url": "v67.0/limits"}]
    done = crm.sf("POST", "/composite/batch", json={"haltOnError": True, "batchRequests": parts}).json()
    assert done["hasErrors"] and [one["statusCode"] for one in done["results"]] == [404, 412]


def job(crm: Crm, soql: str, **more: str) -> dict[str, Any]:
    return crm.sf("POST", "/jobs/query", json={"operation": "query", "query": soql, **more}).json()


def test_a_bulk_query_takes_its_time_and_comes_in_pages(crm: Crm) -> None:
    for number in range(5):
        crm.make("Lead", Email=f"{number}@example.jp", LastName='引用"符')
    made = job(crm, "SELECT Email, LastName, IsConverted, CreatedDate FROM Lead ORDER BY Email", lineEnding="CRLF")
    assert made["state"] == "UploadComplete"
    path = f"/jobs/query/{made['id']}"
    crm.world.clock.advance(20)
    assert crm.sf("GET", path).json()["state"] == "InProgress"
    assert crm.sf("GET", f"{path}/results").status_code == 400
    crm.world.clock.advance(10)
    done = crm.sf("GET", path).json()
    assert (done["state"], done["numberRecordsProcessed"]) == ("JobComplete", 5)
    first = crm.sf("GET", f"{path}/results", params={"maxRecords": 3})
    assert first.headers["Sforce-NumberOfRecords"] == "3"
    line = '"0@example.jp","引用""符","false","2026-11-20T03:00:00.000Z"'
    assert first.text.splitlines()[:2] == ['"Email","LastName","IsConverted","CreatedDate"', line]
    last = crm.sf("GET", f"{path}/results", params={"locator": first.headers["Sforce-Locator"], "maxRecords": 3})
    assert (last.headers["Sforce-NumberOfRecords"], last.headers["Sforce-Locator"]) == ("2", "null")


def test_bulk_queries_that_are_refused_or_fail(crm: Crm) -> None:
    answer = crm.sf("POST", "/jobs/query", json={"operation": "query", "query": "SELECT Nope FROM Lead"})
    assert answer.json()[0]["errorCode"] == "INVALID_FIELD"
    answer = crm.sf("POST", "/jobs/query", json={"operation": "query", "query": "SELECT COUNT() FROM Lead"})
    assert answer.json()[0]["errorCode"] == "API_ERROR"
    made = job(crm, "SELECT Address FROM Lead")
    crm.world.clock.advance(30)
    done = crm.sf("GET", f"/jobs/query/{made['id']}").json()
    assert done["state"] == "Failed" and "compound data not supported" in done["errorMessage"]


def test_a_bulk_ingest_runs_when_the_upload_is_complete(crm: Crm) -> None:
    known = crm.make("Lead", Title="x")["Id"]
    made = crm.sf("POST", "/jobs/ingest", json={"object": "Lead", "operation": "update"}).json()
    path = f"/jobs/ingest/{made['id']}"
    text = f"Id,Title,Email\n{known},#N/A,\n00Q5g0000000999EAA,y,\n"
    assert crm.sf("PUT", f"{path}/batches", data=text.encode()).status_code == 201
    assert crm.sf("GET", path).json()["state"] == "Open"
    assert crm.sf("PATCH", path, json={"state": "UploadComplete"}).json()["state"] == "UploadComplete"
    assert crm.sf("GET", f"{path}/failedResults").status_code == 400
    crm.world.clock.advance(30)
    done = crm.sf("GET", path).json()
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (2, 1)
    assert crm.see("Lead", known)["Title"] is None
    assert "NOT_FOUND" in crm.sf("GET", f"{path}/failedResults").text
    assert known in crm.sf("GET", f"{path}/successfulResults").text


def test_bulk_results_are_kept_a_week(crm: Crm) -> None:
    made = job(crm, "SELECT Id FROM Lead")
    crm.world.clock.advance(7 * 86_400)
    crm.log_in()
    assert crm.sf("GET", f"/jobs/query/{made['id']}").status_code == 404
