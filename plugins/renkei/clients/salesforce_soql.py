"""SOQL with parameters: values are bound and escaped, names are checked, nothing else is ever put into a query."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from simple_salesforce.format import format_soql

from renkei.errors import ConfigurationError

LONGEST = 12_000  # characters of a query in an address; Salesforce takes about 16,000 bytes, encoded
_NAME = r"[A-Za-z][A-Za-z0-9_]*"
_PATH = re.compile(rf"{_NAME}(?:\.{_NAME}){{0,5}}")


def bind(query: str, *values: Any, **named: Any) -> str:
    """``bind("SELECT Id FROM Lead WHERE Email IN {}", addresses)``: text is quoted and escaped, lists become
    ``(…)``, aware times and dates literals. The query itself holds no values."""
    if re.search(r"\{[^}]*:literal\}", query):
        raise ValueError("bind takes no literals")
    bound: str = format_soql(query, *map(_plain, values), **{name: _plain(value) for name, value in named.items()})
    return bound


def path(name: str) -> str:
    """A field's API name, with at most five relationships before it. Raises ConfigurationError for anything else."""
    if not _PATH.fullmatch(name):
        raise ConfigurationError(
            f"{name[:60]!r} is no API name of a Salesforce field or object.",
            remedy="Letters, digits and underscores; dots lead to a parent, at most five.",
        )
    return name


def select(fields: Sequence[str], sobject: str, rest: str = "", *values: Any) -> str:
    """``SELECT <fields> FROM <sobject> <rest>`` with checked names; ``rest`` as in ``bind``."""
    names = ", ".join(map(path, fields))
    return f"SELECT {names} FROM {path(sobject)} {bind(rest, *values)}".rstrip()


def by_length(values: Sequence[str], *, most: int = 200, characters: int = LONGEST // 2) -> Iterator[list[str]]:
    """Values in portions whose ``IN (…)`` fits into an address, also when every character is escaped."""
    portion: list[str] = []
    used = 0
    for value in values:
        cost = len(value.encode()) * 3 + 6 if not value.isascii() else len(value) + 12
        if portion and (len(portion) >= most or used + cost > characters):
            yield portion
            portion, used = [], 0
        portion.append(value)
        used += cost
    if portion:
        yield portion


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        # format_soql leaves NUL and other controls alone; no field of Salesforce can hold them
        return "".join(character for character in value if character >= " " or character in "\n\r\t")
    if isinstance(value, list | tuple | set):
        return [_plain(one) for one in value]
    return value
