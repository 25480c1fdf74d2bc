"""The Marketo instance: its settings and data, and the way of a request through authentication, limits and rights."""

from __future__ import annotations

import random
from collections.abc import Generator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from werkzeug.exceptions import MethodNotAllowed, NotFound

from include.sandbox.http import Request, Response, json_response
from include.sandbox.marketo.activity_log import ActivityLog
from include.sandbox.marketo.activity_types import ActivityType
from include.sandbox.marketo.bulk_jobs import BulkJobs
from include.sandbox.marketo.companies import Companies
from include.sandbox.marketo.custom_object_ui import RecordsStore
from include.sandbox.marketo.custom_objects import CustomObjects
from include.sandbox.marketo.endpoints import routes
from include.sandbox.marketo.errors import HTTP_STATUS, MarketoError
from include.sandbox.marketo.identity import Service, Tokens, answer_identity, bearer_client, make_services
from include.sandbox.marketo.leads import Leads
from include.sandbox.marketo.parameters import is_tunnelled, stamp
from include.sandbox.marketo.programs import Programs
from include.sandbox.marketo.quota import Quota
from include.sandbox.marketo.ui import make_stores
from include.sandbox.marketo.webhooks import PAYLOAD, Webhooks
from include.sandbox.routing import Route
from include.sandbox.vendor import ObjectStore, Outcome, Vendor

if TYPE_CHECKING:
    from include.sandbox.world import World

MAX_URI = 8 * 1024
MAX_BODY = 1024 * 1024


class Marketo(Vendor):
    """One Marketo Engage instance."""

    name = "marketo"
    default_settings: ClassVar[dict[str, Any]] = {
        "rights": [
            "Read-Write Person", "Read-Write Custom Object", "Read-Only Activity", "Read-Write Activity",
            "Read-Only Activity Metadata",
        ],
        "services": [],  # more custom services: client_id, client_secret, user, rights
        "token_seconds": 3600,
        "enforce_limits": False,  # rate and concurrency; the daily quota always holds
        "daily_quota": 50_000,
        "quota_reset": "06:00",  # UTC
        "rate_limit": 100,
        "concurrency_limit": 10,
        "index_lag_seconds": 0,  # until look-ups find a new lead
        "email_case_sensitive": False,
        "company_update": "refuse",  # Sync Leads with company fields on a lead that exists: refuse (1021) or ignore
        "native_crm": False,  # company API answers 1018
        "partitions": ["Default"],
        "activity_delay_seconds": 0,  # from the activity date to the commit
        "activity_scan_block": 1000,  # rows one call looks at: pages may be short or empty
        "bulk_updated_at": True,  # off: 1035 at create
        "bulk_seconds": 120,  # how long a job is processed
        "bulk_status_seconds": 60,  # how often its status is refreshed
        "bulk_time_scale": 1,  # divides both
        "bulk_queue": 10,
        "bulk_running": 2,
        "bulk_daily_bytes": 500_000_000,
        "webhook_url": "",  # empty: no campaign calls one
        "webhook_activities": ["Visit Webpage", "Fill Out Form", "Open Email", "Click Email", "Click Link"],
        "webhook_payload": PAYLOAD,
        "webhook_headers": {},  # besides Content-Type and the secret in X-Webhook-Token
        "webhook_encoding": "JSON",  # Request Token Encoding: JSON, Form/Url or None
        "webhook_time_zone": "Asia/Tokyo",
    }

    def __init__(self, world: World) -> None:
        self.webhooks = Webhooks(self)
        super().__init__(world)

    def reset(self) -> None:
        """An empty instance with new tokens and counters."""
        dice = random.Random(f"marketo-{self.world.seed}")
        self.munchkin_id = f"{dice.randrange(100, 1000)}-RNK-{dice.randrange(100, 1000)}"
        self.client_id = f"{dice.getrandbits(128):032x}"
        self.client_secret = f"{dice.getrandbits(160):040x}"
        self.tokens = Tokens(self)
        self.quota = Quota(self)
        self.webhook_secret = f"{dice.getrandbits(160):040x}"
        self._requests = 0
        self._stamped: tuple[datetime | None, str] = (None, "")  # a batch writes the same second many times
        super().reset()

    def empty(self) -> None:
        """No leads, custom objects, programs, activities or jobs."""
        self.activities = ActivityLog()
        self.custom_types: dict[int, ActivityType] = {}
        self.leads = Leads(self)
        self.companies = Companies(self)
        self.custom_objects = CustomObjects(self)
        self.programs = Programs(self)
        self.bulk = BulkJobs(self)
        self.webhooks.forget()
        self.objects = make_stores(self)

    def credentials(self) -> dict[str, str]:
        """Identity and REST endpoints stand under ``base_url``."""
        return {"base_url": self.world.base_url(self.name), "client_id": self.client_id,
                "client_secret": self.client_secret, "munchkin_id": self.munchkin_id,
                "webhook_secret": self.webhook_secret}

    def service(self, client_id: str) -> Service | None:
        """The custom service of that client id."""
        return make_services(self).get(client_id)

    def now_stamp(self, later_seconds: float = 0) -> str:
        """The present instant (or a later one) as Marketo writes it."""
        moment = self.world.clock.now() + timedelta(seconds=later_seconds)
        second = moment.replace(microsecond=0)
        if second != self._stamped[0]:
            self._stamped = (second, stamp(second))
        return self._stamped[1]

    def log_activity(self, lead_id: int, type_id: int, *, date: str | None = None, **more: Any) -> Any:
        """Writes an activity, dated now unless ``date`` says otherwise; it is committed after the delay."""
        now = self.world.clock.now()
        second = int(datetime.fromisoformat(date).timestamp()) if date else int(now.timestamp())
        delay = self.settings["activity_delay_seconds"]
        committed = now.timestamp() + delay if delay else second
        activity = self.activities.add(lead_id, type_id, second, committed, **more)
        self.webhooks.on_activity(activity)
        return activity

    def expire_tokens(self) -> None:
        """The next call with an old token is answered 602."""
        self.tokens.expire()

    def revoke_tokens(self) -> None:
        """The next call with an old token is answered 601."""
        self.tokens.revoke()

    def effective_method(self, request: Request) -> str:
        """GET for ``POST …?_method=GET``, with the marker in query or form."""
        return "GET" if is_tunnelled(request) else request.method

    def find_store(self, path: str) -> tuple[ObjectStore, str | None]:
        """Custom objects have a slash in their name: ``custom_objects/{apiName}[/{id}]``."""
        name, _, rest = path.partition("/")
        if name != "custom_objects" or not rest:
            return super().find_store(path)
        api_name, _, record_id = rest.partition("/")
        return RecordsStore(self.custom_objects, self.custom_objects.table(api_name)), record_id or None

    def error_response(self, code: str, message: str | None, request: Request) -> Response:
        """Any code of Adobe's table in the envelope, counted as the real one would be."""
        return self._refuse(request, MarketoError(code, message), self.client_id)

    def handle(self, request: Request) -> Outcome:
        """The token endpoint, or everything behind a token."""
        if request.clean_path == "/identity/oauth/token":
            return answer_identity(self, request)
        return self._answer(request)

    def _answer(self, request: Request) -> Generator[None, None, Response]:
        client_id = self.client_id
        try:
            route, arguments = self._route(request)
            client_id = bearer_client(self, request)
            self.quota.admit()
            self._check_rights(client_id, route)
            outcome = route.handler(self, request, **arguments)
            if isinstance(outcome, Generator):
                outcome = yield from outcome
        except MarketoError as error:
            return self._refuse(request, error, client_id)
        request.call.counted = self.quota.count(self._user(client_id), None)
        return outcome if isinstance(outcome, Response) else json_response(self._envelope(True, outcome))

    def _route(self, request: Request) -> tuple[Route, dict[str, Any]]:
        if len(request.environ.get("REQUEST_URI", "")) > MAX_URI:
            raise MarketoError("414")
        if (request.content_length or 0) > MAX_BODY:
            raise MarketoError("413")
        try:
            route, arguments = routes.match(self.effective_method(request), request.clean_path)
        except NotFound:
            raise MarketoError("610") from None
        except MethodNotAllowed:
            raise MarketoError("605") from None
        request.call.endpoint = route.endpoint
        return route, arguments

    def _check_rights(self, client_id: str, route: Route) -> None:
        wanted = route.options.get("rights")
        service = self.service(client_id)
        if service is None:
            raise MarketoError("601")
        if wanted and not service.rights & set(wanted):
            raise MarketoError("603")

    def _user(self, client_id: str) -> str:
        service = self.service(client_id)
        return service.user if service else client_id

    def _refuse(self, request: Request, error: MarketoError, client_id: str) -> Response:
        request.call.code = error.code
        request.call.counted = self.quota.count(self._user(client_id), error.code)
        if error.code in HTTP_STATUS:
            return Response(error.message, status=HTTP_STATUS[error.code], content_type="text/html")
        body = {"errors": [{"code": error.code, "message": error.message}]}
        return json_response(self._envelope(False, body))

    def _envelope(self, success: bool, body: dict[str, Any]) -> dict[str, Any]:
        self._requests += 1
        return {"requestId": f"{self._requests:x}#{self.world.seed:x}", "success": success, **body}
