"""The objects of API v5: fields, filters, what can be done with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
COMPARE = ("GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo")
WHEN = ("After", "AfterOrEqualTo", "Before", "BeforeOrEqualTo")


@dataclass(frozen=True)
class Field:
    """One field: its type (int, string, bool, datetime, float) and whether clients may write it."""

    name: str
    type: str = "string"
    writable: bool = False
    required: bool = False
    default: Any = None


@dataclass
class Resource:
    """One object. `relations`: name before the dot → (id field, resource). `filters`: field → whether `=` and whether
    the comparisons are there."""

    name: str
    path: str
    fields: dict[str, Field]
    relations: dict[str, tuple[str, str]] = field(default_factory=dict)
    filters: dict[str, tuple[bool, bool]] = field(default_factory=dict)
    orders: tuple[str, ...] = ("id", "createdAt", "updatedAt")
    operations: str = "RQ"

    def comparison(self, parameter: str) -> tuple[str, str] | None:
        """A query parameter as (field, suffix); None when it is no filter of this object."""
        for name, (equal, compare) in self.filters.items():
            if parameter == name:
                return (name, "") if equal else None
            if parameter.startswith(name):
                suffix = parameter[len(name) :]
                known = WHEN if self.fields[name].type == "datetime" else COMPARE
                if compare and suffix in known:
                    return name, suffix
        return None


def fields(type_: str, names: str, **more: Any) -> list[Field]:
    """Several fields of one type."""
    return [Field(name, type_, **more) for name in names.split()]


def common() -> list[Field]:
    """What every object has."""
    return [*fields("int", "id createdById updatedById"), *fields("datetime", "createdAt updatedAt"),
            Field("isDeleted", "bool", default=False)]  # fmt: skip


def resource(name: str, path: str, own: Iterable[Field], **more: Any) -> Resource:
    return Resource(name, path, {f.name: f for f in [*common(), *own]}, **more)
