"""The tables of the schema ``renkei``: a public interface, documented in docs/state-tables.md.

All times are UTC timestamptz. Enumerations are plain text with a check, so that SQL reads well.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Sequence,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

SCHEMA = "renkei"
metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    },
)
NOW = text("now()")
EMPTY = text("'{}'::jsonb")
OPEN = text("state <> 'closed'")


def _time(name: str, *, nullable: bool = True, now: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable and not now, server_default=NOW if now else None)


def _one_of(name: str, column: str, *values: str) -> CheckConstraint:
    return CheckConstraint(f"{column} in ({', '.join(repr(value) for value in values)})", name=name)


# The order in which stored states became known, over all feeds.
source_seq = Sequence("source_seq", schema=SCHEMA, metadata=metadata)

flow_run = Table(
    "flow_run",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("flow", Text, nullable=False),
    Column("account", Text, nullable=False),  # the target's
    Column("dag_id", Text, nullable=False),
    Column("dag_run_id", Text, nullable=False),
    Column("map_index", Integer, nullable=False, server_default="-1"),
    Column("clear_number", Integer, nullable=False, server_default="0"),
    Column("request", JSONB, nullable=False, server_default=EMPTY),  # RunRequest at the first try
    Column("state", Text, nullable=False, server_default="open"),
    Column("step", Text, nullable=False, server_default="open"),  # last step finished
    Column("extract_clear", Integer, nullable=False, server_default="0"),  # clear number each step last ran for
    Column("plan_clear", Integer, nullable=False, server_default="0"),
    Column("push_clear", Integer, nullable=False, server_default="0"),
    Column("fully_read", Boolean, nullable=False, server_default="false"),
    Column("fully_planned", Boolean, nullable=False, server_default="false"),
    Column("read_count", BigInteger, nullable=False, server_default="0"),
    Column("unchanged_count", BigInteger, nullable=False, server_default="0"),
    Column("skipped_count", BigInteger, nullable=False, server_default="0"),
    Column("sent_count", BigInteger, nullable=False, server_default="0"),
    Column("call_count", BigInteger, nullable=False, server_default="0"),
    Column("warning_count", BigInteger, nullable=False, server_default="0"),
    Column("counts", JSONB, nullable=False, server_default=EMPTY),  # as of the last settle, by stage
    Column("note", Text),  # why it is postponed or failed, and what to do
    _time("postponed_until"),
    _time("opened_at", now=True),
    _time("settled_at"),
    UniqueConstraint("flow", "dag_id", "dag_run_id", "map_index"),
    Index(None, "flow", "opened_at"),
    _one_of("state", "state", "open", "succeeded", "failed", "postponed"),
)

feed_window = Table(
    "feed_window",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("flow", Text, nullable=False),
    Column("account", Text, nullable=False),  # the feed's
    Column("feed", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("tag", Text),  # an extra read is made once per tag
    Column("epoch", Integer, nullable=False, server_default="0"),
    _time("since", nullable=False),
    _time("until", nullable=False),
    Column("params", JSONB, nullable=False, server_default=EMPTY),
    Column("cursor", JSONB),
    Column("state", Text, nullable=False, server_default="unread"),
    Column("moves_watermark", Boolean, nullable=False, server_default="false"),
    Column("read_count", BigInteger, nullable=False, server_default="0"),
    _time("observed_at"),  # Postgres' clock before the request of the page last stored
    _time("created_at", now=True),
    _time("read_at"),
    _time("settled_at"),
    UniqueConstraint("flow", "account", "feed", "tag"),
    Index(None, "flow", "account", "feed", "state"),
    _one_of("kind", "kind", "increment", "full", "manual", "slice", "extra"),
    _one_of("state", "state", "unread", "reading", "read", "settled"),
)

run_window = Table(
    "run_window",
    metadata,
    Column("run_id", BigInteger, ForeignKey(flow_run.c.id, ondelete="CASCADE"), primary_key=True),
    Column("window_id", BigInteger, ForeignKey(feed_window.c.id, ondelete="CASCADE"), primary_key=True),
    Column("seen_clear", Integer, nullable=False, server_default="0"),  # clear number it was last begun for
)

watermark = Table(
    "watermark",
    metadata,
    Column("flow", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("feed", Text, primary_key=True),
    Column("epoch", Integer, nullable=False, server_default="0"),
    _time("position", nullable=False),
    Column("loading", Boolean, nullable=False, server_default="false"),
    _time("updated_at", now=True),
)

source_record = Table(
    "source_record",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("account", Text, nullable=False),
    Column("feed", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("subject", Text),
    Column("parent", Text),
    _time("version"),
    _time("observed_at", nullable=False),
    Column("hash", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("deleted", Boolean, nullable=False, server_default="false"),
    Column("seq", BigInteger, nullable=False),
    Column("window_id", BigInteger),  # the window that saw it last
    _time("first_seen_at", now=True),
    _time("changed_at", now=True),
    UniqueConstraint("account", "feed", "key"),
    Index(None, "account", "subject"),
    Index(None, "account", "feed", "parent"),
    Index(None, "window_id"),
)

feed_subscriber = Table(
    "feed_subscriber",
    metadata,
    Column("account", Text, primary_key=True),
    Column("feed", Text, primary_key=True),
    Column("flow", Text, primary_key=True),
)

plan_queue = Table(
    "plan_queue",
    metadata,
    Column("flow", Text, primary_key=True),
    Column("record_id", BigInteger, ForeignKey(source_record.c.id, ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, nullable=False),  # of the state to plan; planned only up to what was seen
    Column("bulk", Boolean, nullable=False, server_default="false"),
    _time("queued_at", now=True),
    Index(None, "flow", "bulk", "record_id"),
)

CLAIM_ORDER = ("flow", "stage", "bulk", "due_at", "id")
CHANGE_STATES = ("pending", "waiting", "sending", "in_doubt", "failed", "closed")
change = Table(
    "change",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("flow", Text, nullable=False),
    Column("account", Text, nullable=False),  # the target's
    Column("object", Text, nullable=False),
    Column("stage", SmallInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("unit", Text, nullable=False),  # key or subject of the source records it was mapped from
    Column("form", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("fields", JSONB, nullable=False, server_default=EMPTY),  # all the flow owns, never a delta
    Column("initial", JSONB, nullable=False, server_default=EMPTY),  # sent only in a create
    Column("refs", JSONB, nullable=False, server_default=EMPTY),  # field → {object, keys: ["email:…"]}
    Column("match", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("aliases", JSONB, nullable=False, server_default=EMPTY),  # {link: keys that will stand for it, created: …}
    Column("may_create", Boolean, nullable=False, server_default="true"),
    Column("absent_reason", Text),
    _time("source_order"),
    Column("hash", Text, nullable=False),  # of fields, initial, refs, match
    Column("fingerprint", Text, nullable=False),
    Column("explanation", JSONB, nullable=False, server_default=EMPTY),
    Column("warnings", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("record_ids", JSONB, nullable=False, server_default=text("'[]'::jsonb")),  # the source records it maps
    Column("run_id", BigInteger, nullable=False),  # the run that planned it
    Column("bulk", Boolean, nullable=False, server_default="false"),
    Column("stale", Boolean, nullable=False, server_default="false"),  # source changed while in flight
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("attempt", UUID(as_uuid=False)),
    _time("sent_at"),
    Column("deadline_s", Integer),
    Column("sent", JSONB),  # what the attempt carried
    Column("waits_for", JSONB),  # ["marketo:…/lead/email:…", …] of a waiting change
    Column("due_at", DateTime(timezone=True), server_default=NOW),  # null: only when made due by hand
    Column("error_class", Text),
    Column("code", Text),
    Column("reason", Text),
    Column("outcome", Text),  # of a closed change
    Column("target_id", Text),
    _time("created_at", now=True),
    _time("updated_at", now=True),
    _time("closed_at"),
    Index("uq_change_open", "flow", "account", "object", "key", unique=True, postgresql_where=OPEN),
    Index("uq_change_write_once", "flow", "account", "object", "key", unique=True,
          postgresql_where=text("form = 'write_once' and outcome is distinct from 'superseded'")),
    # In the order they are claimed: by row, and through the lane
    Index("ix_change_due", *CLAIM_ORDER, postgresql_where=text("state in ('pending', 'failed')")),
    Index("ix_change_lane", *CLAIM_ORDER,
          postgresql_where=text("state in ('pending', 'failed', 'in_doubt', 'waiting')")),
    Index("ix_change_next", "flow", "due_at", postgresql_where=text("state in ('pending', 'failed')")),
    Index("ix_change_unsure", "flow", "stage", postgresql_where=text("state in ('in_doubt', 'sending')")),
    Index("ix_change_unit", "flow", "stage", "unit", postgresql_where=OPEN),
    Index("ix_change_record_ids", "record_ids", postgresql_using="gin", postgresql_where=OPEN),
    Index("ix_change_waits_for", "waits_for", postgresql_using="gin", postgresql_where=text("state = 'waiting'")),
    Index(None, "run_id"),
    _one_of("state", "state", *CHANGE_STATES),
)

change_log = Table(
    "change_log",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _time("at", now=True),
    Column("change_id", BigInteger),
    Column("run_id", BigInteger),
    Column("flow", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("event", Text, nullable=False),  # planned, skipped, sent, created, updated, …
    Column("class", Text),
    Column("code", Text),
    Column("reason", Text),
    Column("detail", JSONB, nullable=False, server_default=EMPTY),
    Column("content", Text),  # hash of what a skip was about: logged once per content
    Index(None, "flow", "object", "key", "id"),
    Index(None, "run_id", "event"),
    Index(None, "change_id"),
    Index(
        "uq_change_log_skip", "flow", "account", "object", "key", "reason", "content",
        unique=True, postgresql_where=text("event = 'skipped' and content is not null"),
    ),
)

delivered = Table(
    "delivered",
    metadata,
    Column("flow", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("object", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("target_id", Text),
    Column("fields", JSONB, nullable=False, server_default=EMPTY),  # field → {sent, shown?, foreign?}
    _time("source_order"),
    Column("change_id", BigInteger),
    _time("updated_at", now=True),
    Index(None, "account", "object", "target_id"),
)

proposal = Table(
    "proposal",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("run_id", BigInteger, nullable=False),
    Column("flow", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("before", JSONB, nullable=False, server_default=EMPTY),
    Column("after", JSONB, nullable=False, server_default=EMPTY),
    Column("reason", Text),
    Column("explanation", JSONB, nullable=False, server_default=EMPTY),
    Column("record_ids", JSONB, nullable=False, server_default=text("'[]'::jsonb")),  # the source records it maps
    Column("decision", Text),  # of a person, about what was set aside
    _time("decided_at"),
    _time("created_at", now=True),
    Index(None, "run_id"),
    Index("ix_proposal_set_aside", "flow", "object", "key", postgresql_where=text("action = 'set_aside'")),
    _one_of("decision", "decision", "approved", "rejected"),
)

milestone = Table(
    "milestone",
    metadata,
    Column("integration", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    _time("reached_at", nullable=False),
)

identity_link = Table(
    "identity_link",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("integration", Text, nullable=False),
    Column("account", Text, nullable=False),  # the target's
    Column("object", Text, nullable=False),
    Column("match_key", Text, nullable=False),  # "email:a@example.jp": who it is on the other side
    Column("target_id", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default="many_to_one"),
    Column("state", Text, nullable=False, server_default="live"),
    Column("how", Text, nullable=False),  # created, found, merged, by_hand
    Column("explanation", JSONB, nullable=False, server_default=EMPTY),
    Column("change_id", BigInteger),
    _time("created_at", now=True),
    _time("retired_at"),
    Column("retired_reason", Text),
    Index("uq_identity_link_live", "integration", "account", "object", "match_key", unique=True,
          postgresql_where=text("state = 'live'")),
    Index("uq_identity_link_one_to_one", "integration", "account", "object", "target_id", unique=True,
          postgresql_where=text("state = 'live' and kind = 'one_to_one'")),
    Index(None, "account", "object", "target_id"),
    _one_of("state", "state", "live", "retired"),
    _one_of("kind", "kind", "one_to_one", "many_to_one"),
)

purse = Table(
    "purse",
    metadata,
    Column("account", Text, primary_key=True),
    _time("period_start", nullable=False),
    _time("period_end", nullable=False),
    Column("spent", BigInteger, nullable=False, server_default="0"),  # calls that count, the higher of ours and theirs
    Column("hours", JSONB, nullable=False, server_default=EMPTY),  # epoch of an hour's start → calls in it
    Column("recent", JSONB, nullable=False, server_default=EMPTY),  # place → epoch it was taken, within the rate window
    Column("in_flight", JSONB, nullable=False, server_default=EMPTY),  # place → epoch it expires
    Column("vendor_spent", BigInteger),
    _time("vendor_read_at"),
    _time("blocked_until"),  # the vendor asked for silence
)

quota_usage = Table(
    "quota_usage",
    metadata,
    Column("account", Text, primary_key=True),
    Column("period_start", DateTime(timezone=True), primary_key=True),
    Column("flow", Text, primary_key=True),
    Column("endpoint", Text, primary_key=True),
    Column("calls", BigInteger, nullable=False, server_default="0"),
    Column("free_calls", BigInteger, nullable=False, server_default="0"),
    Column("records", BigInteger, nullable=False, server_default="0"),
)
inbox_event = Table(
    "inbox_event",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("source", Text, nullable=False),
    Column("sender_id", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("state", Text, nullable=False, server_default="new"),
    Column("run_id", BigInteger),
    _time("received_at", now=True),
    _time("used_at"),
    UniqueConstraint("source", "sender_id"),
    Index("ix_inbox_event_new", "source", "id", postgresql_where=text("state = 'new'")),
    Index(None, "source", "received_at"),
    Index("ix_inbox_event_run", "run_id", "id", postgresql_where=text("run_id is not null")),
    _one_of("state", "state", "new", "bound", "used"),
)

due_action = Table(
    "due_action",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("flow", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("payload", JSONB, nullable=False, server_default=EMPTY),
    Column("state", Text, nullable=False, server_default="due"),
    _time("due_at", nullable=False),
    _time("done_at"),
    Column("outcome", Text),
    Column("explanation", JSONB, nullable=False, server_default=EMPTY),
    Column("run_id", BigInteger),
    UniqueConstraint("flow", "key", "action"),
    Index("ix_due_action_due", "flow", "due_at", postgresql_where=text("state = 'due'")),
    Index("ix_due_action_run", "run_id", "id", postgresql_where=text("run_id is not null")),
)

suppression = Table(
    "suppression",
    metadata,
    Column("digest", Text, primary_key=True),  # keyed hash of the subject, never the subject
    Column("reason", Text, nullable=False),
    _time("created_at", now=True),
)

vendor_token = Table(
    "vendor_token",
    metadata,
    Column("account", Text, primary_key=True),
    Column("encrypted", LargeBinary, nullable=False),  # with Airflow's Fernet key
    _time("expires_at"),
    _time("last_used_at"),
    _time("updated_at", now=True),
)

integration_state = Table(
    "integration_state",
    metadata,
    Column("integration", Text, primary_key=True),
    Column("connected", Boolean, nullable=False, server_default="true"),
    Column("reason", Text),
    Column("armed", JSONB, nullable=False, server_default=EMPTY),
    Column("notices", JSONB, nullable=False, server_default=EMPTY),  # per flow: the last state told
    _time("checked_at"),  # last passed definition check
    Column("definition", JSONB),  # the target's definitions as the last run that opened read them
    _time("definition_at"),
    _time("updated_at", now=True),
)

account_identity = Table(
    "account_identity",
    metadata,
    Column("connection", Text, primary_key=True),  # Airflow connection id
    Column("account", Text, nullable=False),
    Column("clock_offset_s", Integer),
    _time("last_used_at"),
    _time("updated_at", now=True),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("scopes", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    _time("created_at", now=True),
    _time("revoked_at"),
)

from renkei.store import tables_cache as _cache  # noqa: E402, F401 - puts its tables on the same metadata
from renkei.store import tables_connect as _connect  # noqa: E402, F401
from renkei.store import tables_gates as _gates  # noqa: E402, F401
from renkei.store import tables_loaded as _loaded  # noqa: E402, F401
from renkei.store import tables_pairs as _pairs  # noqa: E402, F401 - puts its tables on the same metadata
