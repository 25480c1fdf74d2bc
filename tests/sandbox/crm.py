"""Thin clients of the sandbox's Salesforce and Account Engagement, and hands in their screens."""

from __future__ import annotations

from typing import Any

import requests

from include.sandbox.account_engagement.vendor import AccountEngagement
from include.sandbox.salesforce.vendor import Salesforce
from include.sandbox.transport import mount
from include.sandbox.world import World

DATA = "/services/data/v67.0"
OBJECTS = "/api/v5/objects"


class Crm:
    """One logged-in user of both vendors."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.session = requests.Session()
        mount(world, self.session)
        self.log_in()

    @property
    def salesforce(self) -> Salesforce:
        return self.world.vendors["salesforce"]  # type: ignore[return-value]

    @property
    def engagement(self) -> AccountEngagement:
        return self.world.vendors["account_engagement"]  # type: ignore[return-value]

    def token(self, **form: str) -> requests.Response:
        """A call to the token endpoint, by refresh token unless told otherwise."""
        given = self.salesforce.credentials()
        asked = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"],
                 "client_id": given["client_id"], "client_secret": given["client_secret"], **form}  # fmt: skip
        return self.session.post(f"{given['login_url']}/services/oauth2/token", data=asked)

    def log_in(self) -> None:
        self.session.headers["Authorization"] = f"Bearer {self.token().json()['access_token']}"

    def sf(self, method: str, path: str, **more: Any) -> requests.Response:
        """A call to the REST API, below `/services/data/vNN.0`."""
        return self.session.request(method, self.salesforce.url + DATA + path, **more)

    def soql(self, text: str) -> list[dict[str, Any]]:
        answer = self.sf("GET", "/query", params={"q": text})
        assert answer.ok, answer.text
        return answer.json()["records"]

    def refused(self, text: str) -> tuple[int, str, str]:
        """Status, code and message of a query that is not carried out."""
        answer = self.sf("GET", "/query", params={"q": text})
        line = answer.json()[0]
        return answer.status_code, line["errorCode"], line["message"]

    def ae(self, method: str, path: str, **more: Any) -> requests.Response:
        """A call to API v5, below `/api/v5/objects`."""
        headers = {"Pardot-Business-Unit-Id": self.engagement.business_unit, **more.pop("headers", {})}
        return self.session.request(method, self.engagement.url + OBJECTS + path, headers=headers, **more)

    def pages(self, path: str, **params: Any) -> list[list[dict[str, Any]]]:
        """All pages of a query."""
        answer = self.ae("GET", path, params=params).json()
        found = [answer["values"]]
        while answer["nextPageToken"]:
            token = {"fields": params["fields"], "nextPageToken": answer["nextPageToken"]}
            answer = self.ae("GET", path, params=token).json()
            found.append(answer["values"])
        return found

    def with_connector(self) -> Crm:
        """The vendor's connector is there and on."""
        self.engagement.objects["connectors"].create([{}])
        self.engagement.objects["connectors"].update("1", {"state": "on"})
        return self

    # as a person in the screens

    def staff(self, name: str = "eigyo") -> tuple[str, int]:
        """A Salesforce user and who is that in Account Engagement."""
        email = f"{name}@example.com"
        user = self.make("User", Username=f"{name}@sandbox.example.com", LastName=name, Email=email)
        known = self.engagement.objects["users"].create([{"email": email, "salesforceId": user["Id"]}])[0]
        return user["Id"], known["id"]

    def make(self, kind: str, **values: Any) -> dict[str, Any]:
        needed = {"Lead": {"LastName": "山田", "Company": "見本"}, "Contact": {"LastName": "山田"}}.get(kind, {})
        return self.salesforce.objects[kind].create([{**needed, **values}])[0]

    def edit(self, kind: str, record_id: str, **values: Any) -> dict[str, Any]:
        return self.salesforce.objects[kind].update(record_id, values)

    def see(self, kind: str, record_id: str) -> dict[str, Any]:
        return self.salesforce.objects[kind].find(record_id)  # type: ignore[attr-defined,no-any-return]

    def prospect(self, **values: Any) -> dict[str, Any]:
        return self.engagement.objects["prospects"].create([values])[0]

    def edit_prospect(self, prospect_id: int, **values: Any) -> dict[str, Any]:
        return self.engagement.objects["prospects"].update(str(prospect_id), values)

    def see_prospect(self, prospect_id: int) -> dict[str, Any]:
        return self.engagement.objects["prospects"].find(prospect_id)  # type: ignore[attr-defined,no-any-return]

    def prospects(self, **values: Any) -> list[dict[str, Any]]:
        """Prospects that have these values."""
        rows = self.engagement.objects["prospects"].list()
        return [row for row in rows if all(row[name] == value for name, value in values.items())]

    def people(self, kind: str, **values: Any) -> list[dict[str, Any]]:
        rows = self.salesforce.objects[kind].list()
        return [row for row in rows if all(row[name] == value for name, value in values.items())]

    def tick(self, times: int = 1) -> None:
        self.world.clock.advance(120 * times)
        self.engagement.catch_up()
