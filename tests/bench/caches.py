"""The caches at scale: a list of 250,000 with the vendor's real cap of 100,000 a chain, and the nightly field sync of
450,000 records over Bulk API 2.0. ``rss_mb`` is the whole process at its largest; a tenth of the records beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from include.launcher.place import ROOT
from tests.bench.stand import Stand

LISTS, FIELDS = "immedio_list_cache", "immedio_field_sync"
BULK_SECONDS = 2  # of each query job: how long Salesforce thinks is not what is measured


def measured(stand: Stand, *, flow: str) -> dict[str, Any]:
    """A first run, a second one with nothing changed, and the first run of a tenth, for the memory."""
    tenth = _runs(stand, flow, 0.1, 1)[0]
    first, second = _runs(stand, flow, 1.0, 2)
    totals = first["totals"]
    return {
        "value": round(totals["read"] / first["seconds"]),
        "unit": "records/s",
        "calls": first["calls"],
        "seconds": round(first["seconds"], 1),
        "rss_mb": round(first["rss_mb"]),
        "rss_mb_of_a_tenth": round(tenth["rss_mb"]),
        "read": totals["read"],
        "created": totals["created"],
        "failed": totals["failed"],
        "second_seconds": round(second["seconds"], 1),
        "second_written": second["totals"]["created"] + second["totals"]["updated"],
        "by_feed": first["counts"],
    }


def _runs(stand: Stand, flow: str, scale: float, number: int) -> list[dict[str, Any]]:
    environment = dict(stand.prepare("scale", scale, 0))
    stand.settings({"salesforce": {"bulk_seconds": BULK_SECONDS}})
    with TemporaryDirectory(prefix="renkei-bench-") as folder:
        environment |= {"RENKEI_SETTINGS_DIR": str(_settings(Path(folder)))}
        return [_run(stand, environment, flow, f"run {count}") for count in range(number)]


def _run(stand: Stand, environment: Mapping[str, str], flow: str, dag_run_id: str) -> dict[str, Any]:
    before = _calls(stand)
    done = stand.process(environment, "tests.bench.cache_step", flow, dag_run_id)
    return done | {"calls": _calls(stand) - before}


def _calls(stand: Stand) -> int:
    return sum(
        entry["calls"]
        for entry in stand.calls()
        if entry["vendor"] in ("salesforce", "account_engagement") and "oauth2" not in entry["endpoint"]
    )


def _settings(folder: Path) -> Path:
    """The delivered settings, with the two lists of the scale world."""
    settings = yaml.safe_load((ROOT / "include" / "integrations" / "immedio_salesforce.yaml").read_text())
    listed = {"group": "g", "meeting_type": "m"}
    settings["lists"]["lists"] = [{"name": name} | listed for name in ("重点顧客", "全員")]
    (folder / "immedio_salesforce.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True))
    return folder


BENCHMARKS: dict[str, Callable[[Stand], dict[str, Any]]] = {
    "immedio_list_250k": partial(measured, flow=LISTS),
    "immedio_fields_450k": partial(measured, flow=FIELDS),
}
