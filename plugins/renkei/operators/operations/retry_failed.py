"""renkei_retry_failed: makes failed and in-doubt changes due, has them sent again, or dismisses them. The flow itself
sends them: one code path writes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from airflow.sdk import BaseOperator

from renkei.errors import ConfigurationError
from renkei.integrations import registry
from renkei.integrations.checks import errors
from renkei.operators import bootstrap
from renkei.operators.operations.check import check_integration
from renkei.operators.request import time_of
from renkei.store.tables import change

NEXT = "Next: nothing to do; the next run of each flow sends them."
GONE = "They count as skipped. Next: nothing to do; a record comes back when it changes at its source."
NARROWING = ("run", "reason", "since")


class RetryFailedOperator(BaseOperator):
    """By hand: everything failed or in doubt that matches the params is tried again, or dismissed. On schedule: what
    is held until its set-up is right is due once the integration's check passes; all else is due by its own time."""

    def execute(self, context: Any) -> dict[str, int]:
        params = context["params"]
        by_hand = context["dag_run"].run_type != "scheduled"
        do = str(params.get("do") or "retry") if by_hand else "retry"
        if do != "retry" and not any(params.get(name) for name in NARROWING):
            meant = "given up" if do == "dismiss" else "sent again, whether it is there already or not"
            raise ConfigurationError(
                f"Nothing was done: everything that is open would be {meant}.",
                remedy="Say which records: give Run, Reason or Since.",
            )
        with bootstrap.opened_store() as store:
            made = self._asked(store, params, do) if by_hand else self._held(store)
        told = ", ".join(f"{flow} {count}" for flow, count in made.items())
        done, then = {"dismiss": ("dismissed", GONE), "send_again": ("to be sent again", NEXT)}.get(
            do, ("made due", NEXT)
        )
        self.log.info("%s changes %s%s. %s", sum(made.values()), done, f" ({told})" if told else "", then)
        return made

    def _asked(self, store: sa.Engine, params: Any, do: str) -> dict[str, int]:
        from renkei.sync.retry import dismiss, make_due, send_again

        engine = bootstrap.engine_on(store)
        flows = [params["flow"]] if params.get("flow") else failing_flows(store)
        asked = {"run_id": params.get("run"), "reason": params.get("reason"), "since": time_of(params, "since")}
        work = {"dismiss": dismiss, "send_again": send_again}.get(do, make_due)
        return {flow: work(engine, flow, **asked) for flow in flows}

    def _held(self, store: sa.Engine) -> dict[str, int]:
        from renkei.sync.retry import make_due

        engine = bootstrap.engine_on(store)
        made: dict[str, int] = {}
        for flow, reasons in held_reasons(store).items():
            found = errors(check_integration(store, registry.integration_of(flow)))
            if found:
                self.log.warning("%s: still held. %s", flow, found[0])
                continue
            made[flow] = sum(make_due(engine, flow, reason=reason) for reason in reasons)
        return made


def failing_flows(store: sa.Engine) -> list[str]:
    """Flows with changes that failed, are in doubt, or wait until they are asked for."""
    unasked = sa.and_(change.c.state == "waiting", change.c.due_at.is_(None))
    open_ends = sa.or_(change.c.state.in_(("failed", "in_doubt")), unasked)
    query = sa.select(change.c.flow).where(open_ends).distinct()
    with store.connect() as connection:
        return sorted(connection.execute(query).scalars())


def held_reasons(store: sa.Engine) -> dict[str, list[str]]:
    """Per flow, why changes wait for a set-up to be mended."""
    held = sa.and_(change.c.state == "failed", change.c.error_class == "configuration", change.c.reason.is_not(None))
    reasons: dict[str, list[str]] = {}
    with store.connect() as connection:
        for flow, reason in connection.execute(sa.select(change.c.flow, change.c.reason).where(held).distinct()):
            reasons.setdefault(flow, []).append(reason)
    return reasons
