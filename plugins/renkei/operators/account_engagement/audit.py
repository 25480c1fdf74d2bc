"""The audit: what is stored of both sides is looked at record by record; findings are kept, counted and told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from renkei.integrations.salesforce_account_engagement.audit import KINDS, Auditor, Found, Surroundings
from renkei.integrations.salesforce_account_engagement.names import CONTACT, LEAD, NAME, PROSPECT
from renkei.integrations.salesforce_account_engagement.settings import Settings
from renkei.notifiers.happening import Happening
from renkei.notifiers.notice import tell
from renkei.operators.bootstrap import Wired
from renkei.operators.step import FlowOperator
from renkei.store import findings, records
from renkei.store.tables import source_record
from renkei.sync.canonical import dumps
from renkei.sync.flow import Stored
from renkei.sync.open import as_stored

BATCH = 1000
JAPAN = ZoneInfo("Asia/Tokyo")


class AuditOperator(FlowOperator):
    """Looks at everything the reading tasks before it brought up to date."""

    described = False

    def work(self, wired: Wired, context: Any) -> dict[str, int]:
        accounts = wired.clients.accounts()
        settings = cast(Settings, wired.settings)
        sides = (accounts[settings.salesforce_conn_id], accounts[settings.account_engagement_conn_id])
        users = wired.clients.vendors.users()
        kept = audit(wired, settings, sides, users)
        for kind, number in kept.open.items():
            new = kept.new.get(kind, 0)
            if number:
                self.log.warning("%s: %s open, %s of them new.", kind, number, new)
            note = f"{number} open. See the table renkei.audit_finding: record, reason, remedy, since when."
            happening = Happening(NAME, f"{NAME}, audit {kind}", "warning" if number else "fine", note=note)
            tell(wired.store, wired.notices, happening)
        self.log.info("%s findings are gone. The trend by day: renkei.audit_day.", kept.gone)
        return kept.open


def audit(wired: Any, settings: Settings, sides: tuple[str, str], users: Sequence[Any]) -> findings.Kept:
    """One audit over what is stored. ``sides``: the org's and the business unit's account; ``wired`` has ``store``
    and ``engine``."""
    with wired.store.begin() as connection:
        began = wired.engine.now(connection)
    auditor = Auditor(settings, began)
    for batch in _batches(wired.store, sides[1]):
        found = [one for at in _surroundings(wired.store, sides, batch) for one in auditor.look(at)]
        _keep(wired.store, sides, found, began)
    live = [user for user in users if not user.get("isDeleted")]
    _keep(wired.store, sides, [one for user in live for one in auditor.user(str(user["id"]), user.get("salesforceId"))],
          began)  # fmt: skip
    with wired.store.begin() as connection:
        return findings.close(connection, NAME, began, began.astimezone(JAPAN).date(), KINDS)


def _batches(store: sa.Engine, account: str) -> Iterator[list[Stored]]:
    """All prospects, by id of their row."""
    after = 0
    while True:
        with store.begin() as connection:
            rows = connection.execute(
                sa.select(source_record)
                .where(source_record.c.account == account, source_record.c.feed == PROSPECT, source_record.c.id > after)
                .order_by(source_record.c.id)
                .limit(BATCH)
            ).all()
        if not rows:
            return
        after = rows[-1].id
        yield [as_stored(row._mapping) for row in rows]


def _surroundings(store: sa.Engine, sides: tuple[str, str], prospects: Sequence[Stored]) -> Iterator[Surroundings]:
    parents = sorted({one.parent for one in prospects if one.parent})
    subjects = sorted({one.subject for one in prospects if one.subject})
    with store.begin() as connection:
        people = [
            as_stored(row)
            for column, values in (("key", parents), ("subject", subjects))
            for row in records.load(connection, sides[0], [LEAD, CONTACT], column, values)
        ]
        others = [
            as_stored(row)
            for column, values in (("parent", parents), ("subject", subjects))
            for row in records.load(connection, sides[1], [PROSPECT], column, values)
        ]
    by_key = {one.key: one for one in people}
    by_subject: dict[str | None, dict[str, Stored]] = {}
    for one in people:
        by_subject.setdefault(one.subject, {})[one.key] = one
    near: dict[str | None, dict[str, Stored]] = {}
    for one in others:
        near.setdefault(one.subject, {})[one.key] = one
        near.setdefault(f"crm:{one.parent}", {})[one.key] = one
    for prospect in prospects:
        mine = dict(by_subject.get(prospect.subject, {})) if prospect.subject else {}
        if prospect.parent in by_key:
            mine[str(prospect.parent)] = by_key[str(prospect.parent)]
        beside = dict(near.get(prospect.subject, {})) if prospect.subject else {}
        beside |= near.get(f"crm:{prospect.parent}", {}) if prospect.parent else {}
        beside.pop(prospect.key, None)
        yield Surroundings(prospect, mine, list(beside.values()))


def _keep(store: sa.Engine, sides: tuple[str, str], found: Sequence[Found], began: Any) -> None:
    rows = [
        {
            "kind": one.kind, "account": sides[0] if one.side == "salesforce" else sides[1], "object": one.object,
            "record": one.record, "field": one.field, "reason": one.reason, "remedy": one.remedy,
            "detail": dict(one.detail),
        }
        for one in found
    ]  # fmt: skip
    if rows:
        unique = {(row["kind"], row["account"], row["record"], row["field"]): row for row in rows}
        with store.begin() as connection:
            findings.keep(connection, NAME, dumps(list(unique.values())), began)
