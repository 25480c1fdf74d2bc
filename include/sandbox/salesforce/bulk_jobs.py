"""Jobs of Bulk API 2.0, both kinds: they run on the sandbox's clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from include.sandbox.salesforce.ids import make_id
from include.sandbox.salesforce.model import Kind, Row
from include.sandbox.salesforce.refusals import Refused
from include.sandbox.salesforce.soql.run import Result
from include.sandbox.salesforce.times import stamp

if TYPE_CHECKING:
    from include.sandbox.salesforce.vendor import Salesforce

KEPT = timedelta(days=7)
TYPES = {"query": "V2Query", "ingest": "V2Ingest"}
DELIMITERS = {"COMMA": ",", "TAB": "\t", "SEMICOLON": ";", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}


@dataclass
class Job:
    """One job. `begun`: when its work could start (a query: at once; an ingest: when the upload was complete)."""

    id: str
    type: str
    kind: Kind
    operation: str
    user: str
    created: datetime
    version: str
    options: dict[str, str]
    query: str = ""
    external_id: str | None = None
    state: str = "UploadComplete"
    begun: datetime | None = None
    error: str | None = None
    csv: str = ""
    result: Result | None = None
    good: list[Row] = field(default_factory=list)
    bad: list[Row] = field(default_factory=list)
    left: list[Row] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)

    @property
    def delimiter(self) -> str:
        return DELIMITERS[self.options["columnDelimiter"]]

    def line(self) -> dict[str, Any]:
        """As status and list show it."""
        line: dict[str, Any] = {
            "id": self.id, "operation": self.operation, "object": self.kind.name, "createdById": self.user,
            "createdDate": stamp(self.created), "systemModstamp": stamp(self.begun or self.created),
            "state": self.state, "concurrencyMode": "Parallel", "contentType": "CSV",
            "apiVersion": float(self.version.removeprefix("v")), **self.options, "jobType": TYPES[self.type],
        }  # fmt: skip
        if self.type == "ingest":
            line |= {"contentUrl": f"services/data/{self.version}/jobs/ingest/{self.id}/batches",
                     "numberRecordsFailed": len(self.bad)}  # fmt: skip
        if self.external_id is not None:
            line["externalIdFieldName"] = self.external_id
        if self.state in ("JobComplete", "Failed"):
            processed = self.result.total if self.result else len(self.good) + len(self.bad)
            line |= {"numberRecordsProcessed": processed, "retries": 0, "totalProcessingTime": 1000}
        return {**line, **({"errorMessage": self.error} if self.error else {})}


class Jobs:
    """The org's jobs by id."""

    def __init__(self, salesforce: Salesforce) -> None:
        self._salesforce = salesforce
        self.jobs: dict[str, Job] = {}

    def count(self, kind: str) -> int:
        """How many of a kind were made in the last 24 hours."""
        since = self._now() - timedelta(hours=24)
        return sum(1 for job in self.jobs.values() if job.type == kind and job.created > since)

    def make(self, type_: str, kind: Kind, operation: str, user: str, version: str, body: Row) -> Job:
        options = {"lineEnding": str(body.get("lineEnding", "LF")),
                   "columnDelimiter": str(body.get("columnDelimiter", "COMMA"))}  # fmt: skip
        if options["columnDelimiter"] not in DELIMITERS or options["lineEnding"] not in ("LF", "CRLF"):
            raise Refused("INVALIDJOB", "InvalidJob : unknown columnDelimiter or lineEnding")
        job = Job(make_id("750", len(self.jobs) + 1), type_, kind, operation, user, self._now(), version, options)
        self.jobs[job.id] = job
        return job

    def find(self, type_: str, job_id: str) -> Job:
        """The job, brought up to now; NOT_FOUND otherwise."""
        job = self.jobs.get(job_id)
        if job is None or job.type != type_ or job.created + KEPT <= self._now():
            raise Refused("NOT_FOUND")
        self.advance(job)
        return job

    def advance(self, job: Job) -> None:
        """Runs a job whose time has come: `bulk_seconds` after it could begin."""
        if job.begun is None or job.state not in ("UploadComplete", "InProgress"):
            return
        waited = (self._now() - job.begun).total_seconds()
        seconds = float(self._salesforce.settings["bulk_seconds"])
        if waited >= seconds:
            self._salesforce.run_job(job)
        elif waited >= seconds / 2:
            job.state = "InProgress"

    def listed(self, type_: str) -> dict[str, Any]:
        found = [job for job in self.jobs.values() if job.type == type_]
        for job in found:
            self.advance(job)
        return {"done": True, "nextRecordsUrl": None, "records": [job.line() for job in found]}

    def _now(self) -> datetime:
        return self._salesforce.world.clock.now()
