"""What the files of bulk extracts contain."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from include.sandbox.marketo.activity_log import Activity
from include.sandbox.marketo.activity_types import DELETE_LEAD
from include.sandbox.marketo.custom_objects import Table
from include.sandbox.marketo.lead_table import TOUCHED, Lead
from include.sandbox.marketo.parameters import stamp

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

Window = tuple[datetime, datetime]
DELIMITERS = {"CSV": ",", "TSV": "\t", "SSV": ";"}
ACTIVITY_COLUMNS = ["marketoGUID", "leadId", "activityDate", "activityTypeId", "campaignId",
                    "primaryAttributeValueId", "primaryAttributeValue", "attributes"]


def write_file(columns: list[str], headers: list[str], rows: Iterable[dict[str, Any]],
               file_format: str) -> tuple[bytes, int]:
    """The file's bytes and its number of rows; an empty value is the text ``null``."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=DELIMITERS[file_format], lineterminator="\n")
    writer.writerow(headers)
    count = 0
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in columns])
        count += 1
    return out.getvalue().encode(), count


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def lead_rows(marketo: Marketo, field: str, window: Window) -> Iterator[Lead]:
    """Leads whose creation, or last change of any field, lies in the window (both ends inclusive)."""
    first, last = stamp(window[0]), stamp(window[1])
    for lead_id in marketo.leads.table.ids():
        lead = marketo.leads.get(lead_id) or {}
        moment = lead["createdAt"] if field == "createdAt" else lead.get(TOUCHED) or lead["updatedAt"]
        if first <= moment <= last:
            yield lead


def activity_rows(marketo: Marketo, window: Window, wanted: Callable[[Activity], bool]) -> Iterator[dict[str, Any]]:
    """Committed activities by activity date, without deletions."""
    now = marketo.world.clock.now().timestamp()
    for activity in marketo.activities.between(int(window[0].timestamp()), int(window[1].timestamp()), now):
        if activity.type_id != DELETE_LEAD and wanted(activity):
            attributes = {row["name"]: row["value"] for row in activity.attribute_rows()}
            yield {**activity.row(), "attributes": json.dumps(attributes, ensure_ascii=False)}


def custom_object_rows(table: Table, window: Window) -> Iterator[dict[str, Any]]:
    """Records of a custom object changed in the window."""
    first, last = stamp(window[0]), stamp(window[1])
    return (row for row in list(table.rows.values()) if first <= row["updatedAt"] <= last)


def member_rows(marketo: Marketo, program_ids: list[int], window: Window | None,
                statuses: set[str]) -> Iterator[dict[str, Any]]:
    """Members of programs with the lead's fields beside their own."""
    for program_id in program_ids:
        program = marketo.programs.rows[program_id]
        for lead_id, member in marketo.programs.members[program_id].items():
            if statuses and member["statusName"] not in statuses:
                continue
            if window is None or stamp(window[0]) <= member["updatedAt"] <= stamp(window[1]):
                yield {**(marketo.leads.get(lead_id) or {}), **member, "program": program.name}
