"""A requests adapter that answers from a world in this process: no sockets, drops and timeouts included."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes, urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError

from include.sandbox.control import Control
from include.sandbox.errors import Dropped
from include.sandbox.http import Request, Response
from include.sandbox.world import World


class SandboxAdapter(BaseAdapter):
    """Sends requests for ``http://<vendor>.sandbox`` (and ``http://control.sandbox``) to a world."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self._control = Control(world)
        self._builder = HTTPAdapter()

    def send(self, request: requests.PreparedRequest, stream: bool = False, timeout: Any = None,
             verify: Any = True, cert: Any = None, proxies: Any = None) -> requests.Response:
        """One request; a dropped answer is a ConnectionError, a pause longer than the timeout a ReadTimeout."""
        sandbox_request = Request(_environ(request))
        try:
            response = self._answer(urlsplit(request.url or "").hostname or "", sandbox_request)
        except Dropped as error:
            raise requests.ConnectionError("the sandbox closed the connection", request=request) from error
        limit = timeout[1] if isinstance(timeout, tuple) else timeout
        if limit is not None and response.paused_seconds > limit:
            raise requests.ReadTimeout("the sandbox answered too late", request=request)
        return self._build(request, response, stream)

    def close(self) -> None:
        """Nothing to close."""

    def _answer(self, host: str, request: Request) -> Response:
        name = host.removesuffix(".sandbox")
        if name == "control":
            return self._control.answer(request)
        if name not in self._world.vendors:
            raise requests.ConnectionError(f"no vendor answers at {host}")
        return self._world.answer(self._world.vendors[name], request)

    def _build(self, request: requests.PreparedRequest, response: Response, stream: bool) -> requests.Response:
        data = b"" if request.method == "HEAD" else response.get_data()
        body = BytesIO(data) if response.cut_at is None else _TornBody(data[: response.cut_at])
        raw = HTTPResponse(body=body, headers=list(response.headers), status=response.status_code, reason=None,
                           preload_content=False, request_method=request.method)
        built = self._builder.build_response(request, raw)
        if not stream:
            built.content  # noqa: B018 - reads the body, as requests does before it hands a response out
        return built


class _TornBody(BytesIO):
    """A body whose connection breaks at its end."""

    def read(self, *args: Any) -> bytes:
        data = super().read(*args)
        if not data:
            raise ProtocolError("the sandbox tore the connection")
        return data


class _HasMount(Protocol):
    def mount(self, prefix: str, adapter: BaseAdapter) -> None: ...


def mount(world: World, session: _HasMount) -> None:
    """Mounts the world's in-process hosts, and only those, on a session."""
    adapter = SandboxAdapter(world)
    for name in (*world.vendors, "control"):
        session.mount(f"http://{name}.sandbox", adapter)


def _environ(request: requests.PreparedRequest) -> dict[str, Any]:
    url = urlsplit(request.url or "")
    body = _body(request.body)
    environ = {
        "REQUEST_METHOD": request.method, "SCRIPT_NAME": "", "QUERY_STRING": url.query,
        "PATH_INFO": unquote_to_bytes(url.path or "/").decode("latin-1"), "SERVER_NAME": url.hostname or "",
        "SERVER_PORT": str(url.port or 80), "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_URI": url.path + ("?" + url.query if url.query else ""),
        "wsgi.version": (1, 0), "wsgi.url_scheme": url.scheme, "wsgi.input": BytesIO(body), "wsgi.errors": None,
        "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False, "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        environ[key] = text
    environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def _body(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes):
        return body
    return body.read() if hasattr(body, "read") else b"".join(body)
