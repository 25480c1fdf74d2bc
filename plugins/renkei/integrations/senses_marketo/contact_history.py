"""What people edited in a contact since we met it, kept with its record: only edits change a lead that is there.

A lead that is linked keeps its own values until somebody edits the contact. A contact that our other flow made is
compared with what it was made with, so that nothing of ours is taken for an edit (S32).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from renkei.integrations.senses_marketo.deal_history import iso, moment_of
from renkei.integrations.senses_marketo.settings import CONTACT_TEXTS

Row = Mapping[str, Any]
WATCHED = ("name", "email", *CONTACT_TEXTS)


def contact_payload(row: Row, known: Row | None, made_with: Row | None, started: datetime) -> dict[str, Any]:
    """``{now, edited, created, ours, old, company, ended?}`` of a contact.

    ``known`` is what was stored; ``made_with`` what our flow created the contact with, if it did. ``old``: it was there
    before ``started``, so nobody is created for it.
    """
    now = {name: row.get(name) for name in WATCHED}
    before = known["now"] if known else ({**dict.fromkeys(WATCHED), **made_with} if made_with else now)
    edited = {*(known["edited"] if known else ()), *(name for name in WATCHED if not alike(before[name], now[name]))}
    created = moment_of(row, "createdAt")
    return {
        "now": now,
        "edited": sorted(edited),
        "created": iso(created),
        "ours": known["ours"] if known else made_with is not None,
        "old": known["old"] if known else created < started,
        "company": _company(row),
    }


def alike(left: Any, right: Any) -> bool:
    """The same but for what vendors do to texts by themselves: white space at the ends, forms of one letter."""
    return _plain(left) == _plain(right)


def _plain(value: Any) -> str:
    return unicodedata.normalize("NFC", str(value or "")).strip()


def _company(row: Row) -> str | None:
    customer = row.get("customer")
    return customer.get("name") if isinstance(customer, Mapping) else None
