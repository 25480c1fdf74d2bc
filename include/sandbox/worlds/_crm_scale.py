"""The Salesforce and Account Engagement part of the scale world: made from seed and number when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from include.sandbox.salesforce.ids import first_ids
from include.sandbox.salesforce.times import stamp
from include.sandbox.worlds._crm_setup import define_insight_fields, make_users
from include.sandbox.worlds._people import shared_lead

LEADS, CONTACTS, ACCOUNTS, PROSPECTS = 200_000, 200_000, 50_000, 250_000
EVERYONE, PRIORITY = "全員", "重点顧客"
EVERY = 10
"""one prospect in so many is in the second list"""
KINDS = 997
STAMPS = 1_000
OLDEST, NEWEST = timedelta(days=700), timedelta(days=100)


class Times:
    """A thousand times of the past, shared by all records."""

    def __init__(self, now: int) -> None:
        start = datetime.fromtimestamp(now, UTC)
        step = (OLDEST - NEWEST) / STAMPS
        moments = [start - OLDEST + n * step for n in range(STAMPS)]
        self.texts = [stamp(moment) for moment in moments]
        self.seconds = [int(moment.timestamp()) for moment in moments]


class People:
    """Leads or contacts: number n has the address `l0000012.s7@example.jp`, contacts one of their account's domain."""

    def __init__(self, seed: int, times: Times, prefix: str, count: int, owners: list[str], accounts: int = 0) -> None:
        self.count = count
        self.newest = times.texts[-1]
        self._seed, self._times, self._prefix, self._owners, self._accounts = seed, times, prefix, owners, accounts
        self._letter = "c" if accounts else "l"
        self._templates = [self._template(shared_lead(seed, kind)) for kind in range(min(KINDS, max(count, 1)))]

    @cached_property
    def _ids(self) -> list[str]:
        return first_ids(self._prefix, self.count)

    @cached_property
    def _account_ids(self) -> list[str]:
        return first_ids("001", self._accounts)

    def ids(self) -> Sequence[str]:
        return self._ids

    def row(self, number: int) -> dict[str, Any]:
        time = self._times.texts[number % STAMPS]
        row = {
            **self._templates[number % len(self._templates)], "Id": self._ids[number - 1],
            "Email": email_of(self._letter, self._seed, number, self._accounts),
            "OwnerId": self._owners[number % len(self._owners)], "CreatedDate": time, "LastModifiedDate": time,
            "SystemModstamp": time,
        }  # fmt: skip
        if self._accounts:
            row["AccountId"] = self._account_ids[(number - 1) % self._accounts]
        return row

    def find(self, field: str, value: str) -> Sequence[int] | None:
        if field == "Email":
            number = number_of_email(self._letter, self._seed, value, self._accounts)
            return (number,) if number is not None and 1 <= number <= self.count else ()
        if field == "AccountId" and self._accounts:
            first = self._account_numbers.get(value, 0)
            return range(first, self.count + 1, self._accounts) if first else ()
        return None if field in self._templates[0] or field == "OwnerId" else ()

    @cached_property
    def _account_numbers(self) -> dict[str, int]:
        """Account id without case → its number: the index compares so."""
        return {record_id.lower(): number for number, record_id in enumerate(self._account_ids, start=1)}

    def _template(self, person: dict[str, Any]) -> dict[str, Any]:
        common = {
            "IsDeleted": False, "FirstName": person["firstName"], "LastName": person["lastName"],
            "Title": person["title"], "Phone": person["phone"], "HasOptedOutOfEmail": False, "DoNotCall": False,
            "LeadSource": "Web", "CreatedById": self._owners[0], "LastModifiedById": self._owners[0],
        }  # fmt: skip
        if self._accounts:
            return {**common, "MailingCity": person["city"], "MailingCountry": person["country"],
                    "IsPersonAccount": False}  # fmt: skip
        return {**common, "Company": person["company"], "City": person["city"], "Country": person["country"],
                "Status": "Open - Not Contacted", "IsConverted": False}  # fmt: skip


class Accounts:
    """Account n has the site https://www.corp00012.example.jp."""

    def __init__(self, times: Times, count: int, owners: list[str]) -> None:
        self.count = count
        self.newest = times.texts[-1]
        self._times, self._owners = times, owners

    @cached_property
    def _ids(self) -> list[str]:
        return first_ids("001", self.count)

    def ids(self) -> Sequence[str]:
        return self._ids

    def row(self, number: int) -> dict[str, Any]:
        time = self._times.texts[number % STAMPS]
        return {
            "Id": self._ids[number - 1], "IsDeleted": False, "Name": f"見本{number:05}株式会社",
            "Website": f"https://www.corp{number:05}.example.jp", "Industry": ("Technology", "Retail")[number % 2],
            "NumberOfEmployees": number % 3000 + 1, "IsPersonAccount": False,
            "OwnerId": self._owners[number % len(self._owners)], "CreatedById": self._owners[0],
            "LastModifiedById": self._owners[0], "CreatedDate": time, "LastModifiedDate": time, "SystemModstamp": time,
        }  # fmt: skip

    def find(self, field: str, value: str) -> Sequence[int] | None:
        return None if field in ("Name", "Website", "Industry", "OwnerId") else ()


class Prospects:
    """Prospect n is lead n, and above the leads a contact; in step with it."""

    def __init__(self, seed: int, times: Times, count: int, leads: People, contacts: People, accounts: int) -> None:
        self.count = count
        self.newest = times.seconds[-1]
        self._seed, self._times, self._leads, self._contacts, self._accounts = seed, times, leads, contacts, accounts

    def row(self, number: int) -> dict[str, Any]:
        lead = number <= self._leads.count
        own = number if lead else number - self._leads.count
        record_id = (self._leads if lead else self._contacts).ids()[own - 1]
        person, time = shared_lead(self._seed, own % KINDS), self._times.seconds[number % STAMPS]
        return {
            "id": number, "email": email_of("l" if lead else "c", self._seed, own, 0 if lead else self._accounts),
            "firstName": person["firstName"], "lastName": person["lastName"], "jobTitle": person["title"],
            "phone": person["phone"], "city": person["city"], "country": person["country"],
            "company": person["company"] if lead else None, "score": number % 300, "isDeleted": False,
            "isDoNotEmail": False, "isDoNotCall": False, "optedOut": False, "isDoNotSync": False, "source": "Web",
            "userId": 3 + own % 3, "assignedToId": 3 + own % 3, "campaignId": 1, "salesforceId": record_id,
            "salesforceLeadId": record_id if lead else None, "salesforceContactId": None if lead else record_id,
            "salesforceLastSync": time, "createdAt": time, "updatedAt": time, "createdById": 1, "updatedById": 1,
        }  # fmt: skip

    def find(self, field: str, value: str) -> Sequence[int] | None:
        if field == "email":
            lead = number_of_email("l", self._seed, value, 0)
            contact = number_of_email("c", self._seed, value, self._accounts)
            number = lead if lead is not None else contact and contact + self._leads.count
            return (number,) if number and 1 <= number <= self.count else ()
        if field == "salesforceId":
            return self._of_person(value)
        return () if field.endswith("__c") else None

    def _of_person(self, lowered: str) -> Sequence[int]:
        number = self._numbers.get(lowered, 0)
        return (number,) if 1 <= number <= self.count else ()

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """Salesforce id without case → prospect."""
        ids = [*self._leads.ids(), *self._contacts.ids()]
        return {record_id.lower(): number for number, record_id in enumerate(ids, start=1)}


class Members:
    """The first list holds everyone, the second one in ten."""

    def __init__(self, times: Times, prospects: int) -> None:
        self._prospects = prospects
        self._chosen = prospects // EVERY
        self.count = prospects + self._chosen
        self.newest = times.seconds[-1]
        self._at = times.seconds[0]

    def row(self, number: int) -> dict[str, Any]:
        everyone = number <= self._prospects
        return {
            "id": number, "listId": 1 if everyone else 2,
            "prospectId": number if everyone else (number - self._prospects) * EVERY, "optedOut": False,
            "isDeleted": False, "createdAt": self._at, "updatedAt": self._at, "createdById": 1, "updatedById": 1,
        }  # fmt: skip

    def find(self, field: str, value: str) -> Sequence[int] | None:
        number = int(value) if value.isdigit() else 0
        if field == "listId":
            spans = {1: range(1, self._prospects + 1), 2: range(self._prospects + 1, self.count + 1)}
            return spans.get(number, range(0))
        if field == "prospectId" and 1 <= number <= self._prospects:
            second = [self._prospects + number // EVERY] if number % EVERY == 0 else []
            return [number, *second]
        return () if field == "prospectId" else None


def email_of(letter: str, seed: int, number: int, accounts: int) -> str:
    domain = f"corp{(number - 1) % accounts + 1:05}.example.jp" if accounts else "example.jp"
    return f"{letter}{number:07}.s{seed}@{domain}"


def number_of_email(letter: str, seed: int, email: str, accounts: int) -> int | None:
    """The number of the person with this address, or None."""
    name, _, _ = email.partition("@")
    digits, _, mark = name.partition(".")
    if digits[:1] != letter or not digits[1:].isdigit() or mark != f"s{seed}":
        return None
    number = int(digits[1:])
    return number if number > 0 and email_of(letter, seed, number, accounts) == email else None


def fill(salesforce: Any, engagement: Any | None, seed: int, now: int, scale: float) -> None:
    """200,000 leads and contacts, 50,000 accounts, 250,000 prospects in two lists, times `scale`."""
    leads, contacts, accounts = (max(int(n * scale), 1) for n in (LEADS, CONTACTS, ACCOUNTS))
    define_insight_fields(salesforce)
    owners, _ = make_users(salesforce, engagement)
    times, tables = Times(now), salesforce.org.tables
    lead_rows = People(seed, times, "00Q", leads, owners)
    contact_rows = People(seed, times, "003", contacts, owners, accounts)
    tables["Lead"].generate(lead_rows)
    tables["Contact"].generate(contact_rows)
    tables["Account"].generate(Accounts(times, accounts, owners))
    if engagement is not None:
        count = max(int(PROSPECTS * scale), 1)
        engagement.objects["lists"].create([{"name": EVERYONE}, {"name": PRIORITY}])
        engagement.state.tables["prospects"].generate(Prospects(seed, times, count, lead_rows, contact_rows, accounts))
        engagement.state.tables["list_memberships"].generate(Members(times, count))
