"""Whom a record is about, on both sides: the compared form of an e-mail address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from renkei.endpoints.marketo import normalize_email

_ADDRESS = re.compile(r"[^\s@,;<>()\[\]\\\"]+@[^\s@,;<>()\[\]\\\".]+(\.[^\s@,;<>()\[\]\\\".]+)+")


def subject_of(row: Mapping[str, Any]) -> str | None:
    """``email:a@example.jp``, compared form; None without an address."""
    email = normalize_email(row.get("email"))
    return f"email:{email}" if email else None


def email_fault(raw: object) -> str:
    """Why an address cannot be used, one stable word; empty when it can."""
    email = normalize_email(raw)
    if not email:
        return "no_email"
    if not email.isascii():
        return "non_ascii_email"
    if len(email) > 255 or not _ADDRESS.fullmatch(email) or ".." in email:
        return "invalid_email"
    return ""
