"""The settings as delivered, over the demo's world."""

from __future__ import annotations

from pathlib import Path

import yaml

from renkei.integrations.karte_marketo.settings import EVENTS, LEADS, REALTIME, USERS
from tests.integrations.karte_marketo.conftest import Pair

FILE = Path(__file__).resolve().parents[3] / "include/integrations/karte_marketo.yaml"


def test_the_delivered_settings_bring_the_demo_world_in_step(pair: Pair) -> None:
    delivered = yaml.safe_load(FILE.read_text())
    pair.sandbox.world.load("demo", 7, 1.0)
    pair.settings = delivered
    known = [lead["email"] for lead in pair.leads().values() if lead.get("email")][:4]
    for number, email in enumerate(known):
        pair.identify(f"m{number}", email=email, member_rank="gold")
    pair.event("download_document", "m0", email=known[0], document_name="価格表", category="price")
    runs = {name: pair.run(name, first="full").totals for name in (REALTIME, LEADS, USERS, EVENTS)}
    assert (runs[REALTIME]["updated"], runs[LEADS]["updated"], runs[USERS]["updated"]) == (4, 0, 4)
    assert runs[EVENTS]["created"] == 1
