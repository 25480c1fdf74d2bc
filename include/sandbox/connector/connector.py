"""The connector: ticks on the sandbox's clock, keeps a queue, syncs prospects with people one by one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from include.sandbox.account_engagement.refusals import Refused as ProspectRefused
from include.sandbox.connector.metadata import sync_metadata
from include.sandbox.connector.pairs import Pairs
from include.sandbox.connector.people import People
from include.sandbox.connector.prospects import Prospects
from include.sandbox.salesforce.refusals import Refused as PersonRefused
from include.sandbox.salesforce.setup import INTEGRATION_USER
from include.sandbox.salesforce.times import stamp

if TYPE_CHECKING:
    from include.sandbox.account_engagement.vendor import AccountEngagement

Key = tuple[str, Any]
"""("prospect", 12) or ("person", "00Q…")"""
MOST_TICKS = 2_000


@dataclass
class SyncError:
    """Why a record stays unsynced: what the product shows on its sync error page."""

    key: Key
    code: str
    message: str
    since: int


class Connector:
    """One connector of one business unit. `catch_up` runs the ticks that have become due; time is passed by nobody
    but the sandbox's clock, so it is called before anybody looks or changes something."""

    def __init__(self, vendor: AccountEngagement) -> None:
        self._vendor = vendor
        self.queue: deque[Key] = deque()
        self.errors: dict[Key, SyncError] = {}
        self.emails: dict[int, str | None] = {}
        self.archived: set[int] = set()
        self.ticks = 0
        self._last: datetime | None = None
        self._began: datetime | None = None
        self._seen: datetime | None = None
        self._busy = False

    @property
    def state(self) -> str:
        """off, paused or on."""
        return str(self._vendor.settings["connector"])

    def begin(self) -> None:
        """From now on: what was there before is read with the first tick."""
        self._began = self._last = self._now()
        self._seen = None

    def catch_up(self) -> None:
        """Runs every tick that is due by now."""
        if self.state == "off" or self._busy or self._last is None:
            return
        tick = timedelta(seconds=float(self._vendor.settings["connector_tick_seconds"]))
        now, run = self._now(), 0
        while self._last + tick <= now:
            self._last += tick
            run += 1
            if run > MOST_TICKS:  # an age of nothing: the rest finds nothing either
                self._last = now
            self._at(self._last, self._tick)
            if not self.queue and self._seen == self._last and self._idle_since(self._last):
                steps = int((now - self._last) / tick)
                self._last += steps * tick
                self.ticks += steps
                self._seen = self._last

    def _idle_since(self, moment: datetime) -> bool:
        """Nothing changed after the tick: the ticks up to now would find nothing."""
        since = moment + timedelta(seconds=1)
        pairs = self._pairs()
        return not any(pairs.people.changed(stamp(since))) and not pairs.prospects.changed(int(since.timestamp()))

    def sync_now(self, key: Key) -> SyncError | None:
        """By hand: "Sync with CRM" on the prospect, "Send to Account Engagement" on the lead or contact; also while
        paused. The error, if it did not work."""
        if self.state == "off":
            raise ProspectRefused(233)
        self._at(self._now(), lambda: self._sync(self._pairs(), key, by_hand=True))
        return self.errors.get(key)

    def _tick(self) -> None:
        self.ticks += 1
        moment = self._last or self._now()
        since = (self._seen - timedelta(seconds=1)) if self._seen else datetime(1970, 1, 1, tzinfo=UTC)
        pairs = self._pairs()
        sync_metadata(pairs.people.org, pairs.prospects.state, stamp(since))
        if self.state != "on":
            return
        self._gather(pairs, since)
        self._seen = moment
        for _ in range(min(len(self.queue), int(self._vendor.settings["connector_batch"]))):
            self._sync(pairs, self.queue.popleft())

    def _gather(self, pairs: Pairs, since: datetime) -> None:
        """What changed on either side, or failed before, and is not in the queue yet. First who left or was converted,
        whose prospect may go on to somebody else; then prospects: an unlinked one may find its person before that
        person would get a prospect of its own; then who has a prospect and may leave an address to others."""
        waiting = set(self.queue)
        left, stayed = pairs.people.changed(stamp(since), [one for name, one in self.errors if name == "person"])
        found: list[Key] = [("person", row["Id"]) for row in left]
        found += [("prospect", row["id"]) for row in pairs.prospects.changed(int(since.timestamp()))
                  if pairs.is_due(row)]  # fmt: skip
        stayed.sort(key=lambda row: not pairs.prospects.linked(row["Id"]))
        found += [("person", row["Id"]) for row in stayed]
        found += [key for key in self.errors if key not in found]
        self.queue.extend(key for key in found if key not in waiting)

    def _sync(self, pairs: Pairs, key: Key, by_hand: bool = False) -> None:
        try:
            if key[0] == "prospect":
                pairs.sync_prospect(key[1], by_hand)
            else:
                pairs.sync_person(key[1], by_hand)
            self.errors.pop(key, None)
        except PersonRefused as refused:
            self._note_error(key, refused.code, refused.message)
        except ProspectRefused as refused:
            self._note_error(key, str(refused.code), refused.message)

    def _note_error(self, key: Key, code: str, message: str) -> None:
        since = self.errors[key].since if key in self.errors else self._vendor.state.now()
        self.errors[key] = SyncError(key, code, message, since)

    def _pairs(self) -> Pairs:
        salesforce = self._vendor.salesforce
        user = salesforce.user_named(self._vendor.settings["connector_user"] or INTEGRATION_USER)
        people = People(salesforce.org, self._vendor.settings, user["Id"] if user else salesforce.api_user["Id"])
        return Pairs(self, people, Prospects(self._vendor.state), self._vendor.settings, self._began)

    def _now(self) -> datetime:
        return self._vendor.world.clock.now().replace(microsecond=0)

    @contextmanager
    def _clock_at(self, moment: datetime) -> Iterator[None]:
        """Both sides live at the tick's time."""
        org, state = self._vendor.salesforce.org, self._vendor.state
        before = org.now, state.now
        org.now, state.now = (lambda: moment), (lambda: int(moment.timestamp()))
        self._busy = True
        try:
            yield
        finally:
            org.now, state.now = before
            self._busy = False

    def _at(self, moment: datetime, act: Any) -> None:
        with self._clock_at(moment):
            act()
