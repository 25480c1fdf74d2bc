"""The KARTE half of the demo world, and what Marketo has for it: an activity type and a cookie."""

from __future__ import annotations

from typing import Any

from include.sandbox.worlds._on24_demo import email_of

TYPE = {
    "id": 100001, "apiName": "karteDownload", "name": "KARTE Download", "status": "approved",
    "primaryAttribute": {"name": "Document"},
    "attributes": [{"apiName": "category", "name": "Category"}, {"apiName": "renkeiId", "name": "Renkei Id"}],
}  # fmt: skip
COOKIE = "_mch-example.jp-1418418733122-51548"
"""of somebody who never told the site their address; whose lead knows it is `COOKIE_OF`"""
COOKIE_OF = 4
TABLE = {
    "id": "marketo_leads", "name": "Marketo リード", "key": "user_id",
    "columns": ["user_id", "marketo_id", "marketo_company", "marketo_lastName", "marketo__karte_last_sync_date"],
}  # fmt: skip


def fill(karte: Any, marketo: Any) -> None:
    """An empty project with its reference table; people come when the receiver is there (the launcher's visits)."""
    karte.find_store("ref_tables")[0].create([TABLE])
    marketo.find_store("activity_types")[0].create([TYPE])
    leads, _ = marketo.find_store("leads")
    for lead in leads.list():
        if lead["email"] == email_of(COOKIE_OF).lower():
            leads.update(str(lead["id"]), {"cookies": COOKIE})
