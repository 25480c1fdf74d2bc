"""The vendors and the fixed order of their ports. A vendor exists once its package does.

To add one: make the package ``include/sandbox/<name>/`` whose ``__init__.py`` binds ``VENDOR`` to its Vendor class.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from include.sandbox.vendor import Vendor

if TYPE_CHECKING:
    from include.sandbox.world import World

# control is at the base port, the first vendor at base + 1, and so on
ORDER = ("marketo", "on24", "salesforce", "account_engagement", "karte", "mazrica", "immedio")


def build_vendors(world: World) -> dict[str, Vendor]:
    """One emulator per vendor that is emulated, in the order of the ports."""
    vendors = {}
    for name in ORDER:
        if find_spec(f"include.sandbox.{name}") is not None:
            vendors[name] = import_module(f"include.sandbox.{name}").VENDOR(world)
    return vendors
