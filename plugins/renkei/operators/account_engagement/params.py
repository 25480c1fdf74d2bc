"""The trigger forms of the Account Engagement DAGs."""

from __future__ import annotations

from airflow.sdk import Param


def sync_params() -> dict[str, Param]:
    """A full load, everything planned anew, or only what would be done."""
    return {
        "full": Param(
            False, type="boolean", title="Full load",
            description="Reads every lead, contact and prospect, beside the regular increments.",
        ),
        "replan": Param(
            False, type="boolean", title="Plan everything again",
            description="Applies changed settings to what is stored, without reading.",
        ),
        "dry_run": Param(
            False, type="boolean", title="Dry run",
            description="Writes nothing; what would be written is in renkei.proposal.",
        ),
    }


def manual_params() -> dict[str, Param]:
    """Which records."""
    return {
        "ids": Param(
            type="string", minLength=1, title="Ids",
            description="Ids of prospects (numbers), leads (00Q…) or contacts (003…), at most 200, separated by "
            "commas, spaces or lines. A lead or contact that has no prospect gets one.",
        ),
    }


def unpause_params() -> dict[str, Param]:
    """Unpause, or pause again."""
    return {
        "do": Param(
            "unpause", type="string", enum=["unpause", "pause"], title="What to do",
            description="unpause: prospects sync by themselves from now on. pause: they wait; what has not gone yet is "
            "withdrawn and planned anew later.",
        ),
    }
