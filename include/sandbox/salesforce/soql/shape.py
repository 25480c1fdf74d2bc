"""How found rows are shown: nested objects in JSON, dotted columns in CSV."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from include.sandbox.salesforce.model import Kind, Row
from include.sandbox.salesforce.soql import names
from include.sandbox.salesforce.soql.names import Getter, Resolved
from include.sandbox.salesforce.soql.parser import AGGREGATES
from include.sandbox.salesforce.soql.tree import Query


@dataclass
class Shape:
    """The selected values of one object and, by relationship name, those of its parents."""

    schema: names.Schema
    kind: Kind | None
    own: list[tuple[str, Getter]] = field(default_factory=list)
    parents: dict[str, tuple[str, Shape]] = field(default_factory=dict)
    flat: list[tuple[str, Getter, str]] = field(default_factory=list)

    def nested(self, row: Row, version: str) -> dict[str, Any]:
        """As JSON: `{"attributes": …, "Id": …, "Owner": {…} | null}`."""
        kind = self.kind.name if self.kind else "Name"
        return self._lines(row, kind, kind, version)

    def _lines(self, row: Row, kind: str, real: str, version: str) -> dict[str, Any]:
        line: dict[str, Any] = {
            "attributes": {"type": kind, "url": f"/services/data/{version}/sobjects/{real}/{row['Id']}"}
        }
        for name, read in self.own:
            line[name] = read(row)
        for name, (reference, shape) in self.parents.items():
            found = self.schema.look_up(row.get(reference))
            if found is None:
                line[name] = None
            else:
                parent, parent_row = found
                line[name] = shape._lines(parent_row, shape.kind.name if shape.kind else "Name", parent.name, version)
        return line

    def add(self, path: Resolved) -> None:
        """One selected path."""
        here = self
        for step in path.steps:
            name = step.reference.relationship or ""
            if name not in here.parents:
                here.parents[name] = (step.reference.name, Shape(self.schema, step.target))
            here = here.parents[name][1]
        if path.field is not None and path.kind is not None:
            here.own.append((path.name, names.own_getter(self.schema, path.kind, path.field)))
        else:
            here.own.append((path.name, _polymorphic(self.schema, path.name)))
        dotted = ".".join([*(step.reference.relationship or "" for step in path.steps), path.name])
        self.flat.append((dotted, names.getter(self.schema, path), path.type))


def shape_of(schema: names.Schema, query: Query, kind: Kind) -> Shape:
    """Refused for unknown fields."""
    shape = Shape(schema, kind)
    for path in query.fields:
        resolved = names.resolve(schema, query, kind, path)
        if path.function not in AGGREGATES:
            shape.add(resolved)
    return shape


def _polymorphic(schema: names.Schema, name: str) -> Callable[[Row], Any]:
    def read(row: Row) -> Any:
        found = schema.look_up(row["Id"])
        return None if found is None else names.any_value(schema, found[0], found[1], name)

    return read
