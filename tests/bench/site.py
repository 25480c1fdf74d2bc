"""The tag's calls and the read API with a million cached members, over TCP, as browsers and a router ask them: each
call at its own time, whether or not others were answered, its time counted from when it was due."""

from __future__ import annotations

import http.client
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa
import yaml

from include.launcher import wait
from include.launcher.place import ROOT, free_ports
from include.launcher.processes import Processes
from renkei.store import api_keys
from renkei.store.db import connect, url_from_environment
from tests.bench.stand import Stand

MEMBERS, VISITORS, RECORDS = 1_000_000, 100_000, 450_000
CALLS, PER_SECOND, CONNECTIONS = 3_000, 100, 8
ORIGIN = "http://localhost:8090"  # as in the delivered settings
_FILL = (
    "insert into renkei.list_definition (account, name) values ('account_engagement:0Uv', '重点顧客'), "
    "('account_engagement:0Uv', 'セミナー参加者')",
    f"""insert into renkei.list_member (email, list, prospect_id)
        select 'p' || n || '@example.jp', n % 2 + 1, n from generate_series(1, {MEMBERS}) as n""",
    f"""insert into renkei.conversion (visitor, email, form, page)
        select 'visitor-' || lpad(n::text, 24, '0'), 'p' || n * 7 || '@example.jp', 'contact', 'www.example.jp/'
          from generate_series(1, {VISITORS}) as n""",
    f"""insert into renkei.crm_record (object, record_id, account, email, domain, parent_id, modified_at, fields)
        select case when n % 9 = 0 then 'Account' when n % 2 = 0 then 'Lead' else 'Contact' end, 'id' || n,
               'salesforce:00D', case when n % 9 <> 0 then 'p' || n / 2 || '@example.jp' end,
               case when n % 9 = 0 then 'corp' || n || '.example.jp' end, 'id' || n / 9 * 9, now(),
               jsonb_build_object('Email', 'p' || n || '@example.jp', 'Company', '見本' || n, 'Owner.Email', null)
          from generate_series(1, {RECORDS}) as n""",
    "analyze renkei.list_member, renkei.conversion, renkei.crm_record",
)
Body = Callable[[int], Mapping[str, Any]]


def answers(stand: Stand) -> dict[str, Any]:
    """p99 of a visit, in ms; the other calls' beside it."""
    environment = dict(stand.prepare("empty_on24", 1.0, 0))
    store = connect(url_from_environment(environment), owner=True)
    with store.begin() as connection:
        for statement in _FILL:
            connection.execute(sa.text(statement))
    with store.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("checkpoint"))  # what filling left to write is none of the calls' business
    keys = {scope: api_keys.issue(store, scope, scope) for scope in api_keys.SCOPES}
    store.dispose()
    with tempfile.TemporaryDirectory(prefix="renkei-bench-") as folder:
        processes, port = Processes(Path(folder) / "run"), free_ports(1)
        settings = _unrationed(Path(folder) / "integrations")
        environment |= {"AIRFLOW_HOME": folder, "RENKEI_SETTINGS_DIR": str(settings)}
        try:
            processes.start("web", [sys.executable, "-m", "renkei.web", "--port", str(port)], environment)
            wait.until(lambda: wait.answers(f"http://localhost:{port}/health"), seconds=60, processes=processes,
                       name="web")  # fmt: skip
            return _measure(port, keys, psutil.Process(processes.started()[0].pid))
        finally:
            processes.stop()


def _unrationed(folder: Path) -> Path:
    """The delivered settings without the limits per minute: all calls come from one address."""
    folder.mkdir()
    settings = yaml.safe_load((ROOT / "include" / "integrations" / "immedio_salesforce.yaml").read_text())
    settings["lists"] |= {"visits_per_minute": 10_000_000, "conversions_per_minute": 10_000_000}
    settings["fields"] |= {"reads_per_minute": 10_000_000}
    (folder / "immedio_salesforce.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True))
    return folder


def _measure(port: int, keys: Mapping[str, str], server: psutil.Process) -> dict[str, Any]:
    tag = {"Content-Type": "text/plain", "Origin": ORIGIN}
    read = {"Content-Type": "application/json", "Authorization": f"Bearer {keys['read']}"}

    def visitor(n: int) -> dict[str, Any]:
        return {"key": keys["tag"], "visitor": f"visitor-{n % VISITORS + 1:024}", "page": f"{ORIGIN}/page{n % 50}"}

    kinds: dict[str, tuple[str, dict[str, str], Body]] = {
        "visit": ("/tag/v1/visits", tag, visitor),
        "conversion": ("/tag/v1/conversions", tag, lambda n: visitor(n) | {"email": f"p{n}@example.jp", "form": "f"}),
        "fields": ("/api/v1/fields", read, lambda n: {"email": f"p{n % 200_000}@example.jp"}),
    }
    for kind in kinds.values():
        _all(port, *kind, calls=300)  # warm: connections, prepared statements
    before = _cpu(server)
    times = {name: _all(port, *kind) for name, kind in kinds.items()}
    spent = _cpu(server) - before
    return {
        "value": round(_share(times["visit"], 0.99), 1), "unit": "ms p99", "calls": CALLS, "per_second": PER_SECOND,
        **{f"{name}_p50_ms": round(_share(found, 0.5), 1) for name, found in times.items()},
        **{f"{name}_p99_ms": round(_share(found, 0.99), 1) for name, found in times.items()},
        "cpu_ms_per_call": round(spent * 1000 / CALLS / len(kinds), 2), "load_average": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def _all(port: int, path: str, headers: Mapping[str, str], body: Body, calls: int = CALLS) -> list[float]:
    """Every call's milliseconds since it was due."""
    began = time.perf_counter() + 0.2
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        parts = [threads.submit(_ask, port, path, headers, body, range(first, calls, CONNECTIONS), began)
                 for first in range(CONNECTIONS)]  # fmt: skip
    return [spent for part in parts for spent in part.result()]


def _ask(port: int, path: str, headers: Mapping[str, str], body: Body, numbers: range, start: float) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    spent = []
    for number in numbers:
        sent = json.dumps(body(number)).encode()
        due = start + number / PER_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
        connection.request("POST", path, sent, dict(headers))
        answer = connection.getresponse()
        content = answer.read()
        spent.append((time.perf_counter() - due) * 1000)
        if answer.status >= 300:
            raise RuntimeError(f"{path}: {answer.status} {content[:200]!r}")
    connection.close()
    return spent


def _cpu(process: psutil.Process) -> float:
    """Seconds of processor time that the receiver took."""
    times = process.cpu_times()
    return float(times.user + times.system)


def _share(times: list[float], share: float) -> float:
    return sorted(times)[int(len(times) * share)]


BENCHMARKS: dict[str, Callable[[Stand], dict[str, Any]]] = {"tag_1m_members": answers}
