"""Field names as this Marketo instance has them: capitals and aliases differ, so describe decides (O40)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from renkei.integrations.on24_marketo.catalogue import KEYS, CatalogueField, attendee_fields, lead_fields
from renkei.integrations.on24_marketo.settings import Settings


@dataclass(frozen=True)
class MarketoField:
    """One field as describe shows it; ``type`` and names in Marketo's own spelling."""

    name: str
    type: str
    length: int | None = None


@dataclass(frozen=True)
class RecordNames:
    """Catalogue name → Marketo name, of the keys and of the chosen fields that exist."""

    fields: Mapping[str, MarketoField] = field(default_factory=dict)

    def missing(self, settings: Settings) -> list[str]:
        """Chosen fields that the object does not have."""
        return [name for name in settings.fields if name not in self.fields]

    @property
    def owned(self) -> tuple[str, ...]:
        return tuple(found.name for name, found in self.fields.items() if name not in KEYS)


@dataclass(frozen=True)
class LeadNames:
    """Names of the person's fields that exist, and how much each holds."""

    standard: Mapping[str, str] = field(default_factory=dict)
    profile_url: str | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)


def find(catalogue_field: CatalogueField, present: Mapping[str, MarketoField]) -> MarketoField | None:
    """The Marketo field of a catalogue field; ``present`` is keyed by name in lower case."""
    return next((present[name] for name in catalogue_field.names if name in present), None)


def record_names(present: Mapping[str, MarketoField], settings: Settings) -> RecordNames:
    """The keys and manifest ∩ describe."""
    catalogue = attendee_fields()
    found = {name: find(catalogue[name], present) for name in (*KEYS, *settings.fields)}
    return RecordNames({name: hit for name, hit in found.items() if hit})


def lead_names(present: Mapping[str, MarketoField], settings: Settings) -> LeadNames:
    """The person's fields this integration fills, as far as they exist."""
    wanted = [lead_field.name for lead_field in lead_fields() if settings.utm or lead_field.group == "standard"]
    standard = {name: present[name.lower()].name for name in wanted if name.lower() in present}
    url = present.get(settings.profile_url.field.lower()) if settings.profile_url.enabled else None
    names = {*standard.values(), *([url.name] if url else [])}
    sizes = {hit.name: hit.length for hit in present.values() if hit.name in names and hit.length}
    return LeadNames(standard, url.name if url else None, sizes)
