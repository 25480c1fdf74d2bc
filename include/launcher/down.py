"""``make down``: stops what ``make demo`` started, now or in an earlier life."""

from __future__ import annotations

from include.launcher import postgres
from include.launcher.place import ROOT, Place
from include.launcher.processes import Processes

DEMO_FILE = ROOT / "build" / "demo.json"


def stop(place: Place) -> list[str]:
    """Stops the place's processes and its Postgres; returns the names of what still ran."""
    stopped = Processes(place.run / "logs").stop()
    if postgres.stop(place.run / "postgres"):
        stopped.append("postgres")
    DEMO_FILE.unlink(missing_ok=True)
    return stopped


if __name__ == "__main__":
    names = stop(Place.of_demo())
    print(f"Stopped: {', '.join(names)}." if names else "Nothing was running.")
