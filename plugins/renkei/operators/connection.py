"""renkei_connection: connect by approval, disconnect after a confirmation, arm what a disconnect has disarmed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.branch import BaseBranchOperator
from airflow.sdk import BaseOperator, timezone
from airflow.sdk.exceptions import AirflowRescheduleException

from renkei.errors import ConfigurationError, Disconnected, Fatal
from renkei.operators import bootstrap

if TYPE_CHECKING:
    import sqlalchemy as sa

LOOK_AGAIN = timedelta(seconds=5)
WAYS = {"connect": "offer", "disconnect": "confirm", "arm": "arm", "disarm": "arm"}
ARMED_BY = "arm"
EVERY_SCOPE = ("api", "refresh_token", "pardot_api")  # what an integration asks for that names none


@dataclass(frozen=True)
class Life:
    """What the connection of an integration consists of. ``actions``: what a disconnect disarms."""

    integration: str
    settings: Any
    conn_id: str
    callback_url: str
    wait: timedelta
    scopes: tuple[str, ...]
    actions: tuple[str, ...] = ()


def life_of(integration: str) -> Life:
    """Raises ConfigurationError for an integration that is connected by its credentials alone."""
    from renkei.integrations.immedio_salesforce.settings import Connect

    settings = bootstrap.settings_of(integration)
    conn_id, asked = getattr(settings, "salesforce_conn_id", None), getattr(settings, "connect", Connect())
    if not conn_id:
        raise ConfigurationError(
            f"{integration} is not connected by approval.", remedy="Fill in its connections under Admin > Connections."
        )
    return Life(
        integration, settings, conn_id, asked.callback_url, timedelta(minutes=asked.minutes),
        tuple(getattr(settings, "scopes", EVERY_SCOPE)), tuple(getattr(settings, "actions", ())),
    )  # fmt: skip


class ChooseOperator(BaseBranchOperator):
    """The way that the form asks for."""

    def choose_branch(self, context: Any) -> str:
        return WAYS[str(context["params"]["do"])]


class OfferOperator(BaseOperator):
    """Logs the link that leads to Salesforce's login; without a person in between (JWT, client credentials), connects
    at once. Leaves the request's id in XCom, None when there is nothing to wait for."""

    def execute(self, context: Any) -> int | None:
        from renkei.hooks.salesforce import SalesforceHook
        from renkei.store import connect_requests, integration_state

        life = life_of(context["params"]["integration"])
        with bootstrap.opened_store() as store:
            hook = SalesforceHook(life.conn_id, store=store)
            if not hook.app().by_refresh_token:
                hook.client().authenticate()
                integration_state.connect(store, life.integration)
                self.log.info("%s is connected: its credentials need no approval.", life.integration)
                return None
            held = hook.client().auth.held()
            scopes = _scopes(life, held.values.get("scope", "") if held else "")
            request_id, ticket = connect_requests.add(
                store, life.integration, life.conn_id, life.callback_url, scopes, life.wait
            )
        where = f"{life.callback_url.rpartition('/')[0]}/connect/{ticket}"
        minutes = int(life.wait.total_seconds() // 60)
        self.log.info("Open this link within %s minutes, log in to Salesforce and approve: %s", minutes, where)
        return request_id


def _scopes(life: Life, had: str) -> tuple[str, ...]:
    """What the integration asks for, and what the token that is replaced may do: others may live on it."""
    return tuple(scope for scope in EVERY_SCOPE if scope in life.scopes or scope in had.split())


class WaitOperator(BaseOperator):
    """Waits for the approval, without holding a slot. Fails when it is denied, refused, or does not come in time."""

    reschedule = True

    def execute(self, context: Any) -> str:
        from renkei.store import connect_requests

        request_id = context["ti"].xcom_pull(task_ids="offer", map_indexes=-1)
        if request_id is None:
            return "connected"
        with bootstrap.opened_store() as store:
            asked = connect_requests.read(store, int(request_id))
        if asked.outcome == "connected":
            self.log.info("Connected. Run renkei_check next; after a disconnect, arm ToDo and campaign again.")
            return "connected"
        if asked.outcome is not None:
            raise Fatal(f"Not connected: {asked.reason}")
        if asked.expired:
            raise Fatal("Not connected: nobody approved in time.", remedy="Start renkei_connection again.")
        raise AirflowRescheduleException(timezone.utcnow() + LOOK_AGAIN)  # type: ignore[no-untyped-call]


class DisconnectOperator(BaseOperator):
    """Revokes the token at Salesforce, deletes ours, drops what is queued, disarms, and stops the integration."""

    def execute(self, context: Any) -> str:
        life = life_of(context["params"]["integration"])
        with bootstrap.opened_store() as store:
            told = disconnect(store, life)
        self.log.info("%s: not authenticated. %s", life.integration, told)
        return "not authenticated"


def disconnect(store: sa.Engine, life: Life) -> str:
    """Ends the connection as a person asked, for all that live on it; what Salesforce said to it."""
    from renkei.hooks.salesforce import SalesforceHook
    from renkei.store.connection_life import BY_HAND

    revoked = SalesforceHook(life.conn_id, store=store).client().revoke()
    bootstrap.wired_on(store, life.integration).latch(Disconnected(BY_HAND))
    for other in _others_on(life):
        bootstrap.wired_on(store, other).latch(Disconnected(f"its connection {life.conn_id} was disconnected by hand"))
    if revoked:
        return "The token was revoked at Salesforce and deleted here."
    return "The token was deleted here; Salesforce had none to revoke, or could not be told."


def _others_on(life: Life) -> list[str]:
    """The other integrations whose token this is too; one with a broken settings file can do nothing anyway."""
    found = []
    for name in bootstrap.integration_names():
        try:
            conn_id = getattr(bootstrap.settings_of(name), "salesforce_conn_id", None)
        except ConfigurationError:
            continue
        if name != life.integration and conn_id == life.conn_id:
            found.append(name)
    return found


class ArmOperator(BaseOperator):
    """Arms or disarms actions; only bookings that come in from now on count. Refused while disconnected."""

    def execute(self, context: Any) -> dict[str, bool]:
        from renkei.store import integration_state

        params = context["params"]
        life, on = life_of(params["integration"]), params["do"] == ARMED_BY
        asked = [str(action) for action in params.get("actions") or life.actions]
        unknown = [action for action in asked if action not in life.actions]
        if unknown or not asked:
            raise ConfigurationError(
                f"{life.integration} has no action {', '.join(unknown) or 'that is switched on'}.",
                remedy=f"Switched on are: {', '.join(life.actions) or 'none'}.",
            )
        with bootstrap.opened_store() as store:
            if on and (reason := integration_state.disconnected_reason(store, life.integration)):
                raise ConfigurationError(f"{life.integration} is disconnected: {reason}", remedy="Connect it first.")
            with store.begin() as connection:
                for action in asked:
                    integration_state.set_armed(connection, life.integration, action, on)
        self.log.info("%s: %s %s.", life.integration, "armed" if on else "disarmed", " and ".join(asked))
        return dict.fromkeys(asked, on)
