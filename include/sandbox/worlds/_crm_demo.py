"""The Salesforce and Account Engagement part of the demo world: they know some of the webinars' audience."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from include.sandbox.salesforce.times import stamp
from include.sandbox.worlds._crm_setup import define_insight_fields, make_users
from include.sandbox.worlds._dice import Dice
from include.sandbox.worlds._on24_demo import email_of
from include.sandbox.worlds._people import ENGLISH_COMPANIES, JAPANESE_COMPANIES, PREFECTURES, lead

DAY = 86_400
CAMPAIGN = "701000000000001AAA"
"""the campaign that bookings are entered in"""
PRIORITY, SEMINAR, LETTER = "重点顧客", "セミナー参加者", "メールマガジン"
LEADS = range(0, 20)
"""these of the roster are leads"""
CONTACTS = range(22, 34)
"""and these are contacts"""
BOTH = 22
"""this contact is a lead, too"""
CONVERTED = 34
"""this one was a lead and is a contact now"""
SYNCED = (*range(0, 12), *range(22, 28))
"""prospects that are in step with their lead or contact"""
UNSYNCED = range(12, 16)
"""prospects whose lead is there but not linked yet"""
STRANGERS = (("みらい 太一", "taichi", True), ("Wei Lee", "wei", True), ("通りすがり", "visitor", False))
"""prospects nobody knows in Salesforce: name, mailbox, whether they have an assignee"""


def fill(salesforce: Any, engagement: Any, seed: int) -> None:
    """6 users and a queue, 9 accounts, 23 leads (one converted, one of a queue), 13 contacts, 2 campaigns; 26
    prospects, 3 lists."""
    salesforce.configure({"history_fields": ["Lead.Phone", "Contact.Phone"]})
    define_insight_fields(salesforce)
    owners, queue = make_users(salesforce, engagement)
    accounts = _accounts(salesforce, seed, owners)
    _campaigns(salesforce)
    leads = {member: _lead(salesforce, seed, member, owners[member % 3]) for member in (*LEADS, BOTH)}
    _lead(salesforce, seed, 20, queue)
    contacts = {member: _contact(salesforce, seed, member, owners[member % 3], accounts) for member in CONTACTS}
    converted = _lead(salesforce, seed, CONVERTED, owners[0])
    salesforce.objects["Lead"].update(converted, {"convert": {"account_id": accounts[0]}})
    _prospects(salesforce, engagement, seed, {**leads, **contacts})


def _accounts(salesforce: Any, seed: int, owners: list[str]) -> list[str]:
    names = (*JAPANESE_COMPANIES, *ENGLISH_COMPANIES)
    made = []
    for number, name in enumerate(names):
        dice = Dice(seed, number, 51)
        state, city, code = dice.pick(PREFECTURES)
        made.append({
            "Name": name, "Website": f"https://www.company{number}.example.jp",
            "Phone": f"03-0000-{dice.below(10000):04}",
            "Industry": dice.pick(("Manufacturing", "Technology", "Banking", "Retail")), "BillingState": state,
            "BillingCity": city, "BillingPostalCode": code, "NumberOfEmployees": dice.between(5, 3000),
            "OwnerId": owners[number % 3], "CreatedDate": _past(salesforce, 400 - number),
        })  # fmt: skip
    return [row["Id"] for row in salesforce.objects["Account"].create(made)]


def _campaigns(salesforce: Any) -> None:
    salesforce.objects["Campaign"].create([
        {"Id": CAMPAIGN, "Name": "オンライン商談", "IsActive": True, "Type": "Other", "Status": "In Progress"},
        {"Name": "Integration in Practice", "IsActive": True, "Type": "Webinar", "Status": "Completed"},
    ])  # fmt: skip


def _lead(salesforce: Any, seed: int, member: int, owner: str) -> str:
    person = lead(seed, member)
    [made] = salesforce.objects["Lead"].create([{
        "FirstName": person["firstName"], "LastName": person["lastName"], "Company": person["company"],
        "Title": person["title"], "City": person["city"], "Country": person["country"], "Phone": person["phone"],
        "Email": email_of(member), "LeadSource": "Webinar", "OwnerId": owner,
        "CreatedDate": _past(salesforce, 120 - member),
    }])  # fmt: skip
    return str(made["Id"])


def _contact(salesforce: Any, seed: int, member: int, owner: str, accounts: list[str]) -> str:
    person = lead(seed, member)
    [made] = salesforce.objects["Contact"].create([{
        "FirstName": person["firstName"], "LastName": person["lastName"], "Title": person["title"],
        "MailingCity": person["city"], "MailingCountry": person["country"], "Phone": person["phone"],
        "Email": email_of(member), "OwnerId": owner, "AccountId": accounts[member % len(accounts)],
        "CreatedDate": _past(salesforce, 200 - member),
    }])  # fmt: skip
    return str(made["Id"])


def _prospects(salesforce: Any, engagement: Any, seed: int, people: dict[int, str]) -> None:
    store = engagement.objects["prospects"]
    ids = {}
    for member in (*SYNCED, *UNSYNCED):
        person = lead(seed, member)
        linked = member in SYNCED
        [made] = store.create([{
            "email": email_of(member), "firstName": person["firstName"], "lastName": person["lastName"],
            "company": person["company"], "jobTitle": person["title"], "city": person["city"],
            "country": person["country"], "phone": person["phone"] if member % 5 else "03-9999-0000",
            "score": Dice(seed, member, 52).between(0, 300), "userId": 3 + member % 3 if linked else None,
            "salesforceId": people[member] if linked else None,
            "salesforceLastSync": _ago(engagement, 90) if linked else None, "createdAt": _ago(engagement, 100 - member),
            "updatedAt": _ago(engagement, 90 if linked else 2),
        }])  # fmt: skip
        ids[member] = made["id"]
    for name, box, assigned in STRANGERS:
        last, first = name.split() if " " in name else (name, "")
        store.create([{"email": f"{box}@example.jp", "lastName": last, "firstName": first,
                       "userId": 4 if assigned else None, "createdAt": _ago(engagement, 3)}])  # fmt: skip
    store.create([{"email": email_of(20), "isDoNotSync": True, "createdAt": _ago(engagement, 5)}])
    _lists(engagement, ids)


def _lists(engagement: Any, ids: dict[int, int]) -> None:
    members = {PRIORITY: [0, 3, 22, 25, 12], SEMINAR: [*range(0, 12), 13, 14, 24], LETTER: [1, 2, 5, 23]}
    for name, roster in members.items():
        [made] = engagement.objects["lists"].create([{"name": name, "title": name, "isDynamic": name == LETTER}])
        engagement.objects["list_memberships"].create(
            [{"listId": made["id"], "prospectId": ids[member]} for member in roster]
        )


def _past(salesforce: Any, days: int) -> str:
    return stamp(salesforce.world.clock.now() - timedelta(days=days))


def _ago(engagement: Any, days: int) -> int:
    return int(engagement.moment()) - days * DAY
