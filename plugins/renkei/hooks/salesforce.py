"""Airflow connection → Salesforce client, on the provider's SalesforceHook."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
import sqlalchemy as sa
from airflow.providers.salesforce.hooks.salesforce import SalesforceHook as ProviderHook
from requests.adapters import BaseAdapter, HTTPAdapter
from simple_salesforce import api

from renkei.clients.salesforce import VERSION, SalesforceClient
from renkei.clients.salesforce_auth import App, InMemory, Keeper
from renkei.clients.transport import CONNECT_SECONDS, NoMeter, WallClock
from renkei.errors import ConfigurationError, SyncError
from renkei.hooks.connection import in_one_line
from renkei.hooks.kept_tokens import KeptTokens
from renkei.sync.ports import Clock, Meter

READ_SECONDS = 60.0


class SalesforceHook(ProviderHook):
    """Connection type ``salesforce_oauth``: extras ``consumer_key`` and ``consumer_secret`` of the connected app;
    ``sandbox`` for a sandbox org, or ``domain`` (``acme.my``), or ``login_url``; the sign-in is by the refresh token
    that renkei_connection stores, or ``private_key`` with the login as user (JWT), or ``client_credentials``."""

    conn_name_attr = "salesforce_conn_id"
    default_conn_name = "salesforce_default"
    conn_type = "salesforce_oauth"
    hook_name = "Salesforce (OAuth)"

    def __init__(
        self,
        salesforce_conn_id: str = default_conn_name,
        *,
        store: sa.Engine | None = None,
        fernet_keys: str = "",
        adapter: BaseAdapter | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(salesforce_conn_id, **kwargs)
        self._store = store
        self._fernet_keys = fernet_keys
        self._adapter = adapter

    @property
    def is_sandbox(self) -> bool:
        """Whether the connection is to a sandbox org (R2); Account Engagement has another host then."""
        extra = self.get_connection(self.conn_id).extra_dejson
        return _true(extra.get("sandbox")) or extra.get("domain") == "test"

    def client(
        self, meter: Meter | None = None, clock: Clock | None = None, keeper: Keeper | None = None
    ) -> SalesforceClient:
        """Raises ConfigurationError that names a missing field. Without a meter no purse is asked; the token comes
        from ``renkei.vendor_token``."""
        connection = self.get_connection(self.conn_id)
        app = self.app()
        return SalesforceClient(
            self.vendor_session(),
            app=app,
            keeper=keeper or KeptTokens(self.conn_id, self._store, self._fernet_keys),
            meter=meter or NoMeter(),
            clock=clock or WallClock(),
            version=str(connection.extra_dejson.get("version") or VERSION),
        )

    def app(self) -> App:
        """How we sign in. Raises ConfigurationError that names a missing field (R1)."""
        connection = self.get_connection(self.conn_id)
        extra = connection.extra_dejson
        given = {name: str(extra.get(name) or "").strip() for name in ("consumer_key", "consumer_secret")}
        labels = {"consumer_key": "Consumer key", "consumer_secret": "Consumer secret"}
        private_key = str(extra.get("private_key") or "").strip()
        missing = [labels[name] for name, value in given.items() if not value]
        if private_key and given["consumer_key"]:
            missing = [] if connection.login else ["Username"]
        if missing:
            raise ConfigurationError(
                f"Connection {self.conn_id}: {' and '.join(missing)} missing.",
                remedy="Fill in under Admin > Connections.",
            )
        return App(
            login_url=self.login_url(),
            client_id=given["consumer_key"],
            client_secret=given["consumer_secret"],
            username=connection.login or "",
            private_key=private_key,
            client_credentials=_true(extra.get("client_credentials")),
            audience=str(extra.get("audience") or ""),
        )

    def login_url(self) -> str:
        """Where people and tokens come from: production, sandbox (R2), My Domain, or what the connection says."""
        extra = self.get_connection(self.conn_id).extra_dejson
        given = str(extra.get("login_url") or "").strip().rstrip("/")
        if given:
            return given if "://" in given else f"https://{given}"
        domain = str(extra.get("domain") or ("test" if self.is_sandbox else "login")).strip()
        return f"https://{domain.removesuffix('.salesforce.com')}.salesforce.com"

    def vendor_session(self) -> requests.Session:
        """A session with the connection's proxies."""
        session = requests.Session()
        proxies = self.get_connection(self.conn_id).extra_dejson.get("proxies")
        if proxies:
            session.proxies.update(json.loads(proxies) if isinstance(proxies, str) else proxies)
        if self._adapter is not None:
            session.mount("http://", self._adapter)
            session.mount("https://", self._adapter)
        return session

    @cached_property
    def conn(self) -> api.Salesforce:
        """simple-salesforce with our token and time-outs, for the provider's operators. It is handed a session id, so
        that its own renewal (which never ends) is out of the way."""
        grant = self.client().auth.grant()
        instance = grant.values["instance_url"]
        session = self.vendor_session()
        if self._adapter is None:
            session.mount("https://", _Bounded(instance))
        version = str(self.get_connection(self.conn_id).extra_dejson.get("version") or VERSION)
        return api.Salesforce(
            session_id=grant.values["access_token"], instance_url=instance, session=session, version=version
        )

    def test_connection(self) -> tuple[bool, str]:
        """Proves app, token and the API's being enabled; "Successful Connection" or one line."""
        try:
            app = self.app()
            keeper = None if app.by_refresh_token else InMemory()
            self.client(keeper=keeper).authenticate()
        except SyncError as error:
            return False, in_one_line(error)
        return True, "Successful Connection"


class _Bounded(HTTPAdapter):
    """simple-salesforce sets no time-outs, and writes https before whatever host it is given."""

    def __init__(self, instance_url: str) -> None:
        self._instance = urlsplit(instance_url)
        super().__init__()

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = (CONNECT_SECONDS, READ_SECONDS)
        asked = urlsplit(str(request.url))
        if asked.netloc == self._instance.netloc:
            request.url = urlunsplit(asked._replace(scheme=self._instance.scheme))
        return super().send(request, **kwargs)


def _true(value: Any) -> bool:
    return str(value).strip().lower() in ("true", "1", "yes", "on")
