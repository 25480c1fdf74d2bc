"""A world's vendors and its control plane as WSGI applications."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from include.sandbox.http import Request, Response
from include.sandbox.vendor import Vendor
from include.sandbox.world import World

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Cut(Exception):
    """A fault tore the connection in the middle of the body."""


def vendor_app(world: World, vendor: Vendor) -> Application:
    """The vendor at its real paths. Raises Dropped, or Cut while the body is sent: the server closes the socket."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        response = world.answer(vendor, Request(environ))
        body = response(environ, start_response)
        return body if response.cut_at is None else _torn(response)

    return app


def _torn(response: Response) -> Iterable[bytes]:
    yield response.get_data()[: response.cut_at]
    raise Cut
