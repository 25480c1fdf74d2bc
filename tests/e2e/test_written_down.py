"""The last of these files: what all runs of this session left in logs, XCom and rendered templates."""

from __future__ import annotations

import pytest

from tests.support.airflow import AirflowStack, wait_until_listed
from tests.support.leaks import leaks, secrets_of, written

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
CHECK = "renkei_check"


def test_no_secret_and_no_address_is_written_down(airflow_stack: AirflowStack) -> None:
    stack = airflow_stack
    stack.sandbox.call("POST", "/worlds/demo", {"seed": 7, "scale": 1.0})
    wait_until_listed(stack.rest, CHECK)
    stack.rest.unpause(CHECK)
    run_id = stack.rest.trigger(CHECK, {})
    assert stack.rest.wait(CHECK, run_id) in ("success", "failed")
    run = stack.airflow.place.run
    texts = list(written(run, stack.airflow.place.database("airflow")))
    names = {where.partition(": ")[0] for where, _ in texts}
    assert any(f"dag_id={CHECK}" in name for name in names) and "table xcom" in names
    assert leaks(iter(texts), secrets_of(stack.sandbox.call("GET", "/credentials"))) == []
