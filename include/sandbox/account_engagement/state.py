"""The business unit's data and the API user's view of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from include.sandbox.account_engagement.catalogue import resources
from include.sandbox.account_engagement.model import Field, Resource, Row
from include.sandbox.account_engagement.refusals import Refused
from include.sandbox.account_engagement.show import Site
from include.sandbox.account_engagement.table import Table

TYPES = {"number": "int", "date": "string", "checkbox": "string"}
"""type of a custom field → how its values are kept; all others are text"""


class State:
    """Objects by name; `settings` and `now` (epoch seconds) are the emulator's."""

    def __init__(self, settings: Mapping[str, Any], now: Callable[[], int]) -> None:
        self.settings = settings
        self.now = now
        self.resources = resources()
        self.tables = {name: Table() for name in self.resources}
        self.touched: dict[int, int] = {}

    def known(self, name: str, row_id: int, deleted: bool = False) -> Row:
        """A row; Refused 109 when it is not there, or in the recycle bin and `deleted` is not set."""
        row = self.tables[name].get(row_id)
        if row is None or (row.get("isDeleted") and not deleted):
            raise Refused(109)
        return row

    def site(self, lagged: bool = False) -> Site:
        """What answers are made from; `lagged`: as the vendor's cache shows it."""
        lag = float(self.settings["cache_lag_seconds"])
        horizon = self.now() - lag if lagged and lag > 0 else None
        return Site(self.resources, self.tables, self.settings["time_zone"], horizon)

    def keep(self, name: str, row: Row) -> Row:
        """Stores a row; under a lag the one before stays readable for a while."""
        lag = float(self.settings["cache_lag_seconds"])
        self.tables[name].put(row, self.now() if lag > 0 else None)
        return row

    def add_custom_field(self, row: Row) -> None:
        """Prospects have the field from now on."""
        kind = TYPES.get(str(row["type"]).lower(), "string")
        self.resources["prospects"].fields[row["apiFieldId"]] = Field(row["apiFieldId"], kind, writable=True)

    def drop_custom_field(self, row: Row) -> None:
        self.resources["prospects"].fields.pop(row["apiFieldId"], None)

    def resource(self, path: str) -> Resource:
        """By its name in the address; Refused 198 otherwise."""
        for entry in self.resources.values():
            if entry.path == path:
                return entry
        raise Refused(198, path)
