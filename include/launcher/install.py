"""``python3 include/launcher/install.py``: makes ``.venv`` what requirements.txt says, unless it is already.

Runs under the machine's own Python with nothing but its standard library; everything else stays in ``.venv``.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
STAMP = VENV / "installed"
UV = "uv==0.13.9"  # installs in seconds what takes pip minutes


def main() -> int:
    if sys.version_info < (3, 11):
        return _say(f"Renkei needs Python 3.11 or newer, this is {sys.version.split()[0]}: "
                    "name another one, as in `make demo PYTHON=python3.12`.")
    if STAMP.exists() and STAMP.read_text() == wanted():
        return 0
    began = time.monotonic()
    print("Installing into .venv (once; a few minutes at most) …", flush=True)
    python = VENV / "bin" / "python"
    if not python.exists() and subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False).returncode:
        return _say("The virtual environment could not be made; on Debian and Ubuntu: apt-get install python3-venv")
    # Bytecode is compiled here once, or each of Airflow's processes would do it again.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for command in ([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV],
                    [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--compile-bytecode",
                     "--python", str(python), "-r", "requirements.txt"]):
        if subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, check=False).returncode:
            return _say("The installation failed; the lines above say why. Once mended, run the same command again.")
    STAMP.write_text(wanted())
    print(f"Installed in {time.monotonic() - began:.0f} s.", flush=True)
    return 0


def wanted() -> str:
    """Changes whenever the environment must be made anew."""
    digest = hashlib.sha256(UV.encode())
    for name in ("requirements.txt", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def _say(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
