"""Records that may be sent only once and whose answer never came: looked for at the target, never sent on suspicion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from renkei.errors import ConfigurationError
from renkei.store import outbox
from renkei.store.changes import Change
from renkei.sync.canonical import digest
from renkei.sync.flow import Stage
from renkei.sync.ports import Doubt, Seen, Sighting
from renkei.sync.results import CONFIGURATION_RETRY, Resolution
from renkei.sync.sender import Sender

LOOK_AGAIN = timedelta(minutes=1)
NOT_SHOWN = Sighting(Seen.UNREADABLE, reason="the target cannot be searched")


def marker_of(change: Change) -> str:
    """Names the record in the target: 32 hex digits, the same whoever plans or sends it."""
    return digest([change.flow, change.account, change.object, change.key])


def find_out(sender: Sender, index: int, stage: Stage) -> None:
    """Looks for what is in doubt and due, batch after batch: found is done; absent for longer than the target's lag is
    sent again; what cannot be told stays in doubt until a person decides."""
    with sender.engine.store.connect() as connection:
        while sender.has_time():
            with connection.begin():
                claimed = outbox.claim(
                    connection,
                    flow=sender.flow.name,
                    account=str(stage.target.account),
                    stage=index,
                    fingerprint=sender.flow.fingerprint,
                    now=sender.started,
                    limit=stage.target.batch_size,
                    states=("in_doubt",),
                    any_mapping=True,
                )
                if not claimed:
                    return
                now = sender.engine.now(connection)
                sender.store(connection, stage, _looked_for(sender, stage, claimed, now), None)
                sender.engine.failpoint("push.before_find_commit")


def _looked_for(sender: Sender, stage: Stage, claimed: Sequence[Change], now: datetime) -> list[Resolution]:
    doubts = [Doubt(one.key, marker_of(one), _sent(one), now - (one.sent_at or now)) for one in claimed]
    try:
        sightings: Mapping[str, Sighting] = stage.find(doubts) if stage.find else {}
    except ConfigurationError as error:
        return [_stays(change, str(error), now + CONFIGURATION_RETRY) for change in claimed]
    return [_resolution(sender, stage, change, sightings.get(change.key, NOT_SHOWN), now) for change in claimed]


def _sent(change: Change) -> Mapping[str, object]:
    return (change.sent or {}).get("fields") or change.fields


def _resolution(sender: Sender, stage: Stage, change: Change, sighting: Sighting, now: datetime) -> Resolution:
    if sighting.seen is Seen.FOUND:
        return Resolution(
            change,
            "closed",
            event="created",
            outcome="created",
            target_id=sighting.id,
            reason="found after its answer was lost",
            delivered=dict(_sent(change)),
            keep_sent=True,
        )
    if sighting.seen is Seen.UNREADABLE:
        return _stays(change, f"nobody can tell whether it arrived: {sighting.reason}; a person decides", None)
    sent_at = change.sent_at or now
    counts_from = sent_at + stage.target.call_deadline + stage.in_doubt_after
    if now < counts_from:
        later = now + max(LOOK_AGAIN, now - sent_at)  # ever more rarely: each look is a call
        return _stays(change, "not found yet; its absence does not count so soon", min(counts_from, later))
    return Resolution(
        change,
        "pending",
        event="not_there",
        reason="it never arrived; it is sent again",
        due_at=sender.started,
    )


def _stays(change: Change, reason: str, due_at: datetime | None) -> Resolution:
    return Resolution(change, "in_doubt", reason=reason, due_at=due_at, keep_sent=True)
