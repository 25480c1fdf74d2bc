"""Marketo's bulk extract as a job that can be left and taken up again.

create → store the job → advance until it is done → download (resumes where it stopped) → rows.
Adobe, "Bulk extract": status is refreshed every 60 s; a file is kept for 7 days; at most 31 days a job.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, BinaryIO

from renkei.clients.marketo import MarketoClient
from renkei.clients.marketo_endpoints import bulk
from renkei.clients.transport import Answer
from renkei.errors import ConfigurationError, Fatal, Retriable

POLL_SECONDS = 60
_PART = 8 * 1024 * 1024
_FIELD_LIMIT = 1 << 20  # attributes may hold 64 KB, and quotes are doubled


@dataclass(frozen=True)
class ExportJob:
    """Plain values, so that a caller can store the job before waiting for it."""

    kind: str  # "leads", "activities", "customobjects/{api name}", "program/members"
    id: str
    status: str  # Created, Queued, Processing, Completed, Cancelled, Failed
    size: int = 0
    checksum: str = ""
    records: int = 0

    @property
    def done(self) -> bool:
        return self.status == "Completed"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class BulkExtract:
    """Runs extract jobs of one instance. Its queue and its 500 MB a day are shared by all kinds."""

    def __init__(self, client: MarketoClient) -> None:
        self._requests = client.requests

    def create(self, kind: str, fields: Sequence[str], criteria: Mapping[str, Any]) -> ExportJob:
        """A new job, not yet queued. ConfigurationError with code 1035: this filter is not available here."""
        payload = {"fields": list(fields), "format": "CSV", "filter": dict(criteria)}
        body = self._requests.post(bulk(kind, "create"), payload)
        return _job(kind, body)

    def advance(self, job: ExportJob) -> ExportJob:
        """Queues a created job, else looks how far it is; call again after ``POLL_SECONDS`` until ``done``.
        Retriable when the queue is full, QuotaExhausted when the day's bytes are spent, Fatal when it failed."""
        if job.status == "Created":
            body = self._requests.query(bulk(job.kind, "enqueue"), {}, job=job.id)
            if body.get("result"):
                return _job(job.kind, body)
        return self._checked(_job(job.kind, self._requests.query(bulk(job.kind, "status"), {}, job=job.id)))

    def download(self, job: ExportJob, file: BinaryIO) -> None:
        """Fetches what ``file`` does not hold yet, then verifies length and checksum. Retriable when the file is
        not there yet or was damaged on the way (then it is emptied)."""
        have = file.seek(0, io.SEEK_END)
        while have < job.size:
            last = min(have + _PART, job.size) - 1
            answer = self._part(job, have, last)
            if answer.status != 206:  # the whole file, whatever was asked for
                file.truncate(file.seek(0))
            file.write(answer.body)
            if not answer.body:
                raise Retriable("Marketo bulk extract: an empty part.")
            have = file.tell()
        _verify(job, file)

    def _part(self, job: ExportJob, first: int, last: int) -> Answer:
        headers = {"Range": f"bytes={first}-{last}", "Accept-Encoding": "identity"}
        try:
            return self._requests.raw(bulk(job.kind, "file"), headers, job=job.id)
        except ConfigurationError as error:
            if error.code != "HTTP 404":
                raise
            # The file of a completed job can be a little late.
            raise Retriable(f"Marketo bulk extract {job.id}: the file is not there yet.", retry_after=60) from None

    def _checked(self, job: ExportJob) -> ExportJob:
        if job.status in ("Failed", "Cancelled", "Canceled"):
            raise Fatal(f"Marketo bulk extract {job.id} ended as {job.status}.", remedy="Start the run again.")
        return job


def window(field: str, since: datetime, until: datetime) -> dict[str, Any]:
    """A filter over ``[since, until)``: Marketo includes both ends and refuses milliseconds."""
    last = datetime.fromtimestamp(int(until.timestamp()) - 1, tz=until.tzinfo)
    return {field: {"startAt": _second(since), "endAt": _second(last)}}


def rows(file: BinaryIO) -> Iterator[dict[str, str | None]]:
    """The records of an extract. Fields may hold line breaks, NUL and U+2028; the text ``null`` is no value."""
    csv.field_size_limit(_FIELD_LIMIT)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    try:
        for row in csv.DictReader(text):
            yield {name: None if value == "null" else value for name, value in row.items()}
    finally:
        text.detach()


def _job(kind: str, body: Mapping[str, Any]) -> ExportJob:
    row = next(iter(body.get("result") or []), None)
    if row is None:
        raise Retriable("Marketo bulk extract: an answer without a job.")
    return ExportJob(
        kind,
        str(row["exportId"]),
        str(row.get("status", "")),
        int(row.get("fileSize") or 0),
        str(row.get("fileChecksum") or ""),
        int(row.get("numberOfRecords") or 0),
    )


def _verify(job: ExportJob, file: BinaryIO) -> None:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    found = hashlib.sha256()
    while part := file.read(_PART):
        found.update(part)
    wanted = job.checksum.removeprefix("sha256:").lower()
    if size != job.size or (wanted and wanted != found.hexdigest()):
        file.truncate(file.seek(0))
        raise Retriable(f"Marketo bulk extract {job.id}: the file was damaged on the way; it is fetched anew.")


def _second(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S%z").replace("+0000", "Z")
