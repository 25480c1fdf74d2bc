"""Schedules over one database and one sandbox, emptied for each of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

import renkei.clients.on24
import renkei.sync.plan
from tests.properties.acts import play
from tests.properties.checks import check_everything, watch_watermarks
from tests.properties.desk import Desk
from tests.properties.town import Town

settings.register_profile(
    "schedules",
    max_examples=int(os.environ.get("RENKEI_SCHEDULES", "50")),
    derandomize="RENKEI_SEED" not in os.environ,
    deadline=None,
    database=None,
    print_blob=False,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("schedules")

_EMPTY = """
do $$ declare name text; begin
  for name in select tablename from pg_tables where schemaname = 'renkei' and tablename <> 'alembic_version'
              order by tablename not in ('run_window', 'plan_queue')
  loop execute format('delete from renkei.%I', name); end loop;
end $$
"""


@pytest.fixture(scope="session")
def town() -> Town:
    return Town()


@pytest.fixture
def desk(store_url: str, town: Town, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Runs over a fresh database; pages and batches are small, so that every loop goes round."""
    monkeypatch.setattr(renkei.clients.on24, "PAGE", 2)
    monkeypatch.setattr(renkei.sync.plan, "BATCH", 3)
    town.begin()
    desk = Desk(store_url, town)
    watch_watermarks(desk)
    yield desk
    desk.close()


@pytest.fixture
def hold(desk: Desk) -> Callable[..., None]:
    """Plays a schedule from an empty world and checks every invariant at its end."""

    def play_and_check(schedule: Sequence[Any], *about: Any) -> None:
        desk.rows(_EMPTY)
        desk.town.begin()
        desk.begin()
        watch_watermarks(desk)
        try:
            play(desk, schedule)
            check_everything(desk)
        except BaseException as error:
            error.add_note("\n".join(["What happened:", *map(repr, about), *desk.trace]))
            raise

    return play_and_check
