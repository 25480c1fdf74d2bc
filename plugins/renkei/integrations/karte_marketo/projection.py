"""How many of Marketo's calls a day the look-ups will take, from how many users were identified lately. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from renkei.integrations.karte_marketo.settings import LEADS, REALTIME, USERS, Settings

BATCH = 300
WINDOWS = 48  # of a day, every half hour
DESCRIBES = 2 * WINDOWS


@dataclass(frozen=True)
class Volume:
    """The last 24 hours: users identified, those of them with e-mail, and identify events."""

    people: int
    with_email: int
    events: int


@dataclass(frozen=True)
class Projection:
    """Calls a day by flow, and our share of a day."""

    calls: Mapping[str, int]
    share: int

    @property
    def total(self) -> int:
        return sum(self.calls.values())

    @property
    def over(self) -> bool:
        return self.total > self.share

    def __str__(self) -> str:
        parts = ", ".join(f"{flow} {calls}" for flow, calls in self.calls.items())
        return f"about {self.total} Marketo calls a day at the volume of the last 24 hours ({parts}), of {self.share}"


def project(settings: Settings, volume: Volume) -> Projection:
    """The scheduled look-up takes one call per 300 users and window. In realtime a user who arrives alone takes one
    call, and only once in 24 hours: that many, at worst."""
    calls: dict[str, int] = {}
    if settings.scheduled.enabled:
        calls[LEADS] = WINDOWS + ceil(min(volume.events, WINDOWS * volume.with_email) / BATCH) + DESCRIBES
    if settings.realtime.enabled:
        calls[REALTIME] = volume.people
    if settings.users.enabled:
        calls[USERS] = 2 * (WINDOWS + ceil(volume.people / BATCH))
    return Projection(calls, settings.purse.share)


ADVICE = (
    "Link by e-mail on schedule instead (realtime.enabled: false), or have Marketo raise the daily quota and set "
    "purse.daily_calls."
)
