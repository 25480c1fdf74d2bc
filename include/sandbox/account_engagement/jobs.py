"""Imports and exports: jobs on the sandbox's clock, worked off one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from include.sandbox.account_engagement.model import Row
from include.sandbox.account_engagement.refusals import Refused

KEPT = 7 * 86_400
UNSUBMITTED = 86_400


@dataclass
class Job:
    """One import or export. `asked` is what was sent at its creation; `files` hold CSV."""

    id: int
    kind: str
    asked: Row
    user: int
    created: int
    updated: int
    status: str
    submitted: int | None = None
    files: list[str] = field(default_factory=list)
    created_count: int = 0
    updated_count: int = 0
    errors: list[Row] = field(default_factory=list)


class Jobs:
    """The unit's jobs by kind and id; `work` does a job when its time has come."""

    def __init__(self, now: Callable[[], int], seconds: Callable[[], float], work: Callable[[Job], None]) -> None:
        self._now, self._seconds, self._work = now, seconds, work
        self.jobs: dict[tuple[str, int], Job] = {}

    def make(self, kind: str, asked: Row, user: int, status: str) -> Job:
        number, now = len(self.jobs) + 1, self._now()
        job = self.jobs[(kind, number)] = Job(number, kind, asked, user, now, now, status)
        return job

    def submit(self, job: Job) -> None:
        job.status, job.submitted, job.updated = "Waiting", self._now(), self._now()
        self.advance()

    def find(self, kind: str, number: int) -> Job:
        """Brought up to now; Refused 109 when there is none."""
        self.advance()
        if (kind, number) not in self.jobs:
            raise Refused(109)
        return self.jobs[(kind, number)]

    def expired(self, job: Job) -> bool:
        limit = UNSUBMITTED if job.status == "Open" else KEPT
        return job.created + limit <= self._now()

    def advance(self) -> None:
        """One job at a time, each as long as the setting says."""
        free = 0
        for job in sorted(self.jobs.values(), key=lambda job: (job.submitted or 0, job.id)):
            if job.submitted is None:
                continue
            start = max(free, job.submitted)
            free = start + int(self._seconds())
            if job.status in ("Waiting", "Processing"):
                if free <= self._now():
                    self._work(job)
                    job.updated = free
                elif start < self._now():
                    job.status = "Processing"


def line(job: Job, expired: bool, root: str) -> dict[str, Any]:
    """A job as reads show it; times in epoch seconds."""
    shown: dict[str, Any] = {"id": job.id, "status": job.status, "isExpired": expired, "createdAt": job.created,
                             "updatedAt": job.updated, "createdById": job.user, "updatedById": job.user}  # fmt: skip
    address = f"{root}/{job.kind}/{job.id}"
    if job.kind == "imports":
        errors = f"{address}/errors" if job.errors else None
        return {**job.asked, **shown, "batchesRef": f"{address}/batches", "createdCount": job.created_count,
                "updatedCount": job.updated_count, "errorCount": len(job.errors), "errorRef": errors}  # fmt: skip
    done = job.status == "Complete"
    refs = [f"{address}/results/{number}" for number in range(len(job.files))] if done else []
    return {**job.asked, **shown, "resultRefs": refs}
