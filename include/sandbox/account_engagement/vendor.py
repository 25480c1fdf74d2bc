"""Account Engagement as the sandbox's framework sees it: API v5 of one business unit."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, ClassVar

from werkzeug.exceptions import HTTPException, MethodNotAllowed

from include.sandbox.account_engagement import acts, calls, connector_calls, export_calls, import_calls, legacy
from include.sandbox.account_engagement.ask import Ask
from include.sandbox.account_engagement.connector_stores import connector_stores
from include.sandbox.account_engagement.gate import Gate
from include.sandbox.account_engagement.jobs import Job, Jobs
from include.sandbox.account_engagement.mass import MassChangeStore
from include.sandbox.account_engagement.query import Finder
from include.sandbox.account_engagement.refusals import Refused
from include.sandbox.account_engagement.settings import DEFAULTS
from include.sandbox.account_engagement.state import State
from include.sandbox.account_engagement.stores import stores
from include.sandbox.connector.connector import Connector
from include.sandbox.errors import ControlError
from include.sandbox.http import Request, Response, json_response
from include.sandbox.routing import Route, Routes
from include.sandbox.salesforce.ids import make_id
from include.sandbox.salesforce.setup import BUSINESS_UNIT
from include.sandbox.vendor import Outcome, Vendor

if TYPE_CHECKING:
    from include.sandbox.salesforce.vendor import Salesforce

ROUTES = Routes.joined(calls.routes, legacy.routes, connector_calls.routes, import_calls.routes,
                       export_calls.routes)  # fmt: skip
CHOICES = {"write_answer": ("record", "empty"), "connector": ("off", "paused", "on"),
           "connector_creates": ("Lead", "Contact")}  # fmt: skip


class AccountEngagement(Vendor):
    """Settings: see this package's README."""

    name: ClassVar[str] = "account_engagement"
    default_settings: ClassVar[dict[str, Any]] = DEFAULTS

    def reset(self) -> None:
        self.business_unit = BUSINESS_UNIT
        self.gate = Gate()
        super().reset()

    def empty(self) -> None:
        self.state = State(self.settings, self.moment)
        self.finder = Finder()
        self.connector = Connector(self)
        self.jobs = Jobs(self.moment, lambda: self.settings["job_seconds"], self._work)
        self.objects = {**stores(self), **connector_stores(self), "mass_changes": MassChangeStore(self)}
        if self.settings["connector"] != "off":
            self.connector.begin()
        doer = acts.Doer(1, screens=True)
        for number, name in ((1, "api.user"), (2, "b2bma.integration")):
            acts.create(self.state, "users", {
                "email": f"{name}@example.com", "username": f"{name}@sandbox.example.com", "firstName": name,
                "lastName": "User", "role": "Administrator", "roleName": "Administrator",
                "salesforceId": make_id("005", number)}, doer)  # fmt: skip
        acts.create(self.state, "campaigns", {"name": "Website Tracking"}, doer)

    @property
    def url(self) -> str:
        return self.world.base_url("account_engagement")

    @property
    def salesforce(self) -> Salesforce:
        """The org this business unit belongs to."""
        return self.world.vendors["salesforce"]  # type: ignore[return-value]

    def moment(self) -> int:
        """Now, in epoch seconds."""
        return int(self.world.clock.now().timestamp())

    def credentials(self) -> dict[str, str]:
        """Tokens come from Salesforce."""
        return {"base_url": self.url, "business_unit_id": self.business_unit}

    def configure(self, changes: dict[str, Any]) -> None:
        for name, choices in CHOICES.items():
            if changes.get(name, choices[0]) not in choices:
                raise ControlError(f"account_engagement.{name} is {' or '.join(choices)}")
        self._check_connector(changes)
        self.catch_up()
        starts = self.settings["connector"] == "off" and changes.get("connector", "off") != "off"
        super().configure(changes)
        if starts:
            self.connector.begin()

    def _check_connector(self, changes: dict[str, Any]) -> None:
        rule = changes.get("connector_sharing_rule")
        if rule is None:
            return
        if rule and set(rule) != {"Lead", "Contact"}:
            raise ControlError("a sharing rule names Lead and Contact, each with field and value")
        if self.settings["connector"] == "on" and changes.get("connector", "on") == "on":
            raise ControlError("pause the connector before its sharing rule is changed")

    def catch_up(self) -> None:
        """Lets imports and the connector do what was due by now."""
        self.jobs.advance()
        self.connector.catch_up()

    def _work(self, job: Job) -> None:
        (import_calls.run_import if job.kind == "imports" else export_calls.run_export)(self.state, job)

    def error_response(self, code: str, message: str | None, request: Request) -> Response:
        refused = Refused(int(code)) if code.isdigit() else Refused(183)
        refused.message = message or refused.message
        return _refusal(request, refused)

    def handle(self, request: Request) -> Outcome:
        self.catch_up()
        try:
            user = self.gate.admit(self, request)
            route, arguments = _match(request)
            request.call.endpoint = _endpoint(route, arguments)
            body = request.get_json(force=True, silent=True) if request.mimetype == "application/json" else None
            ask = Ask(self, request, user, request.args.to_dict(), body)
        except Refused as refused:
            request.call.counted = False
            return _refusal(request, refused)
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
            return self._with_headers(request, ask, _refusal(request, refused))
        request.call.records = ask.records
        return self._with_headers(request, ask, answer if isinstance(answer, Response) else json_response(answer))

    def _with_headers(self, request: Request, ask: Ask, response: Response) -> Response:
        if request.headers.get("X-Return-Api-Usage") == "1":
            response.headers["x-api-usage"] = f"{self.gate.used}/{int(self.settings['daily_quota'])}"
        if ask.warning is not None:
            response.headers["Pardot-Warning"] = ask.warning
        return response


def _match(request: Request) -> tuple[Route, dict[str, Any]]:
    try:
        return ROUTES.match(request.method, request.clean_path)
    except MethodNotAllowed:
        raise Refused(205, status=405) from None
    except HTTPException:
        raise Refused(198) from None


def _endpoint(route: Route, arguments: dict[str, Any]) -> str:
    """The name in the journal, with the object's own name: `GET /api/v5/objects/prospects`."""
    return route.endpoint.replace("{path}", str(arguments.get("path", "")))


def _refusal(request: Request, refused: Refused) -> Response:
    request.call.code = str(refused.code)
    return json_response({"code": refused.code, "message": refused.message}, refused.status)
