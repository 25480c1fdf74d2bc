"""What the wirings share of purses: our share of a vendor's quota as settings tell it, and what is left of it today."""

from __future__ import annotations

from typing import Protocol

from renkei.store.periods import Daily, Reset
from renkei.store.purse import Purse, PurseSettings
from renkei.sync.flow import Allowance

MARKETO_RESET = Daily("UTC", "06:05")  # midnight US Central is over then for sure, all the year
MAZRICA_RESET = Daily("UTC", "00:00")
BULK_LEAVES = 5  # a backfill leaves the fifth part of our share to regular runs


class Share(Protocol):
    """The section ``purse`` of a settings file."""

    rate_calls: int
    rate_seconds: int
    concurrency: int

    @property
    def share(self) -> int: ...


def purse_settings(asked: Share, reset: Reset) -> PurseSettings:
    """The settings section as the purse wants it."""
    return PurseSettings(
        share=asked.share, reset=reset, reserve=asked.share // BULK_LEAVES, rate_calls=asked.rate_calls,
        rate_seconds=float(asked.rate_seconds), concurrency=asked.concurrency,
    )


def allowance_of(purse: Purse, *, bulk: bool) -> Allowance:
    """What is left of our share of the account's calls today, and the share of a whole day."""
    told = purse.forecast()
    share = told.share - (purse.settings.reserve if bulk else 0)
    return Allowance(0 if told.blocked_until else max(0, share - told.spent), share)
