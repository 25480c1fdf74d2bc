"""Out of the recycle bin by address: prospects of one address that somebody deleted stay deleted, whatever fails."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from renkei.errors import SyncError
from renkei.sync.engine import RunFailed
from tests.integrations.salesforce_account_engagement.org import Org

Make = Callable[..., Org]


@pytest.fixture
def org(make_org: Make) -> Org:
    """Prospect 1 was archived with its lead, which is back; prospect 2 of the same address was archived by hand, and
    was active last."""
    org = make_org(several_prospects_per_address=True)
    lead = org.lead(Phone="1")
    org.tick()
    namesake = org.prospect(phone="9")
    org.delete(namesake)
    org.settle()
    org.delete(lead)
    org.settle()
    org.edit(namesake, undelete=True)
    org.delete(namesake)
    org.edit(lead, undelete=True)
    return org


def in_the_bin(org: Org) -> list[bool]:
    return [row["isDeleted"] for row in org.all("prospects")]


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("DELETE", {"action": "refuse", "status": 503}), ("DELETE", {"action": "drop_after"}),
        ("DELETE", {"action": "error", "code": "122"}), ("POST", {"action": "drop_after"}),
        ("POST", {"action": "drop_after", "nth": 2}), ("POST", {"action": "refuse", "status": 503, "nth": 2}),
    ],
)  # fmt: skip
def test_a_namesake_goes_back_where_it_was(org: Org, method: str, fault: dict[str, Any]) -> None:
    org.world.faults.add(vendor="account_engagement", method=method, path="*/prospects/*", **fault)
    for _ in range(3):
        with suppress(SyncError):
            org.tick()
    org.settle(4)
    assert in_the_bin(org) == [False, True]


def test_one_that_cannot_be_put_back_is_named(org: Org) -> None:
    org.world.faults.add(vendor="account_engagement", method="DELETE", action="refuse", status=503, count=None)
    with suppress(RunFailed):
        org.tick()
    [row] = org.rows("select reason from renkei.change_log where event = 'failed'")
    assert "could not be archived again: [2]" in row.reason
