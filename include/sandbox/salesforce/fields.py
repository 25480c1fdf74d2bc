"""Short words for the definition of fields."""

from __future__ import annotations

from typing import Any

from include.sandbox.salesforce.model import Field, Kind

LENGTHS = {"id": 18, "reference": 18, "email": 80, "phone": 40, "url": 255, "picklist": 255, "textarea": 255}
READ_ONLY: dict[str, Any] = {"createable": False, "updateable": False}


def text(name: str, length: int = 255, **more: Any) -> Field:
    return Field(name, "string", length, **more)


def of(kind: str, *names: str, **more: Any) -> list[Field]:
    """Fields of one type."""
    return [Field(name, kind, **{"length": LENGTHS.get(kind, 0), **more}) for name in names]


def long_text(name: str, length: int = 32_000, **more: Any) -> Field:
    """Cannot be filtered or sorted."""
    return Field(name, "textarea", length, filterable=False, **more)


def lookup(name: str, *targets: str, **more: Any) -> Field:
    """A reference; the relationship is the name less `Id`, or `__r` for `__c`."""
    relationship = name[:-1] + "r" if name.endswith("__c") else name.removesuffix("Id")
    return Field(name, "reference", 18, references=targets, **{"relationship": relationship, **more})


def choice(name: str, *options: str, **more: Any) -> Field:
    return Field(name, "picklist", 255, options=options, **more)


def shown(name: str, kind: str, length: int = 0, **more: Any) -> Field:
    """What only Salesforce itself sets."""
    return Field(name, kind, length, **{**READ_ONLY, **more})


def address(name: str) -> list[Field]:
    """A compound address and its parts."""
    stem = name.removesuffix("Address")
    parts = [
        text(f"{stem}City", 40, compound=name), text(f"{stem}Country", 80, compound=name),
        text(f"{stem}PostalCode", 20, compound=name), text(f"{stem}State", 80, compound=name),
        Field(f"{stem}Street", "textarea", 255, compound=name),
    ]  # fmt: skip
    return [*parts, shown(name, "address", filterable=False)]


def system() -> list[Field]:
    """What every record has."""
    return [
        shown("Id", "id", 18), shown("IsDeleted", "boolean", default=False),
        shown("CreatedDate", "datetime"), lookup("CreatedById", "User", **READ_ONLY),
        shown("LastModifiedDate", "datetime"), lookup("LastModifiedById", "User", **READ_ONLY),
        shown("SystemModstamp", "datetime"),
    ]  # fmt: skip


def kind(name: str, prefix: str, label: str, *fields: Field | list[Field], **more: Any) -> Kind:
    """An object of system fields and these."""
    found = system()
    for entry in fields:
        found += entry if isinstance(entry, list) else [entry]
    return Kind(name, prefix, label, {field.name: field for field in found}, **more)
