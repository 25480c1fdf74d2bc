"""Marketo → Senses: a million leads by bulk extract, and a first load with its forecast."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.bench.stand import Stand

LEADS = int(os.environ.get("RENKEI_BENCH_LEADS", "1000000"))
LOAD = int(os.environ.get("RENKEI_BENCH_LOAD", "100000"))
COMPANIES = 5  # leads a company
ITEMS = (("Marketo リードID", "number"), ("リードスコア", "number"), ("獲得日", "date"))
CHUNK = 5_000


def extract(stand: Stand) -> dict[str, Any]:
    """Lands every lead in source_record; the figure is rows per second of our own CPU time."""
    environment = _prepared(stand, "scale", LEADS / 1_000_000)
    runs = []
    while not runs or runs[-1]["answer"]["read"]:  # a run waits 20 minutes at most for its jobs; the next goes on
        runs.append(stand.process(environment, "tests.bench.senses_step", "extract", f"bench {len(runs)}"))
    rows, cpu = sum(one["answer"]["read"] for one in runs), sum(one["cpu_seconds"] for one in runs)
    return {
        "value": round(rows / cpu), "unit": "rows/CPU-s", "records": rows, "calls": _calls(stand, "marketo"),
        "seconds": round(sum(one["seconds"] for one in runs), 1), "cpu_seconds": round(cpu, 1),
        "rss_mb": round(max(one["rss_mb"] for one in runs)),
    }  # fmt: skip


def first_load(stand: Stand) -> dict[str, Any]:
    """Leads of so many companies become contacts and accounts, one call each, after the push has told what it takes."""
    environment = _prepared(stand, "empty_on24", 1.0)
    for chunk in _leads(LOAD):
        stand.control("POST", "/marketo/leads", chunk)
    step = "tests.bench.senses_step"
    read = stand.process(environment, step, "extract", "bench")
    told = stand.process(environment, step, "forecast", "bench")
    sent = stand.process(environment, step, "rest", "bench")
    seconds = read["seconds"] + told["seconds"] + sent["seconds"]
    return {
        "value": round(LOAD / seconds), "unit": "leads/s", "records": LOAD, "companies": LOAD // COMPANIES,
        "created": sent["answer"]["created"], "calls": _calls(stand, "marketo") + _calls(stand, "mazrica"),
        "marketo_calls": _calls(stand, "marketo"), "senses_calls": _calls(stand, "mazrica"),
        "seconds": round(seconds, 1), "cpu_seconds": round(sum(one["cpu_seconds"] for one in (read, told, sent)), 1),
        "rss_mb": round(max(one["rss_mb"] for one in (read, told, sent))), "forecast": told["answer"],
        "days": _days(told["answer"]),
    }  # fmt: skip


def _prepared(stand: Stand, world: str, scale: float) -> Mapping[str, str]:
    environment = dict(stand.prepare(world, scale, latency_ms=0))
    stand.settings({"marketo": {"daily_quota": 10_000_000}, "mazrica": {"daily_quota": None}})
    items = [{"resource": "contact", "name": name, "itemType": form} for name, form in ITEMS]
    stand.control("POST", "/mazrica/custom_items", items)
    return environment | {"RENKEI_BENCH_SANDBOX": stand.sandbox}


def _leads(count: int) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, count, CHUNK):
        yield [
            {
                "email": f"load{number}@example.jp", "lastName": f"佐藤{number}", "leadScore": number % 100,
                "company": f"株式会社{number // COMPANIES}", "mainPhone": f"03-{number // COMPANIES:08}",
            }
            for number in range(start, min(start + CHUNK, count))
        ]  # fmt: skip


def _calls(stand: Stand, vendor: str) -> int:
    return sum(int(row.get("calls", 1)) for row in stand.calls() if row.get("vendor") == vendor)


def _days(told: str) -> int:
    found = re.search(r"about (\d+) days", told)
    return int(found[1]) if found else 1


BENCHMARKS: dict[str, Callable[[Stand], dict[str, Any]]] = {
    "senses_bulk_extract": extract,
    "senses_first_load": first_load,
}
