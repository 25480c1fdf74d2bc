"""The objects of the control plane, as a person in Marketo's UI creates and changes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from include.sandbox.errors import ControlError
from include.sandbox.marketo.custom_activities import make_custom_type, type_record
from include.sandbox.marketo.ui_help import whole_number
from include.sandbox.marketo.ui_leads import CompanyStore, LeadFieldStore, LeadStore
from include.sandbox.vendor import ObjectStore, Record

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo


def make_stores(marketo: Marketo) -> dict[str, ObjectStore]:
    """All objects by name; records of custom objects stand under ``custom_objects/{apiName}``."""
    return {"leads": LeadStore(marketo), "lead_fields": LeadFieldStore(marketo), "companies": CompanyStore(marketo),
            "activities": ActivityStore(marketo), "activity_types": ActivityTypeStore(marketo),
            "custom_objects": CustomObjectTypeStore(marketo), "programs": ProgramStore(marketo),
            "members": MemberStore(marketo), "webhooks": marketo.webhooks}


@dataclass
class ActivityStore:
    """Activities: ``{leadId, activityTypeId, activityDate?, primaryAttributeValue?, primaryAttributeValueId?,
    campaignId?, attributes?: [{name, value}]}``. An old ``activityDate`` is a late arrival: committed only now.
    """

    marketo: Marketo

    def list(self) -> list[Record]:
        return [activity.row() for activity in self.marketo.activities]

    def create(self, records: list[Record]) -> list[Record]:
        return [self._create(record) for record in records]

    def update(self, record_id: str, fields: Record) -> Record:
        raise ControlError("activities cannot be changed", 405)

    def delete(self, record_id: str) -> None:
        raise ControlError("activities cannot be deleted", 405)

    def _create(self, record: Record) -> Record:
        if not {"leadId", "activityTypeId"} <= set(record):
            raise ControlError("an activity needs leadId and activityTypeId")
        try:
            date = record.get("activityDate")
            moment = datetime.fromisoformat(date).isoformat() if date else None
            attributes = tuple((a["name"], a["value"]) for a in record.get("attributes") or [])
        except (ValueError, TypeError, KeyError):
            raise ControlError("activityDate must be ISO 8601, attributes a list of name and value") from None
        activity = self.marketo.log_activity(
            record["leadId"], record["activityTypeId"], date=moment, attributes=attributes,
            primary_value=record.get("primaryAttributeValue"), primary_id=record.get("primaryAttributeValueId"),
            campaign_id=record.get("campaignId"))
        return dict(activity.row())


@dataclass
class ActivityTypeStore:
    """Custom activity types (see make_custom_type); the id is the type's number. PATCH approves one or changes what it
    consists of."""

    marketo: Marketo

    def list(self) -> list[Record]:
        return [type_record(kind) for kind in self.marketo.custom_types.values()]

    def create(self, records: list[Record]) -> list[Record]:
        created = []
        for record in records:
            if not record.get("apiName"):
                raise ControlError("a custom activity type needs an apiName")
            kind = make_custom_type(record, len(self.marketo.custom_types))
            self.marketo.custom_types[kind.id] = kind
            created.append(type_record(kind))
        return created

    def update(self, record_id: str, fields: Record) -> Record:
        number = whole_number(record_id)
        if number not in self.marketo.custom_types:
            raise ControlError(f"there is no activity type {record_id}", 404)
        record = {**type_record(self.marketo.custom_types[number]), **fields, "id": number}
        self.marketo.custom_types[number] = make_custom_type(record, 0)
        return type_record(self.marketo.custom_types[number])

    def delete(self, record_id: str) -> None:
        if self.marketo.custom_types.pop(whole_number(record_id), None) is None:
            raise ControlError(f"there is no activity type {record_id}", 404)


@dataclass
class CustomObjectTypeStore:
    """Definitions of custom objects (see parse_type); the id is the apiName. PATCH ``{"state": "draft"}`` and so on."""

    marketo: Marketo

    def list(self) -> list[Record]:
        return [table.kind.record() for table in self.marketo.custom_objects.tables.values()]

    def create(self, records: list[Record]) -> list[Record]:
        return [self.marketo.custom_objects.define(record).record() for record in records]

    def update(self, record_id: str, fields: Record) -> Record:
        definition = self.marketo.custom_objects.table(record_id).kind.record()
        return self.marketo.custom_objects.define({**definition, **fields, "apiName": record_id}).record()

    def delete(self, record_id: str) -> None:
        self.marketo.custom_objects.table(record_id)
        del self.marketo.custom_objects.tables[record_id]


@dataclass
class ProgramStore:
    """Programs with their statuses."""

    marketo: Marketo

    def list(self) -> list[Record]:
        return [program.record() for program in self.marketo.programs.rows.values()]

    def create(self, records: list[Record]) -> list[Record]:
        return [self.marketo.programs.define(record).record() for record in records]

    def update(self, record_id: str, fields: Record) -> Record:
        number = self._existing(record_id)
        return self.marketo.programs.define({**self.marketo.programs.rows[number].record(), **fields}, number).record()

    def delete(self, record_id: str) -> None:
        number = self._existing(record_id)
        del self.marketo.programs.rows[number], self.marketo.programs.members[number]

    def _existing(self, record_id: str) -> int:
        number = whole_number(record_id)
        if number not in self.marketo.programs.rows:
            raise ControlError(f"there is no program {record_id}", 404)
        return number


@dataclass
class MemberStore:
    """Program members ``{programId, leadId, statusName}``; the id is ``{programId}-{leadId}``."""

    marketo: Marketo

    def list(self) -> list[Record]:
        return [_member_record(member) for members in self.marketo.programs.members.values()
                for member in members.values()]

    def create(self, records: list[Record]) -> list[Record]:
        return [self._set(r.get("programId"), r.get("leadId"), r.get("statusName")) for r in records]

    def update(self, record_id: str, fields: Record) -> Record:
        program_id, lead_id = self._ids(record_id)
        return self._set(program_id, lead_id, fields.get("statusName"))

    def delete(self, record_id: str) -> None:
        self.marketo.programs.remove_member(*self._ids(record_id))

    def _ids(self, record_id: str) -> tuple[int, int]:
        program_id, _, lead_id = record_id.partition("-")
        ids = whole_number(program_id), whole_number(lead_id)
        if ids[1] not in self.marketo.programs.members.get(ids[0], {}):
            raise ControlError(f"there is no member {record_id}", 404)
        return ids

    def _set(self, program_id: Any, lead_id: Any, status: Any) -> Record:
        program = self.marketo.programs.rows.get(program_id)
        if program is None or self.marketo.leads.get(lead_id) is None:
            raise ControlError(f"there is no program {program_id} or no lead {lead_id}", 404)
        if program.status(status) is None:
            raise ControlError(f"program {program_id} has no status {status!r}")
        self.marketo.programs.set_status(program, lead_id, status)
        return _member_record(self.marketo.programs.members[program.id][lead_id])


def _member_record(member: Record) -> Record:
    return {"id": f"{member['programId']}-{member['leadId']}", **member}
