"""Salesforce's records: what may be written, what follows from it, what is refused and how."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.crm import Crm

LEAD = {"LastName": "山田", "Company": "見本"}


def refused(crm: Crm, kind: str, record_id: str | None = None, **values: Any) -> tuple[int, str, list[str]]:
    path = f"/sobjects/{kind}" + (f"/{record_id}" if record_id else "")
    answer = crm.sf("PATCH" if record_id else "POST", path, json=values)
    line = answer.json()[0]
    return answer.status_code, line["errorCode"], line.get("fields", [])


def create(crm: Crm, kind: str, **values: Any) -> str:
    answer = crm.sf("POST", f"/sobjects/{kind}", json=values)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.mark.parametrize(("values", "code", "fields"), [
    ({"FirstName": "花子"}, "REQUIRED_FIELD_MISSING", ["LastName", "Company"]),
    ({**LEAD, "Title": "x" * 129}, "STRING_TOO_LONG", ["Title"]),
    ({**LEAD, "Email": "nobody"}, "INVALID_EMAIL_ADDRESS", ["Email"]),
    ({**LEAD, "Nope": 1}, "INVALID_FIELD", []),
    ({**LEAD, "CreatedDate": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["CreatedDate"]),
    ({**LEAD, "Name": "x"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["Name"]),
    ({**LEAD, "OwnerId": "123"}, "MALFORMED_ID", ["OwnerId"]),
    ({**LEAD, "OwnerId": "0015g0000000001AAA"}, "MALFORMED_ID", ["OwnerId"]),
    ({**LEAD, "OwnerId": "0055g0000000999AAA"}, "INVALID_CROSS_REFERENCE_KEY", ["OwnerId"]),
    ({**LEAD, "NumberOfEmployees": "many"}, "JSON_PARSER_ERROR", []),
])  # fmt: skip
def test_a_lead_that_is_refused(crm: Crm, values: dict[str, Any], code: str, fields: list[str]) -> None:
    assert refused(crm, "Lead", **values) == (400, code, fields)


def test_an_update_stamps_the_record_even_without_a_change_unless_switched_off(crm: Crm) -> None:
    lead = create(crm, "Lead", **LEAD)
    made = crm.see("Lead", lead)
    crm.world.clock.advance(60)
    assert crm.sf("PATCH", f"/sobjects/Lead/{lead}", json={"LastName": "山田"}).status_code == 204
    touched = crm.see("Lead", lead)
    assert touched["SystemModstamp"] > made["SystemModstamp"]
    assert crm.world.journal.needless_writes("salesforce")
    crm.salesforce.configure({"touch_unchanged": False})
    crm.world.clock.advance(60)
    crm.sf("PATCH", f"/sobjects/Lead/{lead}", json={"LastName": "山田"})
    assert crm.see("Lead", lead)["SystemModstamp"] == touched["SystemModstamp"]


def test_field_permissions_and_object_permissions(crm: Crm) -> None:
    crm.salesforce.configure({"read_only_fields": ["Lead.Title"], "object_permissions": {"Task": {"create": False}}})
    assert refused(crm, "Lead", **LEAD, Title="x")[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    described = crm.sf("GET", "/sobjects/Task/describe").json()
    assert described["createable"] is False and described["updateable"] is True
    assert refused(crm, "Task", Subject="x")[1] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"


def test_a_task_has_defaults_and_an_owner_whether_named_or_not(crm: Crm) -> None:
    lead = create(crm, "Lead", **LEAD)
    task = crm.see("Task", create(crm, "Task", WhoId=lead, Subject="面談", ActivityDate="2026-11-30"))
    assert (task["Status"], task["Priority"], task["IsClosed"]) == ("Not Started", "Normal", False)
    assert task["OwnerId"] == crm.salesforce.api_user["Id"]


def test_a_task_refuses_converted_leads_queues_and_inactive_owners(crm: Crm) -> None:
    lead, queue = crm.make("Lead")["Id"], crm.make("Group", Name="受付")["Id"]
    left = crm.make("User", Username="x@example.com", LastName="x", IsActive=False)["Id"]
    assert refused(crm, "Task", Subject="s", OwnerId=queue)[1] == "INVALID_CROSS_REFERENCE_KEY"
    assert refused(crm, "Task", Subject="s", OwnerId=left)[1] == "INACTIVE_OWNER_OR_USER"
    crm.make("QueueSobject", QueueId=queue, SobjectType="Task")
    assert create(crm, "Task", Subject="s", OwnerId=queue)
    crm.edit("Lead", lead, convert=True)
    assert refused(crm, "Task", Subject="s", WhoId=lead)[1] == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_a_campaign_takes_a_lead_once_and_prefers_the_contact(crm: Crm) -> None:
    campaign = crm.make("Campaign", Name="展示会")["Id"]
    lead, contact = crm.make("Lead")["Id"], crm.make("Contact")["Id"]
    member = crm.see("CampaignMember", create(crm, "CampaignMember", CampaignId=campaign, LeadId=lead))
    assert (member["Status"], member["HasResponded"]) == ("Sent", False)
    answer = crm.sf("POST", "/sobjects/CampaignMember", json={"CampaignId": campaign, "LeadId": lead})
    assert answer.json() == [{"message": "Already a campaign member.", "errorCode": "DUPLICATE_VALUE"}]
    both = crm.see("CampaignMember", create(crm, "CampaignMember", CampaignId=campaign, LeadId=lead, ContactId=contact))
    assert (both["LeadId"], both["ContactId"]) == (None, contact)
    assert crm.see("Campaign", campaign)["NumberOfLeads"] == 1
    assert refused(crm, "CampaignMember", CampaignId=lead, LeadId=lead)[1] == "MALFORMED_ID"


def test_conversion_makes_contact_and_account_and_moves_what_hung_on_the_lead(crm: Crm) -> None:
    lead, campaign = crm.make("Lead", Email="a@example.jp", Title="部長"), crm.make("Campaign", Name="c")
    task = crm.make("Task", WhoId=lead["Id"], Subject="s")
    crm.make("CampaignMember", CampaignId=campaign["Id"], LeadId=lead["Id"])
    crm.edit("Lead", lead["Id"], convert=True)
    gone = crm.see("Lead", lead["Id"])
    contact = crm.see("Contact", gone["ConvertedContactId"])
    assert (contact["Email"], contact["Title"], contact["AccountId"]) == (
        "a@example.jp", "部長", gone["ConvertedAccountId"],
    )  # fmt: skip
    assert crm.see("Account", contact["AccountId"])["Name"] == "見本"
    assert crm.see("Task", task["Id"])["WhoId"] == contact["Id"]
    assert crm.people("CampaignMember")[0]["ContactId"] == contact["Id"]
    assert refused(crm, "Lead", lead["Id"], Title="x")[1] == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_of_merged_records_the_loser_names_its_master(crm: Crm) -> None:
    winner, loser = crm.make("Lead", Phone="1"), crm.make("Lead", Phone="2", Title="課長")
    task = crm.make("Task", WhoId=loser["Id"], Subject="s")
    crm.edit("Lead", loser["Id"], merge_into=winner["Id"])
    assert crm.see("Lead", loser["Id"])["MasterRecordId"] == winner["Id"]
    kept = crm.see("Lead", winner["Id"])
    assert (kept["Phone"], kept["Title"], crm.see("Task", task["Id"])["WhoId"]) == ("1", "課長", winner["Id"])
    answer = crm.sf("PATCH", f"/sobjects/Lead/{loser['Id']}", json={"Title": "x"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "ENTITY_IS_DELETED")


def test_an_account_takes_its_contacts_along_and_brings_them_back(crm: Crm) -> None:
    account = crm.make("Account", Name="a")["Id"]
    contact = crm.make("Contact", AccountId=account)["Id"]
    crm.salesforce.objects["Account"].delete(account)
    assert crm.see("Contact", contact)["IsDeleted"]
    crm.edit("Account", account, undelete=True)
    assert not crm.see("Contact", contact)["IsDeleted"]


def test_a_deleted_record_is_gone_for_good_after_fifteen_days_but_logged(crm: Crm) -> None:
    lead = crm.make("Lead")["Id"]
    crm.salesforce.objects["Lead"].delete(lead)
    crm.world.clock.advance(86_400)
    span = {"start": "2026-11-19T00:00:00Z", "end": "2026-11-21T00:00:00Z"}
    crm.log_in()
    answer = crm.sf("GET", "/sobjects/Lead/deleted", params=span).json()
    assert [line["id"] for line in answer["deletedRecords"]] == [lead]
    crm.world.clock.advance(14 * 86_400)
    crm.log_in()
    found = crm.sf("GET", "/queryAll", params={"q": "SELECT Id FROM Lead"}).json()
    assert found["totalSize"] == 0
    assert crm.sf("GET", "/sobjects/Lead/deleted", params=span).json()[0]["errorCode"] == "INVALID_REPLICATION_DATE"


def test_a_person_account_is_one_person_with_a_contact(crm: Crm) -> None:
    assert "PersonEmail" not in [f["name"] for f in crm.sf("GET", "/sobjects/Account/describe").json()["fields"]]
    crm.salesforce.configure({"person_accounts": True})
    account = create(crm, "Account", FirstName="花子", LastName="山田", PersonEmail="h@example.jp")
    (row,) = crm.soql("SELECT Id, AccountId, Email, Name, IsPersonAccount FROM Contact WHERE Email = 'h@example.jp'")
    assert (row["AccountId"], row["Name"], row["IsPersonAccount"]) == (account, "花子 山田", True)
    crm.sf("PATCH", f"/sobjects/Account/{account}", json={"PersonTitle": "部長"})
    assert crm.see("Contact", row["Id"])["Title"] == "部長"
    assert refused(crm, "Contact", row["Id"], Title="x")[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_validation_rules_duplicate_rules_and_locks(crm: Crm) -> None:
    rule = {"object": "Lead", "error_when": "Phone = null AND LeadSource = 'Web'", "message": "電話番号",
            "field": "Phone"}  # fmt: skip
    crm.salesforce.objects["validation_rules"].create([rule])
    assert refused(crm, "Lead", **LEAD, LeadSource="Web") == (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", ["Phone"])
    crm.salesforce.configure({"duplicate_rules": {"Lead": "allow"}})
    lead = create(crm, "Lead", **LEAD, Email="a@example.jp")
    again = {**LEAD, "Email": "A@example.jp"}
    assert refused(crm, "Lead", **again)[1] == "DUPLICATES_DETECTED"
    allowed = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    assert crm.sf("POST", "/sobjects/Lead", json=again, headers=allowed).status_code == 201
    crm.salesforce.configure({"locked_records": [lead]})
    assert refused(crm, "Lead", lead, Title="x")[1] == "UNABLE_TO_LOCK_ROW"


def test_restricted_picklists_and_unique_fields(crm: Crm) -> None:
    crm.salesforce.objects["fields"].create([
        {"object": "Lead", "name": "Rank__c", "type": "picklist", "options": ["A", "B"], "restricted": True},
        {"object": "Lead", "name": "Ref__c", "unique": True, "external_id": True},
    ])  # fmt: skip
    assert refused(crm, "Lead", **LEAD, Rank__c="C")[1] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    create(crm, "Lead", **LEAD, Rank__c="A", Ref__c="r1")
    assert refused(crm, "Lead", **LEAD, Ref__c="R1")[1] == "DUPLICATE_VALUE"


def test_field_history_is_kept_where_it_is_tracked(crm: Crm) -> None:
    crm.salesforce.configure({"history_fields": ["Lead.Phone"]})
    lead = crm.make("Lead", Phone="1")["Id"]
    crm.sf("PATCH", f"/sobjects/Lead/{lead}", json={"Phone": "2", "Title": "x"})
    (line,) = crm.soql(f"SELECT Field, OldValue, NewValue FROM LeadHistory WHERE LeadId = '{lead}'")
    assert (line["Field"], line["OldValue"], line["NewValue"]) == ("Phone", "1", "2")


def test_describe_is_answered_again_only_when_the_schema_changed(crm: Crm) -> None:
    asked = {"If-Modified-Since": "Fri, 20 Nov 2026 03:00:00 GMT"}
    assert crm.sf("GET", "/sobjects/Lead/describe", headers=asked).status_code == 304
    crm.world.clock.advance(60)
    crm.salesforce.objects["fields"].create([{"object": "Lead", "name": "Score__c", "type": "double"}])
    assert crm.sf("GET", "/sobjects/Lead/describe", headers=asked).status_code == 200
    names = {field["name"]: field for field in crm.sf("GET", "/sobjects/Contact/describe").json()["fields"]}
    assert names["OwnerId"]["polymorphicForeignKey"] is True and names["OwnerId"]["relationshipName"] == "Owner"
    assert names["Description"]["filterable"] is False and names["MailingAddress"]["type"] == "address"


def test_unknown_paths_methods_and_ids(crm: Crm) -> None:
    assert crm.sf("GET", "/nope").json()[0]["errorCode"] == "NOT_FOUND"
    assert crm.sf("PUT", "/sobjects/Lead").status_code == 405
    assert crm.sf("GET", "/sobjects/Nope/describe").status_code == 404
    assert crm.sf("GET", "/sobjects/Lead/00Q5g0000000999EAA").status_code == 404
    assert crm.sf("POST", "/sobjects/Lead", data="no json").json()[0]["errorCode"] == "JSON_PARSER_ERROR"
