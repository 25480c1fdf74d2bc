"""What there is to tell people about one run or one finding, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

State = Literal["succeeded", "failed", "postponed", "disconnected", "late", "warning", "fine"]
WORDS = ("read", "created", "updated", "unchanged", "skipped", "failed")
RED = ("failed", "disconnected", "late", "warning")
GOOD = ("succeeded", "fine")

NEXT = {
    "failed": "Open the run in Airflow, read the log of the red task, mend the cause, then clear the run: "
    "nothing is sent twice.",
    "disconnected": "Connect again (new credentials in Airflow's connection), then run renkei_check; "
    "until it passes, nothing is called.",
    "postponed": "Nothing to do: it goes on by itself.",
    "late": "See whether the DAG is paused or its last run is red.",
}
TRIED_AGAIN = "Failed records are tried again by later runs; their reasons are in the view renkei.problem_record."
HEADLINES = {
    "succeeded": "synced",
    "failed": "FAILED",
    "postponed": "postponed",
    "disconnected": "DISCONNECTED",
    "late": "LATE",
    "warning": "needs a look",
    "fine": "fine again",
}


@dataclass(frozen=True)
class Happening:
    """One thing that came about. ``topic`` is what its memory is kept under (the flow, or a watch's name);
    ``run`` names the DAG run, empty for a condition that stands by itself; ``note`` says why, without personal data."""

    integration: str
    topic: str
    state: State
    run: str = ""
    totals: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    until: datetime | None = None
    url: str = ""


def counted(totals: Mapping[str, int]) -> str:
    """``read 60, created 40, …``: what was done to how many records."""
    return ", ".join(f"{word} {totals.get(word, 0)}" for word in WORDS)


def subject(happening: Happening) -> str:
    """One line: which flow, how it stands, and the counts where there are any."""
    line = f"Renkei: {happening.topic} {HEADLINES[happening.state]}"
    if happening.until:
        line += f" until {happening.until:%Y-%m-%d %H:%M} UTC"
    return f"{line} ({counted(happening.totals)})" if happening.totals else line


def body(happening: Happening) -> str:
    """The notice: what was done to how many records, why, what to do next, and where."""
    lines = [subject(happening)]
    if happening.note:
        lines.append(f"Why: {happening.note}")
    if happening.totals.get("failed") and happening.state == "succeeded":
        lines.append(TRIED_AGAIN)
    if happening.state in NEXT:
        lines.append(f"Next: {NEXT[happening.state]}")
    if happening.run:
        lines.append(f"Run: {happening.run}")
    if happening.url:
        lines.append(happening.url)
    return "\n".join(lines)
