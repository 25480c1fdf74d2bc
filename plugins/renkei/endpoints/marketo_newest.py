"""People of Marketo where several have one address: the one changed last is meant (K16)."""

from __future__ import annotations

from collections.abc import Sequence

from renkei.endpoints.marketo import LeadTarget
from renkei.sync.ports import Found, MatchKey

OUTSIDE = "karte_user"  # a key that only links know; Marketo cannot be asked for it


class NewestLeadTarget(LeadTarget):
    """Looks up like LeadTarget; of several hits the lead changed last comes first."""

    def lookup(self, keys: Sequence[MatchKey], fields: Sequence[str]) -> dict[MatchKey, list[Found]]:
        asked = [key for key in keys if key.field != OUTSIDE]
        found = super().lookup(asked, list(dict.fromkeys([*fields, "updatedAt"])))
        return {key: sorted(hits, key=_changed, reverse=True) for key, hits in found.items()}


def _changed(hit: Found) -> tuple[str, int]:
    return str(hit.fields.get("updatedAt") or ""), -int(hit.id)
