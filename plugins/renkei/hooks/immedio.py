"""The connection that holds the secret of immedio's webhook. Nothing is ever asked of immedio."""

from __future__ import annotations

from airflow.sdk import BaseHook

from renkei.errors import SyncError
from renkei.hooks.connection import in_one_line, required


class ImmedioHook(BaseHook):
    """Connection type ``immedio``: extra ``webhook_secret`` is what immedio sends in the header ``X-Webhook-Token``;
    ``previous_webhook_secret`` stays valid beside it while the secret is being changed."""

    conn_name_attr = "immedio_conn_id"
    default_conn_name = "immedio_default"
    conn_type = "immedio"
    hook_name = "immedio"

    def __init__(self, immedio_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.immedio_conn_id = immedio_conn_id

    def test_connection(self) -> tuple[bool, str]:
        """Whether the secret is there; immedio itself cannot be asked."""
        try:
            required(self.get_connection(self.immedio_conn_id), {"webhook_secret": "Webhook secret"})
        except SyncError as error:
            return False, in_one_line(error)
        return True, "Successful Connection"
