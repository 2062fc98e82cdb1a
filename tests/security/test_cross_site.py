"""What another site can make a browser ask for: nothing that changes anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page

from tests.permissions.table import ROWS
from tests.server import Server, running

#: What says that a request comes from elsewhere, one by one: each alone is enough.
ELSEWHERE: list[dict[str, str]] = [
    {"Origin": "https://elsewhere.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://[elsewhere"},
    {"Origin": "http://{host}.elsewhere.example"},
    {"Origin": "http://elsewhere.example/{host}"},
    {"Origin": "http://{host}@elsewhere.example"},
    {"Origin": "file://{host}"},
    {"Referer": "https://elsewhere.example/page"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "something new"},
    {"Origin": "http://{host}", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null", "Sec-Fetch-Site": "none"},
    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    {"Referer": "https://elsewhere.example/", "Origin": "", "Sec-Fetch-Site": "same-origin"},
]  # fmt: skip
OURS: list[dict[str, str]] = [
    {},  # a program, or a browser that keeps the cookie back
    {"Origin": "http://{host}"},
    {"Origin": "http://{host}", "Sec-Fetch-Site": "same-origin"},
    {"Referer": "http://{host}/desk/"},
    {"Sec-Fetch-Site": "none"},
]
CHANGES = sorted({name.removeprefix("POST ") for name in ROWS if name.startswith("POST ")})


@pytest.fixture(scope="module")
def slug(server: Server) -> str:
    return server.open_case("cross-site", "A case of other sites")


def filled(server: Server, headers: dict[str, str]) -> dict[str, str]:
    host = server.address.removeprefix("http://")
    return {name: value.replace("{host}", host) for name, value in headers.items()}


def head_of(server: Server) -> str:
    return server.reader.get("/log/checkpoint").text


@pytest.mark.parametrize("headers", ELSEWHERE, ids=str)
def test_change_asked_for_by_another_site_is_refused(
    server: Server, slug: str, cookie: str, headers: dict[str, str]
) -> None:
    sent = {**filled(server, headers), "Cookie": cookie}
    before = head_of(server)
    assert httpx2.post(f"{server.address}/desk/{slug}/publish", data={"text": "x"}, headers=sent).status_code == 403
    assert httpx2.post(f"{server.address}/{slug}/problem/", data={"words": "x"}, headers=sent).status_code == 403
    api = f"{server.address}/api/v1/cases/{slug}/posts"
    assert httpx2.post(api, json={"text": "x"}, headers=sent).status_code == 403
    assert head_of(server) == before


@pytest.mark.parametrize("headers", OURS, ids=str)
def test_change_asked_for_by_our_own_pages_is_done(
    server: Server, slug: str, cookie: str, headers: dict[str, str]
) -> None:
    sent = {**filled(server, headers), "Cookie": cookie}
    answer = httpx2.post(f"{server.address}/desk/{slug}/publish", data={"text": "x"}, headers=sent)
    assert answer.headers["location"] == f"/desk/{slug}/?done=published"


@pytest.mark.parametrize("path", CHANGES)
def test_every_route_that_changes_something_refuses(server: Server, slug: str, cookie: str, path: str) -> None:
    address = path.replace("{slug}", slug).replace("{case}", slug).replace("{", "").replace("}", "")
    before = head_of(server)
    for method in ("POST", "PUT", "PATCH", "DELETE", "QUERY"):
        headers = {"Origin": "https://elsewhere.example", "Cookie": cookie}
        assert httpx2.request(method, server.address + address, headers=headers).status_code == 403, method
    assert head_of(server) == before


def test_method_is_the_one_that_was_sent(server: Server, slug: str, cookie: str) -> None:
    """A GET that says it is a POST is a GET, and a POST that says it is a GET is looked at as a POST."""
    before = head_of(server)
    names = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method")
    for path in (f"/desk/{slug}/publish", "/desk/sign-out/", f"/api/v1/cases/{slug}/posts"):
        said = {**dict.fromkeys(names, "POST"), "Cookie": cookie}
        answer = httpx2.get(server.address + path, params={"_method": "POST", "text": "x"}, headers=said)
        assert answer.status_code in (200, 303, 404, 405)
        said = {**dict.fromkeys(names, "GET"), "Cookie": cookie, "Origin": "https://elsewhere.example"}
        assert httpx2.post(server.address + path, params={"_method": "GET"}, headers=said).status_code == 403
    assert head_of(server) == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_what_only_looks_changes_nothing(server: Server, slug: str, cookie: str, method: str) -> None:
    before = head_of(server)
    for path in CHANGES:
        address = path.replace("{slug}", slug).replace("{case}", slug).replace("{", "").replace("}", "")
        httpx2.request(method, server.address + address, headers={"Cookie": cookie})
    assert head_of(server) == before


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/jsonx"],
)
def test_a_cookie_alone_sends_the_api_no_form(server: Server, slug: str, cookie: str, kind: str) -> None:
    """A form of another site can be made to look like JSON; it cannot be made to say so."""
    api = f"{server.address}/api/v1/cases/{slug}/posts"
    body, before = b'{"text": "x"}', head_of(server)
    answer = httpx2.post(api, content=body, headers={"Cookie": cookie, "Content-Type": kind})
    assert answer.status_code == 400
    assert head_of(server) == before
    told = {"Cookie": cookie, "Content-Type": "application/json; charset=utf-8"}
    assert httpx2.post(api, content=body, headers=told).status_code == 201
    assert server.client.post(api, content=body, headers={"Content-Type": kind}).status_code == 201  # a token's program


def test_nobody_is_told_that_another_site_may_read(server: Server, slug: str, cookie: str) -> None:
    asks = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST", "Cookie": cookie}
    for path in (f"/desk/{slug}/", f"/api/v1/cases/{slug}", "/desk/", f"/{slug}/", f"/api/v1/cases/{slug}/posts"):
        for method in ("GET", "OPTIONS"):
            answer = httpx2.request(method, server.address + path, headers=asks)
            assert [name for name in answer.headers if name.startswith("access-control")] == [], path


# A real browser -------------------------------------------------------------------------------------------------------

#: Another port of this machine is the same site to a browser, which sends the cookie: only the origin tells.
ATTACKERS = ["http://127.0.0.1:9", "http://elsewhere.example"]
FORM = """<!doctype html><form method="post" action="{target}" enctype="{kind}">
<textarea name='{name}'>{value}</textarea></form><script>document.forms[0].submit()</script>"""
FETCH = """<!doctype html><script>
const send = (path, body) =>
  fetch('{target}' + path, {{ method: 'POST', mode: 'no-cors', credentials: 'include', body }})
Promise.allSettled([send('/desk/{slug}/publish', new URLSearchParams({{ text: 'forged' }})),
  send('/api/v1/cases/{slug}/posts', '{{"text": "forged"}}'), send('/desk/sign-out/', '')])
  .then(() => {{ document.title = 'done' }})
</script>"""


def leads_to(page: Page, attacker: str, html: str, address: str) -> None:
    """Open the page of somebody else, which sends the browser on to ours."""
    page.route(f"{attacker}/**", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(f"{attacker}/")
    page.wait_for_url(f"{address}/**")


def attack(chromium: Browser, server: Server, slug: str, cookie: str, attacker: str) -> None:
    """A newsroom's browser, signed in, opens the pages of somebody else."""
    name, _, value = cookie.partition("=")
    desk, api = f"{server.address}/desk/{slug}/publish", f"{server.address}/api/v1/cases/{slug}/posts"
    plain = {"target": api, "kind": "text/plain", "name": '{"text": "forged", "x": "', "value": '"}'}
    pages = [
        FORM.format(target=desk, kind="application/x-www-form-urlencoded", name="text", value="forged"),
        FORM.format(target=desk, kind="multipart/form-data", name="text", value="forged"),
        FORM.format(**plain),
    ]
    for html in pages:
        page = chromium.new_context().new_page()
        page.context.add_cookies([{"name": name, "value": value, "url": server.address}])
        leads_to(page, attacker, html, server.address)
        page.context.close()
    page = chromium.new_context().new_page()
    page.context.add_cookies([{"name": name, "value": value, "url": server.address}])
    html = FETCH.format(target=server.address, slug=slug)
    page.route(f"{attacker}/**", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(f"{attacker}/")
    page.wait_for_function("document.title === 'done'")
    page.context.close()


@pytest.mark.parametrize("attacker", ATTACKERS)
def test_a_browser_signed_in_is_not_made_to_publish(
    chromium: Browser, server: Server, slug: str, cookie: str, attacker: str
) -> None:
    before = head_of(server)
    attack(chromium, server, slug, cookie, attacker)
    assert head_of(server) == before
    assert httpx2.get(f"{server.address}/desk/", headers={"Cookie": cookie}).status_code == 200


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("unguarded")
    (folder / "sitecustomize.py").write_text(
        "from heard.web import security\nsecurity.refuse_cross_site = lambda *asked: None\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        with running(Path(folder) / "data") as server:
            patch.undo()
            yield server


def test_control_without_the_check_the_attack_works(chromium: Browser, unguarded: Server) -> None:
    """The attack is one: where nobody looks at the origin, another port of this machine publishes as the newsroom."""
    slug = unguarded.open_case("forged", "A case of forgeries")
    answer = httpx2.post(unguarded.link)
    attack(chromium, unguarded, slug, answer.headers["set-cookie"].partition(";")[0], ATTACKERS[0])
    assert "forged" in unguarded.page(f"/{slug}/")


Link = Callable[[], str]


def test_nobody_is_signed_in_by_another_site(chromium: Any, server: Server, link: Link) -> None:
    """A link that somebody else's page opens and sends is not spent, and the browser gets no session of theirs."""
    path = link()
    html = f'<!doctype html><form method="post" action="{server.address}{path}"></form>'
    html += "<script>document.forms[0].submit()</script>"
    page = chromium.new_context().new_page()
    leads_to(page, ATTACKERS[1], html, server.address)
    assert page.context.cookies() == []
    page.context.close()
    assert httpx2.post(server.address + path).status_code == 303
