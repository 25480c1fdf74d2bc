"""A few dozen of everything, Japanese and English: what `make demo` shows."""

from __future__ import annotations

from include.sandbox.world import World
from include.sandbox.worlds import _crm_demo, _karte_demo, _marketo_demo, _mazrica_demo, _on24_demo


def load(world: World, seed: int, scale: float) -> None:
    """`scale` does not matter here."""
    now = int(world.clock.now().timestamp())
    lead_ids = _marketo_demo.fill(world.vendors["marketo"], seed) if "marketo" in world.vendors else {}
    if "on24" in world.vendors:
        on24 = world.vendors["on24"]
        _on24_demo.fill(on24.state, seed, now, lead_ids)  # type: ignore[attr-defined]
    if "karte" in world.vendors and "marketo" in world.vendors:
        _karte_demo.fill(world.vendors["karte"], world.vendors["marketo"])
    if "mazrica" in world.vendors:
        _mazrica_demo.fill(world.vendors["mazrica"], seed, now)
    if "account_engagement" in world.vendors:
        _crm_demo.fill(world.vendors["salesforce"], world.vendors["account_engagement"], seed)
