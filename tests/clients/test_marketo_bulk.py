"""Marketo's bulk extract: the job's life, 1029 in its three meanings, resuming a file, odd CSV."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest

from renkei.clients.marketo import MarketoClient
from renkei.clients.marketo_auth import TokenStore
from renkei.clients.marketo_bulk import BulkExtract, ExportJob, rows, window
from renkei.errors import ConfigurationError, Fatal, OutcomeUnknown, QuotaExhausted, Retriable
from tests.support.http import Scripted, ScriptedVendor, TestClock, TestMeter, failed, json_of, ok, session_with

FILE = 'id,name\n1,"a\rb"\n2,null\n3,"x\u2028y"\n4,"n\x00ul"\n5,"two\nlines"\n'.encode()
DONE = ExportJob("leads", "J", "Completed", len(FILE), "sha256:" + hashlib.sha256(FILE).hexdigest(), 5)


def bulk(*script: Any) -> tuple[BulkExtract, ScriptedVendor]:
    vendor = ScriptedVendor(*script)
    client = MarketoClient(
        session_with(vendor),
        host="https://123-ABC-456.mktorest.com",
        client_id="id",
        client_secret="secret",
        meter=TestMeter(),
        clock=TestClock(),
        tokens=TokenStore(),
    )
    return BulkExtract(client), vendor


def job(status: str, **more: Any) -> dict[str, Any]:
    return {"exportId": "J", "format": "CSV", "status": status, **more}


def part(body: bytes, status: int = 206) -> Scripted:
    return Scripted(body, status, {"Content-Type": "text/csv"})


def test_a_job_is_created_queued_watched_and_read() -> None:
    done = job("Completed", fileSize=len(FILE), fileChecksum=DONE.checksum, numberOfRecords=5)
    extract, vendor = bulk(ok([job("Created")]), ok([job("Queued")]), ok([job("Processing")]), ok([done]), part(FILE))
    stage = extract.create("leads", ["id", "name"], {"createdAt": {}})
    seen = [stage.status]
    while not stage.done:
        stage = extract.advance(ExportJob(**stage.as_json()))  # as if it had been stored and read again
        seen.append(stage.status)
    file = BytesIO()
    extract.download(stage, file)
    assert seen == ["Created", "Queued", "Processing", "Completed"]
    assert [row["id"] for row in rows(file)] == ["1", "2", "3", "4", "5"]
    assert [str(request.url).partition("export/")[2] for request in vendor.sent] == [
        "create.json", "J/enqueue.json", "J/status.json", "J/status.json", "J/file.json"
    ]  # fmt: skip
    assert json_of(vendor.sent[0]) == {"fields": ["id", "name"], "format": "CSV", "filter": {"createdAt": {}}}


def test_1029_queue_full_is_tried_later() -> None:
    extract, _ = bulk(failed("1029", "Too many jobs (10) in queue"))
    with pytest.raises(Retriable) as caught:
        extract.advance(ExportJob("leads", "J", "Created"))
    assert caught.value.retry_after == 300


def test_1029_daily_bytes_end_the_day() -> None:
    extract, _ = bulk(failed("1029", "Export daily quota 500MB exceeded."))
    with pytest.raises(QuotaExhausted):
        extract.advance(ExportJob("leads", "J", "Created"))


def test_1029_already_queued_is_fine() -> None:
    extract, _ = bulk(failed("1029", "Job is already queued"), ok([job("Queued")]))
    assert extract.advance(ExportJob("leads", "J", "Created")).status == "Queued"


def test_1035_tells_that_the_filter_is_missing_here() -> None:
    extract, _ = bulk(failed("1035", "Unsupported filter type for target subscription: updatedAt"))
    with pytest.raises(ConfigurationError) as caught:
        extract.create("leads", ["id"], {"updatedAt": {}})
    assert caught.value.code == "1035"


def test_a_lost_answer_to_create_is_in_doubt() -> None:
    extract, _ = bulk(Scripted(b'{"success":tr'))
    with pytest.raises(OutcomeUnknown):
        extract.create("leads", ["id"], {})


@pytest.mark.parametrize("status", ["Failed", "Cancelled", "Canceled"])
def test_a_failed_job_is_fatal(status: str) -> None:
    extract, _ = bulk(ok([job(status)]))
    with pytest.raises(Fatal, match=status):
        extract.advance(ExportJob("leads", "J", "Queued"))


def test_a_file_is_resumed_where_it_stopped() -> None:
    extract, vendor = bulk(part(FILE[7:]))
    file = BytesIO(FILE[:7])
    extract.download(DONE, file)
    assert file.getvalue() == FILE
    assert vendor.sent[0].headers["Range"] == f"bytes=7-{len(FILE) - 1}"


def test_a_server_that_ignores_the_range_starts_the_file_anew() -> None:
    extract, _ = bulk(part(FILE, 200))
    file = BytesIO(FILE[:7])
    extract.download(DONE, file)
    assert file.getvalue() == FILE


def test_a_damaged_file_is_emptied_and_fetched_again() -> None:
    extract, _ = bulk(part(FILE[:-3] + b"???"))
    file = BytesIO()
    with pytest.raises(Retriable, match="damaged"):
        extract.download(DONE, file)
    assert file.getvalue() == b""


def test_an_error_in_place_of_a_file_raises() -> None:
    extract, _ = bulk(failed("1029", "Export daily quota 500MB exceeded."))
    with pytest.raises(QuotaExhausted):
        extract.download(DONE, BytesIO())


def test_a_file_that_is_not_there_yet_is_asked_for_later() -> None:
    extract, _ = bulk(part(b"Not found", 404))
    with pytest.raises(Retriable):
        extract.download(DONE, BytesIO())


def test_odd_cells_survive() -> None:
    assert [row["name"] for row in rows(BytesIO(FILE))] == ["a\rb", None, "x\u2028y", "n\x00ul", "two\nlines"]


def test_a_window_leaves_out_its_end_and_milliseconds() -> None:
    since, until = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, 0, 0, 0, 500, tzinfo=UTC)
    assert window("updatedAt", since, until) == {
        "updatedAt": {"startAt": "2026-11-01T00:00:00Z", "endAt": "2026-11-01T23:59:59Z"}
    }
