from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from include.sandbox.world import World
from renkei.store.db import connect
from tests.integrations.salesforce_account_engagement.org import Org, settings_of
from tests.support.sandbox import NOW


@pytest.fixture
def make_org(store_url: str) -> Iterator[Callable[..., Org]]:
    """An org with other settings than the usual ones."""
    store = connect(store_url)
    yield lambda **settings: Org(store, settings_of(**settings), World(seed=7, now=NOW, sleep=lambda seconds: None))
    store.dispose()


@pytest.fixture
def org(make_org: Callable[..., Any]) -> Org:
    made: Org = make_org()
    return made
