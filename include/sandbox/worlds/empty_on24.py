"""Nothing but the custom object `oN24Attendee_c`, defined and approved: a start for tests."""

from __future__ import annotations

from include.sandbox.world import World
from include.sandbox.worlds import _marketo_demo


def load(world: World, seed: int, scale: float) -> None:
    """Neither `seed` nor `scale` matters here."""
    if "marketo" in world.vendors:
        _marketo_demo.define_attendee_object(world.vendors["marketo"])
