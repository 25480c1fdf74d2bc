"""Field paths: what `Account.Owner.Email` means, and how its value is got from a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from include.sandbox.salesforce.model import Field, Kind, Row
from include.sandbox.salesforce.soql.lexer import malformed
from include.sandbox.salesforce.soql.tree import Path, Query

DEEPEST = 5
Getter = Callable[[Row], Any]


class Schema(Protocol):
    """What the meaning of a statement needs of the org."""

    def kind(self, name: str) -> Kind | None: ...

    def visible(self, kind: Kind, field: Field) -> bool: ...

    def owner_fields(self) -> Iterable[str]: ...

    def look_up(self, record_id: str | None) -> tuple[Kind, Row] | None: ...

    def value(self, kind: Kind, row: Row, field: Field) -> Any: ...


@dataclass(frozen=True)
class Step:
    """One relationship of a path: the reference field, and the one object behind it (None: several)."""

    reference: Field
    target: Kind | None


@dataclass(frozen=True)
class Resolved:
    """A path in terms of the schema. `field` is None behind a polymorphic relationship: each target has its own."""

    steps: tuple[Step, ...]
    name: str
    field: Field | None
    kind: Kind | None

    @property
    def type(self) -> str:
        return self.field.type if self.field else ("boolean" if self.name == "IsActive" else "string")


def resolve(schema: Schema, query: Query, kind: Kind, path: Path) -> Resolved:
    """Refused INVALID_FIELD for an unknown field or relationship."""
    names = list(path.names)
    if len(names) > 1 and names[0].lower() == kind.name.lower() and kind.relation(names[0]) is None:
        names = names[1:]
    if len(names) - 1 > DEEPEST:
        raise malformed(query.text, path.at, "maximum depth of a relationship path is 5", "INVALID_FIELD")
    steps: list[Step] = []
    here: Kind | None = kind
    for name in names[:-1]:
        step = _step(schema, query, here, name, path)
        steps.append(step)
        here = step.target
    return _last(schema, query, here, names[-1], tuple(steps), path)


def _step(schema: Schema, query: Query, here: Kind | None, name: str, path: Path) -> Step:
    reference = here.relation(name) if here else None
    if here is None or reference is None or not schema.visible(here, reference):
        message = (
            f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
            "relationship, be sure to append the '__r' after the custom relationship name. Please reference your "
            "WSDL or the describe call for the appropriate names."
        )
        raise malformed(query.text, path.at, message, "INVALID_FIELD")
    single = reference.references[0] if len(reference.references) == 1 else None
    return Step(reference, schema.kind(single) if single else None)


def _last(
    schema: Schema, query: Query, here: Kind | None, name: str, steps: tuple[Step, ...], path: Path
) -> Resolved:
    if here is None:
        for known in schema.owner_fields():
            if known.lower() == name.lower():
                return Resolved(steps, known, None, None)
        raise unknown_column(query, path, name, "Name")
    field = here.fields.get(here.aliases.get(name.lower(), ""))
    if field is None or not schema.visible(here, field):
        raise unknown_column(query, path, name, here.name)
    return Resolved(steps, field.name, field, here)


def unknown_column(query: Query, path: Path, name: str, kind: str) -> Exception:
    message = (
        f"No such column '{name}' on entity '{kind}'. If you are attempting to use a custom field, be sure to append "
        "the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate "
        "names."
    )
    return malformed(query.text, path.at, message, "INVALID_FIELD")


def getter(schema: Schema, path: Resolved) -> Getter:
    """How to read the value from a row of the object the path starts at."""
    if not path.steps and path.field is not None and path.kind is not None:
        return own_getter(schema, path.kind, path.field)

    def read(row: Row) -> Any:
        for step in path.steps:
            found = schema.look_up(row.get(step.reference.name))
            if found is None:
                return None
            kind, row = found
        return any_value(schema, kind, row, path.name)

    return read


def own_getter(schema: Schema, kind: Kind, field: Field) -> Getter:
    name = field.name
    if field.formula is None and field.type not in ("address", "location"):
        return lambda row: row.get(name)
    return lambda row: schema.value(kind, row, field)


def any_value(schema: Schema, kind: Kind, row: Row, name: str) -> Any:
    """A field of a record whose object is known only now; `Type` of a polymorphic one names the object."""
    if name == "Type" and kind.name in ("User", "Lead", "Contact"):
        return kind.name
    field = kind.fields.get(name)
    return None if field is None else schema.value(kind, row, field)
