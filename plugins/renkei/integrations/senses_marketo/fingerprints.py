"""When a company in Marketo is an account of Senses (S12–S14, S35)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from renkei.integrations.senses_marketo.settings import Settings
from renkei.sync.matching import Rule, address, company, keys_of, phone
from renkei.sync.ports import MatchKey

RULES = (Rule("name_phone", ("name", "phone")), Rule("name_address", ("name", "address")))
NAME_ONLY = Rule("created_as", ("name",))  # an account that we created under that very name


@dataclass(frozen=True)
class Company:
    """A lead's company: what it is found by, and what stands for the account once it is known."""

    name: str
    keys: tuple[MatchKey, ...]
    created_as: tuple[MatchKey, ...]

    @property
    def known_by(self) -> tuple[MatchKey, ...]:
        return tuple(key for key in self.keys if key.field != NAME_ONLY.name)


def company_of(payload: Mapping[str, Any], settings: Settings) -> Company | None:
    """None where the lead names no company. The name alone finds only what was created under it."""
    fields = settings.marketo_fields
    name = str(payload.get(fields.company) or "").strip()
    values = {
        "name": company(name, fold_forms=settings.to_senses.fold_company_forms),
        "phone": phone(payload.get(fields.company_phone)),
        "address": address(*(payload.get(part) for part in fields.company_address)),
    }
    alone = NAME_ONLY.key(values)
    if alone is None:
        return None
    return Company(name, keys_of(values, RULES) or (alone,), (alone,))


def account_values(row: Mapping[str, Any], settings: Settings) -> dict[str, str]:
    """An account of Senses, normalised the same way."""
    return {
        "name": company(row.get("name"), fold_forms=settings.to_senses.fold_company_forms),
        "phone": phone(row.get("telNo")),
        "address": address(row.get("address")),
    }


def account_parent(row: Mapping[str, Any], settings: Settings) -> str | None:
    """What the mirror finds accounts by."""
    name = account_values(row, settings)["name"]
    return f"name:{name}" if name else None
