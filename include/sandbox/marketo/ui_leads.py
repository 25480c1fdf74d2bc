"""Leads, their fields and companies, as a person in Marketo's UI creates and changes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from include.sandbox.errors import ControlError
from include.sandbox.marketo.lead_fields import field_record
from include.sandbox.marketo.lead_writes import valid_email
from include.sandbox.marketo.leads import UI_SOURCE
from include.sandbox.marketo.ui_help import as_person, whole_number
from include.sandbox.vendor import Record

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

SETTABLE_READ_ONLY = ("createdAt", "updatedAt", "cookies")


@dataclass
class LeadStore:
    """Leads; a person may create duplicates, change company fields and delete; ``merge_into`` merges."""

    marketo: Marketo

    def list(self) -> list[Record]:
        leads = self.marketo.leads
        return [_lead_record(leads.get(lead_id) or {}) for lead_id in leads.table.ids()]

    def create(self, records: list[Record]) -> list[Record]:
        checked = [self._checked(record) for record in records]
        return [_lead_record(self.marketo.leads.create(values, UI_SOURCE)) for values in checked]

    def update(self, record_id: str, fields: Record) -> Record:
        lead_id = self._existing(record_id)
        winner = fields.get("merge_into")
        if winner is not None:
            winner_id = self._existing(str(winner))
            self.marketo.leads.merge(winner_id, [lead_id], UI_SOURCE)
            lead_id = winner_id
        else:
            self.marketo.leads.update(lead_id, self._checked(fields), UI_SOURCE)
        return _lead_record(self.marketo.leads.get(lead_id) or {})

    def delete(self, record_id: str) -> None:
        self.marketo.leads.delete(self._existing(record_id))

    def _existing(self, record_id: str) -> int:
        lead_id = whole_number(record_id)
        if self.marketo.leads.get(lead_id) is None:
            raise ControlError(f"there is no lead {record_id}", 404)
        return lead_id

    def _checked(self, record: Record) -> Record:
        values = {}
        for name, value in record.items():
            field = self.marketo.leads.fields.get(name)
            if field is None or (field.read_only and name not in SETTABLE_READ_ONLY):
                raise ControlError(f"a lead has no writable field {name!r}")
            values[name] = as_person(lambda field=field, value=value: field.store(value))
        if not valid_email(values.get("email")):
            raise ControlError(f"no e-mail address: {record['email']!r}")
        return values


def _lead_record(lead: Record) -> Record:
    return {name: value for name, value in lead.items() if not name.startswith("_")}


@dataclass
class LeadFieldStore:
    """Custom fields of the lead: ``{name, displayName?, dataType?, length?}``; the id is the name."""

    marketo: Marketo

    def list(self) -> list[Record]:
        return [field_record(field) for field in self.marketo.leads.fields.by_name.values()]

    def create(self, records: list[Record]) -> list[Record]:
        fields = self.marketo.leads.fields
        return [field_record(fields.add(r.get("name", ""), r.get("dataType", "string"), r.get("displayName"),
                                        r.get("length"))) for r in records]

    def update(self, record_id: str, fields: Record) -> Record:
        raise ControlError("a field cannot be changed; delete it and create it anew", 405)

    def delete(self, record_id: str) -> None:
        self.marketo.leads.fields.remove(record_id)


@dataclass
class CompanyStore:
    """Companies."""

    marketo: Marketo

    def list(self) -> list[Record]:
        return [dict(row) for row in self.marketo.companies.rows.values()]

    def create(self, records: list[Record]) -> list[Record]:
        return [dict(self.marketo.companies.create(self._checked(record))) for record in records]

    def update(self, record_id: str, fields: Record) -> Record:
        row = self._row(record_id)
        self.marketo.companies.update(row, self._checked(fields))
        return dict(row)

    def delete(self, record_id: str) -> None:
        del self.marketo.companies.rows[self._row(record_id)["id"]]

    def _row(self, record_id: str) -> Record:
        row = self.marketo.companies.rows.get(whole_number(record_id))
        if row is None:
            raise ControlError(f"there is no company {record_id}", 404)
        return row

    def _checked(self, record: Record) -> Record:
        fields = self.marketo.companies.fields()
        for name in record:
            if name not in fields:
                raise ControlError(f"a company has no field {name!r}")
        return {name: as_person(lambda n=name, v=value: fields[n].store(v)) for name, value in record.items()}
