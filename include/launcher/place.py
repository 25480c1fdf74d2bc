"""Where a stack lives: its folders, ports and secrets."""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_SANDBOX_PORTS = 8  # the control plane and one per vendor, in a row


class PortBusy(RuntimeError):
    """Somebody else listens where we want to; the text says which variable moves us."""


@dataclass(frozen=True)
class Place:
    """One stack: everything it keeps is under ``run``; all its ports are on loopback."""

    run: Path
    ui: int
    receiver: int
    sandbox: int
    postgres: int

    @classmethod
    def of_demo(cls, environment: Mapping[str, str] = os.environ) -> Place:
        """The demo's place; each port can be set by a variable."""

        def port(name: str, default: int) -> int:
            value = environment.get(f"RENKEI_{name}_PORT") or str(default)
            if not value.isdigit() or not 0 < int(value) < 65536:
                raise ValueError(f"RENKEI_{name}_PORT is {value!r}; give a port number.")
            return int(value)

        return cls(ROOT / ".run", port("UI", 8080), port("RECEIVER", 8090), port("SANDBOX", 8900),
                   port("POSTGRES", 54329))

    def check_ports(self) -> None:
        """Raises PortBusy naming the port that is taken and the variable that chooses another."""
        wanted = [(self.ui, "UI"), (self.receiver, "RECEIVER"), (self.postgres, "POSTGRES")]
        wanted += [(self.sandbox + offset, "SANDBOX") for offset in range(_SANDBOX_PORTS)]
        for port, name in wanted:
            if is_busy(port):
                raise PortBusy(f"Port {port} is in use by another program: free it, or choose another with "
                               f"RENKEI_{name}_PORT=… make demo")

    def database(self, name: str) -> str:
        """URL of a database on the embedded server."""
        return f"postgresql://renkei@127.0.0.1:{self.postgres}/{name}"

    def secrets(self) -> dict[str, str]:
        """Airflow's keys and the admin's password: made once, kept readable by the owner only."""
        path = self.run / "secrets.json"
        if not path.exists():
            self.run.mkdir(parents=True, exist_ok=True)
            made = {
                "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
                "jwt_secret": secrets.token_urlsafe(48),
                "password": secrets.token_urlsafe(12),
            }
            write_private(path, json.dumps(made))
        kept: dict[str, str] = json.loads(path.read_text())
        return kept


def write_private(path: Path, content: str) -> None:
    """Writes a file that only its owner may read, from its first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)


def is_busy(port: int) -> bool:
    """Whether a server could not listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def free_ports(count: int) -> int:
    """The first of ``count`` consecutive free loopback ports."""
    for first in range(20000 + secrets.randbelow(20000), 60000, count):
        if not any(is_busy(port) for port in range(first, first + count)):
            return first
    raise PortBusy(f"No {count} free ports in a row on this machine.")
