"""Field paths such as ``Owner.Email``, resolved by describe: what is there, what is not, and what was probably meant.

Source: Salesforce REST API, "sObject Describe"; fields that the user may not see are simply absent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from renkei.errors import ConfigurationError, RecordError

Describe = Callable[[str], Mapping[str, Any]]
MOST_RELATIONSHIPS = 5
NOT_IN_BULK = ("address", "location", "base64")  # Bulk queries refuse them


@dataclass(frozen=True)
class Path:
    """A configured path. ``name`` is how Salesforce writes it, ``type`` the last field's; ``problem`` says why it
    cannot be read (then ``name`` is empty), ``hint`` what was probably meant though it can."""

    given: str
    name: str = ""
    type: str = ""
    problem: str = ""
    hint: str = ""


class Described:
    """Objects as describe shows them, each asked for once."""

    def __init__(self, describe: Describe) -> None:
        self._describe = cache(describe)

    def resolve(self, sobject: str, given: str) -> Path:
        """What a path leads to. Raises ConfigurationError for an object that is not there."""
        *parents, last = given.split(".")
        if len(parents) > MOST_RELATIONSHIPS:
            return Path(given, problem=f"{sobject}.{given}: more than {MOST_RELATIONSHIPS} relationships.")
        places, names = [sobject], []
        for number, parent in enumerate(parents):
            where = ".".join([sobject, *parents[:number]])
            name, targets = self._follow(places, parent)
            if not targets:
                rest = ".".join([*parents[number + 1 :], last])
                return Path(given, problem=self._no_parent(places, where, parent, rest))
            names.append(name)
            places = targets
        return self._field(given, sobject, places, names, last)

    def fields(self, sobject: str) -> dict[str, Mapping[str, Any]]:
        """Fields by lower-case name."""
        try:
            described = self._describe(sobject)
        except RecordError:
            raise ConfigurationError(
                f"Salesforce has no object {sobject} that our user may see.",
                remedy="Give the connecting user read access to it.",
            ) from None
        return {str(field["name"]).lower(): field for field in described["fields"]}

    def _follow(self, places: Sequence[str], parent: str) -> tuple[str, list[str]]:
        """The relationship's name and the objects it may lead to."""
        name, targets = "", []
        for place in places:
            for field in self.fields(place).values():
                if str(field.get("relationshipName") or "").lower() == parent.lower():
                    name = str(field["relationshipName"])
                    targets += [target for target in field["referenceTo"] if target not in targets]
        return name, targets

    def _field(self, given: str, sobject: str, places: Sequence[str], names: list[str], last: str) -> Path:
        for place in places:
            field = self._seen(place, last)
            if field is None:
                continue
            kind = str(field["type"])
            if kind in NOT_IN_BULK:
                return Path(given, problem=f"{sobject}.{given}: a field of type {kind} cannot be read whole; list its "
                            f"parts instead{self._parts(place, str(field['name']))}.")  # fmt: skip
            return Path(given, ".".join([*names, str(field["name"])]), kind, hint=_hint(sobject, given, field))
        return Path(given, problem=self._no_field(places[0] if len(places) == 1 else "", sobject, given, last))

    def _seen(self, place: str, name: str) -> Mapping[str, Any] | None:
        try:
            return self.fields(place).get(name.lower())
        except ConfigurationError:
            return None

    def _parts(self, place: str, compound: str) -> str:
        parts = [str(field["name"]) for field in self.fields(place).values()
                 if field.get("compoundFieldName") == compound and field["name"] != compound]  # fmt: skip
        return f" ({', '.join(parts[:4])} …)" if parts else ""

    def _no_field(self, place: str, sobject: str, given: str, last: str) -> str:
        line = f"{sobject}.{given}: no such field, or our user may not see it."
        if not place:
            return line
        relation = next((field for field in self.fields(place).values()
                         if str(field.get("relationshipName") or "").lower() == last.lower()), None)  # fmt: skip
        return f"{line} It is a relationship: say which field of it, such as {given}.Name." if relation else line

    def _no_parent(self, places: Sequence[str], where: str, parent: str, rest: str) -> str:
        line = f"{where}.{parent}: no such relationship, or our user may not see it."
        for place in places:
            field = self._seen(place, parent)
            if field is not None and field.get("relationshipName"):
                return f"{line} Write {field['relationshipName']}.{rest}."
        return line


def _hint(sobject: str, given: str, field: Mapping[str, Any]) -> str:
    """A custom lookup yields an id only; its relationship ends in __r."""
    if field["type"] != "reference" or not str(field["name"]).endswith("__c") or not field.get("relationshipName"):
        return ""
    better = f"{given[: -len(str(field['name']))]}{field['relationshipName']}.Name"
    return f"{sobject}.{given} is a lookup and yields only an id; for what it points to, write {better}."
