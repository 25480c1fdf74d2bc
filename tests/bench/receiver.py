"""The webhook receiver: an even stream for a minute, and what is left of a burst when it is killed."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import psutil
import psycopg
import requests

from include.launcher.place import ROOT, free_ports
from tests.bench.stand import Stand


def stream(stand: Stand, *, per_second: int, seconds: float) -> dict[str, Any]:
    """So many signed webhooks a second; latency as the sender sees it, answered only after the commit."""
    environment = stand.prepare("demo", 1.0, 0)
    with _receiver(environment) as (process, port):
        _load(environment, port, per_second, 2)  # connections, caches
        before = process.cpu_times()
        sent = _load(environment, port, per_second, seconds, offset=True)
        after, memory = process.cpu_times(), process.memory_info().rss
    latencies = sorted(sent["latencies"])
    return {
        "value": round(1000 * latencies[int(len(latencies) * 0.99)], 1),
        "unit": "ms (p99)",
        "p50_ms": round(1000 * statistics.median(latencies), 1),
        "longest_ms": round(1000 * latencies[-1], 1),
        "answered": len(sent["answered"]),
        "not_answered_200": sum(sent["others"].values()),
        "lost": len(set(sent["answered"]) - _stored(environment)),
        "seconds": seconds,
        "rss_mb": round(memory / 1e6),
        "cpu_cores": round((after.user + after.system - before.user - before.system) / seconds, 2),
        "sender_cpu_cores": round(sent["cpu_seconds"] / seconds, 2),
    }


def killed(stand: Stand, *, per_second: int) -> dict[str, Any]:
    """``kill -9`` in the middle of a burst: what had been answered 200 and is not there."""
    environment = stand.prepare("demo", 1.0, 0)
    with _receiver(environment) as (process, port):
        command = _command(environment, port, per_second, 6)
        sending = subprocess.Popen(command, cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, text=True)
        time.sleep(4)
        process.kill()
        sent = json.loads(sending.communicate()[0])
    stored = _stored(environment)
    return {
        "value": len(set(sent["answered"]) - stored),
        "unit": "lost",
        "answered": len(sent["answered"]),
        "stored": len(stored),
        "not_answered": sum(sent["others"].values()),
    }


@contextmanager
def _receiver(environment: Mapping[str, str]) -> Iterator[tuple[psutil.Process, int]]:
    port = free_ports(1)
    with tempfile.TemporaryDirectory(prefix="renkei-receiver-") as home:
        env = {**environment, "AIRFLOW_HOME": home}
        command = [sys.executable, "-m", "renkei.web", "--port", str(port)]
        started = subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
        try:
            _wait(f"http://127.0.0.1:{port}/health")
            yield psutil.Process(started.pid), port
        finally:
            started.kill()
            started.wait()


def _wait(url: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.2)
    raise RuntimeError("the receiver did not start")


def _load(
    environment: Mapping[str, str], port: int, per_second: int, seconds: float, *, offset: bool = False
) -> dict[str, Any]:
    if offset:  # the first events were for warming up; the same again would be repetitions
        _execute(environment, "delete from renkei.inbox_event")
    done = subprocess.run(_command(environment, port, per_second, seconds), cwd=ROOT, env=dict(environment),
                          stdout=subprocess.PIPE, text=True, check=True)  # fmt: skip
    sent: dict[str, Any] = json.loads(done.stdout)
    return sent


def _command(environment: Mapping[str, str], port: int, per_second: int, seconds: float) -> list[str]:
    secret = json.loads(environment["AIRFLOW_CONN_KARTE_DEFAULT"])["extra"]["client_secret"]
    return [sys.executable, "-m", "tests.bench.load", str(port), secret, str(per_second), str(seconds)]


def _stored(environment: Mapping[str, str]) -> set[str]:
    return {str(row[0]) for row in _execute(environment, "select sender_id from renkei.inbox_event")}


def _execute(environment: Mapping[str, str], statement: str) -> list[Any]:
    with psycopg.connect(environment["AIRFLOW_CONN_RENKEI_DB"]) as connection:
        done = connection.execute(statement.encode())
        return done.fetchall() if done.description else []


BENCHMARKS: dict[str, Callable[[Stand], dict[str, Any]]] = {
    "receiver_500_a_second": partial(stream, per_second=500, seconds=60),
    "receiver_killed": partial(killed, per_second=1_000),
}
