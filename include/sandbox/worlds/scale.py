"""Up to a million leads and 100,000 registrants with their attendance, times `scale`; made from seed and id."""

from __future__ import annotations

from include.sandbox.world import World
from include.sandbox.worlds import _marketo_scale, _on24_scale


def load(world: World, seed: int, scale: float) -> None:
    """Half of those who registered have a lead already."""
    now = int(world.clock.now().timestamp())
    if "marketo" in world.vendors:
        _marketo_scale.fill(world.vendors["marketo"], seed, now, scale)
    if "on24" in world.vendors:
        _on24_scale.fill(world.vendors["on24"].state, seed, now, scale)  # type: ignore[attr-defined]
