"""Who may update what: each (account, object, field) has exactly one owning flow over all settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from renkei.errors import ConfigurationError


@dataclass(frozen=True)
class Claim:
    """``flow`` updates ``field`` of ``object``. ``account`` is the connection id: at parse nothing else is known."""

    account: str
    object: str
    field: str
    flow: str

    @property
    def place(self) -> tuple[str, str, str]:
        """What can have one owner only; vendors' names do not tell capitals apart."""
        return self.account, self.object.casefold(), self.field.casefold()


def conflicts(claims: Iterable[Claim]) -> list[tuple[Claim, Claim]]:
    """(owner, second owner) of every field that two flows want to update; the first one in order owns it."""
    owners: dict[tuple[str, str, str], Claim] = {}
    found = []
    for claim in claims:
        owner = owners.setdefault(claim.place, claim)
        if owner.flow != claim.flow:
            found.append((owner, claim))
    return found


def refuse_second_owner(claims: Iterable[Claim]) -> None:
    """Raises ConfigurationError, one line, when a field has a second owner."""
    found = conflicts(claims)
    if not found:
        return
    owner, second = found[0]
    more = f" (and {len(found) - 1} more fields)" if len(found) > 1 else ""
    raise ConfigurationError(
        f"{second.flow}: {second.object}.{second.field} in connection {second.account} is already updated by "
        f"{owner.flow}{more}.",
        remedy="A field is updated by one flow only: take it out of one of the two settings files.",
    )
