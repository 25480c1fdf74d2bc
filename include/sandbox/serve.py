"""Starts the servers of a world."""

from __future__ import annotations

from include.sandbox.control import Control
from include.sandbox.server import Server
from include.sandbox.vendors import ORDER
from include.sandbox.world import World
from include.sandbox.wsgi import vendor_app


def serve(world: World, port: int) -> list[Server]:
    """Starts all servers, control first; port 0 takes free ports. Fills ``world.base_urls``."""
    servers = [Server(Control(world).app, port)]
    for position, name in enumerate(ORDER, start=1):
        if name in world.vendors:
            servers.append(Server(vendor_app(world, world.vendors[name]), port and port + position))
            world.base_urls[name] = servers[-1].url
    for server in servers:
        server.start()
    return servers
