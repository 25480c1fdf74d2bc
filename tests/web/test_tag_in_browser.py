"""The tag in a real browser: Debian's chromium, driven by selenium, on a site of another origin than the API's."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import uvicorn
from cryptography.fernet import Fernet
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from starlette.testclient import TestClient

from renkei.store.db import connect
from renkei.web.app import create_app
from renkei.web.site.offers import Site
from tests.web.site_world import PRIORITY, SEMINAR, SITE, SiteWorld

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
HANAKO = "hanako@example.jp"
WAIT = 10  # seconds at most
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER),
    reason="chromium and chromedriver are not installed: apt-get install chromium chromium-driver",
)


@dataclass
class Pages:
    """The site: pages by path. ``posted`` are the forms it got."""

    server: ThreadingHTTPServer
    html: dict[str, str]
    posted: list[str]

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.server.server_port}"


@dataclass
class Browsing:
    """A browser on the site, with the API's world behind it."""

    driver: webdriver.Chrome
    pages: Pages
    world: SiteWorld
    api: str

    def page(self, path: str, body: str = "", **attributes: str) -> None:
        """Puts a page with the tag on the site."""
        given = {"src": f"{self.api}/tag/v1/tag.js", "data-key": self.world.key("tag")} | attributes
        tag = " ".join(f'{name}="{value}"' for name, value in given.items())
        script = f"<script async {tag}></script>"
        self.pages.html[path] = f"<!doctype html><meta charset=utf-8><title>{path}</title>{body}{script}"

    def go(self, path: str) -> None:
        self.driver.get(self.pages.origin + path)

    def send_form(self, email: str) -> None:
        """Opens the page with the form and sends it, as a person does."""
        form = '<form data-renkei-form="contact" method=post action=/thanks>'
        self.page("/form", f"{form}<input type=email name=m><button>送信</button></form>")
        self.page("/thanks", "<h1>thanks</h1>")
        self.go("/form")
        self.wait(lambda: self.driver.execute_script("return !!window.renkei"))
        self.driver.find_element(By.NAME, "m").send_keys(email)
        self.driver.find_element(By.TAG_NAME, "button").click()
        self.wait(lambda: self.world.rows("select 1 from renkei.conversion"))
        self.wait(lambda: self.driver.title == "/thanks")

    def modal(self) -> dict[str, Any] | None:
        """What stands in the modal, or None while there is none."""
        found: dict[str, Any] | None = self.driver.execute_script("""
            const host = document.getElementById("renkei-modal");
            if (!host) return null;
            const text = name => (host.shadowRoot.querySelector(name) || {}).textContent;
            const frame = host.shadowRoot.querySelector("iframe");
            return {group: host.dataset.group, meetingType: host.dataset.meetingType, title: text(".title"),
                    text: text(".text"), about: text(".about"), button: text(".go"), calendar: frame && frame.src};
        """)
        return found

    def click(self, selector: str) -> None:
        host = self.driver.find_element(By.ID, "renkei-modal")
        host.shadow_root.find_element(By.CSS_SELECTOR, selector).click()

    def wait(self, condition: Callable[[], Any]) -> Any:
        return WebDriverWait(self.driver, WAIT, poll_frequency=0.05).until(lambda _: condition())

    def visits(self) -> list[Any]:
        return self.world.rows("select page, outcome from renkei.visit")

    def unharmed(self) -> bool:
        """Nothing on the page threw an error that nobody caught, and the page is alive."""
        thrown = [entry for entry in self.driver.get_log("browser") if "Uncaught" in entry["message"]]
        return not thrown and self.driver.execute_script("return document.title !== ''") is True


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield made
    made.quit()


@pytest.fixture(scope="module")
def pages() -> Iterator[Pages]:
    html: dict[str, str] = {}
    posted: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            posted.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.answer()

        def answer(self) -> None:
            content = html.get(self.path, "").encode()
            self.send_response(200 if content else 404)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None: ...

    server = ThreadingHTTPServer(("localhost", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Pages(server, html, posted)
    server.shutdown()


@pytest.fixture
def browsing(store_url: str, pages: Pages, driver: webdriver.Chrome) -> Iterator[Browsing]:
    sites: list[Site] = [replace(SITE, origins=frozenset({pages.origin}))]
    app = create_app(store_url, Fernet.generate_key().decode(), _no_connections, lambda: sites[0])
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    store = connect(store_url)
    world = SiteWorld(TestClient(app), store, sites[0])
    yield Browsing(driver, pages, world, f"http://127.0.0.1:{listening.getsockname()[1]}")
    driver.execute_script("sessionStorage.clear()")
    driver.get("about:blank")
    driver.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": pages.origin, "storageTypes": "all"})
    driver.get_log("browser")  # type: ignore[no-untyped-call]
    pages.html.clear()
    server.should_exit = True
    thread.join(10)
    store.dispose()


def _no_connections(conn_id: str) -> Any:
    raise AssertionError(f"the site asked for the connection {conn_id}")


@pytest.mark.req("R34", "R54", "R55")
def test_a_member_who_sent_a_form_is_shown_the_modal_and_its_calendar(browsing: Browsing) -> None:
    browsing.world.put_list(SEMINAR, [HANAKO])
    browsing.page("/price", "<h1>price</h1>")
    browsing.send_form(HANAKO)
    browsing.go("/price")
    shown = browsing.wait(browsing.modal)
    assert shown == {
        "group": SEMINAR.group, "meetingType": SEMINAR.meeting_type, "title": SEMINAR.title, "text": SEMINAR.text,
        "about": f"{SEMINAR.group} / {SEMINAR.meeting_type}", "button": SEMINAR.button, "calendar": None,
    }  # fmt: skip
    browsing.click(".go")
    assert browsing.wait(browsing.modal)["calendar"] == SEMINAR.calendar_url
    browsing.click(".close")
    assert browsing.modal() is None
    browsing.go("/price")  # closed: not offered again in this session
    browsing.wait(lambda: browsing.driver.execute_script("return !!window.renkei"))
    assert browsing.modal() is None and browsing.unharmed()
    assert "m=hanako%40example.jp" in browsing.pages.posted[-1]


@pytest.mark.req("R34", "R54")
def test_a_visitor_who_sent_no_form_is_shown_nothing_and_nothing_is_asked(browsing: Browsing) -> None:
    browsing.world.put_list(PRIORITY, [HANAKO])
    browsing.page("/price", "<h1>price</h1>")
    browsing.go("/price")
    browsing.wait(lambda: browsing.driver.execute_script("return !!window.renkei"))
    calls = "return performance.getEntriesByType('resource').map(e => e.name).filter(n => n.includes('/visits'))"
    assert browsing.driver.execute_script(calls) == []
    assert browsing.driver.get_cookies() == [] and browsing.modal() is None


@pytest.mark.req("R54")
def test_whoever_is_in_no_list_is_shown_nothing(browsing: Browsing) -> None:
    browsing.world.put_list(PRIORITY, ["taro@example.jp"])
    browsing.page("/price", "<h1>price</h1>")
    browsing.send_form(HANAKO)
    browsing.go("/price")
    browsing.wait(lambda: any(page.endswith("/price") for page, _ in browsing.visits()))
    assert browsing.modal() is None and browsing.unharmed()


@pytest.mark.req("R54")
def test_the_first_screen_can_be_the_calendar_and_the_page_can_bring_its_own(browsing: Browsing) -> None:
    calendar_first = replace(PRIORITY, first_screen="calendar", title="<img src=x onerror=alert(1)>")
    browsing.world.site = SITE
    browsing.world.put_list(PRIORITY, [HANAKO])
    _replace_site(browsing, calendar_first)
    browsing.page("/price", "<h1>price</h1>")
    browsing.send_form(HANAKO)
    browsing.go("/price")
    shown = browsing.wait(browsing.modal)
    assert (shown["calendar"], shown["title"]) == (PRIORITY.calendar_url, None)
    own = "https://calendar.example.jp/own"
    browsing.page("/price", "<h1>price</h1>", **{"data-calendar": own})
    browsing.go("/price")
    assert browsing.wait(browsing.modal)["calendar"] == own
    assert browsing.unharmed()


@pytest.mark.req("R54")
def test_texts_are_only_text(browsing: Browsing) -> None:
    _replace_site(browsing, replace(PRIORITY, title="<img src=x onerror=\"window.hit=1\">", text="a\nb"))
    browsing.world.put_list(PRIORITY, [HANAKO])
    browsing.page("/price")
    browsing.send_form(HANAKO)
    browsing.go("/price")
    assert browsing.wait(browsing.modal)["title"].startswith("<img")
    assert browsing.driver.execute_script("return window.hit") is None


@pytest.mark.req("R54")
@pytest.mark.parametrize("trouble", ["down", "not a script", "wrong key", "other site"])
def test_with_the_api_down_or_refusing_the_page_is_unharmed(browsing: Browsing, trouble: str) -> None:
    browsing.world.put_list(PRIORITY, [HANAKO])
    browsing.send_form(HANAKO)
    attributes = {"data-key": "rk_tag_wrong"} if trouble == "wrong key" else {}
    if trouble == "down":
        attributes["src"] = "http://127.0.0.1:9/tag/v1/tag.js"
    if trouble == "not a script":
        attributes["src"] = f"{browsing.api}/health/tag.js"
    form = '<form method=post action=/thanks data-renkei-form=x><input type=email name=m value="a@example.jp">'
    browsing.page("/price", f"{form}<button>送信</button></form>", **attributes)
    if trouble == "other site":
        _replace_site(browsing, PRIORITY, origins=frozenset({"https://www.example.jp"}))
    browsing.go("/price")
    before = len(browsing.pages.posted)
    browsing.driver.find_element(By.TAG_NAME, "button").click()
    browsing.wait(lambda: browsing.driver.title == "/thanks")
    assert len(browsing.pages.posted) == before + 1
    assert browsing.unharmed()


def test_a_script_can_tell_a_conversion_of_its_own(browsing: Browsing) -> None:
    browsing.world.put_list(PRIORITY, [HANAKO])
    browsing.page("/form", "<div>an embedded form</div>")
    browsing.go("/form")
    browsing.wait(lambda: browsing.driver.execute_script("return !!window.renkei"))
    browsing.driver.execute_script(f"renkei.converted('{HANAKO}', 'embedded')")
    browsing.wait(lambda: browsing.world.rows("select 1 from renkei.conversion where form = 'embedded'"))
    browsing.go("/form")
    assert browsing.wait(browsing.modal)["group"] == PRIORITY.group


def _replace_site(browsing: Browsing, offer: Any, **changed: Any) -> None:
    app: Any = browsing.world.client.app
    site = app.state.site()
    app.state.site = lambda: replace(site, offers=(offer,), **changed)
