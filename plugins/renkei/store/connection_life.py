"""The end of a connection: everything stops at once, and nothing that waited is done after a reconnect (R11–R13)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, text

from renkei.store import due_actions, integration_state
from renkei.store.db import db_now

DISCONNECTED = "disconnected"  # why what was queued is dropped
BY_HAND = "disconnected by hand"  # the reason of a disconnect that only connecting again lifts

_CLOSE = text("""
with ended as (
    update renkei.change set
        state = 'closed', outcome = 'skipped', reason = :reason, closed_at = now(), updated_at = now()
    where flow = any(:flows) and state in ('pending', 'waiting', 'failed')
    returning id, run_id, flow, account, object, key)
insert into renkei.change_log (change_id, run_id, flow, account, object, key, event, reason)
select id, run_id, flow, account, object, key, 'skipped', :reason from ended
""")


def end(store: Engine, integration: str, flows: Sequence[str], actions: Sequence[str]) -> int:
    """Disarms the actions and drops what is queued for ``flows``, in one transaction; what is just being sent, or in
    doubt, is found out later and not sent again. Returns how many queued actions were dropped."""
    with store.begin() as connection:
        now = db_now(connection)
        for action in actions:
            integration_state.set_armed(connection, integration, action, False)
        dropped = sum(due_actions.drop(connection, flow, DISCONNECTED, now) for flow in flows)
        closed = connection.execute(_CLOSE, {"flows": list(flows), "reason": DISCONNECTED}).rowcount
    return dropped + closed
