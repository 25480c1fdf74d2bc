"""Times `scale`, made from seed and id: a million leads at Marketo, 100,000 registrants with their attendance, 200,000
leads and as many contacts in Salesforce, 250,000 prospects."""

from __future__ import annotations

from include.sandbox.world import World
from include.sandbox.worlds import _crm_scale, _marketo_scale, _on24_scale


def load(world: World, seed: int, scale: float) -> None:
    """Half of those who registered have a lead already."""
    now = int(world.clock.now().timestamp())
    if "marketo" in world.vendors:
        _marketo_scale.fill(world.vendors["marketo"], seed, now, scale)
    if "on24" in world.vendors:
        _on24_scale.fill(world.vendors["on24"].state, seed, now, scale)  # type: ignore[attr-defined]
    if "account_engagement" in world.vendors:
        _crm_scale.fill(world.vendors["salesforce"], world.vendors["account_engagement"], seed, now, scale)
