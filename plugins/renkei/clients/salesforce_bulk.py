"""Bulk API 2.0: queries and ingests as jobs. Rows are dicts of text, as the CSV holds them.

Source: Salesforce Bulk API 2.0 Developer Guide. No compound fields in queries; results are kept for seven days.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from renkei.clients.redact import redact
from renkei.clients.salesforce_request import Requests
from renkei.clients.salesforce_soql import path
from renkei.errors import CursorExpired, Fatal, RecordError, Retriable
from renkei.sync.ports import Clock

PAGE = 10_000  # rows per result call: memory stays flat
UPLOAD_BYTES = 90_000_000  # Salesforce takes 150 MB after base64, 100 MB raw
LONGEST = timedelta(hours=6)  # a job that is not done by then is given up
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 30.0
_RESULT_SECONDS = 300.0
csv.field_size_limit(1 << 20)  # a long text area holds 131,072 characters, Python's reader as many bytes


@dataclass(frozen=True)
class Job:
    """``state``: UploadComplete, InProgress, JobComplete, Failed, Aborted …"""

    id: str
    state: str
    processed: int = 0
    failed: int = 0
    message: str = ""

    @property
    def over(self) -> bool:
        return self.state in ("JobComplete", "Failed", "Aborted")


@dataclass(frozen=True)
class Results:
    """One portion of a query's rows; ``locator`` goes on after it, None at the end."""

    rows: list[dict[str, str]]
    locator: str | None


class SalesforceBulk:
    def __init__(self, requests: Requests, root: str, clock: Clock) -> None:
        self._requests = requests
        self._jobs = f"{root}/jobs"
        self._clock = clock

    def query(self, soql: str, *, include_deleted: bool = False) -> Iterator[list[dict[str, str]]]:
        """Starts a query job, waits for it and yields its rows, at most 10,000 at a time."""
        job = self.wait(self.start_query(soql, include_deleted=include_deleted), "query")
        locator: str | None = None
        while True:
            found = self.results(job.id, locator)
            yield found.rows
            locator = found.locator
            if locator is None:
                return

    def start_query(self, soql: str, *, include_deleted: bool = False) -> str:
        """The id of a new query job; it can be gone on with for seven days."""
        body = {"operation": "queryAll" if include_deleted else "query", "query": soql}
        found = self._requests.json("bulk query start", "POST", f"{self._jobs}/query", body=body)
        return str(found["id"])

    def results(self, job_id: str, locator: str | None, rows: int = PAGE) -> Results:
        """The next rows of a finished query job. CursorExpired when the job or its results are gone."""
        params = {"maxRecords": str(rows)} | ({"locator": locator} if locator else {})
        try:
            answer = self._requests.send(
                "bulk query results", "GET", f"{self._jobs}/query/{job_id}/results", params=params,
                seconds=_RESULT_SECONDS, headers={"Accept": "text/csv"},
            )  # fmt: skip
        except RecordError as error:
            raise CursorExpired(f"Salesforce: the results of a bulk query are gone ({error.code}).") from None
        following = answer.headers.get("Sforce-Locator") or "null"
        found = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8"))))
        count = answer.headers.get("Sforce-NumberOfRecords")
        if count is not None and count.isdigit() and int(count) != len(found):
            raise Retriable("Salesforce bulk query results: a body that was cut short.")
        return Results(found, None if following == "null" else following)

    def job(self, job_id: str, kind: str) -> Job:
        """The state of a job; ``kind``: ``query`` or ``ingest``."""
        try:
            found = self._requests.json("bulk job", "GET", f"{self._jobs}/{kind}/{job_id}")
        except RecordError as error:
            raise CursorExpired(f"Salesforce no longer knows a bulk job ({error.code}).") from None
        return _job(found)

    def wait(self, job_id: str, kind: str) -> Job:
        """The finished job; looks seldom, since each look is a call. Raises Fatal when Salesforce could not do it."""
        pause = _FIRST_PAUSE
        until = self._clock.now() + LONGEST
        while True:
            job = self.job(job_id, kind)
            if job.state == "JobComplete":
                return job
            if job.over:
                raise Fatal(f"Salesforce: a bulk {kind} ended as {job.state}: {redact(job.message) or 'no text'}.")
            if self._clock.now() > until:
                raise Retriable(f"Salesforce: a bulk {kind} was not done after {LONGEST}.")
            self._clock.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def abort(self, job_id: str, kind: str) -> None:
        self._requests.send("bulk job abort", "PATCH", f"{self._jobs}/{kind}/{job_id}", body={"state": "Aborted"})

    def start_ingest(
        self, sobject: str, operation: str, rows: Iterable[Mapping[str, Any]], fields: Sequence[str], *, by: str = ""
    ) -> str:
        """Uploads rows as one job of ``insert``, ``update``, ``upsert`` (``by`` an external id field) or ``delete``
        and starts it. An empty value leaves a field alone; ``#N/A`` clears it."""
        body = {"object": path(sobject), "operation": operation, "contentType": "CSV", "lineEnding": "LF"}
        if by:
            body["externalIdFieldName"] = path(by)
        found = self._requests.json("bulk ingest start", "POST", f"{self._jobs}/ingest", body=body, write=True)
        where = f"{self._jobs}/ingest/{found['id']}"
        self._requests.send("bulk ingest upload", "PUT", f"{where}/batches", csv=_csv(rows, fields), seconds=300.0)
        self._requests.send("bulk ingest close", "PATCH", where, body={"state": "UploadComplete"}, write=True)
        return str(found["id"])

    def ingested(self, job_id: str, which: str) -> list[dict[str, str]]:
        """Rows of a finished ingest job: ``successfulResults``, ``failedResults`` (``sf__Id``, ``sf__Error``) or
        ``unprocessedrecords``."""
        answer = self._requests.send(
            "bulk ingest results", "GET", f"{self._jobs}/ingest/{job_id}/{which}", seconds=_RESULT_SECONDS,
            headers={"Accept": "text/csv"},
        )  # fmt: skip
        return list(csv.DictReader(io.StringIO(answer.body.decode("utf-8"))))


def _csv(rows: Iterable[Mapping[str, Any]], fields: Sequence[str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fields, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    data = text.getvalue().encode("utf-8", "replace")
    if len(data) > UPLOAD_BYTES:
        raise Fatal(f"A bulk upload of {len(data)} bytes is too large.", remedy="Send it in portions.")
    return data


def _job(found: Mapping[str, Any]) -> Job:
    return Job(
        str(found["id"]), str(found["state"]), int(found.get("numberRecordsProcessed") or 0),
        int(found.get("numberRecordsFailed") or 0), str(found.get("errorMessage") or ""),
    )  # fmt: skip
