"""Tables of flows of kind ``cache``, whose target is our own store, and what the site's tag writes down."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, Integer, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from renkei.store.tables import EMPTY, _time, metadata

cache_state = Table(
    "cache_state",
    metadata,
    Column("flow", Text, primary_key=True),
    Column("account", Text, primary_key=True),  # the feed's
    Column("feed", Text, primary_key=True),
    Column("window_id", BigInteger),  # whose rows it holds
    _time("observed_at"),  # Postgres' clock before the first page of those rows was asked for
    _time("refreshed_at"),
    Column("rows", BigInteger, nullable=False, server_default="0"),
    Column("counts", JSONB, nullable=False, server_default=EMPTY),  # created, updated, unchanged, removed
    Column("problem", Text),  # why the last try did not bring all that was asked for
    Column("problem_run_id", BigInteger),
    _time("problem_at"),
)

cache_stage = Table(
    "cache_stage",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("window_id", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("subject", Text),
    _time("version"),
    Column("payload", JSONB, nullable=False),
    Index(None, "window_id", "key"),
)

list_definition = Table(
    "list_definition",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),  # as the settings file names it
    Column("list_id", Text),  # the vendor's
    _time("updated_at", now=True),
    UniqueConstraint("account", "name"),
)

list_member = Table(
    "list_member",
    metadata,
    Column("email", Text, primary_key=True),  # normalised
    Column("list", BigInteger, ForeignKey(list_definition.c.id, ondelete="CASCADE"), primary_key=True),
    Column("prospect_id", Text, nullable=False),  # the lowest, where several prospects have the address
    Index(None, "list"),
)

conversion = Table(
    "conversion",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("visitor", Text, nullable=False),  # the tag's random id of one browser
    Column("email", Text, nullable=False),  # normalised
    Column("form", Text),
    Column("page", Text),
    _time("converted_at", now=True),
    Index(None, "visitor", "converted_at"),
    Index(None, "email"),
)

visit = Table(
    "visit",
    metadata,
    Column("visitor", Text, primary_key=True),
    Column("page", Text, primary_key=True),
    Column("visits", Integer, nullable=False, server_default="1"),
    Column("outcome", Text, nullable=False),  # of the last visit: shown, no_membership, off
    Column("list", Text),  # whose modal was shown
    _time("first_at", now=True),
    _time("last_at", now=True),
)

crm_record = Table(
    "crm_record",
    metadata,
    Column("object", Text, primary_key=True),  # Lead, Contact, Account
    Column("record_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("email", Text),  # normalised
    Column("domain", Text),  # of an Account's website
    Column("parent_id", Text),  # a Contact's Account
    _time("modified_at"),
    Column("fields", JSONB, nullable=False, server_default=EMPTY),  # API name or path as configured → value
    _time("changed_at", now=True),
    Index(None, "email", postgresql_where=text("email is not null")),
    Index(None, "domain", postgresql_where=text("domain is not null")),
)
