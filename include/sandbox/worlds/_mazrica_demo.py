"""The Mazrica part of the demo world. Draws from no shared dice: the other vendors' content does not depend on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from include.sandbox.mazrica.times import DAY, iso
from include.sandbox.worlds._dice import Dice
from include.sandbox.worlds._on24_demo import email_of
from include.sandbox.worlds._people import ENGLISH_COMPANIES, JAPANESE_COMPANIES, PREFECTURES, lead

USERS = (("営業 一郎", "ichiro.eigyo"), ("Sally Sales", "sally.sales"), ("退職 済", "retired"))
RETIRED = 3
LEAD_ITEMS = (("Marketo リードID", "number"), ("リードスコア", "number"), ("獲得日", "date"))
"""the contact custom items that the sync fills"""
ALSO_LEADS = 12
"""so many contacts have the address of a roster member, who may be a Marketo lead"""
ONLY_HERE = (
    ("山﨑 久美子", "kumiko"), ("Ｊｏｈｎ Ｄｏｅ", "john.doe"), ("髙橋 名刺のみ", None), ("Zoë O'Neill", "ZOE"),
)  # fmt: skip
"""contacts nobody knows at Marketo; one has no address"""
DEALS = (
    ("新規導入", 1, 11), ("全社展開", 1, 13), ("PoC", 1, 12), ("Renewal 2027", 2, 21), ("追加ライセンス", 2, 22),
    ("Pilot", 1, 15), ("見送り案件", 1, 16), ("展示会フォロー", 1, 11),
)  # fmt: skip
"""name, deal type, phase"""


def fill(mazrica: Any, seed: int, now: int) -> None:
    """3 users, 3 custom items, 10 customers (two share a name), 16 contacts, 8 deals, 16 actions of the past weeks."""
    users = [{"name": name, "email": f"{box}@example.com", "createdAt": iso(now - 400 * DAY)} for name, box in USERS]
    mazrica.objects["users"].create(users)
    mazrica.objects["users"].delete(str(RETIRED))
    items = [{"resource": "contact", "name": name, "itemType": form} for name, form in LEAD_ITEMS]
    mazrica.objects["custom_items"].create(items)
    mazrica.objects["customers"].create(_customers(seed, now))
    mazrica.objects["contacts"].create([*_also_leads(seed, now), *_only_here(now)])
    mazrica.objects["deals"].create([_deal(seed, number, now) for number in range(len(DEALS))])
    mazrica.objects["actions"].create([_action(seed, number, now) for number in range(2 * len(DEALS))])


def _customers(seed: int, now: int) -> list[dict[str, Any]]:
    names = [*JAPANESE_COMPANIES, *ENGLISH_COMPANIES, JAPANESE_COMPANIES[0]]
    return [_customer(seed, number, name, now) for number, name in enumerate(names)]


def _customer(seed: int, number: int, name: str, now: int) -> dict[str, Any]:
    dice = Dice(seed, number, 31)
    state, city, _ = dice.pick(PREFECTURES)
    street = f"{dice.between(1, 9)}-{dice.between(1, 20)}-{dice.between(1, 30)}"
    return {
        "name": name, "telNo": f"03-0000-{dice.below(10000):04}", "address": f"{state}{city}{street}",
        "industryId": dice.between(1, 5), "employee": dice.between(5, 3000), "createdAt": iso(now - 300 * DAY),
    }  # fmt: skip


def _also_leads(seed: int, now: int) -> list[dict[str, Any]]:
    companies = (*JAPANESE_COMPANIES, *ENGLISH_COMPANIES)
    found = []
    for member in range(ALSO_LEADS):
        person = lead(seed, member)
        found.append({
            "name": f"{person['lastName']} {person['firstName']}", "email": email_of(member), "tel": person["phone"],
            "position": person["title"], "customerId": companies.index(person["company"]) + 1,
            "createdAt": iso(now - (200 - member) * DAY),
        })  # fmt: skip
    return found


def _only_here(now: int) -> list[dict[str, Any]]:
    return [
        {"name": name, "email": box and f"{box}@example.jp", "customerId": number + 1, "createdAt": iso(now - 90 * DAY)}
        for number, (name, box) in enumerate(ONLY_HERE)
    ]


def _deal(seed: int, number: int, now: int) -> dict[str, Any]:
    dice = Dice(seed, number, 32)
    name, deal_type, phase = DEALS[number]
    parts = {kind: {"id": deal_type * 10 + 1} for kind in ("product", "probability", "channel")}
    day = datetime.fromisoformat(iso(now)).date() + timedelta(days=dice.between(10, 120))
    return {
        "name": name, "dealType": {"id": deal_type}, "phase": {"id": phase}, **parts, "user": {"id": 1 + number % 2},
        "customer": {"id": 1 + number}, "amount": dice.between(1, 80) * 100_000,
        "expectedContractDate": day.isoformat(), "createdAt": iso(now - (60 - number) * DAY),
    }  # fmt: skip


def _action(seed: int, number: int, now: int) -> dict[str, Any]:
    """Two a deal; every fourth without an action contact, the last one planned for tomorrow."""
    dice = Dice(seed, number, 33)
    start = now + DAY if number == 2 * len(DEALS) - 1 else now - (40 - 2 * number) * DAY
    links = [] if number % 4 == 3 else [{"contactId": 1 + dice.below(ALSO_LEADS)}]
    return {
        "pattern": {"id": dice.between(1, 5)}, "purpose": {"id": dice.between(1, 3)}, "deal": {"id": 1 + number // 2},
        "creator": {"id": 1 + number % 2}, "startDatetime": iso(start), "endDatetime": iso(start + 3600),
        "preNote": "ご提案の準備", "actionContacts": links, "createdAt": iso(min(start, now - DAY)),
    }  # fmt: skip
