"""Asks Marketo what the flow has to know before it is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from renkei.errors import ConfigurationError
from renkei.integrations.on24_marketo.definition import Definition, from_marketo
from renkei.integrations.on24_marketo.settings import CUSTOM_OBJECT

NO_SUCH_OBJECT = ("610", "1013")


class Describing(Protocol):
    """The part of the Marketo client that shows definitions."""

    def describe_leads(self) -> Mapping[str, Any]: ...

    def describe_custom_object(self, api_name: str) -> Mapping[str, Any]: ...

    def custom_objects(self, names: Sequence[str] = ()) -> Sequence[Mapping[str, Any]]: ...


def read_definition(marketo: Describing, *, thorough: bool = False) -> Definition:
    """What Marketo says about the custom object and the person: two calls; a third one when the object is not
    there, or when ``thorough`` (it tells whether changes of the object wait for approval)."""
    person = marketo.describe_leads().get("fields") or ()
    try:
        describe: Mapping[str, Any] | None = marketo.describe_custom_object(CUSTOM_OBJECT)
    except ConfigurationError as error:
        if error.code not in NO_SUCH_OBJECT:
            raise
        describe = None
    objects = marketo.custom_objects() if thorough or describe is None else ()
    return from_marketo(describe, objects, person)
