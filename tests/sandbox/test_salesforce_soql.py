"""SOQL: what it finds, in which order, how it is shown, and what it refuses."""

from __future__ import annotations

import pytest

from tests.sandbox.crm import Crm


@pytest.fixture
def people(crm: Crm) -> Crm:
    """Four leads and a contact of an account."""
    rows = [("a@example.jp", "青木", 5, "Web"), ("B@example.jp", "馬場", 10, "Web"), (None, "千葉", None, None),
            ("d@example.jp", "O'Neill 100%", 7, "Other")]  # fmt: skip
    for email, name, staff, source in rows:
        crm.make("Lead", Email=email, LastName=name, NumberOfEmployees=staff, LeadSource=source)
        crm.world.clock.advance(3600)
    account = crm.make("Account", Name="見本電機", Website="https://mihon.example.jp")
    crm.make("Contact", Email="e@example.jp", LastName="江口", AccountId=account["Id"])
    crm.log_in()
    return crm


@pytest.mark.parametrize(("where", "names"), [
    ("Email = 'A@EXAMPLE.JP'", ["青木"]),
    ("Email = null", ["千葉"]),
    ("Email != 'a@example.jp'", ["馬場", "千葉", "O'Neill 100%"]),
    ("Email IN ('b@example.jp', 'D@example.jp', 'none')", ["馬場", "O'Neill 100%"]),
    ("Email NOT IN ('b@example.jp')", ["青木", "千葉", "O'Neill 100%"]),
    ("LastName = 'o\\'neill 100%'", ["O'Neill 100%"]),
    ("LastName LIKE '%100\\%'", ["O'Neill 100%"]),
    ("LastName LIKE '_木'", ["青木"]),
    ("NumberOfEmployees > 5", ["馬場", "O'Neill 100%"]),
    ("NumberOfEmployees <= 7 AND LeadSource = 'web'", ["青木"]),
    ("(LeadSource = 'Web' OR Email = null) AND NOT LastName = '馬場'", ["青木", "千葉"]),
    ("NOT (Email LIKE '%@example.jp')", ["千葉"]),
    ("IsConverted = false AND LeadSource = 'Other'", ["O'Neill 100%"]),
    ("CreatedDate = TODAY", ["青木", "馬場", "千葉", "O'Neill 100%"]),
    ("CreatedDate < TODAY", []),
    ("CreatedDate >= 2026-11-20T05:00:00Z", ["千葉", "O'Neill 100%"]),
    ("CreatedDate > 2026-11-20T14:00:00+09:00 AND CreatedDate = LAST_N_DAYS:3", ["O'Neill 100%"]),
    ("Owner.Email = 'api.user@example.com' AND Email = 'a@example.jp'", ["青木"]),
    ("Id IN (SELECT WhoId FROM Task)", []),
    ("Lead.Email = 'a@example.jp'", ["青木"]),
])  # fmt: skip
def test_conditions(people: Crm, where: str, names: list[str]) -> None:
    found = people.soql(f"SELECT LastName FROM Lead WHERE {where} ORDER BY CreatedDate")
    assert [row["LastName"] for row in found] == names


def test_order_with_nulls_first_unless_told_otherwise(people: Crm) -> None:
    def ordered(how: str) -> list[int | None]:
        return [row["NumberOfEmployees"] for row in people.soql(f"SELECT NumberOfEmployees FROM Lead ORDER BY {how}")]

    assert ordered("NumberOfEmployees") == [None, 5, 7, 10]
    assert ordered("NumberOfEmployees DESC") == [None, 10, 7, 5]
    assert ordered("NumberOfEmployees DESC NULLS LAST LIMIT 2") == [10, 7]
    assert ordered("NumberOfEmployees NULLS LAST LIMIT 2 OFFSET 1") == [7, 10]
    assert ordered("LeadSource NULLS LAST, NumberOfEmployees DESC") == [7, 10, 5, None]


def test_parents_are_nested_and_a_missing_one_is_null(people: Crm) -> None:
    (row,) = people.soql("SELECT Account.Name, Account.Owner.Email, ReportsTo.Name, Owner.Name FROM Contact")
    assert row["Account"]["Name"] == "見本電機" and row["Account"]["attributes"]["type"] == "Account"
    assert row["Account"]["Owner"]["Email"] == "api.user@example.com"
    assert row["ReportsTo"] is None and row["Owner"]["attributes"]["type"] == "Name"


def test_a_queue_owner_has_a_name_and_a_type_but_no_address(people: Crm) -> None:
    queue = people.make("Group", Name="受付")
    people.make("Lead", OwnerId=queue["Id"], Email="q@example.jp")
    (row,) = people.soql("SELECT Owner.Type, Owner.Email, Owner.Name FROM Lead WHERE Email = 'q@example.jp'")
    assert (row["Owner"]["Type"], row["Owner"]["Email"], row["Owner"]["Name"]) == ("Queue", None, "受付")


def test_ids_are_found_in_both_lengths(people: Crm) -> None:
    (row,) = people.soql("SELECT Id FROM Lead WHERE Email = 'a@example.jp'")
    for given in (row["Id"], row["Id"][:15]):
        assert people.soql(f"SELECT Id FROM Lead WHERE Id = '{given}'")[0]["Id"] == row["Id"]


def test_groups_and_counts(people: Crm) -> None:
    found = people.soql("SELECT LeadSource, COUNT(Id) n, MAX(NumberOfEmployees) FROM Lead "
                        "GROUP BY LeadSource HAVING COUNT(Id) > 1")  # fmt: skip
    assert [(row["LeadSource"], row["n"], row["expr0"]) for row in found] == [("Web", 2, 10)]
    answer = people.sf("GET", "/query", params={"q": "SELECT COUNT() FROM Lead"}).json()
    assert (answer["totalSize"], answer["records"]) == (4, [])


@pytest.mark.parametrize(("soql", "code", "said"), [
    ("SELECT Id, Nope FROM Lead", "INVALID_FIELD", "No such column 'Nope' on entity 'Lead'"),
    ("SELECT Id FROM Nope", "INVALID_TYPE", "sObject type 'Nope' is not supported"),
    ("SELECT Nope__c.Name FROM Lead", "INVALID_FIELD", "Didn't understand relationship 'Nope__c'"),
    ("SELECT Id FROM Lead WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
    ("SELECT Id FROM Lead WHERE Email = 5", "INVALID_FIELD", "should be enclosed in quotes"),
    ("SELECT Id FROM Lead WHERE IsConverted = 'false'", "INVALID_FIELD", "must be of type boolean"),
    ("SELECT Id FROM Lead WHERE CreatedDate > '2026-01-01'", "INVALID_FIELD", "must be of type dateTime"),
    ("SELECT Id FROM Lead WHERE Id = 'nope'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: nope"),
    ("SELECT Id FROM Lead WHERE Email = 'a' OR Email = 'b' AND Phone = '1'", "MALFORMED_QUERY", "unexpected token"),
    ("SELECT Id FROM Lead WHERE Email = 'a' garbage", "MALFORMED_QUERY", "unexpected token: 'garbage'"),
    ("SELECT Id FROM Lead WHERE Email = 'a", "MALFORMED_QUERY", "unexpected"),
    ("SELECT Id FROM Lead WHERE Email = 'a\\x'", "MALFORMED_QUERY", "Illegal character sequence"),
    ("SELECT Id FROM Lead LIMIT x", "MALFORMED_QUERY", "unexpected token"),
    ("DELETE FROM Lead", "MALFORMED_QUERY", "SELECT"),
    ("SELECT FIELDS(ALL) FROM Lead", "MALFORMED_QUERY", "LIMIT"),
])  # fmt: skip
def test_refusals_name_the_place(people: Crm, soql: str, code: str, said: str) -> None:
    status, found, message = people.refused(soql)
    assert (status, found) == (400, code)
    assert said in message and "ERROR at Row:1:Column:" in message


def test_hidden_fields_look_like_typing_errors(people: Crm) -> None:
    people.salesforce.configure({"hidden_fields": ["Lead.Phone"], "hidden_objects": ["Campaign"]})
    assert people.refused("SELECT Phone FROM Lead")[1] == "INVALID_FIELD"
    assert people.refused("SELECT Id FROM Lead WHERE Phone = '1'")[1] == "INVALID_FIELD"
    assert people.refused("SELECT Id FROM Campaign")[1] == "INVALID_TYPE"
    names = [field["name"] for field in people.sf("GET", "/sobjects/Lead/describe").json()["fields"]]
    assert "Phone" not in names and "Email" in names


def test_deleted_rows_show_in_query_all_only(people: Crm) -> None:
    (row,) = people.soql("SELECT Id FROM Lead WHERE Email = 'a@example.jp'")
    people.salesforce.objects["Lead"].delete(row["Id"])
    assert people.soql("SELECT Id FROM Lead WHERE Email = 'a@example.jp'") == []
    params = {"q": "SELECT Id, IsDeleted FROM Lead WHERE Email = 'a@example.jp'"}
    assert people.sf("GET", "/queryAll", params=params).json()["records"][0]["IsDeleted"] is True


def test_pages_have_locators_that_run_out(people: Crm) -> None:
    people.salesforce.configure({"page_cap": 3})
    first = people.sf("GET", "/query", params={"q": "SELECT Id FROM Lead ORDER BY Id"}).json()
    assert (first["totalSize"], first["done"], len(first["records"])) == (4, False, 3)
    address = people.salesforce.url + first["nextRecordsUrl"]
    assert [row["Id"] for row in people.session.get(address).json()["records"]]
    people.world.clock.advance(2 * 86_400)
    people.log_in()
    answer = people.session.get(address)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_parent_changes_leave_the_childs_stamp_alone_and_formulas_follow(people: Crm) -> None:
    people.salesforce.objects["fields"].create(
        [{"object": "Contact", "name": "Site__c", "formula": "Account.Website"}]
    )
    soql = "SELECT Site__c, SystemModstamp FROM Contact WHERE Email = 'e@example.jp'"
    (before,) = people.soql(soql)
    (account,) = people.people("Account")
    people.world.clock.advance(60)
    people.edit("Account", account["Id"], Website="https://new.example.jp")
    (after,) = people.soql(soql)
    assert (after["Site__c"], after["SystemModstamp"]) == ("https://new.example.jp", before["SystemModstamp"])
