"""Asks Marketo what the flow has to know before it is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from renkei.errors import ConfigurationError, RecordError
from renkei.integrations.on24_marketo.definition import Definition, from_marketo
from renkei.integrations.on24_marketo.settings import CUSTOM_OBJECT

Row = Mapping[str, Any]
NO_SUCH_OBJECT = ("610", "1013")
NOT_FOR_US = ("603", "616")  # no right, no subscription: both are for changing types, which Renkei never does


class Describing(Protocol):
    """The part of the Marketo client that shows definitions."""

    def describe_leads(self) -> Row: ...

    def describe_custom_object(self, api_name: str) -> Row: ...

    def describe_custom_object_type(self, api_name: str) -> Row: ...

    def custom_objects(self, names: Sequence[str] = ()) -> Sequence[Row]: ...


def read_described(marketo: Describing, *, thorough: bool = False) -> dict[str, Any]:
    """Marketo's own words on the custom object and the person, as plain JSON: two calls. Two more when the object is
    not there, or when ``thorough``: what other objects there are, and whether this one waits for approval."""
    person = list(marketo.describe_leads().get("fields") or ())
    described = _describe(marketo)
    objects: list[Row] = []
    if described is None or thorough:
        listed = [entry for entry in marketo.custom_objects() if _name(entry) != CUSTOM_OBJECT]
        objects = [*listed, *_approval(marketo)]
    return {"object": described, "objects": objects, "person": person}


def definition_of(described: Mapping[str, Any]) -> Definition:
    """What ``read_described`` brought, as the definition."""
    return from_marketo(described["object"], described["objects"], described["person"])


def read_definition(marketo: Describing, *, thorough: bool = False) -> Definition:
    """What Marketo says about the custom object and the person, just now."""
    return definition_of(read_described(marketo, thorough=thorough))


def _describe(marketo: Describing) -> Row | None:
    try:
        return marketo.describe_custom_object(CUSTOM_OBJECT)
    except (ConfigurationError, RecordError) as error:
        if error.code in NO_SUCH_OBJECT:
            return None
        raise


def _approval(marketo: Describing) -> list[Row]:
    """The object with its state; nothing where there is none, or where the role may not ask."""
    try:
        return [marketo.describe_custom_object_type(CUSTOM_OBJECT)]
    except (ConfigurationError, RecordError) as error:
        if error.code in (*NO_SUCH_OBJECT, *NOT_FOR_US):
            return []
        raise


def _name(entry: Row) -> str:
    return str(entry.get("apiName") or entry.get("name") or "")
