"""The mapping of the three stages, bound to settings and to this Marketo instance's names. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from renkei.integrations.on24_marketo.attendance import map_attendance
from renkei.integrations.on24_marketo.catalogue import attendee_fields, lead_fields
from renkei.integrations.on24_marketo.columns import Column, columns
from renkei.integrations.on24_marketo.member_status import STATUS, map_member_status
from renkei.integrations.on24_marketo.names import LeadNames, RecordNames
from renkei.integrations.on24_marketo.people import map_people
from renkei.integrations.on24_marketo.settings import Settings
from renkei.sync.canonical import digest
from renkei.sync.flow import Decision, Unit

RULES = 1  # raised when a rule in the code changes what is sent


@dataclass(frozen=True)
class Mapper:
    """Units of source records → decisions, one method per stage."""

    settings: Settings
    record: RecordNames
    lead: LeadNames

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        return columns(self.settings, self.record)

    def people(self, unit: Unit) -> Sequence[Decision]:
        """Units by person (subject)."""
        return map_people(unit, self.settings, self.lead)

    def attendance(self, unit: Unit) -> Sequence[Decision]:
        """Units by registration (key)."""
        return map_attendance(unit, self.settings, self.record, self.columns)

    def member_status(self, unit: Unit) -> Sequence[Decision]:
        """Units by person (subject)."""
        return map_member_status(unit, self.settings)

    @property
    def owned_by_people(self) -> tuple[str, ...]:
        return (self.lead.profile_url,) if self.lead.profile_url else ()

    @property
    def owned_by_attendance(self) -> tuple[str, ...]:
        return self.record.owned

    @property
    def owned_by_member_status(self) -> tuple[str, ...]:
        return (STATUS,)

    def fingerprint(self) -> str:
        """Changes exactly when what would be sent changes: settings, catalogue, names and types found, rules."""
        return digest([RULES, self._settings(), self._catalogue(), self._names()])

    def _settings(self) -> dict[str, Any]:
        parts = {
            "create_new_people", "on24_registrants", "match_lead_id", "utm", "virtual_conference", "fields",
            "max_sizes", "profile_url", "member_status", "unwanted",
        }  # fmt: skip
        return self.settings.model_dump(mode="json", include=parts)

    def _catalogue(self) -> list[list[Any]]:
        chosen = [attendee_fields()[name] for name in self.settings.fields]
        record = [[field.name, field.type, field.max_size, field.source] for field in chosen]
        return [*record, *([field.name, field.source] for field in lead_fields())]

    def _names(self) -> dict[str, Any]:
        return {
            "record": {name: [hit.name, hit.type, hit.length] for name, hit in self.record.fields.items()},
            "lead": [dict(self.lead.standard), self.lead.profile_url, dict(self.lead.sizes)],
        }
