"""Long-running processes, each in a process group of its own, found again by a later command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from include.launcher.place import ROOT

_GRACE_S = 10.0


@dataclass(frozen=True)
class Started:
    """One process: its pid is its group's id too; ``created`` tells it from a later one of the same pid."""

    name: str
    pid: int
    created: float


class Processes:
    """The processes of one stack. ``folder`` holds their logs and the record of who was started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.record = folder / "processes.json"

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Starts ``command`` in a session of its own; it outlives us. Its output goes to ``<name>.log``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log(name).open("w") as log:
            process = subprocess.Popen(command, env=dict(env), cwd=ROOT, start_new_session=True,
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        started = Started(name, process.pid, psutil.Process(process.pid).create_time())
        self._write([*self.started(), started])

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def started(self) -> list[Started]:
        """Everything started here and not stopped since, alive or not, oldest first."""
        if not self.record.exists():
            return []
        return [Started(**entry) for entry in json.loads(self.record.read_text())]

    def is_alive(self, name: str) -> bool:
        return any(_is_same(started) for started in self.started() if started.name == name)

    def stop(self) -> list[str]:
        """Ends all of them with all they started, newest first, the stubborn ones by force; returns their names."""
        stopped = []
        for started in reversed(self.started()):
            if members := _members(started):
                stopped.append(started.name)
                _end(members)
        self._write([])
        return stopped

    def _write(self, entries: Sequence[Started]) -> None:
        partial = self.record.with_suffix(".partial")
        self.folder.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps([asdict(entry) for entry in entries]))
        partial.replace(self.record)


def _is_same(started: Started) -> bool:
    """Whether the pid is still the process we started, and runs."""
    try:
        process = psutil.Process(started.pid)
        return process.create_time() == started.created and _runs(process)
    except psutil.NoSuchProcess:
        return False


def _members(started: Started) -> list[psutil.Process]:
    """The process, its descendants and its group. A group that outlived its leader is still ours:
    the system gives a pid to nobody else while a group has it."""
    members: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == started.pid and _runs(process):
                members[process.pid] = process
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    if started.pid in members and not _is_same(started):
        return []
    for process in list(members.values()):
        try:
            members |= {child.pid: child for child in process.children(recursive=True)}
        except psutil.NoSuchProcess:
            continue
    return list(members.values())


def _end(members: Sequence[psutil.Process]) -> None:
    for wanted, seconds in ((signal.SIGTERM, _GRACE_S), (signal.SIGKILL, _GRACE_S)):
        for process in members:
            try:
                process.send_signal(wanted)
            except psutil.NoSuchProcess:
                continue
        end = time.monotonic() + seconds
        while members := [process for process in members if _runs(process)]:
            if time.monotonic() > end:
                break
            time.sleep(0.05)


def _runs(process: psutil.Process) -> bool:
    """Dead but not yet waited for by its parent counts as ended: some containers never do."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
