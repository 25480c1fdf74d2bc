"""KARTE user data as fields of the Marketo lead. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from renkei.endpoints.marketo import normalize_email
from renkei.integrations.karte_marketo.settings import Settings
from renkei.sync.flow import Decision, Skip, Unit, Write
from renkei.sync.ports import MatchKey

NO_LEAD, NO_KEY, NOTHING = "no_lead", "no_key", "nothing_to_write"
ASCII_ONLY = "email_not_ascii"


@dataclass(frozen=True)
class UserMapper:
    """Units by user → one write to their lead: the one they were linked with, else the one of their address."""

    settings: Settings

    @property
    def owned(self) -> tuple[str, ...]:
        return tuple(self.settings.users.fields)

    def map(self, unit: Unit) -> Sequence[Decision]:
        [record] = unit.records
        said = record.payload
        if record.deleted:
            return [Skip(unit.value, "deleted")]
        wanted = self.settings.users.fields
        fields = {
            name: said["values"][source]
            for name, path in wanted.items()
            if (source := path.removeprefix("identify.")) in said["values"]
        }
        address = normalize_email(said.get("email"))
        if not fields:
            return [Skip(unit.value, NOTHING)]
        if not address and not said.get("cookie"):
            return [Skip(unit.value, NO_KEY)]
        keys = [MatchKey("karte_user", unit.value)]
        if address:
            keys.append(MatchKey("email", address))
        create = self.settings.users.create and bool(address)
        return [
            Write(
                unit.value,
                fields,
                initial={"email": said["email"]} if create else {},
                match=tuple(keys),
                may_create=create,
                absent_reason=NO_LEAD,
                order=record.observed_at,
            )
        ]
