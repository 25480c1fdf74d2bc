"""All people of a Marketo instance by bulk extract: jobs of at most 31 days of creation, one after the other.

A job is stored with its page before it is waited for, so that a run that dies takes it up again. While Marketo prepares
it, the run goes on without: what changed meanwhile is synced every hour all the same.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, BinaryIO

from renkei.clients.marketo import MarketoClient
from renkei.clients.marketo_bulk import POLL_SECONDS, BulkExtract, ExportJob, window
from renkei.errors import NotReady
from renkei.sync.ports import CsvTable, Fields, Page, Span

EXPORT = "export"
SLICE = timedelta(days=31)  # the longest span of a job (Adobe, "Bulk extract")
PATIENCE = timedelta(minutes=20)  # for all jobs of one run
LATER = timedelta(minutes=5)
CALLS_A_SLICE = 5  # create, enqueue, two looks at its status, the file
A_CALL = 300
RECENT = timedelta(days=30)
MOST_PAGES = 10
NEW = 12


class LeadExport:
    """Pages of a full load: one a slice, as a table."""

    def __init__(self, client: MarketoClient, fields: Sequence[str], own: str) -> None:
        self._client = client
        self._fields = list(fields)
        self._own = own
        self._bulk = BulkExtract(client)
        self._waited = timedelta(0)

    def pages(self, span: Span, cursor: Fields) -> Iterator[Page]:
        """From ``cursor`` (``{"export": None}`` at first) on. Raises NotReady when Marketo takes its time."""
        state = cursor[EXPORT] or {"since": (oldest_of(self._client) or span.since).isoformat()}
        since = max(datetime.fromisoformat(state["since"]), span.since)
        job = ExportJob(**state["job"]) if "job" in state else None
        started = state.get("started")
        while since < span.until:
            until = min(since + SLICE, span.until)
            if job is None:
                started = self._client.clock.now().isoformat()
                job = self._bulk.create("leads", self._fields, window("createdAt", since, until))
                yield Page((), _cursor(since, job, started))
            job = self._finished(job)
            after = _cursor(until) if until < span.until else None
            yield from self._table(job, after, started)
            since, job = until, None

    def _finished(self, job: ExportJob) -> ExportJob:
        while not (job := self._bulk.advance(job)).done:
            if self._waited >= PATIENCE:
                resets_at = self._client.clock.now() + LATER
                raise NotReady(f"Marketo is still preparing the extract {job.id}.", resets_at=resets_at)
            self._client.clock.sleep(POLL_SECONDS)
            self._waited += timedelta(seconds=POLL_SECONDS)
        return job

    def _table(self, job: ExportJob, after: Fields | None, started: Any) -> Iterator[Page]:
        at = datetime.fromisoformat(started) if started else None
        if not job.records and not job.size:
            yield Page((), after, observed_at=at)
            return
        with tempfile.TemporaryFile() as file:
            self._bulk.download(job, file)
            yield Page((), after, table_of(file, self._own), at)


def table_of(file: BinaryIO, own: str) -> CsvTable:
    """A lead extract, positioned behind its header."""
    file.seek(0)
    header = file.readline().decode("utf-8-sig").strip()
    return CsvTable(file, next(csv.reader([header])), "id", "email", own)


def cheaper_by_ids(client: MarketoClient, span: Span) -> int | None:
    """The newest id, where reading all ids up to it takes no more calls than extracts of the whole span do; None where
    it takes more, or where nobody can tell because nobody was created lately."""
    newest = _newest_id(client)
    slices = ceil((span.until - span.since) / SLICE)
    return newest if newest is not None and ceil(newest / A_CALL) <= slices * CALLS_A_SLICE else None


def oldest_of(client: MarketoClient) -> datetime | None:
    """When the first of the first 300 people was created: nobody is older. None when none of them is left."""
    ids = [str(number) for number in range(1, A_CALL + 1)]
    times = [str(row["createdAt"]) for row in client.leads("id", ids, ["id", "createdAt"]) if row.get("createdAt")]
    return min((datetime.fromisoformat(time.replace("Z", "+00:00")) for time in times), default=None)


def _newest_id(client: MarketoClient) -> int | None:
    """Of whoever was created in the last 30 days; None also where those are too many to look through."""
    newest: int | None = None
    token = client.paging_token(client.now() - RECENT)
    for number, page in enumerate(client.activities(token, [NEW])):
        newest = max([newest or 0, *(int(row["leadId"]) for row in page.rows)]) or newest
        if not page.more:
            return newest
        if number + 1 == MOST_PAGES:
            return None
    return newest


def _cursor(since: datetime, job: ExportJob | None = None, started: str | None = None) -> dict[str, Any]:
    state: dict[str, Any] = {"since": since.astimezone(UTC).isoformat()}
    if job is not None:
        state |= {"job": job.as_json(), "started": started}
    return {EXPORT: state}
