"""A Marketo lead, linked with a KARTE user, as the user's lead data in KARTE. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from renkei.endpoints.karte import USER
from renkei.endpoints.karte_at_once import MALFORMED, NO_KEY, NOT_NOW, WITHIN
from renkei.endpoints.karte_users import LINKED
from renkei.integrations.karte_marketo.definition import Definition
from renkei.integrations.karte_marketo.lead_fields import STAMP
from renkei.integrations.karte_marketo.settings import FieldRow, Settings
from renkei.integrations.karte_marketo.values import Unreadable, convert, marketo_hash
from renkei.sync.flow import Decision, Link, Skip, Unit, Unmappable, Write
from renkei.sync.ports import Account, MatchKey

NO_LEAD = "no_lead"
REFUSED = (WITHIN, MALFORMED, NO_KEY, NOT_NOW)
CELL_BYTES, TEXT_UNITS = 256, 2048  # KARTE: of a reference table's cell, of a text in an event
Lead = Mapping[str, Any]


@dataclass(frozen=True)
class LeadMapper:
    """Units by user → one write each. ``private_key``: Marketo's Munchkin API key, or empty. ``karte`` and ``marketo``
    are the accounts whose links a look-up shows."""

    settings: Settings
    definition: Definition
    karte: Account
    marketo: Account
    private_key: str = ""

    def map(self, unit: Unit) -> Sequence[Decision]:
        newest = max(unit.records, key=lambda record: record.observed_at)
        said = newest.payload
        if newest.deleted:
            return [Skip(unit.value, "deleted")]
        if "refused" in said:
            return [Skip(unit.value, str(said["refused"]))]
        if said.get("failed"):
            return [Unmappable(unit.value, f"the look-up failed: {said['failed']}")]
        lead = said.get("lead")
        if not lead:
            return [Skip(unit.value, NO_LEAD)]
        return [self._write(unit.value, said, lead)]

    def _write(self, user: str, said: Mapping[str, Any], lead: Lead) -> Write:
        warnings: list[str] = []
        others = [str(one) for one in said.get("others") or ()]
        if others:
            warnings.append(f"{len(others) + 1} leads have this key; the one changed last was taken")
        shape = self._row if self.settings.lead_target.kind == "table" else self._event
        fields, along = shape(user, lead, warnings)
        return Write(
            user,
            fields,
            initial=along,
            links=self._links(user, said, lead),
            explanation={"matched_by": said.get("by"), "lead": str(lead["id"]), "others_with_this_key": others},
            warnings=tuple(warnings),
        )

    def _links(self, user: str, said: Mapping[str, Any], lead: Lead) -> tuple[Link, ...]:
        lead_id = str(lead["id"])
        return (
            Link(self.karte, USER, MatchKey("lead", lead_id), user),
            Link(self.marketo, "lead", MatchKey("karte_user", user), lead_id),
        )

    def _event(self, user: str, lead: Lead, warnings: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Values of an ``identify``; the time of the lead's last change goes along and is not compared."""
        carried = {name: lead[name] for name in self.definition.fields.names if _is_there(lead.get(name))}
        along = {f"marketo.{STAMP}": carried.pop(STAMP)} if STAMP in carried else {}
        fields = {"user_id": user, "marketo": carried, **self._rows(lead, warnings), **self._hash(lead)}
        for name, value in [*carried.items(), *fields.items()]:
            if isinstance(value, str) and len(value.encode("utf-16-le", "surrogatepass")) > 2 * TEXT_UNITS:
                warnings.append(f"{name} is longer than {TEXT_UNITS} characters and was cut")
        return fields, along

    def _row(self, user: str, lead: Lead, warnings: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Cells of a reference table's row, those the table has columns for."""
        carried = {f"marketo_{name}": lead[name] for name in self.definition.fields.names if _is_there(lead.get(name))}
        cells = {**carried, **self._rows(lead, warnings), **self._hash(lead)}
        kept = {name: value for name, value in cells.items() if name in self.definition.columns}
        left_out = [name for name in cells if name not in kept]
        if left_out:
            warnings.append(f"no column for {', '.join(left_out)}")
        for name, value in kept.items():
            if isinstance(value, str) and len(value.encode(errors="replace")) > CELL_BYTES:
                warnings.append(f"{name} is longer than {CELL_BYTES} bytes and was cut")
        stamp = f"marketo_{STAMP}"
        along = {stamp: kept.pop(stamp)} if stamp in kept else {}
        return {"user_id": user, **kept}, along

    def _rows(self, lead: Lead, warnings: list[str]) -> dict[str, Any]:
        """The field rows: converted values, and whether the user may be written to."""
        found: dict[str, Any] = {}
        for row in self.settings.lead_fields.rows:
            value = lead.get(row.source)
            if not _is_there(value):
                continue
            try:
                found[row.name] = convert(value, row.convert, self.settings.lead_fields.timezone)
            except Unreadable as error:
                warnings.append(f"{row.field} {error}: {row.to} was left out")
                continue
            if _subscribes(row, lead):
                found["subscription"] = True
        return found

    def _hash(self, lead: Lead) -> dict[str, str]:
        email = lead.get("email")
        return {"marketo_hash": marketo_hash(self.private_key, str(email))} if self.private_key and email else {}


def _is_there(value: Any) -> bool:
    """Only values that are not empty are carried; false and 0 are values."""
    return value is not None and value != ""


def _subscribes(row: FieldRow, lead: Lead) -> bool:
    """Nobody is subscribed who has left, or whose address is dead."""
    return row.subscribe and not lead.get("unsubscribed") and not lead.get("emailInvalid")


__all__ = ["LINKED", "NO_LEAD", "REFUSED", "LeadMapper"]
