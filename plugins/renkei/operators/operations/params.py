"""The trigger forms of Renkei's own upkeep."""

from __future__ import annotations

from airflow.sdk import Param

from renkei.operators.params import TIME


def check_params(integrations: tuple[str, ...]) -> dict[str, Param]:
    """Which integration to check; all of them when left empty."""
    return {
        "integration": Param(
            None, type=["null", "string"], enum=[None, *integrations], title="Integration",
            description="Empty: every integration that has a settings file.",
        ),
    }


def retry_params() -> dict[str, Param]:
    """Which failed and in-doubt changes to try again (all of them when left empty) or to dismiss."""
    return {
        "do": Param(
            "retry", type="string", enum=["retry", "send_again", "dismiss"], title="What to do",
            description="retry: the next run sends them again; what is in doubt is looked for. send_again: of what is "
            "in doubt and may be sent only once, you looked and it is not there; needs Run, Reason or Since. "
            "dismiss: they are given up and count as skipped, until "
            "they change at their source; needs Run, Reason or Since.",
        ),
        "flow": Param(None, type=["null", "string"], title="Flow", description="For instance on24_marketo."),
        "run": Param(
            None, type=["null", "integer"], title="Run", minimum=1,
            description="Process id of the activity history (renkei.flow_run.id): only what that run planned.",
        ),
        "reason": Param(
            None, type=["null", "string"], title="Reason",
            description="Only failures with this reason or vendor code, for instance 1003.",
        ),
        "since": Param(None, **TIME, title="Since", description="Only what failed at or after this time."),
    }


def approve_params() -> dict[str, Param]:
    """Whose changes are to be allowed."""
    return {
        "run": Param(
            type="integer", minimum=1, title="Run",
            description="Number of the run that set changes aside: its note names it (renkei.flow_run.id).",
        ),
    }


def forget_params() -> dict[str, Param]:
    """Whom to forget."""
    return {
        "who": Param(
            type="string", minLength=1, title="E-mail or id",
            description="E-mail address, Marketo lead id, or ON24 user id. It is erased from Renkei's tables; "
            "delete this DAG run afterwards, for Airflow keeps what was typed here.",
        ),
        "reason": Param("asked for", type="string", title="Reason", description="Kept with the suppression entry."),
    }


CONNECTED_BY_APPROVAL = ("immedio_salesforce", "salesforce_account_engagement")


def connection_params(integrations: tuple[str, ...]) -> dict[str, Param]:
    """What to do with a connection."""
    those = [name for name in integrations if name in CONNECTED_BY_APPROVAL] or list(CONNECTED_BY_APPROVAL[:1])
    return {
        "do": Param(
            "connect", type="string", enum=["connect", "disconnect", "arm", "disarm"], title="What to do",
            description="connect: the log shows a link to Salesforce's login; approve there. disconnect: after a "
            "confirmation everything stops and what is queued is dropped. arm: ToDo and campaign act again.",
        ),
        "integration": Param(
            those[0], type="string", enum=those, title="Integration", description="Whose connection it is.",
        ),
        "actions": Param(
            None, type=["null", "array"], items={"type": "string", "enum": ["todo", "campaign"]}, title="Actions",
            description="What to arm or disarm; empty: all that are switched on.",
        ),
    }  # fmt: skip
