"""Values on their way in: names, types, lengths, picklists, references, as the API refuses them."""

from __future__ import annotations

import re
from typing import Any

from include.sandbox.salesforce.ids import canonical
from include.sandbox.salesforce.model import COMPOUND, NUMBERS, Field, Kind, Row
from include.sandbox.salesforce.org import Org
from include.sandbox.salesforce.refusals import Refused
from include.sandbox.salesforce.times import parse_day, parse_moment, stamp

EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
SYSTEM = ("Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp")


def take(org: Org, kind: Kind, given: Row, verb: str, screens: bool = False) -> Row:
    """Clean values of a create or update (`verb`); in the screens (the control plane) everything but formulas and
    compounds may be set."""
    taken: Row = {}
    for name, value in given.items():
        if name == "attributes":
            continue
        field = _field(org, kind, name, screens)
        _check_writable(org, kind, field, verb, screens)
        taken[field.name] = clean(org, kind, field, value)
    return taken


def _field(org: Org, kind: Kind, name: str, screens: bool) -> Field:
    if "." in name:
        raise Refused("INVALID_FIELD", f"Foreign key external ID: {name} not found here")
    field = kind.fields.get(kind.aliases.get(name.lower(), "")) if screens else org.field(kind, name)
    if field is None:
        raise Refused("INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}")
    return field


def _check_writable(org: Org, kind: Kind, field: Field, verb: str, screens: bool) -> None:
    if screens:
        if field.formula is not None or field.type in COMPOUND:
            raise Refused("INVALID_FIELD_FOR_INSERT_UPDATE", f"{field.name} is computed", (field.name,))
        return
    allowed = field.createable if verb == "create" else field.updateable
    if not allowed or f"{kind.name}.{field.name}" in org.settings["read_only_fields"]:
        message = (
            f"Unable to create/update fields: {field.name}. Please check the security settings of this field and "
            "verify that it is read/write for your profile or permission set."
        )
        raise Refused("INVALID_FIELD_FOR_INSERT_UPDATE", message, (field.name,))


def clean(org: Org, kind: Kind, field: Field, value: Any) -> Any:
    """A value as it is stored; empty text is null."""
    if value is None or value == "":
        return False if field.type == "boolean" else None
    if field.type in ("id", "reference"):
        return _reference(org, field, value)
    if field.type == "boolean":
        return _boolean(value)
    if field.type in NUMBERS:
        return _number(field, value)
    if field.type in ("date", "datetime"):
        return _time(field, value)
    return _text(field, value)


def _text(field: Field, value: Any) -> str | None:
    if isinstance(value, dict | list):
        raise _unreadable(field, value)
    text = (str(value).lower() if isinstance(value, bool) else str(value)).strip()
    if field.type in ("picklist", "multipicklist"):
        _check_option(field, text)
    elif len(text) > (field.length or len(text)):
        message = f"{field.label or field.name}: data value too large: {text[:80]} (max length={field.length})"
        raise Refused("STRING_TOO_LONG", message, (field.name,))
    if field.type == "email" and not EMAIL.fullmatch(text):
        raise Refused("INVALID_EMAIL_ADDRESS", f"{field.label or field.name}: invalid email address: {text}",
                      (field.name,))  # fmt: skip
    return text or None


def _check_option(field: Field, text: str) -> None:
    chosen = text.split(";") if field.type == "multipicklist" else [text]
    wrong = [option for option in chosen if field.options and option not in field.options]
    if wrong and field.restricted:
        message = f"{field.label or field.name}: bad value for restricted picklist field: {wrong[0]}"
        raise Refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, (field.name,))


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false", "1", "0"):
        return value.lower() in ("true", "1")
    raise Refused("JSON_PARSER_ERROR", f"Cannot deserialize instance of boolean from VALUE value {value}")


def _number(field: Field, value: Any) -> int | float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise _unreadable(field, value) from None
    if isinstance(value, bool):
        raise _unreadable(field, value)
    return int(number) if field.type in ("int", "long") or number == int(number) else number


def _time(field: Field, value: Any) -> str:
    try:
        return parse_day(str(value)) if field.type == "date" else stamp(parse_moment(str(value)))
    except ValueError:
        raise _unreadable(field, value) from None


def _unreadable(field: Field, value: Any) -> Refused:
    kind = "VALUE_STRING" if isinstance(value, str) else "VALUE"
    message = (
        f"Cannot deserialize instance of {field.type} from {kind} value {value} or request may be missing a required "
        "field at [line:1, column:2]"
    )
    return Refused("JSON_PARSER_ERROR", message)


def _reference(org: Org, field: Field, value: Any) -> str:
    found = canonical(str(value))
    wrong_kind = found is not None and field.references and (
        (target := org.kind_of(found)) is None or target.name not in field.references
    )
    if found is None or wrong_kind:
        message = f"{field.label or field.name}: id value of incorrect type: {value}"
        raise Refused("MALFORMED_ID", message, (field.name,))
    if field.type == "id":
        return found
    target = org.kind_of(found)
    row = org.tables[target.name].get(found) if target else None
    if row is None:
        raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", (field.name,))
    if row.get("IsDeleted"):
        raise Refused("ENTITY_IS_DELETED", status=400)
    return found
