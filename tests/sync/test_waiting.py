"""What waits for a record of somebody else: sought often at first, seldom later, at once when a person asks."""

from __future__ import annotations

from tests.sync.conftest import Bench, register


def waiting(bench: Bench) -> None:
    bench.world.creates_people = False
    register(bench, 3)
    bench.run()
    bench.world.leads.lookups = 0


def test_thousands_who_never_come_do_not_eat_the_quota(bench: Bench) -> None:
    waiting(bench)
    for _ in range(29 * 4):
        bench.pass_time(hours=6)
        bench.run()
    assert 29 < bench.world.leads.lookups < 60


def test_in_the_first_hours_each_run_looks(bench: Bench) -> None:
    waiting(bench)
    for _ in range(7):
        bench.pass_time(minutes=15)
        bench.run()
    assert bench.world.leads.lookups == 7


def test_who_comes_late_is_found_within_a_tenth_of_the_time_waited(bench: Bench) -> None:
    waiting(bench)
    for _ in range(10):
        bench.pass_time(days=1)
        bench.run()
    bench.world.leads.records["9"] = {"email": "p1@example.jp"}
    for _ in range(25):
        bench.pass_time(hours=1)
        bench.run()
    assert [record["person"] for record in bench.world.records.records.values()] == ["9"]


def test_a_run_by_hand_looks_at_once(bench: Bench) -> None:
    waiting(bench)
    bench.pass_time(days=10)
    bench.run()
    bench.world.leads.records["9"] = {"email": "p1@example.jp"}
    bench.run()
    assert not bench.world.records.records
    bench.run(trigger="manual", dry_run=True)
    bench.run()
    assert not bench.world.records.records
    bench.run(trigger="manual")
    assert [record["person"] for record in bench.world.records.records.values()] == ["9"]


def test_a_cleared_run_looks_at_once(bench: Bench) -> None:
    waiting(bench)
    bench.pass_time(days=10)
    run_id = bench.run().run_id
    bench.world.leads.records["9"] = {"email": "p1@example.jp"}
    bench.again(run_id, 1)
    assert [record["person"] for record in bench.world.records.records.values()] == ["9"]
