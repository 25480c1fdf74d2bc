"""The sandbox's clock: real time plus what was advanced, or frozen at an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Time as all vendors of one world see it (UTC).

    With ``start`` the clock is frozen there and moves only by ``advance``; without, it runs with real time.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start
        self.reset()

    def reset(self) -> None:
        """Back to the start: the given instant, or real now."""
        self._frozen_at = self._start
        self._offset = timedelta()

    @property
    def frozen(self) -> bool:
        """Whether time only moves by ``advance``."""
        return self._frozen_at is not None

    def now(self) -> datetime:
        """The present instant, timezone-aware UTC."""
        return (self._frozen_at or datetime.now(UTC)) + self._offset

    def advance(self, seconds: float) -> None:
        """Lets time pass; never backwards."""
        if seconds < 0:
            raise ValueError("the clock never goes backwards")
        self._offset += timedelta(seconds=seconds)

    def freeze(self) -> None:
        """Stops the clock at the present instant."""
        if not self.frozen:
            self._frozen_at = datetime.now(UTC)

    def run(self) -> None:
        """Lets the clock run with real time again, from where it stands."""
        if self.frozen:
            self._offset = self.now() - datetime.now(UTC)
            self._frozen_at = None
