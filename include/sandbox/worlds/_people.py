"""Synthetic people: Japanese and English, with what they type into a registration form."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from include.sandbox.on24.model import SharedForm
from include.sandbox.worlds._dice import Dice

JAPANESE_LAST = ("佐藤", "鈴木", "高橋", "田中", "伊藤", "渡邉", "山本", "中村", "小林", "加藤", "山﨑", "髙田", "齋藤")
JAPANESE_FIRST = ("花子", "太郎", "美咲", "健一", "さくら", "大輔", "由美", "翔", "陽菜", "拓也", "恵", "蓮")
ENGLISH_LAST = ("Smith", "Jones", "O'Neill", "García", "Müller", "Lee", "Brown", "Dubois", "Novák", "Wilson")
ENGLISH_FIRST = ("Alice", "Bob", "Carmen", "David", "Eva", "Frank", "Zoë", "Henry", "Ingrid", "Jack")
JAPANESE_COMPANIES = ("株式会社サンプル", "例示製作所", "見本銀行", "合同会社テスト", "サンプル電機株式会社")
ENGLISH_COMPANIES = ("Example Inc.", "Sample & Sons", "Placeholder Ltd", "Specimen GmbH")
JOBS = (("部長", "Director"), ("課長", "Manager"), ("エンジニア", "Engineer"), ("マーケティング", "Marketing"))
FUNCTIONS = ("Manager", "Engineering", "Marketing", "Sales")
INDUSTRIES = ("Software", "Manufacturing", "Finance", "Retail")
SIZES = ("1 - 49", "50 - 249", "250 - 999", "1000+")
PREFECTURES = (("東京都", "千代田区", "100-0001"), ("大阪府", "大阪市", "530-0001"), ("福岡県", "福岡市", "810-0001"))
STATES = (("MA", "Boston", "02139"), ("CA", "Mountain View", "94040"), ("NY", "New York", "10001"))


@lru_cache(maxsize=4096)
def shared_form(seed: int, number: int) -> SharedForm:
    """As `form`, one for all who are alike."""
    return SharedForm(form(seed, number))


def form(seed: int, number: int) -> dict[str, Any]:
    """The form fields of person `number`, named as in ON24's registrant row, without the e-mail address."""
    dice = Dice(seed, number, 1)
    japanese = dice.chance(65)
    state, city, code = dice.pick(PREFECTURES if japanese else STATES)
    return {
        "firstname": dice.pick(JAPANESE_FIRST if japanese else ENGLISH_FIRST),
        "lastname": dice.pick(JAPANESE_LAST if japanese else ENGLISH_LAST),
        "company": dice.pick(JAPANESE_COMPANIES if japanese else ENGLISH_COMPANIES),
        "jobtitle": dice.pick(JOBS)[0 if japanese else 1],
        "addressstreet1": f"{dice.between(1, 9)}-{dice.between(1, 20)}-{dice.between(1, 30)}",
        "city": city,
        "state": state,
        "zip": code,
        "country": "Japan" if japanese else "United States",
        "workphone": f"03-0000-{dice.below(10000):04}",
        "jobfunction": dice.pick(FUNCTIONS),
        "companyindustry": dice.pick(INDUSTRIES),
        "companysize": dice.pick(SIZES),
        "partnerref": dice.pick(("", "newsletter", "partner-a")),
        "std1": "はい" if japanese else "Yes",
        "std2": dice.pick(("導入済み", "検討中", "evaluating")),
        "marketingemail": dice.pick(("Y", "N")),
        "eventemail": "Y",
        "os": "win10",
        "browser": "chrome120",
        "utmsource": dice.pick(("", "newsletter")),
        "attendeetype": "Virtual",
    }


@lru_cache(maxsize=4096)
def shared_lead(seed: int, number: int) -> dict[str, Any]:
    """As `lead`, one for all who are alike; not to be changed."""
    return lead(seed, number)


def lead(seed: int, number: int) -> dict[str, Any]:
    """The same person as a Marketo lead."""
    person = form(seed, number)
    return {
        "firstName": person["firstname"],
        "lastName": person["lastname"],
        "company": person["company"],
        "title": person["jobtitle"],
        "city": person["city"],
        "country": person["country"],
        "phone": person["workphone"],
    }
