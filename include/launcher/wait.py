"""Waiting for something that starts, with an end and a reason."""

from __future__ import annotations

import time
from collections.abc import Callable

import requests

from include.launcher.processes import Processes


class NotReady(RuntimeError):
    """A process did not come up; the text names its log and shows how it ends."""


def until(ready: Callable[[], bool], *, seconds: float, processes: Processes, name: str) -> None:
    """Returns once ``ready``; raises NotReady after ``seconds``, or as soon as the process ``name`` has died."""
    end = time.monotonic() + seconds
    while not ready():
        if not processes.is_alive(name):
            raise NotReady(f"{name} stopped while starting. {_tail(processes, name)}")
        if time.monotonic() > end:
            raise NotReady(f"{name} was not ready after {seconds:.0f} s. {_tail(processes, name)}")
        time.sleep(0.1)


def answers(url: str) -> bool:
    """Whether a GET of ``url`` answers 200 within a second or so."""
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def _tail(processes: Processes, name: str, lines: int = 15) -> str:
    log = processes.log(name)
    last = log.read_text(errors="replace").splitlines()[-lines:] if log.exists() else []
    return "\n".join([f"The end of {log}:", *last])
