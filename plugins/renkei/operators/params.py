"""The trigger forms: typed params with a title and a description each."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param

TIME: dict[str, Any] = {"type": ["null", "string"], "format": "date-time"}
DAY: dict[str, Any] = {"type": "string", "format": "date"}


def flow_params() -> dict[str, Param]:
    """What a person may ask of one run of a flow; the defaults are those of a scheduled run."""
    return {
        "since": Param(
            None, **TIME, title="Since", section="Window",
            description="Read again from this time on. Empty: go on where the last run stopped.",
        ),
        "until": Param(
            None, **TIME, title="Until", section="Window",
            description="Read up to this time, not in the future. Empty: up to now. Only together with Since.",
        ),
        "full": Param(
            False, type="boolean", title="Full load", section="Window",
            description="Read everything from the beginning; new records go on being synced beside it.",
        ),
        "dry_run": Param(
            False, type="boolean", title="Dry run", section="What to do",
            description="Only say what would be written (table renkei.proposal); write nothing.",
        ),
        "verify": Param(
            False, type="boolean", title="Verify", section="What to do",
            description="Compare with the target itself and repair what differs. Costs look-ups.",
        ),
        "replan": Param(
            False, type="boolean", title="Plan everything again", section="What to do",
            description="Map all stored records with today's settings, without reading the source.",
        ),
    }


def event_params() -> dict[str, Param]:
    """Some events alone, for flows whose source has them."""
    return {
        "event_ids": Param(
            None, type=["null", "string"], pattern=r"^\s*\d+([\s,]+\d+)*[\s,]*$", title="Event ids", section="Window",
            description="Read only these ON24 events again, all of their registrants and attendees; "
            "for instance 4200001, 4200002.",
        ),
    }


def field_test_params() -> dict[str, Param]:
    """Which fields the sync test looks up."""
    return {
        "fields": Param(
            None, type=["null", "string"], title="Fields",
            description="For instance Lead.Score__c, Contact.Account.Name. Empty: those of the settings file.",
        ),
    }


def backfill_params() -> dict[str, Param]:
    """A past span of any length, cut into slices the source allows."""
    return {
        "start": Param(**DAY, title="Start", section="Window", description="First day, Japan time."),
        "end": Param(**DAY, title="End", section="Window", description="Last day, included, not in the future."),
        "dry_run": Param(
            True, type="boolean", title="Dry run", section="What to do",
            description="Only say what would be written. A real backfill fires the same Marketo campaigns "
            "(is added, is updated) as the regular sync: try it dry first.",
        ),
    }
