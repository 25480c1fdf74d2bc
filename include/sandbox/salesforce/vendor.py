"""Salesforce as the sandbox's framework sees it: the login host and one org, on one port."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from datetime import timedelta
from typing import Any, ClassVar

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.test import EnvironBuilder

from include.sandbox.errors import ControlError
from include.sandbox.http import Request, Response, json_response
from include.sandbox.routing import Route, Routes
from include.sandbox.salesforce import (
    acts,
    bulk_ingest,
    bulk_query,
    calls,
    collections,
    composite,
    keys,
    oauth,
    query_calls,
)
from include.sandbox.salesforce.ask import Ask
from include.sandbox.salesforce.bulk_jobs import Job, Jobs
from include.sandbox.salesforce.gate import Gate
from include.sandbox.salesforce.ids import make_id
from include.sandbox.salesforce.model import Row
from include.sandbox.salesforce.org import Org
from include.sandbox.salesforce.refusals import LoginRefused, Refused
from include.sandbox.salesforce.settings import DEFAULTS
from include.sandbox.salesforce.setup import first_users
from include.sandbox.salesforce.stores import find_store, stores
from include.sandbox.salesforce.times import parse_moment, stamp
from include.sandbox.salesforce.tokens import Grant, Session, Tokens
from include.sandbox.vendor import ObjectStore, Outcome, Vendor

DATA = Routes.joined(calls.routes, query_calls.routes, collections.routes, composite.routes, bulk_query.routes,
                     bulk_ingest.routes)  # fmt: skip
LOG_KEPT = timedelta(days=15)


class Salesforce(Vendor):
    """Settings: see this package's README."""

    name: ClassVar[str] = "salesforce"
    default_settings: ClassVar[dict[str, Any]] = DEFAULTS

    def reset(self) -> None:
        self._secrets = 0
        self.client_id = "3MVG9" + self._text("client id")[:40]
        self.client_secret = self._text("client secret")
        self.org_id = make_id("00D", 1)
        self.gate = Gate()
        super().reset()
        self.tokens = Tokens(self.settings, self.world.clock.now, self.secret)
        self._first_refresh_token: str | None = None

    def empty(self) -> None:
        self.org = Org(self.settings, self.world.clock.now)
        self.jobs = Jobs(self)
        self.cursors: dict[str, query_calls.Cursor] = {}
        self.schema_changed = self.world.clock.now()
        first_users(self.org, self.settings, self.org_id)
        self.objects = stores(self)

    @property
    def url(self) -> str:
        return self.world.base_url("salesforce")

    def secret(self, prefix: str) -> str:
        """A text nobody guesses, the same for a given seed."""
        self._secrets += 1
        return prefix + self._text(f"secret {self._secrets}")

    def _text(self, what: str) -> str:
        return hashlib.blake2b(f"salesforce {what} {self.world.seed}".encode(), digest_size=32).hexdigest()

    def credentials(self) -> dict[str, str]:
        """With a refresh token that the API user has approved already, as if by hand."""
        if self._first_refresh_token is None:
            grant = Grant(self.api_user["Id"], tuple(self.settings["scopes"]))
            self._first_refresh_token = self.tokens.keep(grant)
        return {
            "login_url": self.url, "instance_url": self.url, "client_id": self.client_id,
            "client_secret": self.client_secret, "refresh_token": self._first_refresh_token,
            "username": self.settings["username"], "private_key": keys.private_pem(), "organization_id": self.org_id,
        }  # fmt: skip

    @property
    def api_user(self) -> Row:
        user = self.user_named(self.settings["username"])
        if user is None:
            raise ControlError(f"salesforce.username {self.settings['username']!r} is no user of the org")
        return user

    def user_named(self, username: str) -> Row | None:
        found = self.org.tables["User"].find("Username", username)
        return found[0] if found else None

    def configure(self, changes: dict[str, Any]) -> None:
        super().configure(changes)
        if set(changes) & {"hidden_fields", "hidden_objects", "read_only_fields", "person_accounts"}:
            self.schema_changed = self.world.clock.now()

    def expire_tokens(self) -> None:
        self.tokens.expire()

    def revoke_tokens(self) -> None:
        self.tokens.revoke_all()

    def find_store(self, path: str) -> tuple[ObjectStore, str | None]:
        return find_store(self, path)

    def error_response(self, code: str, message: str | None, request: Request) -> Response:
        """`code` is an errorCode, or OAuth's `error` on the login host."""
        if request.clean_path.startswith("/services/oauth2"):
            return _login_refusal(request, LoginRefused(code, message or code.replace("_", " ")))
        return _refusal(request, Refused(code, message))

    def limits(self) -> dict[str, Any]:
        self.gate.roll(self.world.clock.now())
        quota = int(self.settings["daily_quota"])
        line = {"Max": quota, "Remaining": max(quota - self.gate.used, 0)}
        jobs = {"Max": 10_000, "Remaining": 10_000 - self.jobs.count("query")}
        return {"DailyApiRequests": line, "DailyBulkV2QueryJobs": jobs, "DailyBulkApiBatches":
                {"Max": 15_000, "Remaining": 15_000 - self.jobs.count("ingest")},
                "DailyBulkV2QueryFileStorageMB": {"Max": 976_562, "Remaining": 976_562}}  # fmt: skip

    def span(self, args: dict[str, str], days: int) -> tuple[str, str]:
        """`start` and `end` of getUpdated and getDeleted, seconds left out."""
        now = self.world.clock.now()
        try:
            ends = [parse_moment(args[name].replace(" ", "+")) for name in ("start", "end")]
        except (KeyError, ValueError):
            raise Refused("INVALID_REPLICATION_DATE", "start and end are needed, in ISO 8601") from None
        start, end = (moment.replace(second=0, microsecond=0) for moment in ends)
        if start >= end:
            raise Refused("INVALID_REPLICATION_DATE", "startDate before endDate by at least one minute")
        if start < now - timedelta(days=days):
            raise Refused("INVALID_REPLICATION_DATE", f"startDate cannot be more than {days} days ago")
        return stamp(start), stamp(end)

    def deletions_kept_since(self) -> str:
        return stamp(self.world.clock.now() - LOG_KEPT)

    def run_job(self, job: Job) -> None:
        """A bulk job whose time has come."""
        if job.type == "query":
            bulk_query.run_query(self.org, job)
        else:
            nobody = Request(EnvironBuilder("/").get_environ())
            bulk_ingest.run_ingest(Ask(self, nobody, job.version, job.user, {}), job)

    def session(self, request: Request) -> Session:
        """The session of a call; INVALID_AUTH_HEADER or INVALID_SESSION_ID otherwise."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in ("bearer", "oauth") or not text.strip():
            raise Refused("INVALID_AUTH_HEADER" if scheme else "INVALID_SESSION_ID", "INVALID_HEADER_TYPE"
                          if scheme else None)  # fmt: skip
        return self.tokens.session(text.strip())

    def catch_up(self) -> None:
        """Lets Account Engagement's connector do what was due by now, and time empty the recycle bin."""
        acts.empty_bin(self.org)
        neighbour = self.world.vendors.get("account_engagement")
        if neighbour is not None:
            neighbour.catch_up()  # type: ignore[attr-defined]

    def handle(self, request: Request) -> Outcome:
        self.catch_up()
        path = request.clean_path.rstrip("/")
        try:
            if path.startswith(("/services/oauth2", "/id/")):
                return self._log_in(request, path)
            return self._data(request, path)
        except LoginRefused as refused:
            return _login_refusal(request, refused)
        except Refused as refused:
            request.call.counted = False
            return _refusal(request, refused)

    def _log_in(self, request: Request, path: str) -> Response:
        request.call.counted = False
        route, arguments = _match(oauth.routes, request.method, path)
        request.call.endpoint = route.endpoint
        response: Response = route.handler(self, request, **arguments)
        return response

    def _data(self, request: Request, path: str) -> Outcome:
        session = self.session(request)
        route, arguments = _match(DATA, request.method, path)
        request.call.endpoint = route.endpoint
        if not set(session.grant.scopes) & {"api", "full"}:
            raise Refused("INSUFFICIENT_ACCESS", "the access token lacks the scope api")
        self.gate.admit(self.settings, self.world.clock.now())
        body = None if route.options.get("raw") else request.get_json(force=True, silent=True)
        ask = Ask(self, request, arguments.get("version", ""), session.grant.user, request.args.to_dict(), body)
        if route.options.get("writes"):
            return self._commit(request, route, ask, arguments)
        return self._answer(request, route, ask, arguments)

    def _commit(
        self, request: Request, route: Route, ask: Ask, arguments: dict[str, Any]
    ) -> Generator[None, None, Response]:
        yield
        return self._answer(request, route, ask, arguments)

    def _answer(self, request: Request, route: Route, ask: Ask, arguments: dict[str, Any]) -> Response:
        try:
            answer = route.handler(ask, **arguments)
        except Refused as refused:
            return self._with_usage(_refusal(request, refused))
        ask.commit()
        request.call.records = ask.records
        return self._with_usage(answer if isinstance(answer, Response) else json_response(answer))

    def _with_usage(self, response: Response) -> Response:
        usage = f"api-usage={self.gate.used}/{int(self.settings['daily_quota'])}"
        if self.settings["per_app_usage"]:
            usage += f"; per-app-api-usage={self.gate.used}/{int(self.settings['daily_quota'])}(appName=Renkei)"
        response.headers["Sforce-Limit-Info"] = usage
        return response


def _match(routes: Routes, method: str, path: str) -> tuple[Route, dict[str, Any]]:
    try:
        return routes.match(method, path)
    except MethodNotAllowed:
        raise Refused("METHOD_NOT_ALLOWED", "HTTP Method '" + method + "' not allowed.") from None
    except HTTPException:
        raise Refused("NOT_FOUND") from None


def _refusal(request: Request, refused: Refused) -> Response:
    request.call.code = refused.code
    return json_response([refused.line()], refused.status)


def _login_refusal(request: Request, refused: LoginRefused) -> Response:
    request.call.code = refused.error
    request.call.counted = False
    return json_response({"error": refused.error, "error_description": refused.description}, refused.status)
