"""Account Engagement lists → cache, against the sandbox."""

from __future__ import annotations

import pytest

from renkei.errors import Retriable
from renkei.integrations.immedio_salesforce.settings import Settings
from renkei.sync.steps import RunFailed
from tests.integrations.immedio_salesforce.cache_world import CacheWorld, cached

__all__ = ["cached"]
A, B, C = "a@example.jp", "b@example.jp", "c@example.jp"


@pytest.mark.req("R36", "R38")
def test_a_refresh_takes_over_who_is_in_the_lists_and_nothing_before_the_next(cached: CacheWorld) -> None:
    cached.configure("重点顧客", "セミナー参加者")
    first = cached.a_list("重点顧客", A, "B@Example.JP")
    cached.a_list("セミナー参加者", C)
    summary = cached.refresh()
    assert (summary.state, summary.totals["created"]) == ("succeeded", 3)
    assert (cached.held("重点顧客"), cached.held("セミナー参加者")) == ([A, B], [C])
    prospect = cached.make("account_engagement", "prospects", email=C)
    membership = cached.join(first, prospect)
    assert cached.held("重点顧客") == [A, B]
    cached.refresh()
    assert cached.held("重点顧客") == [A, B, C]
    cached.drop("account_engagement", "list_memberships", membership)
    cached.refresh()
    assert cached.held("重点顧客") == [A, B]
    assert Settings().lists.refresh == "0 2 * * *"


@pytest.mark.req("R40")
def test_an_unknown_name_is_told_and_the_other_lists_go_on(cached: CacheWorld) -> None:
    cached.configure("重点", "セミナー参加者")
    cached.a_list("セミナー参加者", A)
    with pytest.raises(RunFailed, match=r"Account Engagement has no list 重点\. Correct the name"):
        cached.refresh()
    assert cached.held("セミナー参加者") == [A]


@pytest.mark.req("R40")
def test_two_lists_of_one_name_are_refused_until_the_id_is_given(cached: CacheWorld) -> None:
    cached.configure("二つ", "一つ")
    ids = sorted([cached.a_list("二つ", A), cached.a_list("二つ", B)])
    cached.a_list("一つ", C)
    with pytest.raises(RunFailed, match=rf"has 2 lists 二つ: {ids[0]}, {ids[1]}\. Add the id"):
        cached.refresh()
    assert (cached.held("二つ"), cached.held("一つ")) == ([], [C])
    cached.configure({"name": "二つ", "id": ids[1]}, {"name": "一つ", "id": 99})
    with pytest.raises(RunFailed, match="no list 一つ with the id 99"):
        cached.refresh()
    assert len(cached.held(f"二つ ({ids[1]})")) == 1
    assert cached.held("一つ") == []  # not configured any more


@pytest.mark.req("R41")
def test_an_address_of_several_prospects_is_one_entry(cached: CacheWorld) -> None:
    cached.configure("重点顧客")
    cached.a_list("重点顧客", A, A.upper(), B)
    assert cached.refresh().totals["created"] == 2
    assert cached.held("重点顧客") == [A, B]


@pytest.mark.req("R39")
@pytest.mark.parametrize(
    ("fault", "raised"), [({"action": "error", "code": "49"}, RunFailed), ({"action": "truncate"}, Retriable)]
)
def test_a_page_that_fails_keeps_the_old_members(
    cached: CacheWorld, fault: dict[str, str], raised: type[Exception]
) -> None:
    cached.configure("重点顧客", "一つ")
    list_id, one = cached.a_list("重点顧客", A), cached.a_list("一つ", B)
    cached.refresh()
    for number in range(1001):  # two pages
        cached.join(list_id, cached.make("account_engagement", "prospects", email=f"p{number}@example.jp"))
    cached.join(one, cached.make("account_engagement", "prospects", email=C))
    path = "/api/v5/objects/list-memberships"
    cached.world.faults.add(vendor="account_engagement", path=path, nth=2, **fault)
    with pytest.raises(raised):
        cached.refresh()
    assert (cached.held("重点顧客"), cached.held("一つ")) == ([A], [B, C])
    cached.refresh()
    assert len(cached.held("重点顧客")) == 1002


def test_prospects_without_address_or_in_the_recycle_bin_are_left_out(cached: CacheWorld) -> None:
    cached.configure("重点顧客")
    list_id = cached.a_list("重点顧客", A)
    gone = cached.make("account_engagement", "prospects", email=B)
    cached.join(list_id, gone)
    cached.drop("account_engagement", "prospects", gone)
    cached.refresh()
    assert cached.held("重点顧客") == [A]


def test_lists_that_are_off_or_not_configured_any_more_leave_the_cache(cached: CacheWorld) -> None:
    cached.configure("重点顧客")
    cached.a_list("重点顧客", A)
    cached.refresh()
    cached.configure()
    assert cached.refresh().state == "succeeded"
    assert cached.rows("select * from renkei.list_member") == []
    for table in ("cache_state", "watermark", "cache_stage"):
        assert cached.rows(f"select * from renkei.{table}") == []


def test_the_lists_are_only_read(cached: CacheWorld) -> None:
    cached.configure("重点顧客")
    cached.a_list("重点顧客", A)
    cached.refresh()
    assert (cached.writes("account_engagement"), cached.writes("salesforce")) == (0, 0)


def test_a_list_longer_than_a_chain_of_tokens_is_complete(cached: CacheWorld) -> None:
    """The vendor ends a chain without a word in the body; `make bench` shows 250,000 with the real cap."""
    cached.world.vendors["account_engagement"].configure({"page_cap_records": 2000})
    cached.configure("重点顧客")
    list_id = cached.a_list("重点顧客")
    for number in range(4500):
        prospect = cached.make("account_engagement", "prospects", email=f"p{number}@example.jp")
        cached.join(list_id, prospect)
    assert cached.refresh().totals["created"] == 4500
