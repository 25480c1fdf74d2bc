"""Which rows a query need look at: those an index names, or all of them less what is certainly too old."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from include.sandbox.salesforce.model import TEXT, Kind, Row
from include.sandbox.salesforce.soql import conditions, names
from include.sandbox.salesforce.soql.tree import Both, Condition, Query
from include.sandbox.salesforce.table import Table

STAMPS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")


def candidates(org: conditions.Org, query: Query, kind: Kind, table: Table) -> Iterable[Row]:
    """A superset of the rows that fit."""
    needed = _needed(query.where)
    for condition in needed:
        found = _by_index(org, query, kind, table, condition)
        if found is not None:
            return found
    return table.scan(_since(org, query, kind, needed))


def _needed(tree: Any) -> list[Condition]:
    """Conditions that every fitting row meets."""
    if isinstance(tree, Condition):
        return [tree]
    if isinstance(tree, Both) and tree.word == "AND":
        return [condition for part in tree.parts for condition in _needed(part)]
    return []


def _by_index(
    org: conditions.Org, query: Query, kind: Kind, table: Table, condition: Condition
) -> list[Row] | None:
    if condition.operator not in ("=", "IN"):
        return None
    path = names.resolve(org, query, kind, condition.path)
    if path.steps or path.field is None or path.field.formula or path.type not in ("id", "reference", *TEXT):
        return None
    if isinstance(condition.value, Query):
        wanted = org.values_of(condition.value)
    else:
        literals = condition.value if condition.operator == "IN" else [condition.value]
        wanted = {conditions.operand(query, path, literal) for literal in literals}
    found: dict[str, Row] = {}
    for value in wanted:
        rows = table.find(path.name, value)
        if rows is None:
            return None
        found.update((row["Id"], row) for row in rows)
    return [found[record_id] for record_id in sorted(found)]


def _since(org: conditions.Org, query: Query, kind: Kind, needed: list[Condition]) -> str | None:
    """The latest stamp that every fitting row has reached."""
    found = []
    for condition in needed:
        if condition.operator in ("=", ">", ">=") and condition.path.names[-1].lower() in map(str.lower, STAMPS):
            path = names.resolve(org, query, kind, condition.path)
            if not path.steps and condition.value.kind == "moment":
                found.append(conditions.operand(query, path, condition.value))
    return max(found, default=None)
