"""The README names what there is: DAGs, commands, variables, and the lines people read in logs."""

from __future__ import annotations

import re

import pytest

from include.launcher.place import Place
from tests.docs import pages
from tests.integrations.on24_marketo.conftest import Pair, pair  # noqa: F401  a fixture

README = pages.text(pages.ROOT / "README.md")
TROUBLES = (
    "### Runs are red",
    "### Runs are green, and something is missing",
    "### No runs at all",
    "### Webhooks do not arrive",
    "### `make demo`",
)
QUOTED = sorted(
    {line for heading in TROUBLES for row in pages.rows(pages.section(README, heading)) for line in pages.code(row[0])}
    - {"no_person", "waiting"}  # words of the state tables
)


def test_the_dag_table_names_exactly_the_dags() -> None:
    told = [pages.code(row[0])[0] for row in pages.rows(pages.section(README, "## DAGs"))]
    assert sorted(told) == sorted(pages.dag_ids())


def test_the_commands_are_those_of_the_makefile() -> None:
    targets = set(re.findall(r"^\.PHONY: (.+)$", pages.text(pages.ROOT / "Makefile"), re.MULTILINE)[0].split())
    told = [re.findall(r"`make (\w+)`", row[0]) for row in pages.rows(pages.section(README, "## Commands"))]
    assert {name for names in told for name in names} == targets - {"help", "install"}


def test_the_ports_are_those_of_the_demo() -> None:
    place = Place.of_demo({})
    told = {pages.code(row[0])[0]: row[1] for row in pages.rows(pages.section(README, "## Commands")) if len(row) == 3}
    for name in ("ui", "receiver", "sandbox", "postgres"):
        assert told[f"RENKEI_{name.upper()}_PORT"] == str(getattr(place, name))


@pytest.mark.parametrize("line", QUOTED)
def test_lines_people_read_are_lines_the_code_says(line: str) -> None:
    assert pages.is_said(line)


def test_its_sql_is_tested_sql() -> None:
    tested = re.findall(r"```sql\n(.*?)```", pages.text(pages.DOCS / "state-tables.md"), re.DOTALL)
    shown = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
    assert len(shown) == 2
    assert set(shown) <= set(tested)


def test_what_it_lets_people_break_ends_well(pair: Pair) -> None:  # noqa: F811
    world, demo = pair.sandbox.world, "http://control.sandbox"
    world.load("demo", seed=7, scale=1.0)
    world.vendors["on24"].configure({"freshness": True})
    pair.run()
    calls = re.findall(r"curl localhost:8900(/\S+) -d '(.+)'", README)
    assert len(calls) == 3
    for path, body in calls:
        assert pair.sandbox.session.post(f"{demo}{path}", data=body.encode()).ok, path

    def made() -> list[str]:
        return [str(lead["id"]) for lead in pair.leads() if lead["email"] == "new.person@example.jp"]

    def in_doubt() -> int:
        query = "select count(*) from renkei.change where state = 'in_doubt'"
        with pair.store.begin() as connection:
            return int(connection.exec_driver_sql(query).scalar_one())

    pair.run(minutes=1)
    assert len(made()) == in_doubt() == 1
    pair.run(minutes=1)
    assert len(made()) == 1 and in_doubt() == 0
    assert made()[0] in {str(record["personid"]) for record in pair.records()}
