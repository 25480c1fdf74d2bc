"""``python -m include.sandbox --port 8900``: control plane on the port, each vendor on its own one above it."""

from __future__ import annotations

import argparse
import signal
import threading

from include.sandbox.serve import serve
from include.sandbox.world import World


def main() -> None:
    """Serves until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m include.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8900)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--world", help="a named world to load at the start")
    options = parser.parse_args()
    world = World(options.seed)
    if options.world:
        world.load(options.world)
    servers = serve(world, options.port)
    print(f"sandbox ready: control {servers[0].url}, {world.base_urls}", flush=True)
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    stop.wait()


if __name__ == "__main__":
    main()
