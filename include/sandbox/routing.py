"""A vendor's table of endpoints, on werkzeug's routing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.routing import Map, Rule


@dataclass(frozen=True, eq=False)
class Route:
    """One endpoint: its handler and what the vendor wants known about it (rights, limits …)."""

    method: str
    template: str
    handler: Callable[..., Any]
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        """The name in the journal, such as ``GET /rest/v1/lead/{lead_id}.json``."""
        return f"{self.method} {self._readable()}"

    def _readable(self) -> str:
        parts = []
        for piece in self.template.split("<"):
            variable, closed, rest = piece.partition(">")
            parts.append("{" + variable.split(":")[-1] + "}" + rest if closed else piece)
        return "".join(parts)


class Routes:
    """Collects handlers: ``@routes.add("GET", "/rest/v1/lead/<int:lead_id>.json", rights=(...))``."""

    def __init__(self) -> None:
        self._routes: list[Route] = []
        self._map: Map | None = None

    @classmethod
    def joined(cls, *parts: Routes) -> Routes:
        """One table of several."""
        whole = cls()
        whole._routes = [route for part in parts for route in part._routes]
        return whole

    def add(self, method: str, template: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Registers a function ``(vendor, request, **path variables)``."""

        def register(handler: Callable[..., Any]) -> Callable[..., Any]:
            self._routes.append(Route(method, template, handler, options))
            self._map = None
            return handler

        return register

    def match(self, method: str, path: str) -> tuple[Route, dict[str, Any]]:
        """The route of a request; raises werkzeug's NotFound or MethodNotAllowed."""
        if self._map is None:
            rules = [Rule(r.template, methods=[r.method], endpoint=r) for r in self._routes]
            self._map = Map(rules, strict_slashes=True, merge_slashes=False)
        endpoint, arguments = self._map.bind("sandbox").match(path, method)
        return endpoint, dict(arguments)
