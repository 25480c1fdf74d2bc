"""Notices leave by mail and by webhook, over Airflow connections."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email import message_from_string, policy
from email.message import EmailMessage
from typing import Any, cast

import pytest
import sqlalchemy as sa

from renkei.notifiers.channels import Mail, Webhook
from renkei.notifiers.happening import Happening
from renkei.notifiers.notice import Notices, tell
from renkei.store.db import connect
from tests.notifiers.sinks import Sink, mail_sink, webhook_sink

TOTALS = {"read": 3, "created": 2, "updated": 0, "unchanged": 1, "skipped": 0, "failed": 0}


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    with mail_sink() as sink:
        extra = {"from_email": "renkei@example.com", "disable_ssl": True, "disable_tls": True}
        conn = {"conn_type": "smtp", "host": "127.0.0.1", "port": sink.port, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(conn))
        yield sink


@pytest.fixture
def posts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    with webhook_sink() as sink:
        conn = {"conn_type": "http", "host": f"http://127.0.0.1:{sink.port}", "password": "/services/T0/B0/secret"}
        monkeypatch.setenv("AIRFLOW_CONN_SLACK_DEFAULT", json.dumps(conn))
        yield sink


@pytest.fixture
def store(store_url: str) -> Iterator[sa.Engine]:
    engine = connect(store_url)
    yield engine
    engine.dispose()


def mail(text: str) -> EmailMessage:
    return cast(EmailMessage, message_from_string(text, policy=policy.default))


def run(number: int) -> Happening:
    return Happening("on24_marketo", "on24_to_marketo", "succeeded", run=f"run {number}", totals=TOTALS)


@pytest.mark.req("O31")
def test_switched_on_each_run_is_one_mail_and_switched_off_none(store: sa.Engine, mails: Sink) -> None:
    channel = Mail(("team@example.com",), "smtp_default")
    for number in range(2):
        tell(store, Notices("every_run", (channel,)), run(number))
    assert len(mails.got) == 2
    tell(store, Notices("never", (channel,)), run(3))
    tell(store, Notices("every_run", ()), run(4))
    assert len(mails.got) == 2
    first = mail(mails.got[0])
    assert first["To"] == "team@example.com"
    counts = "read 3, created 2, updated 0, unchanged 1, skipped 0, failed 0"
    assert first["Subject"] == f"Renkei: on24_to_marketo synced ({counts})"
    part = cast(EmailMessage, first.get_body())
    assert "run 0" in part.get_content()


def test_the_webhook_is_slack_compatible_and_its_secret_is_the_connections_password(posts: Sink) -> None:
    Webhook("slack_default").send("subject", "body\nsecond line")
    assert posts.got == [("/services/T0/B0/secret", {"text": "body\nsecond line"})]


def test_a_webhook_that_is_down_names_no_secret(
    store: sa.Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    conn: dict[str, Any] = {"conn_type": "http", "host": "http://127.0.0.1:1", "password": "/services/T0/B0/secret"}
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_DEFAULT", json.dumps(conn))
    assert not tell(store, Notices("every_run", (Webhook("slack_default"),)), run(1))
    assert "could not be sent" in caplog.text and "Check the connection slack_default." in caplog.text
    assert "T0/B0" not in caplog.text
