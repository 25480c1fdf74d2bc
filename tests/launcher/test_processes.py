"""Processes that a later command finds and ends, with all they started."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from include.launcher import wait
from include.launcher.processes import Processes

PARENT = "import subprocess,sys,time; p=subprocess.Popen(['sleep','300']); print(p.pid, flush=True); {then}"


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    made = Processes(tmp_path)
    yield made
    made.stop()


def start_parent(processes: Processes, then: str) -> psutil.Process:
    """A process with a child; returns the child once it is there."""
    processes.start("parent", [sys.executable, "-c", PARENT.format(then=then)], os.environ)
    processes.start("watch", ["sleep", "300"], os.environ)
    wait.until(lambda: bool(processes.log("parent").read_text().strip()), seconds=20, processes=processes, name="watch")
    return psutil.Process(int(processes.log("parent").read_text()))


def has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("then", ["time.sleep(300)", "sys.exit()"], ids=["parent lives", "parent gone"])
def test_stop_ends_the_children_too_for_whoever_reads_the_record(processes: Processes, then: str) -> None:
    child = start_parent(processes, then)
    assert set(Processes(processes.folder).stop()) == {"parent", "watch"}
    assert has_ended(child)
    assert processes.started() == []


def test_a_process_that_ignores_the_request_is_killed(processes: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.launcher.processes._GRACE_S", 0.2)
    child = start_parent(processes, "import signal; signal.signal(15, signal.SIG_IGN); time.sleep(300)")
    parent = psutil.Process(processes.started()[0].pid)
    processes.stop()
    assert has_ended(child) and has_ended(parent)


def test_a_later_process_with_the_same_pid_is_left_alone(processes: Processes) -> None:
    processes.start("ours", ["sleep", "300"], os.environ)
    entry = processes.started()[0]
    aged = [{"name": "ours", "pid": entry.pid, "created": entry.created - 100}]
    processes.record.write_text(json.dumps(aged))
    assert not processes.is_alive("ours")
    assert processes.stop() == []
    assert psutil.Process(entry.pid).is_running()
    processes.record.write_text(json.dumps([{**aged[0], "created": entry.created}]))


def test_waiting_for_a_process_that_died_ends_at_once_with_its_last_words(processes: Processes) -> None:
    processes.start("broken", ["sh", "-c", "echo no such table; exit 3"], os.environ)
    with pytest.raises(wait.NotReady, match=r"(?s)broken stopped while starting.*broken\.log.*no such table"):
        wait.until(lambda: False, seconds=60, processes=processes, name="broken")
