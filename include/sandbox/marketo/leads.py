"""What can happen to a lead, with all that follows from it: timestamps, activities, companies, merges."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from include.sandbox.marketo import activity_types as types
from include.sandbox.marketo.lead_fields import LeadFields
from include.sandbox.marketo.lead_table import INDEXED_AT, TOUCHED, Lead, LeadTable

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

API_SOURCE = "Web service API"
UI_SOURCE = "Lead Database"


class Leads:
    """The leads of one instance."""

    def __init__(self, marketo: Marketo) -> None:
        self._marketo = marketo
        self.fields = LeadFields()
        self.table = LeadTable()
        self.on_merge: list[Callable[[int, list[int]], None]] = []
        self.on_delete: list[Callable[[int], None]] = []

    def find(self, field: str, value: Any, *, fresh: bool = False) -> list[int]:
        """Ids a look-up finds; with ``fresh`` also leads the index does not show yet."""
        now = None if fresh else self._marketo.now_stamp()
        ids = self.table.find(field, value, now)
        if field == "email" and self._marketo.settings["email_case_sensitive"]:
            ids = [i for i in ids if (self.table.get(i) or {}).get("email") == value]
        return ids

    def get(self, lead_id: int) -> Lead | None:
        """The lead with its company's fields, or None."""
        return self.table.get(lead_id)

    def create(self, values: Lead, source: str = API_SOURCE) -> Lead:
        """Creates a lead from checked values; writes activity 12."""
        now = self._marketo.now_stamp()
        created = values.get("createdAt") or now
        lead: Lead = {
            "leadPartitionId": 1, "isLead": True, "isAnonymous": False, "originalSourceType": source,
            **{name: value for name, value in values.items() if value is not None},
            "id": self.table.next_id(), "createdAt": created, "updatedAt": values.get("updatedAt") or created,
            TOUCHED: created,
        }
        lag = self._marketo.settings["index_lag_seconds"]
        if lag:
            lead[INDEXED_AT] = self._marketo.now_stamp(lag)
        self.table.put(lead)
        self._log(lead["id"], types.NEW_LEAD, created_at=created, attributes=(
            ("Created Date", created[:10]), ("Lead Source", lead.get("leadSource")), ("Source Type", source)))
        return lead

    def update(self, lead_id: int, values: Lead, source: str = API_SOURCE) -> tuple[str, ...]:
        """Changes a lead; returns the names of the fields that really got another value.

        Activity 13 per changed field, 22 for a score. ``updatedAt`` moves with standard fields only, the bulk filter
        of that name with any (Adobe: bulk-lead-extract).
        """
        lead = self.table.get(lead_id)
        assert lead is not None
        changed = {name: value for name, value in values.items() if lead.get(name) != value}
        if not changed:
            return ()
        now = self._marketo.now_stamp()
        standard = any(not self.fields.by_name[name].custom for name in changed)
        self.table.put({**lead, **changed, TOUCHED: now, **({"updatedAt": now} if standard else {})})
        for name, value in changed.items():
            self._log_change(lead_id, name, lead.get(name), value, source)
        return tuple(changed)

    def delete(self, lead_id: int) -> None:
        """Deletes a lead; activity 37 can be read for 14 days."""
        self._remove(lead_id)
        for react in self.on_delete:
            react(lead_id)
        self._log(lead_id, types.DELETE_LEAD, primary_id=lead_id, primary_value=str(lead_id),
                  attributes=(("Remove from CRM", False),))

    def merge(self, winner_id: int, loser_ids: list[int], source: str = API_SOURCE) -> None:
        """Merges losers into the winner: empty fields are filled, children move, losers are gone, activity 32."""
        filled: Lead = {}
        winner = self.table.get(winner_id)
        assert winner is not None
        for loser_id in loser_ids:
            loser = self.table.get(loser_id) or {}
            for name, value in loser.items():
                field = self.fields.get(name)
                if field and not field.read_only and value is not None and winner.get(name) is None:
                    filled.setdefault(name, value)
        for react in self.on_merge:
            react(winner_id, loser_ids)
        for loser_id in loser_ids:
            self._remove(loser_id)
        now = self._marketo.now_stamp()
        self.table.put({**winner, **filled, "updatedAt": now, TOUCHED: now})
        merged = "[" + ", ".join(str(i) for i in loser_ids) + "]"
        self._log(winner_id, types.MERGE_LEADS, primary_id=winner_id, primary_value=str(winner_id), attributes=(
            ("Master Updated", bool(filled)), ("Merge IDs", merged), ("Merge Source", source)))

    def _remove(self, lead_id: int) -> None:
        self.table.remove(lead_id)

    def _log_change(self, lead_id: int, name: str, old: Any, new: Any, source: str) -> None:
        field = self.fields.by_name[name]
        change = {"id": field.id, "name": name, "newValue": _shown(new), "oldValue": _shown(old)}
        if field.data_type == "score":
            step = (new or 0) - (old or 0)
            attributes = (("Change Value", f"{step:+d}"), ("New Value", new), ("Old Value", old), ("Reason", source))
            self._log(lead_id, types.CHANGE_SCORE, primary_id=field.id, primary_value=field.display_name,
                      attributes=attributes)
            return
        attributes = (("New Value", _shown(new)), ("Old Value", _shown(old)), ("Reason", source), ("Source", source))
        self._log(lead_id, types.CHANGE_VALUE, primary_id=field.id, primary_value=field.display_name,
                  attributes=attributes, changes=(change,))

    def _log(self, lead_id: int, type_id: int, *, created_at: str | None = None, **more: Any) -> None:
        self._marketo.log_activity(lead_id, type_id, date=created_at, **more)


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def public(lead: Lead, names: list[str]) -> Lead:
    """The asked fields of a lead; one it does not have is null (Adobe: leads)."""
    return {name: lead.get(name) for name in names}
