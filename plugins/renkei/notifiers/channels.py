"""The ways a notice leaves: mail through the smtp provider, and a Slack-compatible webhook."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Channel(Protocol):
    """Sends one notice over an Airflow connection; raises whatever its transport raises."""

    @property
    def conn_id(self) -> str: ...

    def send(self, subject: str, body: str) -> None: ...


@dataclass(frozen=True)
class Mail:
    """Mail over the Airflow connection ``conn_id`` (type smtp; its extra ``from_email`` is the sender)."""

    to: Sequence[str]
    conn_id: str

    def send(self, subject: str, body: str) -> None:
        from airflow.providers.smtp.hooks.smtp import SmtpHook

        with SmtpHook(smtp_conn_id=self.conn_id) as hook:
            hook.send_email_smtp(to=list(self.to), subject=subject, html_content=f"<pre>{html.escape(body)}</pre>")


@dataclass(frozen=True)
class Webhook:
    """``{"text": …}`` posted to the Airflow connection ``conn_id`` (type http). The secret part of the
    address is its password (``/services/T…/B…/…``), so that it is masked in logs."""

    conn_id: str

    def send(self, subject: str, body: str) -> None:
        from airflow.providers.http.hooks.http import HttpHook

        hook = HttpHook(method="POST", http_conn_id=self.conn_id)
        path = hook.get_connection(self.conn_id).password or ""
        hook.run(endpoint=path, json={"text": body}, extra_options={"timeout": 10})
