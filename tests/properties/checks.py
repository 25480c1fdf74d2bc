"""What holds once everything has calmed down, whatever happened before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from renkei.sync.canonical import same
from renkei.sync.flow import Write
from renkei.sync.ports import MatchKey
from tests.properties import acts
from tests.properties.desk import Desk, Run
from tests.properties.town import PROFILE
from tests.properties.truth import Truth, truth_of

ROUNDS = (10, 15, 15, 130, 15, 25 * 60, 15, 130, 15)  # minutes before each round of runs
OPEN = """select object, key, state, error_class, code, reason, attempts from renkei.change
          where state not in ('closed', 'waiting')"""

READ = """select from renkei.feed_window where flow = :flow and feed = :feed and since <= :since and until = :until
          and read_at is not null"""


def watch_watermarks(desk: Desk) -> None:
    """After each step: no watermark went back, or past what was never read."""
    seen: dict[Any, Any] = {}

    def look() -> None:
        for flow, feed, epoch, position in desk.rows("select flow, feed, epoch, position from renkei.watermark"):
            before = seen.setdefault((flow, feed), (epoch, position))
            assert (epoch, position) >= before, f"{flow} {feed} went back"
            if epoch == before[0] and position > before[1]:
                assert desk.rows(READ, flow=flow, feed=feed, since=before[1], until=position), f"{flow} {feed}: unread"
            seen[flow, feed] = (epoch, position)

    desk.after_step = look


def calm_down(desk: Desk) -> Truth:
    """All troubles end, time passes, regular runs go on until nothing is due."""
    desk.trace.append("calming down")
    desk.town.world.faults.clear()
    desk.town.coins.left = None
    _until_calm(desk)
    if desk.remapped:
        desk.whole(desk.new_run(acts.REGULAR, replan=True))
        _until_calm(desk)
    if desk.town.touched_leads:
        desk.whole(desk.new_run(acts.REGULAR, verify=True))
        _until_calm(desk)
    return truth_of(desk)


def _until_calm(desk: Desk) -> None:
    for minutes in ROUNDS:
        desk.town.pass_time(60 * minutes)
        before = desk.town.writes()
        _regular_runs(desk)
        if desk.town.writes() == before and not desk.rows(OPEN) and not desk.rows("select from renkei.plan_queue"):
            return
    raise AssertionError(f"never calm: {desk.rows(OPEN)} {desk.rows('select * from renkei.plan_queue')}")


def _regular_runs(desk: Desk) -> None:
    for dag in sorted({acts.REGULAR, *(run.request.dag_id for run in desk.runs if run.second)}):
        run = desk.new_run(dag)
        desk.whole(run)
        [[state, note]] = desk.rows("select state, note from renkei.flow_run where id = :id", id=run.id)
        assert state in ("succeeded", "failed"), (state, note)


def check_everything(desk: Desk) -> None:
    """All invariants, once it is calm."""
    truth = calm_down(desk)
    people_are_there_once(desk, truth)
    leads_show_the_newest_registration(desk, truth)
    records_are_as_mapped(desk, truth)
    only_who_has_no_person_waits(desk)
    everything_ended(desk, truth)
    nothing_needless_was_sent(desk)
    dry_runs_left_nothing(desk)
    nothing_more_happens(desk)


def people_are_there_once(desk: Desk, truth: Truth) -> None:
    """Who should be a person is one; one lead per address; none for an address that never was."""
    town = desk.town
    ids = _lead_ids(desk)
    for write in truth.people_wanted():
        assert not write.may_create or _found(write.match, ids), (write.match, ids)
    count = Counter(email for email in ids.values() if email and email not in town.touched_leads)
    assert all(times == 1 for times in count.values()), count
    assert set(count) <= town.lived, count


def leads_show_the_newest_registration(desk: Desk, truth: Truth) -> None:
    """Where several people meet in one lead, the field we own is that of the newest registration."""
    if desk.town.touched_leads or desk.remapped:
        return
    shown = {str(lead["id"]): lead.get(PROFILE) for lead in desk.town.leads()}
    wanted: dict[str, list[Write]] = {}
    for write in truth.people_wanted():
        for lead_id in _found(write.match, _lead_ids(desk)):
            wanted.setdefault(lead_id, []).append(write)
    for lead_id, writes in wanted.items():
        newest = max(write.order for write in writes if write.order)
        values = {write.fields[PROFILE] for write in writes if write.order == newest}
        assert shown[lead_id] in values, (lead_id, shown[lead_id], writes)


def records_are_as_mapped(desk: Desk, truth: Truth) -> None:
    """Each registration's record hangs from its person and shows ON24's newest state; there is no second one."""
    town, ids, held = desk.town, _lead_ids(desk), desk.town.records()
    for key, write in truth.wanted().items():
        event, user = key.split(":")
        people = {lead_id for ref in write.refs.values() for lead_id in _found(ref.keys, ids)}
        if not people and not truth.creates:
            continue
        hits = [row for row in held if (str(row["eventid"]), str(row["eventuserid"])) == (event, user)]
        own = [row for row in hits if str(row["personid"]) in people]
        assert len(own) == 1, (key, write.refs, hits, ids)
        wrong = [name for name, value in write.fields.items() if not _as(own[0], name, value)]
        assert not wrong, (key, wrong, own[0], write.fields)
        if user not in town.moved and not town.touched_leads:
            assert len(hits) == 1, (key, hits)


def _lead_ids(desk: Desk) -> dict[str, str]:
    """Address by lead id."""
    return {str(lead["id"]): str(lead.get("email") or "").lower() for lead in desk.town.leads()}


def _found(keys: Iterable[MatchKey], ids: Mapping[str, str]) -> set[str]:
    """Leads the first key stands for that stands for any."""
    for key in keys:
        hits = {lead_id for lead_id, email in ids.items() if key.value == (lead_id if key.field == "id" else email)}
        if hits:
            return hits
    return set()


def only_who_has_no_person_waits(desk: Desk) -> None:
    """A change waits only while its address is no person."""
    there = set(_lead_ids(desk).values())
    waiting = desk.rows("select object, key, match, refs, reason from renkei.change where state = 'waiting'")
    for target_object, key, match, refs, reason in waiting:
        keys = [*match, *(name for ref in refs.values() for name in ref["keys"])]
        assert not there & {name.partition(":")[2] for name in keys}, (target_object, key, keys)
        assert reason


def _as(row: dict[str, Any], name: str, value: Any) -> bool:
    return same(row.get(name), value) or str(row.get(name)) == str(value)


def everything_ended(desk: Desk, truth: Truth) -> None:
    """No change is open; who is skipped is told with the reason; what was written is known as delivered."""
    assert not desk.rows(OPEN)
    told = {
        (key, reason) for key, reason in desk.rows("select key, reason from renkei.change_log where event = 'skipped'")
    }
    for skip in truth.skipped():
        assert (skip.key, skip.reason) in told, (skip, told)
    held = {key: fields for key, fields in desk.rows("select key, fields from renkei.delivered where object <> 'lead'")}
    for key, write in truth.wanted().items():
        if key not in held and not truth.creates:
            continue
        assert all(same(held[key][name]["sent"], value) for name, value in write.fields.items()), (key, held[key])
    without = desk.rows("select id, key from renkei.change where state = 'closed' and outcome is null")
    assert not without
    for _, outcome, reason in desk.rows("select distinct object, outcome, reason from renkei.change"):
        assert outcome in ("created", "updated", "unchanged") or reason, outcome


def nothing_needless_was_sent(desk: Desk) -> None:
    """A record was sent again unchanged only where the answer to an earlier attempt was lost, or its person went, or
    a new mapping has a field that happens to be empty."""
    if desk.remapped:
        return
    excused = set(
        desk.rows(
            """select distinct split_part(key, '|', 1) from renkei.change_log
               where event in ('in_doubt', 'matched_anew')"""
        )
    )
    names = {key for [key] in excused}
    lead_of = {str(lead["id"]): f"email:{str(lead.get('email', '')).lower()}" for lead in desk.town.leads()}
    for entry in desk.town.world.journal.needless_writes("marketo"):
        parts = [str(part) for part in entry.key]
        key = ":".join(parts[-2:]) if len(parts) > 1 else lead_of.get(str(entry.record_id), "")
        assert key in names, (entry, names)


def dry_runs_left_nothing(desk: Desk) -> None:
    assert not desk.rows("select feed, key from renkei.source_record where feed like '%#%'")
    assert not desk.rows("select flow from renkei.plan_queue where flow like '%#%'")
    assert not desk.rows("select flow from renkei.feed_subscriber where flow like '%#%'")


def nothing_more_happens(desk: Desk) -> None:
    """The last round wrote nothing already; neither does clearing old runs."""
    before = desk.town.writes()
    for run in _to_clear(desk.runs):
        run.clears += 1
        desk.whole(run)
    assert desk.town.writes() == before, desk.town.world.journal.writes("marketo")[before:]
    assert not desk.rows(OPEN)


def _to_clear(runs: Iterable[Run]) -> list[Run]:
    """The oldest that was opened and sends."""
    return [run for run in runs if run.id is not None and not run.request.dry_run][:1]
