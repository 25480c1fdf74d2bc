"""Which numbered requirements the run proved: ``@pytest.mark.req("O19")`` → build/requirements.json.

A requirement is proven when a test marked with it passed and none failed. The catalogue beside this
file names the letters of the integrations that exist; a test marked with an id outside it fails.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

CATALOGUE = Path(__file__).with_name("requirements.json")
_PROPERTY = "requirement"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--requirements", metavar="FILE", help="write the requirements proven by this run to FILE")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Ledger(json.loads(CATALOGUE.read_text())), "requirements-ledger")


class Ledger:
    def __init__(self, catalogue: dict[str, dict[str, object]]) -> None:
        self.totals = {letter: int(str(entry["total"])) for letter, entry in catalogue.items()}
        self.outcomes: dict[str, set[str]] = defaultdict(set)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            item.user_properties += [(_PROPERTY, identifier) for identifier in requirements_of(item)]

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        known = {f"{letter}{number}" for letter, total in self.totals.items() for number in range(1, total + 1)}
        for identifier in requirements_of(item):
            if identifier not in known:
                pytest.fail(f"{item.nodeid}: unknown requirement {identifier!r}", pytrace=False)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        passed = report.when == "call" and report.outcome == "passed" and not hasattr(report, "wasxfail")
        if passed or report.failed:
            for name, value in report.user_properties:
                if name == _PROPERTY:
                    self.outcomes[str(value)].add("passed" if passed else "failed")

    def summary(self) -> dict[str, dict[str, object]]:
        """Per letter: how many there are, which are proven, which are missing, in order."""
        answer: dict[str, dict[str, object]] = {}
        for letter, total in self.totals.items():
            every = [f"{letter}{number}" for number in range(1, total + 1)]
            proven = [identifier for identifier in every if self.outcomes[identifier] == {"passed"}]
            answer[letter] = {"total": total, "proven": proven, "missing": [i for i in every if i not in proven]}
        return answer

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        target = config.getoption("--requirements")
        if not target:
            return
        summary = self.summary()
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).write_text(json.dumps(summary, indent=2) + "\n")
        for letter, entry in summary.items():
            proven, missing = entry["proven"], entry["missing"]
            assert isinstance(proven, list) and isinstance(missing, list)
            left = f"; missing: {', '.join(missing)}" if missing else ""
            terminalreporter.write_line(f"requirements {letter}: {len(proven)} of {entry['total']} proven{left}")


def requirements_of(item: pytest.Item) -> list[str]:
    return [str(identifier) for mark in item.iter_markers("req") for identifier in mark.args]
