"""`POST /deals/search`: a filter of comparisons joined by AND or OR."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from include.sandbox.mazrica.fields import DEALS
from include.sandbox.mazrica.model import Entry, Row
from include.sandbox.mazrica.refusals import bad

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip
VALUES = {"integerValue": int, "stringValue": str}
Test = Callable[[Entry], bool]


def matching(entries: list[Entry], body: Row) -> list[Entry]:
    """The deals that pass `filter`; all of them without one."""
    if "filter" not in body:
        return entries
    test = _test(body["filter"])
    return [entry for entry in entries if test(entry)]


def _test(given: Any) -> Test:
    if not isinstance(given, dict) or len(given) != 1:
        raise bad("filter is either a valueFilter or a compositeFilter.")
    if "valueFilter" in given:
        return _comparison(given["valueFilter"])
    if "compositeFilter" in given:
        return _composite(given["compositeFilter"])
    raise bad("filter is either a valueFilter or a compositeFilter.")


def _composite(given: Row) -> Test:
    join = {"AND": all, "OR": any}.get(str(given.get("logicalOperator", "")).upper())
    subs = given.get("subFilters")
    if join is None or not isinstance(subs, list) or not subs:
        raise bad("compositeFilter takes logicalOperator and subFilters.")
    tests = [_test(sub) for sub in subs]
    return lambda entry: join(test(entry) for test in tests)


def _comparison(given: Row) -> Test:
    try:
        reference, symbol = given["field"]["reference"], given["comparisonOperator"]
        ((key, wanted),) = given["value"].items()
    except (KeyError, TypeError, ValueError, AttributeError):
        raise bad("valueFilter takes field, comparisonOperator and one value.") from None
    if symbol not in OPERATORS or key not in VALUES or not isinstance(wanted, VALUES[key]):
        raise bad("valueFilter has an unknown operator or value.")
    compare, read = OPERATORS[symbol], _reader(reference)

    def test(entry: Entry) -> bool:
        value = read(entry)
        return isinstance(value, type(wanted)) and compare(value, wanted)

    return test


def _reader(reference: str) -> Callable[[Entry], Any]:
    if reference == "id":
        return lambda entry: entry.id
    name = reference.removesuffix("Id") if DEALS.get(reference.removesuffix("Id")) == "ref" else reference
    if name not in DEALS or (name == reference and DEALS[name] in ("ref", "customs", "list")):
        raise bad(f"{reference} cannot be searched.")
    return lambda entry: entry.values.get(name)
