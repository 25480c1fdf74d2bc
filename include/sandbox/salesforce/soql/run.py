"""Answers a statement: which rows, in which order, and how they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from include.sandbox.salesforce.model import TEXT, Kind, Row
from include.sandbox.salesforce.soql import conditions, names
from include.sandbox.salesforce.soql.groups import grouped
from include.sandbox.salesforce.soql.lexer import malformed
from include.sandbox.salesforce.soql.narrow import candidates
from include.sandbox.salesforce.soql.parser import AGGREGATES
from include.sandbox.salesforce.soql.shape import Shape, shape_of
from include.sandbox.salesforce.soql.tree import Order, Path, Query
from include.sandbox.salesforce.table import Table


class Org(conditions.Org, Protocol):
    """With the tables."""

    def table(self, kind: Kind) -> Table: ...

    def readable(self, kind: Kind, row: Row) -> bool: ...


@dataclass
class Result:
    """What a query found. Rows are kept by id and read when their page is asked for; groups are ready lines."""

    kind: Kind
    shape: Shape
    ids: list[str]
    groups: list[dict[str, Any]] | None
    table: Table

    @property
    def total(self) -> int:
        return len(self.ids) if self.groups is None else len(self.groups)

    def rows(self, start: int, stop: int) -> Iterator[Row]:
        """The rows of one page, less those that are gone for good."""
        for record_id in self.ids[start:stop]:
            row = self.table.get(record_id)
            if row is not None:
                yield row

    def page(self, start: int, stop: int, version: str) -> list[dict[str, Any]]:
        if self.groups is not None:
            return self.groups[start:stop]
        if not self.shape.flat:  # COUNT(): the number alone
            return []
        return [self.shape.nested(row, version) for row in self.rows(start, stop)]


def run(org: Org, query: Query, with_deleted: bool = False) -> Result:
    """Refused as Salesforce refuses."""
    kind = known_kind(org, query)
    expand_fields(org, query, kind)
    shape = shape_of(org, query, kind)
    found = _found(org, query, kind, with_deleted)
    table = org.table(kind)
    aggregates = any(path.function in AGGREGATES for path in query.fields)
    if query.group or (aggregates and query.fields):
        lines = grouped(org, query, kind, found)
        return Result(kind, shape, [], lines[query.offset :][: query.limit], table)
    ids = [row["Id"] for row in _ordered(org, query, kind, found)]
    stop = None if query.limit is None else query.offset + query.limit
    return Result(kind, shape, ids[query.offset : stop], None, table)


def known_kind(org: Org, query: Query) -> Kind:
    """The object after FROM; INVALID_TYPE when there is none that one may see."""
    kind = org.kind(query.kind)
    if kind is None:
        message = (
            f"sObject type '{query.kind}' is not supported. If you are attempting to use a custom object, be sure to "
            "append the '__c' after the entity name. Please reference your WSDL or the describe call for the "
            "appropriate names."
        )
        raise malformed(query.text, query.kind_at, message, "INVALID_TYPE")
    return kind


def expand_fields(org: Org, query: Query, kind: Kind) -> None:
    """`FIELDS(ALL|STANDARD|CUSTOM)` as the names it stands for."""
    for path in query.fields:
        if path.function == "FIELDS":
            if query.limit is None or query.limit > 200:
                raise malformed(query.text, path.at, "The SOQL FIELDS function must have a LIMIT of at most 200")
            want = path.names[0].upper()
            seen = [f for f in kind.fields.values() if org.visible(kind, f)]
            chosen = [f for f in seen if want == "ALL" or f.custom == (want == "CUSTOM")]
            query.fields = [Path((field.name,), path.at) for field in chosen]
            return


def _found(org: Org, query: Query, kind: Kind, with_deleted: bool) -> Iterator[Row]:
    test = None if query.where is None else conditions.compile_where(org, query, kind, query.where)
    rows = candidates(org, query, kind, org.table(kind))
    live = rows if with_deleted else (row for row in rows if not row.get("IsDeleted") and not row.get("IsArchived"))
    seen = (row for row in live if org.readable(kind, row))
    return seen if test is None else filter(test, seen)


def _ordered(org: Org, query: Query, kind: Kind, rows: Iterable[Row]) -> Iterable[Row]:
    if not query.order:
        stop = None if query.limit is None else query.offset + query.limit
        return islice(rows, stop)
    listed = list(rows)
    for order in reversed(query.order):
        _sort(org, query, kind, listed, order)
    return listed


def _sort(org: Org, query: Query, kind: Kind, rows: list[Row], order: Order) -> None:
    path = names.resolve(org, query, kind, order.path)
    if path.field is not None and not path.field.sortable:
        raise malformed(query.text, order.path.at, f"field '{path.name}' can not be sorted in a query call",
                        "INVALID_FIELD")  # fmt: skip
    read = conditions.folded(path, names.getter(org, path))
    empty = "" if path.type in (*TEXT, "id", "reference", "date", "datetime") else 0
    first = order.nulls_last == order.descending  # where None lands before the list is turned round

    def key(row: Row) -> tuple[bool, Any]:
        value = read(row)
        return (value is not None) if first else (value is None), empty if value is None else value

    rows.sort(key=key, reverse=order.descending)
