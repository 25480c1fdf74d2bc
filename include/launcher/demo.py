"""``make demo``: everything on this machine, every integration run once, the UI left open.

KEEP=0 stops everything at the end; the RENKEI_…_PORT variables choose the ports.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from include.launcher import bookings, down, report, stack, visits
from include.launcher.airflow import USER
from include.launcher.place import ROOT, Place, write_private
from include.launcher.processes import Processes
from include.launcher.runs import approved, run_once

# In the order they feed each other
DAGS = (
    "on24_to_marketo", "marketo_to_senses", "senses_to_marketo",
    "immedio_list_cache", "immedio_field_sync", "immedio_bookings", "karte_marketo_realtime",
    "karte_user_to_marketo", "karte_event_to_marketo", "marketo_activity_to_karte", "karte_marketo_leads",
    "account_engagement_metadata", "account_engagement_unpause", "account_engagement_sync", "account_engagement_audit",
)
APPROVALS = {"account_engagement_unpause": "approve"}  # what waits for a person: the demo says yes
_began = time.monotonic()


def main() -> int:
    """Returns 0 when every run succeeded."""
    keep = os.environ.get("KEEP") != "0"
    finished = False
    try:
        place = Place.of_demo()
        down.stop(place)  # an earlier demo, or what is left of one
        place.check_ports()
        code = _demo(place)
        finished = True
        if keep:
            print(_where_to_look(place))
        return code
    except (RuntimeError, ValueError) as error:  # PortBusy, NotReady, RunTimeout: one clear line each
        print(error, file=sys.stderr)
        return 1
    finally:
        if not (keep and finished):
            down.stop(place)


def _demo(place: Place) -> int:
    running = stack.start(place, Processes(place.run / "logs"), _say)
    write_private(_build("demo.json"), _json(_addresses(place, running)))  # it holds the password
    rest = running.airflow.rest()
    _say("bookings, and visitors on the site")
    bookings.happen(running.sandbox)
    visits.happen(running.sandbox)
    dags = {}
    for dag_id in DAGS:
        _say(f"run of {dag_id}")
        run = approved(rest, dag_id, APPROVALS[dag_id]) if dag_id in APPROVALS else run_once(rest, dag_id)
        dags[dag_id] = {"state": run.state, "seconds": run.seconds, "counts": report.counts(running.renkei_db, run)}
    for dag_id in rest.dag_ids():
        rest.unpause(dag_id)  # so that a run by hand, too, starts at once
    _build("demo-report.json").write_text(_json({"seconds": round(time.monotonic() - _began, 1), "dags": dags}))
    print(report.table(dags))
    return 0 if all(entry["state"] == "success" for entry in dags.values()) else 1


def _addresses(place: Place, running: stack.Running) -> dict[str, Any]:
    return {
        "airflow": {"url": running.airflow.url, "user": USER, "password": place.secrets()["password"]},
        "receiver": running.receiver,
        "sandbox": running.sandbox,
        "renkei_db": running.renkei_db,
    }


def _where_to_look(place: Place) -> str:
    return (f"Airflow: http://localhost:{place.ui}  user {USER}, password {place.secrets()['password']}\n"
            f"Sandbox: http://localhost:{place.sandbox}/marketo/leads\n"
            f"Receiver: http://localhost:{place.receiver}/health\n"
            "Stop all: make down")


def _build(name: str) -> Path:
    (ROOT / "build").mkdir(exist_ok=True)
    return ROOT / "build" / name


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2) + "\n"


def _say(what: str) -> None:
    print(f"{time.monotonic() - _began:6.1f} s  {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
