"""Airflow connection → Account Engagement client."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from airflow.providers.http.hooks.http import HttpHook

from renkei.clients.account_engagement import DEMO_HOST, HOST, AccountEngagementClient
from renkei.clients.transport import NoMeter, WallClock
from renkei.errors import ConfigurationError, SyncError
from renkei.hooks.connection import in_one_line, session_of
from renkei.hooks.salesforce import SalesforceHook
from renkei.sync.ports import Clock, Meter


class AccountEngagementHook(HttpHook):
    """Connection type ``account_engagement``: extras ``business_unit_id`` and ``salesforce_conn_id``, the connection
    that signs in; host only where it is neither of the vendor's two (a sandbox org has the demo host)."""

    conn_name_attr = "account_engagement_conn_id"
    default_conn_name = "account_engagement_default"
    conn_type = "account_engagement"
    hook_name = "Account Engagement"

    def __init__(
        self,
        account_engagement_conn_id: str = default_conn_name,
        *,
        store: sa.Engine | None = None,
        fernet_keys: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(http_conn_id=account_engagement_conn_id, **kwargs)
        self.account_engagement_conn_id = account_engagement_conn_id
        self._store = store
        self._fernet_keys = fernet_keys

    def salesforce(self) -> SalesforceHook:
        """The hook of the connection that signs in."""
        extra = self.get_connection(self.account_engagement_conn_id).extra_dejson
        conn_id = str(extra.get("salesforce_conn_id") or SalesforceHook.default_conn_name)
        return SalesforceHook(conn_id, store=self._store, fernet_keys=self._fernet_keys, adapter=self.adapter)

    def client(
        self,
        meter: Meter | None = None,
        clock: Clock | None = None,
        *,
        business_unit_id: str = "",
        timezone: str = "Asia/Tokyo",
    ) -> AccountEngagementClient:
        """``business_unit_id`` replaces the connection's. Raises ConfigurationError that names a missing field."""
        connection = self.get_connection(self.account_engagement_conn_id)
        unit = business_unit_id or str(connection.extra_dejson.get("business_unit_id") or "").strip()
        if not unit:
            raise ConfigurationError(
                f"Connection {self.account_engagement_conn_id}: Business unit ID missing.",
                remedy="Fill in under Admin > Connections.",
            )
        salesforce = self.salesforce()
        given = (connection.host or "").strip()
        host = f"{given}:{connection.port}" if given and connection.port else given
        return AccountEngagementClient(
            session_of(self),
            host=_with_scheme(host) if host else DEMO_HOST if salesforce.is_sandbox else HOST,
            business_unit_id=unit,
            auth=salesforce.client(clock=clock).auth,
            meter=meter or NoMeter(),
            clock=clock or WallClock(),
            timezone=timezone,
        )

    def test_connection(self) -> tuple[bool, str]:
        """Proves token, scope and business unit; "Successful Connection" or one line."""
        try:
            self.client().account()
        except SyncError as error:
            return False, in_one_line(error)
        return True, "Successful Connection"


def _with_scheme(host: str) -> str:
    return host if "://" in host else f"https://{host}"
