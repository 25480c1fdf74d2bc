"""Schedules at random: what happens in the world and to the runs, in any order."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.properties import acts
from tests.properties.desk import MAPPINGS, Kill, Meanwhile
from tests.properties.town import EVENTS, PEOPLE

people = st.integers(0, PEOPLE - 1)
events = st.integers(0, len(EVENTS) - 1)
steps = st.integers(0, 4)
runs = st.integers(0, 7)
points = st.integers(0, 14)

at_on24 = (
    st.builds(acts.Register, people, events)
    | st.builds(acts.Register, people, events)
    | st.builds(acts.Attend, people, events, st.integers(1, 60))
    | st.builds(acts.Answer, people, events, st.sampled_from("ABA"))
    | st.builds(acts.Correct, people, events, people)
    | st.builds(acts.Status, people, events, st.sampled_from(["deleted", "active", "forgotten"]))
    | st.builds(acts.Title, events, st.sampled_from(["Seminar 0", "ウェビナー"]))
)
in_marketo = (
    st.builds(acts.LeadMade, people)
    | st.builds(acts.LeadEdited, people)
    | st.builds(acts.LeadDeleted, people)
    | st.builds(acts.LeadsMerged, people, people)
)
passing = st.builds(acts.Pass, st.sampled_from([1, 3, 20, 70]))
dags = st.sampled_from(
    ["regular"] * 6 + ["second"] * 2 + [dag for dag in acts.KINDS if dag not in ("regular", "second")]
)
kills = st.none() | st.builds(Kill, points)


def meanwhile(inner: Any) -> Any:
    return st.builds(Meanwhile, points, st.lists(inner, min_size=1, max_size=2).map(tuple))


plain_runs = (
    st.builds(acts.Start, dags, st.sampled_from([4, 4, 3, 2, 1, 0]))
    | st.builds(acts.Step, runs, steps, kills)
    | st.builds(acts.Clear, runs, steps)
)
nested = kills | meanwhile(at_on24 | in_marketo | passing | plain_runs)
starts = st.builds(acts.Start, dags, st.sampled_from([4, 4, 3, 2, 1, 0]), steps, nested, st.booleans())
whole = st.builds(acts.Start, dags)
clears = st.builds(acts.Clear, runs, steps, steps, nested, st.booleans())
mapping = st.builds(acts.Mapping, st.integers(0, len(MAPPINGS) - 1))
coins = st.builds(acts.Coins, st.none() | st.integers(0, 6))
forgets = st.builds(acts.Forget, people)

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
    st.integers(1, 4),
    st.sampled_from([1, 1, 2, 4]),
)


def schedules(*parts: Any, most: int = 14) -> Any:
    """Begins with somebody there and a first run somewhere; then anything of ``parts``."""
    begins = st.lists(st.builds(acts.Register, people, events), min_size=1, max_size=4)
    return st.tuples(begins, st.lists(st.one_of(*parts), min_size=2, max_size=most)).map(lambda both: both[0] + both[1])
