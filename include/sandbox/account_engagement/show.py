"""Which fields an answer shows: names and dotted paths, at most three objects deep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.account_engagement.model import Resource, Row
from include.sandbox.account_engagement.refusals import Refused
from include.sandbox.account_engagement.table import Table
from include.sandbox.account_engagement.times import show

DEEPEST = 3
Shower = Callable[[Row], Row]


class Site:
    """The objects and their tables, as shown in one zone and seen at one time (`horizon`, None: now)."""

    def __init__(self, resources: Mapping[str, Resource], tables: Mapping[str, Table], zone: str,
                 horizon: float | None = None) -> None:  # fmt: skip
        self.resources = resources
        self.tables = tables
        self.zone = ZoneInfo(zone)
        self.horizon = horizon


def shower(site: Site, resource: Resource, names: list[str]) -> Shower:
    """A function that shows a row; Refused 224 for unknown names."""
    own: list[tuple[str, bool]] = []
    below: dict[str, list[str]] = {}
    for name in names:
        head, dot, rest = name.partition(".")
        if dot:
            if head not in resource.relations or name.count(".") >= DEEPEST:
                raise Refused(224, name)
            below.setdefault(head, []).append(rest)
        elif head in resource.fields:
            own.append((head, resource.fields[head].type == "datetime"))
        else:
            raise Refused(224, name)
    related = [(head, *_related(site, resource, head, rest)) for head, rest in below.items()]
    zone = site.zone

    def view(row: Row) -> Row:
        line: Row = {}
        for name, is_time in own:
            value = row.get(name)
            line[name] = show(value, zone) if is_time and value is not None else value
        for head, id_field, table, inner in related:
            other = table.seen(row.get(id_field) or 0, site.horizon)
            line[head] = None if other is None else inner(other)
        return line

    return view


def _related(site: Site, resource: Resource, head: str, rest: list[str]) -> tuple[str, Table, Shower]:
    id_field, name = resource.relations[head]
    return id_field, site.tables[name], shower(site, site.resources[name], rest)


def names_of(text: str | None) -> list[str]:
    """A `fields` parameter; Refused 13 when it is missing."""
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    if not names:
        raise Refused(13, "fields")
    return names


def everything(site: Site, resource: Resource, row: Row) -> dict[str, Any]:
    """All fields, for the control plane."""
    return shower(site, resource, list(resource.fields))(row)
