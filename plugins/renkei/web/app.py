"""The ASGI app of the receiver's process: webhooks, health, and whatever else answers outside of Airflow's UI."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from renkei.store.async_db import AsyncConnection
from renkei.store.async_db import connect as connect_async
from renkei.store.db import connect
from renkei.store.suppression import Suppression
from renkei.web import health, salesforce
from renkei.web.receiver import routes
from renkei.web.receiver.secrets import Read, Secrets, airflow_connection
from renkei.web.receiver.writer import Writer
from renkei.web.site import read, tag
from renkei.web.site.limits import Limits
from renkei.web.site.offers import FromFile, Sites
from renkei.web.site.visits import Visits

ROUTERS = (health.router, routes.router, tag.router, read.router, salesforce.router)
STORE_CONNECTION = "renkei_db"


def create_app(
    store_url: str, fernet_keys: str, read_connection: Read = airflow_connection, site: Sites | None = None
) -> FastAPI:
    """The app on the renkei database; ``read_connection`` gives an Airflow connection by its id, for the secrets;
    ``site`` says what the tag may show (default: as the settings file says).

    ``app.state`` is there for every router: ``store`` and ``site_store`` (SQLAlchemy), ``suppression``, ``secrets``,
    and ``writer``, which commits an event before it returns. The database may be away when the app starts.
    """
    store = connect(store_url, application_name="renkei-receiver")
    site_store = connect(store_url, lazy=True, application_name="renkei-site")
    suppression = Suppression(store, fernet_keys)

    async def connected() -> AsyncConnection:
        return await connect_async(store_url, application_name="renkei-receiver")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.writer = Writer(connected, suppression.digest)
        app.state.writer.start()
        app.state.visits.start()
        yield
        await app.state.visits.stop()
        await app.state.writer.stop()
        store.dispose()
        site_store.dispose()

    app = FastAPI(title="Renkei", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.store, app.state.site_store = store, site_store
    app.state.suppression, app.state.fernet_keys = suppression, fernet_keys
    app.state.secrets, app.state.refusals = Secrets(read_connection), routes.Refusals()
    app.state.site, app.state.limits, app.state.visits = site or FromFile(), Limits(), Visits(site_store)
    for router in ROUTERS:
        app.include_router(router)
    return app


def from_airflow() -> FastAPI:
    """The app on Airflow's connection ``renkei_db`` and Fernet key."""
    from airflow.sdk.configuration import conf

    url = str(airflow_connection(STORE_CONNECTION).get_uri())
    return create_app(url, str(conf.get("core", "fernet_key")))
