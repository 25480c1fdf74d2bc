"""Values on their way in."""

from __future__ import annotations

import re
from typing import Any

from include.sandbox.account_engagement.model import Field, Resource, Row
from include.sandbox.account_engagement.refusals import Refused
from include.sandbox.account_engagement.times import read

EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
LONGEST_EMAIL = 255
TEXT_LENGTH = 65_535


def take(resource: Resource, given: Row, screens: bool = False) -> Row:
    """Clean values; Refused 180 for unknown or read-only fields. In the screens (control plane) everything goes."""
    taken: Row = {}
    for name, value in given.items():
        field = resource.fields.get(name)
        if field is None or not (field.writable or screens):
            raise Refused(180, name)
        taken[name] = clean(field, value)
    email = taken.get("email") if resource.name == "prospects" else None
    if email is not None and (len(email) > LONGEST_EMAIL or not EMAIL.fullmatch(email)):
        raise Refused(4)
    return taken


def clean(field: Field, value: Any) -> Any:
    """A value as it is stored; empty text is null."""
    if value is None or value == "":
        return field.default if field.type == "bool" else None
    if field.type == "bool":
        return _boolean(field, value)
    if field.type == "datetime":
        return value if isinstance(value, int) and not isinstance(value, bool) else read(str(value))
    if field.type in ("int", "float"):
        return _number(field, value)
    if isinstance(value, dict | list):
        raise Refused(180, field.name)
    return str(value)[:TEXT_LENGTH]


def _boolean(field: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "false"):
        return str(value).lower() == "true"
    raise Refused(50, field.name)


def _number(field: Field, value: Any) -> int | float:
    if isinstance(value, bool):
        raise Refused(206, field.name)
    try:
        return int(value) if field.type == "int" else float(value)
    except (TypeError, ValueError):
        raise Refused(206, field.name) from None
