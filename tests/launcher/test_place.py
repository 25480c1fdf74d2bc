"""Ports and secrets of a stack."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from include.launcher.place import Place, PortBusy, free_ports, is_busy


def place(run: Path) -> Place:
    first = free_ports(12)
    return Place(run, ui=first, receiver=first + 1, sandbox=first + 2, postgres=first + 11)


def test_the_demo_has_its_usual_ports_unless_a_variable_says_another() -> None:
    assert Place.of_demo({}).ui == 8080
    chosen = Place.of_demo({"RENKEI_UI_PORT": "18080", "RENKEI_SANDBOX_PORT": ""})
    assert (chosen.ui, chosen.receiver, chosen.sandbox) == (18080, 8090, 8900)


@pytest.mark.parametrize("value", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused_by_its_variables_name(value: str) -> None:
    with pytest.raises(ValueError, match="RENKEI_UI_PORT"):
        Place.of_demo({"RENKEI_UI_PORT": value})


@pytest.mark.parametrize(("offset", "variable"), [(0, "UI"), (1, "RECEIVER"), (2, "SANDBOX"), (9, "SANDBOX"),
                                                  (11, "POSTGRES")])
def test_a_busy_port_is_named_with_the_variable_that_moves_it(tmp_path: Path, offset: int, variable: str) -> None:
    wanted = place(tmp_path)
    wanted.check_ports()
    with socket.socket() as other:
        other.bind(("127.0.0.1", wanted.ui + offset))
        other.listen()
        assert is_busy(wanted.ui + offset)
        with pytest.raises(PortBusy, match=rf"^Port {wanted.ui + offset} .*RENKEI_{variable}_PORT"):
            wanted.check_ports()


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    first = place(tmp_path / "a").secrets()
    assert place(tmp_path / "a").secrets() == first
    assert (tmp_path / "a" / "secrets.json").stat().st_mode & 0o777 == 0o600
    other = place(tmp_path / "b").secrets()
    assert not set(first.values()) & set(other.values())
