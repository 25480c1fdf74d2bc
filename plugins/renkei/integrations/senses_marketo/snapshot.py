"""What is gone from a list: read whole, and compared with what was stored of it before.

Mazrica tells no deletions. A record that no read has shown since the snapshot began is gone; where more than a set
share is, the API may be at fault, and a person decides.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from renkei.integrations.senses_marketo.deal_history import DELETED, HELD, UNCLEAR, ended, merged_into
from renkei.integrations.senses_marketo.feeds import Known, Store, Transform
from renkei.integrations.senses_marketo.settings import Reconcile
from renkei.sync.ports import Fields, Page, Source, SourceRow, Span

log = logging.getLogger("renkei.extract")

ASKED = "a person decides; the run's note says how to be asked."
LEFT = "they count as still there. If people did delete them, raise reconcile.vanished_share for one night."

Gone = Callable[[Mapping[str, Known]], list[SourceRow]]


class Snapshot:
    """``inner`` reads the whole list in raw rows, ``transform`` turns them into rows of ``feed``, ``gone`` makes the
    rows of what is missing at the end."""

    def __init__(self, inner: Source, store: Store, feed: str, transform: Transform, gone: Gone) -> None:
        self.account = inner.account
        self._inner = inner
        self._store = store
        self._feed = feed
        self._transform = transform
        self._gone = gone
        # Before the engine takes the time that its first page was observed at
        self._began = store.now()

    def now(self) -> datetime:
        return self._inner.now()

    def pages(self, span: Span, cursor: Fields | None) -> Iterator[Page]:
        """The cursor holds when the snapshot began; one of another kind of read begins anew."""
        state: dict[str, Any] = {"snapshot": self._began.isoformat()}
        if cursor is not None and "snapshot" in cursor:
            state = dict(cursor)
        if not state.get("end"):
            for page in self._inner.pages(span, state.get("list")):
                going = {"list": page.cursor} if page.cursor is not None else {"end": True}
                rows = self._transform([row.payload for row in page.rows])
                yield Page(rows, {"snapshot": state["snapshot"], **going})
        began = datetime.fromisoformat(str(state["snapshot"]))
        yield Page(self._gone(self._store.missing(str(self.account), self._feed, began)), None)


def too_many(missing: int, alive: int, settings: Reconcile) -> bool:
    """Whether so many are gone at once that the API may be at fault; ``alive`` counts the missing too."""
    return missing >= settings.vanished_from and missing > settings.vanished_share * alive


def gone_deals(store: Store, account: str, feed: str, settings: Reconcile, now: Callable[[], datetime]) -> Gone:
    """Deals that are gone: deleted, perhaps merged, or held for a person."""

    def gone(missing: Mapping[str, Known]) -> list[SourceRow]:
        if not missing:
            return []
        alive = store.alive(account, feed)
        held = too_many(len(missing), len(alive), settings)
        if held:
            log.warning("%s", _warned("deals", len(missing), len(alive), ASKED))
        others = {key: known.payload for key, known in alive.items() if key not in missing}
        at = now()
        ahead = at - store.now()  # of the vendor's clock before ours
        return [
            _ended(key, known, known.observed_at + ahead, others, held, at) for key, known in sorted(missing.items())
        ]

    return gone


def _ended(
    key: str, known: Known, alive_at: datetime, others: Mapping[str, Fields], held: bool, now: datetime
) -> SourceRow:
    maybe = [] if held else merged_into(known.payload, alive_at, others)
    how = HELD if held else UNCLEAR if maybe else DELETED
    return SourceRow(key, ended(known.payload, now, how, maybe), version=known.version, deleted=True)


def gone_records(store: Store, account: str, feed: str, settings: Reconcile, noun: str) -> Gone:
    """Records of a list that are gone: marked as deleted, unless too many are."""

    def gone(missing: Mapping[str, Known]) -> list[SourceRow]:
        alive = store.count_alive(account, feed) if missing else 0
        if too_many(len(missing), alive, settings):
            log.warning("%s", _warned(noun, len(missing), alive, LEFT))
            return []
        return [
            SourceRow(key, known.payload, subject=known.subject, version=known.version, deleted=True)
            for key, known in sorted(missing.items())
        ]

    return gone


def _warned(noun: str, missing: int, alive: int, follows: str) -> str:
    return (
        f"{missing} of {alive} {noun} are gone from Mazrica at once, which is more than reconcile.vanished_share: "
        f"{follows}"
    )
