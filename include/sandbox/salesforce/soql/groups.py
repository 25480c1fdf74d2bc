"""GROUP BY and aggregates."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from include.sandbox.salesforce.model import TEXT, Kind, Row
from include.sandbox.salesforce.soql import conditions, names
from include.sandbox.salesforce.soql.lexer import malformed
from include.sandbox.salesforce.soql.names import Getter
from include.sandbox.salesforce.soql.parser import AGGREGATES
from include.sandbox.salesforce.soql.tree import Both, Not, Path, Query

FOLDS: dict[str, Callable[[list[Any]], Any]] = {
    "COUNT": len, "COUNT_DISTINCT": lambda values: len(set(values)),
    "MIN": lambda values: min(values, default=None), "MAX": lambda values: max(values, default=None),
    "SUM": lambda values: sum(values) if values else None,
    "AVG": lambda values: sum(values) / len(values) if values else None,
}  # fmt: skip
TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip


def grouped(org: conditions.Org, query: Query, kind: Kind, rows: Iterable[Row]) -> list[dict[str, Any]]:
    """One line per group, as AggregateResult."""
    keys = [_reader(org, query, kind, path) for path in query.group]
    groups: dict[tuple[Any, ...], list[Row]] = {} if keys else {(): []}
    for row in rows:
        groups.setdefault(tuple(_folded(read(row)) for read in keys), []).append(row)
    lines = []
    for members in groups.values():
        if query.having is None or _holds(org, query, kind, query.having, members):
            lines.append(_line(org, query, kind, members))
    return lines


def _line(org: conditions.Org, query: Query, kind: Kind, members: list[Row]) -> dict[str, Any]:
    line: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
    unnamed = 0
    for path in query.fields:
        if path.function in AGGREGATES:
            name = path.alias or f"expr{unnamed}"
            unnamed += 0 if path.alias else 1
            line[name] = _fold(org, query, kind, path, members)
        else:
            if path.names not in [group.names for group in query.group]:
                message = f"Field must be grouped or aggregated: {'.'.join(path.names)}"
                raise malformed(query.text, path.at, message)
            line[path.alias or path.names[-1]] = _reader(org, query, kind, path)(members[0])
    return line


def _fold(org: conditions.Org, query: Query, kind: Kind, path: Path, members: list[Row]) -> Any:
    read = _reader(org, query, kind, path)
    return FOLDS[path.function or ""]([value for row in members if (value := read(row)) is not None])


def _holds(org: conditions.Org, query: Query, kind: Kind, tree: Any, members: list[Row]) -> bool:
    if isinstance(tree, Not):
        return not _holds(org, query, kind, tree.inner, members)
    if isinstance(tree, Both):
        return (all if tree.word == "AND" else any)(_holds(org, query, kind, part, members) for part in tree.parts)
    if tree.path.function not in AGGREGATES:
        return conditions.compile_where(org, query, kind, tree)(members[0])
    value = _fold(org, query, kind, tree.path, members)
    return value is not None and TESTS[tree.operator](value, tree.value.value)


def _reader(org: conditions.Org, query: Query, kind: Kind, path: Path) -> Getter:
    resolved = names.resolve(org, query, kind, path)
    if resolved.field is not None and not resolved.field.filterable and resolved.type in TEXT:
        raise malformed(query.text, path.at, f"field '{resolved.name}' can not be grouped in a query call")
    return names.getter(org, resolved)


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
