"""What the issue names, one test each, through the front door: both vendors are the sandbox, nothing else is fake."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from renkei.store.db import connect
from renkei.sync import steps
from tests.properties.acts import (
    Act,
    Answer,
    Attend,
    Check,
    Clear,
    Coins,
    Correct,
    Forget,
    LeadDeleted,
    LeadMade,
    LeadsMerged,
    Mapping,
    Pass,
    Register,
    Start,
    Status,
    Step,
    Title,
    Trouble,
    play,
)
from tests.properties.checks import check_everything
from tests.properties.desk import Desk, Kill, Meanwhile, Run, TownEngine
from tests.properties.schedules import LEADS, RECORDS
from tests.properties.town import Town, TownClock, address

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]
Hold = Callable[..., None]


def lost_answers(path: str, action: str = "drop_after", count: int = 1) -> Trouble:
    rule = {"vendor": "marketo", "method": "POST", "path": path, "action": action}
    return Trouble(tuple(rule.items()), count=count)


def people(town: Town) -> list[str]:
    return sorted(str(lead["email"]).lower() for lead in town.leads())


def created(desk: Desk) -> list[object]:
    writes = desk.town.world.journal.writes("marketo", "leads")
    return [entry.key for entry in writes if entry.status == "created"]


@pytest.mark.req("O19")
def test_one_record_per_person_event_and_registration(desk: Desk, hold: Hold) -> None:
    hold([Register(0, 0), Register(0, 1), Start(), Start(), Clear(0), Start("full"), Start("backfill")])
    assert people(desk.town) == [address(0)]
    assert len(desk.town.records()) == 2


@pytest.mark.req("O26")
def test_a_second_run_over_unchanged_data_writes_nothing(desk: Desk, hold: Hold) -> None:
    def nothing_more(desk: Desk) -> None:
        before = desk.town.writes()
        play(desk, [Start(), Start("backfill"), Start("full"), Start("replan"), Start("verify")])
        assert desk.town.writes() == before

    hold([Register(0, 0), Register(1, 0), Attend(1, 0, 5), Start(), Check(nothing_more)])


def test_two_dags_that_meet_the_same_new_address_at_the_same_time_create_one_lead(desk: Desk) -> None:
    desk.town.register(0, 0)
    runs = [desk.new_run("regular"), desk.new_run("second")]
    for run in runs:
        desk.whole(run, upto=2)
    together = threading.Barrier(2, timeout=30)
    threads = [threading.Thread(target=push_together, args=(desk, run, together)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert created(desk) == [(address(0),)]
    check_everything(desk)


def push_together(desk: Desk, run: Run, together: threading.Barrier) -> None:
    store = connect(desk.url, application_name=run.request.dag_id)
    engine = TownEngine(store, PatientClock(desk.town))
    engine.town = desk.town
    first = ["once"]

    def meet(where: str) -> None:
        if where == "push.before_wake_commit" and first:
            first.pop()
            together.wait()

    engine.failpoint = meet
    assert run.id is not None
    steps.push(engine, desk.flow(run.second), run.id)
    store.dispose()


class PatientClock(TownClock):
    """Waits for the other thread without making town time pass."""

    def sleep(self, seconds: float) -> None:
        time.sleep(0.005)


@pytest.mark.parametrize("action", ["drop_after", "truncate", "cut"])
def test_a_create_whose_answer_was_lost_is_found_not_repeated(desk: Desk, hold: Hold, action: str) -> None:
    hold([Register(0, 0), Register(1, 0), lost_answers(LEADS, action), Start(), Start()])
    assert len(created(desk)) == 2


def test_a_create_that_never_arrived_is_made_once_its_absence_counts(desk: Desk, hold: Hold) -> None:
    hold([Register(0, 0), lost_answers(LEADS, "drop_before"), Start(), Start(), Pass(10), Start()])
    assert created(desk) == [(address(0),)]


@pytest.mark.parametrize("action", ["drop_after", "drop_before"])
def test_a_value_goes_a_b_a_while_answers_are_lost(hold: Hold, action: str) -> None:
    hold(
        [Register(0, 0), Start(), Answer(0, 0, "B"), lost_answers(RECORDS, action), Start(), Answer(0, 0, "A"), Start()]
    )


def test_a_value_goes_a_b_a_while_the_sender_is_killed(hold: Hold) -> None:
    killed = Start(trouble=Kill(0, "push.after_call"))
    hold([Register(0, 0), Start(), Answer(0, 0, "B"), killed, Answer(0, 0, "A"), Start(), Pass(10), Start()])


def test_who_is_deleted_while_in_doubt_is_never_created(desk: Desk, hold: Hold) -> None:
    lost = lost_answers(LEADS, "drop_before")
    hold([Register(0, 0), lost, Start(), Status(0, 0, "deleted"), Start(), Pass(10), Start(), Start()])
    assert people(desk.town) == []


@pytest.mark.parametrize("status", ["deleted", "forgotten"])
def test_who_goes_between_plan_and_push_is_not_written_by_the_next_run(desk: Desk, hold: Hold, status: str) -> None:
    hold([Register(0, 0), Start(upto=2), Status(0, 0, status), Start()])
    assert people(desk.town) == [] and desk.town.records() == []


@pytest.mark.parametrize("where", ["push.before_claim_commit", "push.after_call", "push.before_outcome_commit"])
def test_a_person_forgotten_while_their_change_is_in_flight_stays_forgotten(desk: Desk, hold: Hold, where: str) -> None:
    held = Meanwhile(0, (Forget(0),), where)
    hold([Register(0, 0), Register(1, 0), Start(trouble=held), Clear(0), Start("full")])
    text = desk.rows("select count(*) from renkei.change where fields::text like '%p0@%' or match::text like '%p0@%'")
    assert text == [(0,)]


@pytest.mark.parametrize("step", [1, 2])
def test_a_person_forgotten_while_they_are_read_or_planned_stays_forgotten(desk: Desk, hold: Hold, step: int) -> None:
    for at in range(40):
        hold([Register(0, 0), Start(at=step, trouble=Meanwhile(at, (Forget(0),))), Start()], step, at)
        if not desk.suppressed:
            return  # the step was over before it came to that point
        assert people(desk.town) == [], at
        assert not desk.rows("select from renkei.source_record where payload::text like '%p0@%'"), at


def test_duplicates_merged_by_a_person_leave_one_record(desk: Desk, hold: Hold) -> None:
    merged = [LeadMade(0), LeadMade(0), Register(0, 0), Start(), LeadsMerged(0, 0), Answer(0, 0, "B"), Start(), Start()]
    hold(merged)
    assert people(desk.town) == [address(0)] and len(desk.town.records()) == 1


def test_a_linked_lead_merged_into_its_duplicate_takes_the_record_along(desk: Desk, hold: Hold) -> None:
    def merged_the_other_way(desk: Desk) -> None:
        first, second = desk.town.lead_ids(0)
        desk.town.touched_leads.add(address(0))
        desk.town.marketo("leads").update(first, {"merge_into": int(second)})

    merge = Check(merged_the_other_way)
    hold([Register(0, 0), Start(), LeadMade(0), merge, Answer(0, 0, "B"), Start(), Start()])
    assert people(desk.town) == [address(0)] and len(desk.town.records()) == 1


def test_a_lead_deleted_by_a_person_comes_back_with_its_record(desk: Desk, hold: Hold) -> None:
    hold([Register(0, 0), Start(), LeadDeleted(0), Answer(0, 0, "B"), Start(), Start(), Start()])
    assert people(desk.town) == [address(0)] and len(desk.town.records()) == 1


def test_a_mapping_changed_between_plan_and_push(hold: Hold) -> None:
    hold([Register(0, 0), Start(upto=2), Mapping(1), Step(0, 3), Start()])


def test_a_mapping_changed_while_answers_are_lost(hold: Hold) -> None:
    hold([Register(0, 0), lost_answers(RECORDS), Start(), Mapping(1), Start(), Start()])


def test_who_may_not_be_created_waits_and_goes_on_when_a_person_makes_the_lead(desk: Desk, hold: Hold) -> None:
    hold([Mapping(3), Register(0, 0), Register(1, 0), Start(), LeadMade(1), Start(), Start()])
    assert people(desk.town) == [address(1)] and len(desk.town.records()) == 1


def test_a_corrected_address_hangs_the_record_from_the_right_person(desk: Desk, hold: Hold) -> None:
    hold([Register(0, 0), Start(upto=2), Correct(0, 0, 1), Start()])
    assert people(desk.town) == [address(1)]


def test_a_page_that_comes_late_does_not_replace_what_was_observed_later(desk: Desk, hold: Hold) -> None:
    for at in range(3):  # one page per feed
        late = Meanwhile(at, (Answer(0, 0, "B"), Start("by hand")), "extract.after_call")
        hold([Register(0, 0), Start(at=1, trouble=late), Check(lambda desk: stored_answer(desk, "B"))], at)


def stored_answer(desk: Desk, value: str) -> None:
    """What is known of the one registration, unless it was not read yet."""
    known = desk.rows("select payload ->> 'std1' from renkei.source_record where feed = 'on24.registrant'")
    assert known == [(value,)]


def test_an_empty_purse_postpones_and_the_next_run_goes_on(desk: Desk, hold: Hold) -> None:
    hold([Register(person, event) for person in range(3) for event in range(2)] + [Coins(1), Start(), Start()])
    assert len(desk.town.records()) == 6


def test_increments_go_on_beside_a_full_load_that_is_not_over(desk: Desk, hold: Hold) -> None:
    def loading(desk: Desk) -> None:
        marks = desk.rows("select feed from renkei.watermark where flow = 'on24_marketo' and loading")
        assert marks

    half = Start("full", at=1, trouble=Kill(2, "extract.after_commit"))
    hold([Register(0, 0), Start(), half, Check(loading), Register(1, 0), Title(0, "ウェビナー"), Start()])
    assert desk.rows("select distinct loading from renkei.watermark") == [(False,)]


CLOCK = "GET /v2/client/{clientid}"  # asked for its time, where no other answer has told it yet


def test_extract_goes_on_at_its_page_when_tried_again_and_reads_anew_when_cleared(desk: Desk) -> None:
    def calls(*acts: Act) -> int:
        before = reads()
        play(desk, acts)
        return reads() - before

    def reads() -> int:
        journal = desk.town.world.journal
        return journal.count("on24") - journal.count("on24", CLOCK)

    play(desk, [Register(person, event) for person in range(3) for event in range(2)])
    whole = calls(Start("backfill", upto=1))
    half = calls(Start("backfill", upto=1, at=1, trouble=Kill(3, "extract.after_commit")))
    rest = calls(Step(1, 1))
    assert 1 < half < whole and half + rest == whole
    assert calls(Clear(1)) >= whole
    check_everything(desk)


def test_a_flow_that_begins_later_misses_nothing_another_had_read(hold: Hold) -> None:
    hold([Register(0, 0), Start("second"), Start()])


def test_a_run_by_hand_and_a_backfill_move_no_watermark(desk: Desk) -> None:
    play(desk, [Register(0, 0), Start()])
    before = desk.rows("select feed, position from renkei.watermark order by feed")
    play(desk, [Start("backfill"), Start("by hand"), Clear(0), Start("replan"), Start("verify"), Start("dry")])
    assert desk.rows("select feed, position from renkei.watermark order by feed") == before
    run = desk.runs[0]
    assert replace(run.request) == run.request
