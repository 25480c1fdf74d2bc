"""Conditions: from the tree to a function that says of a row whether it fits."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from include.sandbox.salesforce.ids import canonical
from include.sandbox.salesforce.model import NUMBERS, TEXT, Kind, Row
from include.sandbox.salesforce.soql import names
from include.sandbox.salesforce.soql.datelits import midnight, span
from include.sandbox.salesforce.soql.lexer import malformed
from include.sandbox.salesforce.soql.names import Getter, Resolved
from include.sandbox.salesforce.soql.tree import Both, Condition, Literal, Not, Query
from include.sandbox.salesforce.times import parse_moment, stamp

Test = Callable[[Row], bool]


class Org(names.Schema, Protocol):
    """The schema, the present, and how a subquery is answered."""

    @property
    def zone(self) -> str: ...

    def now(self) -> datetime: ...

    def values_of(self, query: Query) -> set[Any]: ...


def compile_where(org: Org, query: Query, kind: Kind, tree: Any) -> Test:
    if isinstance(tree, Not):
        inner = compile_where(org, query, kind, tree.inner)
        return lambda row: not inner(row)
    if isinstance(tree, Both):
        parts = [compile_where(org, query, kind, part) for part in tree.parts]
        if tree.word == "AND":
            return lambda row: all(part(row) for part in parts)
        return lambda row: any(part(row) for part in parts)
    return _condition(org, query, kind, tree)


def _condition(org: Org, query: Query, kind: Kind, tree: Condition) -> Test:
    path = names.resolve(org, query, kind, tree.path)
    if path.field is not None and not path.field.filterable:
        message = f"field '{path.name}' can not be filtered in a query call"
        raise malformed(query.text, tree.path.at, message, "INVALID_FIELD")
    read = names.getter(org, path)
    if tree.operator in ("IN", "NOT IN"):
        return _in(org, query, path, tree, read)
    if tree.operator in ("INCLUDES", "EXCLUDES"):
        return _includes(tree, read)
    if tree.operator == "LIKE":
        return _like(query, path, tree, read)
    if tree.value.kind == "datelit":
        return _within(org, query, path, tree, read)
    wanted = operand(query, path, tree.value)
    return _compare(tree.operator, wanted, folded(path, read))


def folded(path: Resolved, read: Getter) -> Getter:
    """Text is compared without case."""
    if path.type not in TEXT:
        return read

    def lower(row: Row) -> Any:
        value = read(row)
        return value.lower() if isinstance(value, str) else value

    return lower


def _compare(operator: str, wanted: Any, read: Getter) -> Test:
    if operator == "=":
        return lambda row: read(row) == wanted
    if operator == "!=":
        return lambda row: read(row) != wanted
    if wanted is None:
        return lambda row: False
    tests: dict[str, Callable[[Any], bool]] = {
        "<": lambda value: value < wanted, "<=": lambda value: value <= wanted,
        ">": lambda value: value > wanted, ">=": lambda value: value >= wanted,
    }  # fmt: skip
    test = tests[operator]

    def check(row: Row) -> bool:
        value = read(row)
        return value is not None and test(value)

    return check


def _in(org: Org, query: Query, path: Resolved, tree: Condition, read: Getter) -> Test:
    if isinstance(tree.value, Query):
        wanted = org.values_of(tree.value)
    else:
        wanted = {operand(query, path, literal) for literal in tree.value}
    value = folded(path, read)
    if tree.operator == "IN":
        return lambda row: value(row) in wanted
    return lambda row: value(row) not in wanted


def _includes(tree: Condition, read: Getter) -> Test:
    groups = [set(str(literal.value).lower().split(";")) for literal in tree.value]

    def includes(row: Row) -> bool:
        chosen = set((read(row) or "").lower().split(";"))
        return any(group <= chosen for group in groups)

    return includes if tree.operator == "INCLUDES" else lambda row: not includes(row)


def _like(query: Query, path: Resolved, tree: Condition, read: Getter) -> Test:
    if path.type not in TEXT or tree.value.kind != "string":
        message = f"invalid operator on {path.type} field"
        raise malformed(query.text, tree.at, message, "INVALID_QUERY_FILTER_OPERATOR")
    pattern, escaped = "", False
    for letter in tree.value.value:
        if escaped or letter not in "\\%_":
            pattern, escaped = pattern + re.escape(letter), False
        elif letter == "\\":
            escaped = True
        else:
            pattern += ".*" if letter == "%" else "."
    match = re.compile(pattern, re.IGNORECASE | re.DOTALL).fullmatch
    return lambda row: bool((value := read(row)) is not None and match(str(value)))


def operand(query: Query, path: Resolved, literal: Literal) -> Any:
    """A literal as the field's stored values compare with it; refused when the type does not fit."""
    if literal.kind == "null":
        return None
    if path.type in ("id", "reference"):
        found = canonical(str(literal.value)) if literal.kind == "string" else None
        if found is None and literal.value != "":
            raise malformed(query.text, literal.at, f"invalid ID field: {literal.value}",
                            "INVALID_QUERY_FILTER_OPERATOR")  # fmt: skip
        return found
    if path.type in TEXT and literal.kind == "string":
        return literal.value.lower() or None
    if path.type == "boolean" and literal.kind == "boolean":
        return literal.value
    if path.type in NUMBERS and literal.kind == "number":
        return literal.value
    if path.type == "date" and literal.kind == "day":
        return literal.value
    if path.type == "datetime" and literal.kind == "moment":
        return _moment(literal.value)
    raise _wrong_type(query, path, literal)


def _moment(text: str) -> str:
    moment = parse_moment(text)
    return stamp(moment).replace(".000+", f".{moment.microsecond // 1000:03}+")


def _wrong_type(query: Query, path: Resolved, literal: Literal) -> Exception:
    quotes = "should be" if path.type in TEXT else "should not be"
    kind = "string" if path.type in TEXT else {"datetime": "dateTime"}.get(path.type, path.type)
    wanted = f"must be of type {kind} and {quotes} enclosed in quotes"
    message = f"value of filter criterion for field '{path.name}' {wanted}"
    return malformed(query.text, literal.at, message, "INVALID_FIELD")


def _within(org: Org, query: Query, path: Resolved, tree: Condition, read: Getter) -> Test:
    days = span(tree.value.value, midnight_today(org)) if path.type in ("date", "datetime") else None
    if days is None:
        raise malformed(query.text, tree.value.at, f"unexpected token: '{tree.value.value}'")
    edges = [stamp(midnight(day, org.zone)) if path.type == "datetime" else day.isoformat() for day in days]
    first, after = edges
    tests: dict[str, Callable[[Any], bool]] = {
        "=": lambda value: first <= value < after, "!=": lambda value: not first <= value < after,
        "<": lambda value: value < first, "<=": lambda value: value < after,
        ">": lambda value: value >= after, ">=": lambda value: value >= first,
    }  # fmt: skip
    test = tests[tree.operator]

    def check(row: Row) -> bool:
        value = read(row)
        return (value is not None and test(value)) or (value is None and tree.operator == "!=")

    return check


def midnight_today(org: Org) -> Any:
    return org.now().astimezone(ZoneInfo(org.zone)).date()
