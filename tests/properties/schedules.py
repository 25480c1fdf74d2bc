"""Schedules at random: what happens in the world and to the runs, in any order."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.properties import acts
from tests.properties.desk import MAPPINGS, Kill, Meanwhile

PEOPLE = 2  # few, so that much happens to the same one
people = st.integers(0, PEOPLE - 1)
events = st.sampled_from([0, 0, 0, 1])
steps = st.integers(0, 4)
runs = st.integers(0, 5)
POINTS = {
    0: ("open.entered", "open.before_commit", "open.after_commit"),
    1: ("extract.before_call", "extract.after_call", "extract.before_commit", "extract.after_commit"),
    2: ("plan.before_commit", "plan.after_commit"),
    3: tuple(f"push.{name}" for name in (
        "before_lost_commit", "before_wake_commit", "before_claim_commit", "after_claim_commit", "before_call",
        "after_call", "before_outcome_commit", "after_outcome_commit")),
    4: ("settle.before_commit", "settle.after_commit"),
}  # fmt: skip
places = st.sampled_from([1, 2, 3, 3, 3, 4, 0]).flatmap(
    lambda step: st.tuples(st.just(step), st.sampled_from(POINTS[step]), st.integers(0, 2))
)

at_on24 = (
    st.builds(acts.Answer, people, events, st.sampled_from("AB"))
    | st.builds(acts.Answer, people, events, st.sampled_from("AB"))
    | st.builds(acts.Title, events, st.sampled_from(["Seminar 0", "ウェビナー"]))
    | st.builds(acts.Correct, people, events, people)
    | st.builds(acts.Register, people, events)
    | st.builds(acts.Register, people, events, people)
    | st.builds(acts.Attend, people, events, st.integers(1, 60))
    | st.builds(acts.Status, people, events, st.sampled_from(["deleted", "active", "forgotten"]))
)
in_marketo = (
    st.builds(acts.LeadMade, people)
    | st.builds(acts.LeadEdited, people)
    | st.builds(acts.LeadDeleted, people)
    | st.builds(acts.LeadsMerged, people, people)
)
passing = st.builds(acts.Pass, st.sampled_from([3, 20, 70]))
dags = st.sampled_from(["regular"] * 8 + ["second"] * 2 + list(acts.KINDS))
mapping = st.builds(acts.Mapping, st.integers(0, len(MAPPINGS) - 1))
coins = st.builds(acts.Coins, st.none() | st.integers(0, 6))
forgets = st.builds(acts.Forget, people)

whole = st.builds(acts.Start, dags)
plain_runs = (
    whole
    | st.builds(acts.Start, dags, st.integers(0, 3))
    | st.builds(acts.Step, runs, steps)
    | st.builds(acts.Clear, runs, steps)
)
kills = places.map(lambda place: (place[0], Kill(place[2], place[1])))


def meanwhile(*inner: Any) -> Any:
    """Held at some point while one or two of ``inner`` happen."""
    happen = st.lists(st.one_of(*inner), min_size=1, max_size=2).map(tuple)
    return st.tuples(places, happen).map(lambda both: (both[0][0], Meanwhile(both[0][2], both[1], both[0][1])))


def troubled(*inner: Any) -> Any:
    """Runs that are killed, or held while ``inner`` happens; and clears that are."""
    troubles = kills | meanwhile(*inner)
    return st.tuples(dags, troubles, st.booleans()).map(
        lambda drawn: acts.Start(drawn[0], 4, drawn[1][0], drawn[1][1], drawn[2])
    ) | st.tuples(runs, steps, troubles, st.booleans()).map(
        lambda drawn: acts.Clear(drawn[0], min(drawn[1], drawn[2][0]), drawn[2][0], drawn[2][1], drawn[3])
    )


LEADS, RECORDS = "/rest/v1/leads.json", "/rest/v1/customobjects/*"
TROUBLES = (
    *({"vendor": "marketo", "method": "POST", "path": path, "action": action}
      for path in (LEADS, RECORDS) for action in ("drop_after", "drop_before", "truncate", "cut")),
    *({"vendor": "marketo", "path": "/rest/*", "action": "error", "code": code}
      for code in ("606", "607", "615", "611")),
    *({"vendor": "marketo", "path": "/rest/*", "action": action} for action in ("expire_token", "revoke_token")),
    *({"vendor": "marketo", "method": "POST", "path": "/rest/*", "action": "refuse", "status": status}
      for status in (502, 413)),
    {"vendor": "on24", "action": "error", "code": "quota"},
    {"vendor": "on24", "action": "error", "code": "500"},
    {"vendor": "on24", "action": "drop_before"},
    {"vendor": "on24", "action": "truncate"},
)  # fmt: skip
troubles = st.builds(
    acts.Trouble,
    st.sampled_from([tuple(rule.items()) for rule in TROUBLES]),
    st.sampled_from([1, 1, 2, 3]),
    st.sampled_from([1, 1, 2, 4]),
)


def schedules(before: Any, runs: Any, most: int = 6) -> Any:
    """Somebody is registered; then episodes: up to two things happen, then a run (killed, held, cleared …), and perhaps
    time passes."""
    begins = st.sets(st.tuples(people, events), min_size=1, max_size=4).map(sorted)
    episodes = st.tuples(st.lists(before, max_size=2), runs, st.none() | passing)
    return st.tuples(begins, st.lists(episodes, min_size=2, max_size=most)).map(
        lambda drawn: [
            *(acts.Register(person, event) for person, event in drawn[0]),
            *(act for some, run, passed in drawn[1] for act in (*some, run, passed) if act is not None),
        ]
    )


at_work = schedules(at_on24 | at_on24 | in_marketo, plain_runs | troubled(at_on24, in_marketo, passing, plain_runs))
in_trouble = schedules(at_on24 | troubles | coins, whole | troubled(at_on24, troubles, plain_runs))
moving_on = schedules(
    at_on24 | at_on24 | mapping | forgets, whole | troubled(at_on24, mapping, forgets, passing, plain_runs)
)
