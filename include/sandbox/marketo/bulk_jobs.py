"""Bulk extract jobs: created, queued, processed on the sandbox's clock (Adobe: bulk-extract)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from include.sandbox.marketo.errors import MarketoError
from include.sandbox.marketo.parameters import stamp

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

WAITING, RUNNING = "Queued", "Processing"
FILE_KEPT = timedelta(days=7)


@dataclass
class Job:
    """One extract. ``render`` makes the file's bytes and row count from the data as it is when the job runs."""

    id: str
    kind: str
    user: str
    format: str
    render: Callable[[], tuple[bytes, int]]
    created: datetime
    status: str = "Created"
    shown: str = "Created"
    queued: datetime | None = None
    started: datetime | None = None
    finished: datetime | None = None
    data: bytes = b""
    records: int = 0

    def line(self) -> dict[str, Any]:
        """The job as status and list show it."""
        line: dict[str, Any] = {"exportId": self.id, "status": self.shown, "createdAt": stamp(self.created),
                                "format": self.format}
        if self.queued and self.shown != "Created":
            line["queuedAt"] = stamp(self.queued)
        if self.started and self.shown in (RUNNING, "Completed"):
            line["startedAt"] = stamp(self.started)
        if self.shown == "Completed" and self.finished:
            checksum = f"sha256:{hashlib.sha256(self.data).hexdigest()}"
            line |= {"finishedAt": stamp(self.finished), "numberOfRecords": self.records, "fileSize": len(self.data),
                     "fileChecksum": checksum}
        return line


class BulkJobs:
    """The instance's one queue for all kinds of extract."""

    def __init__(self, marketo: Marketo) -> None:
        self._marketo = marketo
        self.jobs: dict[str, Job] = {}

    def create(self, kind: str, user: str, file_format: str, render: Callable[[], tuple[bytes, int]]) -> Job:
        """A job that waits to be enqueued."""
        bits = f"{self._marketo.world.random.getrandbits(128):032x}"
        job_id = "-".join((bits[:8], bits[8:12], bits[12:16], bits[16:20], bits[20:]))
        job = Job(job_id, kind, user, file_format, render, self._now())
        self.jobs[job_id] = job
        return job

    def find(self, kind: str, user: str, job_id: str) -> Job:
        """The user's own job; 1013 for any other id. Its state is brought up to now."""
        self.advance()
        job = self.jobs.get(job_id)
        if job is None or job.kind != kind or job.user != user:
            raise MarketoError("1013", f"Export '{job_id}' not found")
        return job

    def enqueue(self, job: Job) -> None:
        """Puts a job into the queue; 1029 in its three meanings."""
        if job.status != "Created":
            raise MarketoError("1029", f"Job {job.id} is already queued")
        open_jobs = sum(1 for other in self.jobs.values() if other.status in (WAITING, RUNNING))
        if open_jobs >= self._marketo.settings["bulk_queue"]:
            raise MarketoError("1029", "Too many jobs in queue")
        if self._bytes_today() >= self._marketo.settings["bulk_daily_bytes"]:
            raise MarketoError("1029", "Export daily quota 500MB exceeded")
        job.status = job.shown = WAITING
        job.queued = self._now()
        self.advance()

    def cancel(self, job: Job) -> None:
        """Ends a job that is not finished; 1003 otherwise."""
        if job.status not in ("Created", WAITING, RUNNING):
            raise MarketoError("1003", f"Job {job.id} can not be cancelled")
        job.status = job.shown = "Cancelled"

    def advance(self) -> None:
        """Lets the queue run up to the present; statuses are shown at the vendor's refresh times only."""
        now, seconds = self._now(), self._scaled("bulk_seconds")
        while self._step(now, seconds):
            pass
        for job in self.jobs.values():
            job.shown = self._shown(job, now)

    def _step(self, now: datetime, seconds: float) -> bool:
        running = [job for job in self.jobs.values() if job.status == RUNNING]
        for job in running:
            assert job.started is not None
            if job.started + timedelta(seconds=seconds) <= now:
                self._finish(job, job.started + timedelta(seconds=seconds))
                return True
        waiting = [job for job in self.jobs.values() if job.status == WAITING]
        free = int(self._marketo.settings["bulk_running"]) - len(running)
        if not waiting or free < 1:
            return False
        job = min(waiting, key=lambda job: (job.queued or now, job.created))
        job.started, job.status = self._slot_free_at(free, job.queued or now), RUNNING
        return True

    def _slot_free_at(self, free: int, queued: datetime) -> datetime:
        """When the longest-idle of the free slots became free: that of the free-th latest finish."""
        finishes = sorted((job.finished for job in self.jobs.values() if job.finished), reverse=True)
        return max(queued, finishes[free - 1]) if len(finishes) >= free else queued

    def _finish(self, job: Job, moment: datetime) -> None:
        job.data, job.records = job.render()
        job.status, job.finished = "Completed", moment

    def _shown(self, job: Job, now: datetime) -> str:
        grain = self._scaled("bulk_status_seconds")
        if job.queued is None or job.status in ("Created", "Cancelled") or grain <= 0:
            return job.status
        refreshed = job.queued + timedelta(seconds=(now - job.queued).total_seconds() // grain * grain)
        if job.finished and job.finished <= refreshed:
            return job.status
        return RUNNING if job.started and job.started < refreshed else WAITING

    def _bytes_today(self) -> int:
        today = self._marketo.quota.day_of(self._now())
        return sum(len(job.data) for job in self.jobs.values()
                   if job.finished and self._marketo.quota.day_of(job.finished) == today)

    def _scaled(self, setting: str) -> float:
        return float(self._marketo.settings[setting]) / float(self._marketo.settings["bulk_time_scale"])

    def _now(self) -> datetime:
        return self._marketo.world.clock.now()
