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


def read_definition(marketo: Describing, *, thorough: bool = False) -> Definition:
    """What Marketo says about the custom object and the person: two calls. Two more when the object is not there,
    or when ``thorough``: what other objects there are, and whether this one waits for approval."""
    person = marketo.describe_leads().get("fields") or ()
    describe = _describe(marketo)
    if describe is not None and not thorough:
        return from_marketo(describe, (), person)
    listed = [entry for entry in marketo.custom_objects() if _name(entry) != CUSTOM_OBJECT]
    return from_marketo(describe, [*listed, *_approval(marketo)], person)


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
