"""Whether prospects sync by themselves. A new installation is paused, like the vendor's connector, until a person has
looked at everything and unpauses it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from renkei.integrations.salesforce_account_engagement.names import CONTACT, LEAD, NAME, PROSPECT
from renkei.store import integration_state, records
from renkei.store.tables import change, flow_run, source_record
from renkei.sync.open import lock_flow

ACTION = "prospect_sync"
USERS = "account_engagement.user"


def is_paused(store: sa.Engine) -> bool:
    """From the beginning, and after each pause."""
    armed: dict[str, Any] = integration_state.arms(store, NAME).get(ACTION) or {}
    return not armed.get("armed")


def unpause(store: sa.Engine, accounts: tuple[str, str]) -> int:
    """From now on prospects sync by themselves; everything stored is planned anew, so that what waited goes too.
    Returns how many records that are."""
    with store.begin() as connection:
        lock_flow(connection, NAME, "plan")  # a batch being planned still takes prospects for paused
        integration_state.set_armed(connection, NAME, ACTION, True, at_first=False)
        number = records.queue_feeds(connection, NAME, accounts[0], [LEAD, CONTACT], bulk=True)
        return number + records.queue_feeds(connection, NAME, accounts[1], [PROSPECT], bulk=True)


def pause(store: sa.Engine) -> int:
    """From now on prospects wait. What was about to be written is withdrawn (unpausing plans it anew); returns how
    much."""
    with store.begin() as connection:
        lock_flow(connection, NAME, "plan")  # a batch being planned still puts in what is withdrawn here
        integration_state.set_armed(connection, NAME, ACTION, False, at_first=False)
        done = connection.execute(
            sa.update(change)
            .where(change.c.flow == NAME, change.c.state.in_(("pending", "waiting", "failed")))
            .values(state="closed", outcome="superseded", reason="paused", closed_at=sa.func.now())
        )
        return int(done.rowcount)


def named_while_paused(store: sa.Engine) -> frozenset[str]:
    """Ids named by hand in runs that are under way."""
    with store.connect() as connection:
        requests = connection.execute(
            sa.select(flow_run.c.request["parts"]).where(flow_run.c.flow == NAME, flow_run.c.state == "open")
        ).scalars()
        parts = [part for listed in requests for part in listed or ()]
    return frozenset(
        str(one) for part in parts for name in ("prospect_ids", "salesforce_ids") for one in part.get(name) or ()
    )


def owners(store: sa.Engine, account: str) -> dict[str, str]:
    """Account Engagement user → Salesforce user, as the last metadata sync saw it."""
    with store.connect() as connection:
        rows = connection.execute(
            sa.select(source_record.c.key, source_record.c.payload["owner"].astext).where(
                source_record.c.account == account, source_record.c.feed == USERS, ~source_record.c.deleted
            )
        )
        return {key: owner for key, owner in rows if owner}
