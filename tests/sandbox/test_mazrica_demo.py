"""Mazrica's part of the demo world."""

from __future__ import annotations

from typing import Any

from include.sandbox.world import World
from tests.support.sandbox import NOW

KINDS = ("users", "custom_items", "customers", "contacts", "deals", "actions")


def demo(seed: int = 7) -> World:
    world = World(seed=1, now=NOW)
    world.load("demo", seed)
    return world


def snapshot(world: World, vendor: str = "mazrica", kinds: tuple[str, ...] = KINDS) -> dict[str, list[dict[str, Any]]]:
    return {kind: world.vendors[vendor].find_store(kind)[0].list() for kind in kinds}


def test_it_follows_from_the_seed() -> None:
    assert snapshot(demo()) == snapshot(demo())
    assert snapshot(demo()) != snapshot(demo(8))


def test_it_holds_a_few_dozen() -> None:
    found = snapshot(demo())
    assert [len(found[kind]) for kind in KINDS] == [3, 3, 10, 16, 8, 16]
    assert sum(not action["actionContacts"] for action in found["actions"]) == 4
    assert sum(contact["email"] is None for contact in found["contacts"]) == 1
    assert len({customer["name"] for customer in found["customers"]}) == 9
    emails = {lead["email"] for lead in snapshot(demo(), "marketo", ("leads",))["leads"]}
    assert len(emails & {(contact["email"] or "").lower() for contact in found["contacts"]}) >= 10


def test_all_seeds_load() -> None:
    for seed in range(20):
        demo(seed)


def test_it_leaves_the_other_vendors_dice_alone() -> None:
    world = World(seed=1, now=NOW)
    world.load("demo", 7)
    without = World(seed=1, now=NOW)
    del without.vendors["mazrica"]
    without.load("demo", 7)
    assert world.random.getstate() == without.random.getstate()
    for vendor, kinds in (("marketo", ("leads", "programs")), ("on24", ("events", "registrants", "attendees"))):
        assert snapshot(world, vendor, kinds) == snapshot(without, vendor, kinds)
