"""What counts as a proof."""

from __future__ import annotations

import json

import pytest

pytest_plugins = ["pytester"]

CASES = """
import pytest
req = pytest.mark.req

@req("O1", "O2")
def test_two_at_once(): pass

@req("O2")
def test_other_side_of_two(): assert False

@req("O3")
def test_skipped(): pytest.skip("no")

@req("O4")
@pytest.mark.xfail
def test_expected_to_fail(): assert False

@pytest.fixture
def broken(): raise RuntimeError

@req("O5")
def test_error_in_set_up(broken): pass

@pytest.mark.parametrize("n", [pytest.param(1, marks=req("O6")), pytest.param(2, marks=req("O7"))])
def test_each_case_its_own(n): assert n == 1
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\nmarkers = req(*ids): proves\n")
    pytester.makeconftest('pytest_plugins = ["tests.support.requirements_plugin"]')
    return pytester


def test_proven_is_what_passed_and_never_failed(run: pytest.Pytester) -> None:
    run.makepyfile(CASES)
    run.runpytest_inprocess("--requirements", "build/requirements.json", "-p", "no:cacheprovider")
    written = json.loads((run.path / "build" / "requirements.json").read_text())
    assert written["O"]["total"] == 40
    assert written["O"]["proven"] == ["O1", "O6"]
    assert written["O"]["missing"] == [f"O{n}" for n in range(1, 41) if n not in (1, 6)]


def test_an_unknown_requirement_fails_the_run(run: pytest.Pytester) -> None:
    run.makepyfile('import pytest\n\n@pytest.mark.req("O41")\ndef test_it(): pass\n')
    result = run.runpytest_inprocess("-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*unknown requirement 'O41'*"])


def test_two_workers_prove_together(run: pytest.Pytester) -> None:
    run.makepyfile(CASES)
    run.runpytest_inprocess("-n", "2", "--requirements", "build/requirements.json", "-p", "no:cacheprovider")
    written = json.loads((run.path / "build" / "requirements.json").read_text())
    assert written["O"]["proven"] == ["O1", "O6"]


def test_a_part_of_the_tests_does_not_overwrite_the_report(run: pytest.Pytester) -> None:
    run.makepyfile("def test_it(): pass\n")
    run.runpytest_inprocess("-p", "no:cacheprovider")
    assert not (run.path / "build").exists()
