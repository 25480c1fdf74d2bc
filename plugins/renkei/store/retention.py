"""How long each table keeps what is over. The newest known state, links and what was delivered are kept for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, text

from renkei.store.links import GONE

_BATCH = 5_000  # rows per transaction, so that nothing waits long for a lock


@dataclass(frozen=True)
class Retention:
    """Days per table. What keeps a thing from being done twice stays: write-once changes, and the change that a target
    record was last sent, lose only their content, and so do inbox events; windows read once per tag are kept whole, as
    are links to what was deleted at the vendor, and what a person is asked about or has refused."""

    runs: int = 400
    windows: int = 400
    changes: int = 400
    change_log: int = 400
    proposals: int = 30
    inbox_payloads: int = 30
    inbox_unread: int = 90
    due_actions: int = 400
    retired_links: int = 400
    usage: int = 400
    gates: int = 30  # more than the longest time a gate stays closed
    conversions: int = 400
    findings: int = 400


@dataclass(frozen=True)
class _Rule:
    table: str
    days: str
    over: str
    blank: str = ""  # what is set instead of deleting the row


# The change that a target record was last sent: through it the record's source is found when somebody else writes to
# it, and the record when its person is forgotten.
_LAST_SENT = """exists (select from renkei.delivered held
    where held.flow = change.flow and held.account = change.account and held.object = change.object
      and held.key = case when form = 'create_after_lookup' then 'id:' || change.target_id else change.key end
      and held.change_id = change.id)"""
_CONTENT = "(fields <> '{}' or initial <> '{}' or sent is not null)"

_RULES = (
    _Rule("flow_run", "runs", "state <> 'open' and coalesce(settled_at, opened_at) < :before"),
    _Rule("feed_window", "windows", "state = 'settled' and settled_at < :before and tag is null"),
    _Rule(
        "change", "changes", f"state = 'closed' and closed_at < :before and form <> 'write_once' and not {_LAST_SENT}"
    ),
    _Rule(
        "change",
        "changes",
        f"state = 'closed' and closed_at < :before and {_CONTENT}",
        "fields = '{}', initial = '{}', refs = '{}', match = '[]', explanation = '{}', warnings = '[]', sent = null",
    ),
    _Rule("change_log", "change_log", "at < :before"),
    _Rule("proposal", "proposals", "created_at < :before and (action <> 'set_aside' or decision = 'approved')"),
    _Rule(
        "inbox_event", "inbox_payloads", "state = 'used' and used_at < :before and payload <> '{}'", "payload = '{}'"
    ),
    _Rule("loaded_event", "inbox_payloads", "received_at < :before and payload <> '{}'", "payload = '{}'"),
    _Rule("inbox_event", "inbox_unread", "state = 'new' and received_at < :before"),
    _Rule("due_action", "due_actions", "state <> 'due' and done_at < :before"),
    _Rule(
        "identity_link",
        "retired_links",
        f"state = 'retired' and retired_at < :before and retired_reason is distinct from '{GONE}'",
    ),
    _Rule("request_gate", "gates", "passed_at < :before"),
    _Rule("run_gate", "gates", "left_at < :before"),
    _Rule("quota_usage", "usage", "period_start < :before"),
    _Rule("two_way_pair", "retired_links", "state = 'retired' and retired_at < :before"),
    _Rule("audit_finding", "findings", "gone_at < :before"),
    _Rule("conversion", "conversions", "converted_at < :before"),
    _Rule("visit", "conversions", "last_at < :before"),
)


def clean(engine: Engine, retention: Retention, now: datetime) -> dict[str, int]:
    """Deletes or blanks what is older than its table keeps it; returns rows per table. Can be stopped any time."""
    done: dict[str, int] = {}
    for rule in _RULES:
        before = now - timedelta(days=getattr(retention, rule.days))
        done[rule.table] = done.get(rule.table, 0) + _apply(engine, rule, before)
    return done


def _apply(engine: Engine, rule: _Rule, before: datetime) -> int:
    verb = f"update renkei.{rule.table} set {rule.blank}" if rule.blank else f"delete from renkei.{rule.table}"
    some = f"select ctid from renkei.{rule.table} where {rule.over} limit {_BATCH} for update skip locked"
    statement = text(f"{verb} where ctid = any(array({some}))")
    total = 0
    while True:
        with engine.begin() as connection:
            rows = int(connection.execute(statement, {"before": before}).rowcount)
        total += rows
        if rows < _BATCH:
            return total
