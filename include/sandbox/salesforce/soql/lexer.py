"""Words of a SOQL statement."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from include.sandbox.salesforce.refusals import Refused

_WORD = re.compile(
    r"""(?P<space>\s+)
    |(?P<string>'(?:[^'\\]|\\.)*')
    |(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)
    |(?P<day>\d{4}-\d\d-\d\d)
    |(?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*(?::\d+)?)
    |(?P<mark><=|>=|!=|<>|[=<>(),])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "\\": "\\", "'": "'", '"': '"'}


@dataclass(frozen=True)
class Token:
    """One word: its class, its text, what it means, and where it begins."""

    kind: str
    text: str
    value: Any
    at: int

    def says(self, *words: str) -> bool:
        """Whether it is one of these keywords or marks."""
        return self.kind in ("name", "mark") and self.text.upper() in words


def tokens(soql: str) -> list[Token]:
    """The words of a statement, with an end word; MALFORMED_QUERY for what is none."""
    found, at = [], 0
    while at < len(soql):
        match = _WORD.match(soql, at)
        if match is None:
            what = "unexpected char" if soql[at] != "'" else "unexpected end of string, expecting"
            raise malformed(soql, at, f"{what}: '{soql[at]}'")
        kind = match.lastgroup or ""
        if kind != "space":
            found.append(Token(kind, match[0], _value(soql, kind, match[0], at), at))
        at = match.end()
    return [*found, Token("end", "<EOF>", None, len(soql))]


def malformed(soql: str, at: int, message: str, code: str = "MALFORMED_QUERY") -> Refused:
    """A refusal that shows the place."""
    row = soql.count("\n", 0, at) + 1
    column = at - (soql.rfind("\n", 0, at) + 1) + 1
    around = soql[max(0, at - 40) : at + 40].replace("\n", " ")
    return Refused(code, f"\n{around}\n{' ' * min(at, 40)}^\nERROR at Row:{row}:Column:{column}\n{message}")


def _value(soql: str, kind: str, text: str, at: int) -> Any:
    if kind == "string":
        return _unescape(soql, text[1:-1], at)
    if kind == "number":
        return float(text) if any(c in text for c in ".eE") else int(text)
    return text


def _unescape(soql: str, text: str, at: int) -> str:
    """`\\%` and `\\_` stay as they are: LIKE reads them."""
    if "\\" not in text:
        return text

    def replace(match: re.Match[str]) -> str:
        letter = match[1]
        if letter in ("%", "_"):
            return match[0]
        if letter not in _ESCAPES:
            raise malformed(soql, at, f"Invalid string literal '{text}'. Illegal character sequence '\\{letter}'")
        return _ESCAPES[letter]

    return re.sub(r"\\(.)", replace, text, flags=re.DOTALL)
