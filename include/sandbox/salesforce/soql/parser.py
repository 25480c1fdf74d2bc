"""The grammar: SELECT … FROM … [WHERE] [GROUP BY [HAVING]] [ORDER BY] [LIMIT] [OFFSET] [FOR …]."""

from __future__ import annotations

from typing import Any

from include.sandbox.salesforce.refusals import Refused
from include.sandbox.salesforce.soql.lexer import Token, malformed, tokens
from include.sandbox.salesforce.soql.tree import Both, Condition, Literal, Not, Order, Path, Query

LONGEST = 100_000
LONGEST_STRING = 4_000
AGGREGATES = ("COUNT", "COUNT_DISTINCT", "MIN", "MAX", "SUM", "AVG")
FUNCTIONS = (*AGGREGATES, "FIELDS", "TOLABEL", "FORMAT")
OPERATORS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
ENDS = ("WHERE", "GROUP", "ORDER", "LIMIT", "OFFSET", "FOR", "USING", "WITH", "HAVING", "ALL")


def parse(soql: str) -> Query:
    """The statement's tree; MALFORMED_QUERY when it is none."""
    if len(soql) > LONGEST:
        raise Refused("QUERY_TOO_COMPLICATED", "SOQL statements cannot be longer than 100000 characters")
    parser = _Parser(soql)
    query = parser.query()
    parser.finish()
    return query


def parse_condition(text: str) -> Any:
    """A condition alone, as it stands after WHERE."""
    return parse(f"SELECT Id FROM Lead WHERE {text}").where


class _Parser:
    def __init__(self, soql: str) -> None:
        self._soql = soql
        self._tokens = tokens(soql)
        self._place = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _take(self) -> Token:
        self._place += 1
        return self._tokens[self._place - 1]

    def _skip(self, *words: str) -> bool:
        if self._next.says(*words):
            self._place += 1
            return True
        return False

    def _expect(self, word: str) -> Token:
        if not self._next.says(word):
            raise self._unexpected(f"expecting '{word}', found '{self._next.text}'")
        return self._take()

    def _unexpected(self, message: str | None = None) -> Refused:
        return malformed(self._soql, self._next.at, message or f"unexpected token: '{self._next.text}'")

    def _name(self) -> Token:
        if self._next.kind != "name":
            raise self._unexpected()
        return self._take()

    def finish(self) -> None:
        if self._next.kind != "end":
            raise self._unexpected()

    def query(self) -> Query:
        self._expect("SELECT")
        fields = self._fields()
        self._expect("FROM")
        kind = self._name()
        self._alias(kind)
        query = Query(self._soql, fields, kind.text, kind.at)
        if self._skip("WHERE"):
            query.where = self._either()
        if self._skip("GROUP"):
            self._expect("BY")
            query.group = self._paths()
            query.having = self._either() if self._skip("HAVING") else None
        if self._skip("ORDER"):
            self._expect("BY")
            query.order = self._orders()
        query.limit = self._count() if self._skip("LIMIT") else None
        query.offset = self._count() if self._skip("OFFSET") else 0
        self._suffix()
        return query

    def _suffix(self) -> None:
        """FOR VIEW and the like say nothing about the result here."""
        while self._skip("FOR"):
            if not self._skip("VIEW", "REFERENCE", "UPDATE"):
                raise self._unexpected()
        if self._skip("ALL"):
            self._expect("ROWS")

    def _alias(self, kind: Token) -> None:
        if self._next.kind == "name" and not self._next.says(*ENDS):
            raise self._unexpected(f"aliases are not supported here: {kind.text} {self._next.text}")

    def _fields(self) -> list[Path]:
        if self._next.says("COUNT") and [t.text for t in self._tokens[self._place + 1 : self._place + 3]] == ["(", ")"]:
            self._place += 3
            return []
        return self._paths()

    def _paths(self) -> list[Path]:
        found = [self._path()]
        while self._skip(","):
            found.append(self._path())
        return found

    def _path(self) -> Path:
        if self._next.says("("):
            raise self._unexpected("subqueries in SELECT are not supported here")
        word = self._name()
        names, function = tuple(word.text.split(".")), None
        if self._next.says("("):
            function = word.text.upper()
            if function not in FUNCTIONS:
                raise malformed(self._soql, word.at, f"unexpected token: '{word.text}('")
            self._take()
            names = tuple(self._name().text.split("."))
            self._expect(")")
        alias = None
        if self._next.kind == "name" and not self._next.says("FROM", "ASC", "DESC", "NULLS", "AND", "OR", "NOT", "IN",
                                                              "LIKE", "INCLUDES", "EXCLUDES", *ENDS):
            alias = self._take().text
        return Path(names, word.at, function, alias)

    def _either(self) -> Any:
        first = self._one()
        word = self._next.text.upper() if self._next.says("AND", "OR") else None
        if word is None:
            return first
        parts = [first]
        while self._skip(word):
            parts.append(self._one())
        if self._next.says("AND", "OR"):
            raise self._unexpected()  # AND and OR beside each other need parentheses
        return Both(word, tuple(parts))

    def _one(self) -> Any:
        if self._skip("NOT"):
            return Not(self._one())
        if self._skip("("):
            inner = self._either()
            self._expect(")")
            return inner
        path = self._path()
        return self._condition(path)

    def _condition(self, path: Path) -> Condition:
        token = self._take()
        word = token.text.upper()
        if token.kind == "mark" and word in OPERATORS:
            return Condition(path, OPERATORS[word], self._literal(), token.at)
        if token.says("LIKE"):
            return Condition(path, "LIKE", self._literal(), token.at)
        if token.says("NOT") and self._skip("IN"):
            return Condition(path, "NOT IN", self._list(), token.at)
        if token.says("IN", "INCLUDES", "EXCLUDES"):
            return Condition(path, word, self._list(), token.at)
        self._place -= 1
        raise self._unexpected()

    def _list(self) -> Any:
        self._expect("(")
        if self._next.says("SELECT"):
            inner = self.query()
            self._expect(")")
            return inner
        found = [self._literal()]
        while self._skip(","):
            found.append(self._literal())
        self._expect(")")
        return found

    def _literal(self) -> Literal:
        token = self._take()
        if token.kind == "string" and len(token.value) > LONGEST_STRING:
            raise malformed(self._soql, token.at, "string literal too long")
        if token.kind in ("string", "number", "day", "moment"):
            return Literal(token.kind, token.value, token.at)
        word = token.text.upper()
        if token.kind == "name" and word in ("TRUE", "FALSE"):
            return Literal("boolean", word == "TRUE", token.at)
        if token.kind == "name" and word == "NULL":
            return Literal("null", None, token.at)
        if token.kind == "name" and "." not in word:
            return Literal("datelit", word, token.at)
        self._place -= 1
        raise self._unexpected()

    def _orders(self) -> list[Order]:
        found = []
        while True:
            path = self._path()
            descending = self._skip("DESC") or (self._skip("ASC") and False)
            last = False
            if self._skip("NULLS"):
                if not self._next.says("FIRST", "LAST"):
                    raise self._unexpected()
                last = self._take().says("LAST")
            found.append(Order(path, descending, last))
            if not self._skip(","):
                return found

    def _count(self) -> int:
        token = self._take()
        if token.kind != "number" or not isinstance(token.value, int) or token.value < 0:
            self._place -= 1
            raise self._unexpected()
        return token.value
