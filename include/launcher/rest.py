"""A small client of Airflow's REST API: what the demo and the end-to-end tests need."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import requests

DONE = frozenset({"success", "failed"})
_LOOKS_BEFORE_AN_ANSWER = 4  # two a second


class RunTimeout(RuntimeError):
    """A run or task did not reach the awaited state in time."""


class AirflowRest:
    """``base_url`` is the UI's address. Every method raises ``requests.HTTPError`` for a refusal."""

    def __init__(self, base_url: str, user: str, password: str) -> None:
        self.base_url = base_url
        self._credentials = {"username": user, "password": password}
        self._session = requests.Session()

    def is_healthy(self, component: str) -> bool:
        """Whether ``scheduler``, ``triggerer`` or ``dag_processor`` beats."""
        answer = requests.get(f"{self.base_url}/api/v2/monitor/health", timeout=10)
        return answer.ok and (answer.json().get(component) or {}).get("status") == "healthy"

    def dag_ids(self) -> list[str]:
        return [dag["dag_id"] for dag in self.get("/dags", limit=100)["dags"]]

    def import_errors(self) -> dict[str, str]:
        """Stack trace per DAG file that could not be read."""
        return {error["filename"]: error["stack_trace"] for error in self.get("/importErrors")["import_errors"]}

    def unpause(self, dag_id: str) -> None:
        self.call("PATCH", f"/dags/{dag_id}", {"is_paused": False})

    def pause(self, dag_id: str) -> None:
        self.call("PATCH", f"/dags/{dag_id}", {"is_paused": True})

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> str:
        """Starts a run by hand, without a logical date; returns its run id."""
        run = self.call("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": dict(conf or {})})
        return str(run["dag_run_id"])

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        return self.get(f"/dags/{dag_id}/dagRuns/{run_id}")

    def runs(self, dag_id: str, since: datetime | None = None) -> list[dict[str, Any]]:
        """The DAG's runs, newest first; ``since`` leaves out what was queued earlier."""
        found = self.get(f"/dags/{dag_id}/dagRuns", limit=100, order_by="-id")["dag_runs"]
        return [run for run in found if since is None or datetime.fromisoformat(run["queued_at"]) >= since]

    def wait(self, dag_id: str, run_id: str, *, seconds: float = 120) -> str:
        """Waits for the run's end; returns ``success`` or ``failed``."""
        return self.poll(lambda: str(self.run(dag_id, run_id)["state"]), DONE, f"{dag_id} {run_id}", seconds)

    def wait_for_task(self, dag_id: str, run_id: str, task_id: str, states: Sequence[str], *,
                      seconds: float = 60) -> str:
        """Waits until the task is in one of ``states``; returns which."""
        return self.poll(lambda: self.task_states(dag_id, run_id).get(task_id, "none"), frozenset(states),
                         f"{dag_id} {run_id} {task_id}", seconds)

    def approve(self, dag_id: str, run_id: str, task_id: str, *, seconds: float = 300) -> None:
        """Waits until the task asks a person, says yes as a person would, not in the same instant, and waits for its
        end. An answer that is there before the scheduler has heard that the task waits makes Airflow 3.3 take the
        task for lost and ask anew; then it is answered anew."""
        where = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/-1/hitlDetails"
        seen = Counter[int]()  # how often each try was seen to wait

        def answered() -> str:
            [task] = [task for task in self.task_instances(dag_id, run_id) if task["task_id"] == task_id]
            if task["state"] == "awaiting_input":
                seen[task["try_number"]] += 1
                if seen[task["try_number"]] == _LOOKS_BEFORE_AN_ANSWER:
                    self.call("PATCH", where, {"chosen_options": ["Approve"], "params_input": {}})
            return task["state"] or "none"

        self.poll(answered, frozenset({"success", "failed", "upstream_failed", "skipped"}), task_id, seconds)

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return found

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str]:
        """State per task id; the last map index of a mapped task."""
        return {task["task_id"]: task["state"] or "none" for task in self.task_instances(dag_id, run_id)}

    def clear(self, dag_id: str, run_id: str, task_ids: Sequence[str | tuple[str, int]] | None = None, *,
              downstream: bool = True) -> None:
        """Clears tasks of a run, whatever their state; all of them without ``task_ids``.

        A mapped task is cleared by ``(task id, map index)``.
        """
        body: dict[str, Any] = {"dry_run": False, "dag_run_id": run_id, "only_failed": False,
                                "include_downstream": downstream}
        if task_ids is not None:
            body["task_ids"] = [list(task) if isinstance(task, tuple) else task for task in task_ids]
        self.call("POST", f"/dags/{dag_id}/clearTaskInstances", body)

    def logs(self, dag_id: str, run_id: str, task_id: str, try_number: int = 1, map_index: int = -1) -> str:
        """The log of one try, one event a line."""
        answer = self.get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{try_number}",
                          map_index=map_index)
        return "\n".join(event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
                         for event in answer["content"])

    def connection_forms(self) -> list[dict[str, Any]]:
        """The connection types the UI offers, with their forms."""
        if "Authorization" not in self._session.headers:
            self._log_in()
        answer = self._session.get(f"{self.base_url}/ui/connections/hook_meta", timeout=60)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        return self.get(path, deserialize=True)["value"]

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return self.call("GET", path, params=params)

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None, *,
             params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One request; logs in when there is no token yet, or no more."""
        if "Authorization" not in self._session.headers:
            self._log_in()
        answer = self._send(method, path, body, params)
        if answer.status_code == 401:
            self._log_in()
            answer = self._send(method, path, body, params)
        if not answer.ok:
            raise requests.HTTPError(f"{method} {path}: {answer.status_code} {answer.text[:500]}", response=answer)
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found

    def poll(self, state: Callable[[], str], wanted: frozenset[str], what: str, seconds: float) -> str:
        end = time.monotonic() + seconds
        while (seen := state()) not in wanted:
            if time.monotonic() > end:
                raise RunTimeout(f"{what} is {seen} after {seconds:.0f} s, not {' or '.join(sorted(wanted))}")
            time.sleep(0.5)
        return seen

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None,
              params: Mapping[str, Any] | None) -> requests.Response:
        return self._session.request(method, f"{self.base_url}/api/v2{path}", json=body, params=params, timeout=60)

    def _log_in(self) -> None:
        answer = requests.post(f"{self.base_url}/auth/token", json=self._credentials, timeout=30)
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
