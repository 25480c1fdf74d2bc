"""Salesforce record ids: 15 characters whose capitals count, or 18 with a check of the capitals.

Source: Salesforce help, "Salesforce record ID": each of the last three characters tells which of five characters are
capitals.
"""

from __future__ import annotations

import re

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_FORM = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?", re.IGNORECASE)


def to_18(record_id: str) -> str | None:
    """The id with its check; None for what is no id, or for 18 characters whose check is wrong."""
    given = record_id.strip()
    if not _FORM.fullmatch(given) or not given.isascii():
        return None
    whole = given[:15] + _check(given[:15])
    return whole if len(given) == 15 or whole.upper() == given.upper() else None


def _check(base: str) -> str:
    fives = (base[start : start + 5] for start in (0, 5, 10))
    return "".join(_LETTERS[sum(1 << at for at, letter in enumerate(five) if letter.isupper())] for five in fives)
