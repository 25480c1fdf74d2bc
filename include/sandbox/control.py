"""The control plane: JSON calls that load worlds, act as a person in a vendor's UI, and make things go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from werkzeug.exceptions import MethodNotAllowed, NotFound

from include.sandbox.errors import ControlError
from include.sandbox.http import Request, Response, json_response
from include.sandbox.routing import Routes
from include.sandbox.vendor import ObjectStore, Vendor
from include.sandbox.world import World, world_names

routes = Routes()


class Control:
    """Answers the control plane's calls for one world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def answer(self, request: Request) -> Response:
        """One call; what cannot be done is ``{"error": "…"}`` with 400, 404 or 405."""
        try:
            route, arguments = routes.match(request.method, request.clean_path)
            return json_response(route.handler(self, request, **arguments))
        except ControlError as error:
            return json_response({"error": error.message}, error.status)
        except NotFound:
            return json_response({"error": f"there is no {request.path}"}, 404)
        except MethodNotAllowed:
            return json_response({"error": f"{request.method} does not work on {request.path}"}, 405)

    def app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The same as a WSGI application."""
        return self.answer(Request(environ))(environ, start_response)

    def vendor(self, name: str) -> Vendor:
        """The vendor of that name; ControlError 404 when it is not emulated."""
        if name not in self.world.vendors:
            raise ControlError(f"no vendor {name!r} here; there are: {', '.join(self.world.vendors)}", 404)
        return self.world.vendors[name]


@routes.add("GET", "/health")
def health(control: Control, request: Request) -> Any:
    return {"status": "ok", "now": control.world.clock.now().isoformat(), "vendors": list(control.world.vendors)}


@routes.add("GET", "/credentials")
def credentials(control: Control, request: Request) -> Any:
    return {name: vendor.credentials() for name, vendor in control.world.vendors.items()}


@routes.add("POST", "/reset")
def reset(control: Control, request: Request) -> Any:
    control.world.reset()
    return {"status": "reset"}


@routes.add("GET", "/worlds")
def list_worlds(control: Control, request: Request) -> Any:
    return {"worlds": world_names()}


@routes.add("POST", "/worlds/<name>")
def load_world(control: Control, request: Request, name: str) -> Any:
    options = mapping(request, {"seed", "scale"})
    seed, scale = options.get("seed"), options.get("scale", 1.0)
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise ControlError(f"seed must be an integer, not {seed!r}")
    if isinstance(scale, bool) or not isinstance(scale, int | float) or scale <= 0:
        raise ControlError(f"scale must be a number above 0, not {scale!r}")
    control.world.load(name, seed, float(scale))
    return {"world": name, "seed": control.world.seed if seed is None else seed, "scale": scale}


@routes.add("GET", "/settings")
def list_settings(control: Control, request: Request) -> Any:
    return {"world": {"clock": _clock_mode(control)}, **{n: v.settings for n, v in control.world.vendors.items()}}


@routes.add("PUT", "/settings")
def put_settings(control: Control, request: Request) -> Any:
    settings = mapping(request)
    with control.world.lock:
        for name, changes in settings.items():
            if not isinstance(changes, dict):
                raise ControlError(f"settings of {name} must be an object")
            if name == "world":
                _set_clock(control, changes)
            else:
                control.vendor(name).configure(changes)
    return list_settings(control, request)


def _clock_mode(control: Control) -> str:
    return "frozen" if control.world.clock.frozen else "running"


def _set_clock(control: Control, changes: dict[str, Any]) -> None:
    if set(changes) != {"clock"} or changes["clock"] not in ("frozen", "running"):
        raise ControlError('settings of world are {"clock": "frozen"} or {"clock": "running"}')
    clock = control.world.clock
    clock.freeze() if changes["clock"] == "frozen" else clock.run()


@routes.add("GET", "/faults")
def list_faults(control: Control, request: Request) -> Any:
    return control.world.faults.list()


@routes.add("POST", "/faults")
def add_faults(control: Control, request: Request) -> Any:
    body = json_body(request)
    rules = body if isinstance(body, list) else [body]
    if not all(isinstance(rule, dict) for rule in rules):
        raise ControlError("a fault must be an object")
    with control.world.lock:
        return [asdict(control.world.faults.add(**rule)) for rule in rules]


@routes.add("DELETE", "/faults")
def clear_faults(control: Control, request: Request) -> Any:
    control.world.faults.clear()
    return []


@routes.add("POST", "/clock")
def advance_clock(control: Control, request: Request) -> Any:
    seconds = mapping(request, {"advance_seconds"}).get("advance_seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
        raise ControlError(f"advance_seconds must be a number from 0, not {seconds!r}")
    control.world.clock.advance(seconds)
    return {"now": control.world.clock.now().isoformat()}


@routes.add("GET", "/calls")
def list_calls(control: Control, request: Request) -> Any:
    with control.world.lock:
        return control.world.journal.calls(request.args.get("vendor"))


@routes.add("GET", "/calls/latest")
def list_latest(control: Control, request: Request) -> Any:
    with control.world.lock:
        return [{**asdict(call), "at": call.at.isoformat()} for call in control.world.journal.latest]


@routes.add("GET", "/calls/writes")
def list_writes(control: Control, request: Request) -> Any:
    with control.world.lock:
        writes = control.world.journal.writes(request.args.get("vendor"), request.args.get("object"))
    return [{**write._asdict(), "at": write.at.isoformat()} for write in writes]


@routes.add("GET", "/<vendor>/<path:path>")
def list_records(control: Control, request: Request, vendor: str, path: str) -> Any:
    store, record_id = control.vendor(vendor).find_store(path)
    if record_id is not None:
        raise ControlError("GET lists all records of an object; leave the id out", 405)
    with control.world.lock:
        return store.list()


@routes.add("POST", "/<vendor>/<path:path>")
def create_records(control: Control, request: Request, vendor: str, path: str) -> Any:
    store, record_id = control.vendor(vendor).find_store(path)
    if record_id is not None:
        raise ControlError("POST creates a list of records; leave the id out", 405)
    body = json_body(request)
    records = body if isinstance(body, list) else [body]
    if not all(isinstance(record, dict) for record in records):
        raise ControlError("send a list of objects")
    with control.world.lock:
        return store.create(records)


@routes.add("PATCH", "/<vendor>/<path:path>")
def change_record(control: Control, request: Request, vendor: str, path: str) -> Any:
    store, record_id = one_record(control, vendor, path, "PATCH")
    with control.world.lock:
        return store.update(record_id, mapping(request))


@routes.add("DELETE", "/<vendor>/<path:path>")
def delete_record(control: Control, request: Request, vendor: str, path: str) -> Any:
    store, record_id = one_record(control, vendor, path, "DELETE")
    with control.world.lock:
        store.delete(record_id)
    return {"deleted": record_id}


def one_record(control: Control, vendor: str, path: str, method: str) -> tuple[ObjectStore, str]:
    """The store and id behind a path. ``custom_objects/{apiName}`` alone is the definition, not all of its records."""
    store, record_id = control.vendor(vendor).find_store(path)
    if record_id is None:
        parent, _, record_id = path.rpartition("/")
        if not parent:
            raise ControlError(f"{method} needs the id of a record", 405)
        store, _ = control.vendor(vendor).find_store(parent)
    return store, record_id


def json_body(request: Request) -> Any:
    """The body as JSON; ControlError when it is none."""
    body = request.get_json(force=True, silent=True)
    if body is None:
        raise ControlError("the body must be JSON")
    return body


def mapping(request: Request, known: set[str] | None = None) -> dict[str, Any]:
    """The body as a JSON object, an absent body as an empty one; unknown keys are refused when ``known`` is given."""
    body = json_body(request) if request.get_data() else {}
    if not isinstance(body, dict):
        raise ControlError("the body must be a JSON object")
    unknown = sorted(set(body) - known) if known is not None else []
    if unknown:
        raise ControlError(f"unknown key {unknown[0]!r}; known: {', '.join(sorted(known or ()))}")
    return body
