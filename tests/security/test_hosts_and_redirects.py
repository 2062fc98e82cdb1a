"""What a request calls this host, and where we send people on to."""

from __future__ import annotations

import gzip
import json
from urllib.parse import quote, urljoin, urlsplit

import pytest

from heard.web.security import HEADERS
from tests.conftest import SHARED_DATA
from tests.permissions.table import ROWS
from tests.security.conftest import sent
from tests.server import Server

#: Ways to write an address elsewhere, of our own; the corpora add some three hundred where they are.
OWN = r"""
//elsewhere.example/ /\elsewhere.example/ \\elsewhere.example https:elsewhere.example ///elsewhere.example
https://elsewhere.example /%09/elsewhere.example /%2f%2felsewhere.example /%5c%5celsewhere.example
/.elsewhere.example //elsewhere.example@127.0.0.1 javascript:alert(1) /%0d%0aLocation:%20//elsewhere.example
%0d%0aSet-Cookie:%20heard=chosen /..//elsewhere.example //elsewhere.example/%2f.. 〱elsewhere.example
""".split()
NAMED = "elsewhere.example elsewhere.example:80 [::1]:80 127.0.0.1@elsewhere.example x/y <b> %00".split()
HOSTS = [*NAMED, "a b", "[", ""]


@pytest.fixture(scope="module")
def slug(server: Server) -> str:
    slug = server.open_case("hosts", "A case of hosts")
    server.publish(slug, "The only post.")
    return slug


def elsewhere() -> list[str]:
    folder = SHARED_DATA / "corpora"
    if not folder.is_dir():
        return list(OWN)
    with gzip.open(folder / "traversal-redirect-sql.jsonl.gz", "rt", encoding="utf-8") as corpus:
        lines = [json.loads(line) for line in corpus]
    return [*OWN, *(line["payload"] for line in lines if line["class"] == "Open Redirect")]


def test_nobody_is_sent_on_to_another_site(server: Server, slug: str) -> None:
    """Every address that answers with another, given every way to write one: as a path, as a part, as a parameter."""
    tried, sent_on = 0, []
    for line in elsewhere():
        raw = line if line.startswith("/") and line.isascii() and " " not in line else "/" + quote(line)
        paths = [
            raw,
            "/" + quote(line, safe=""),
            f"/desk/{quote(line, safe='')}",
            f"/desk/sign-in/{quote(line, safe='')}",
        ]
        query = "&".join(f"{name}={quote(line, safe='')}" for name in ("next", "url", "redirect", "return_to", "done"))
        paths += [f"/desk/?{query}", f"/desk/sign-in?{query}", f"/{slug}?{query}"]
        for path in paths:
            status, headers, _ = sent(server.address, f"GET {path} HTTP/1.1", "Host: heard.example")
            tried += 1
            assert status < 500, path
            assert "heard=chosen" not in headers.get("set-cookie", "")
            if to := headers.get("location"):
                lands = urlsplit(urljoin("http://heard.example/", to.replace("\\", "/")))
                if (lands.scheme, lands.netloc) != ("http", "heard.example") or not to.startswith("/"):
                    sent_on.append((path, to))
    print(f"{tried} addresses, {len(sent_on)} sent on elsewhere")
    assert sent_on == []


def test_control_a_redirection_elsewhere_would_be_seen() -> None:
    for to in ("//elsewhere.example/", "/\\elsewhere.example/", "https://elsewhere.example/"):
        lands = urlsplit(urljoin("http://heard.example/", to.replace("\\", "/")))
        assert lands.netloc == "elsewhere.example"


@pytest.mark.parametrize("form", ["slug", "next", "url"])
def test_a_form_sends_on_to_no_other_site(server: Server, cookie: str, form: str) -> None:
    body = f"title=x&{form}=//elsewhere.example/".encode()
    told = ("Host: heard.example", f"Cookie: {cookie}", "Content-Type: application/x-www-form-urlencoded")
    for path in ("/desk/", "/desk/sign-out/"):
        status, headers, _ = sent(server.address, f"POST {path} HTTP/1.1", *told, body=body)
        assert status < 500
        assert headers.get("location", "/") in ("/", "/desk/sign-in/", "/desk/x/?done=opened")


def test_what_a_request_calls_this_host_is_repeated_to_nobody_else(server: Server, slug: str) -> None:
    """Canonical addresses follow the host that was asked for; each host has answers of its own, also in our caches."""
    for path in (f"/{slug}/", f"/{slug}/feed.atom", f"/{slug}/feed.json", f"/{slug}/?order=oldest"):
        for _ in range(3):  # kept by the app, lent to the edge
            sent(server.address, f"GET {path} HTTP/1.1", "Host: elsewhere.example", "X-Forwarded-Host: other.example")
        for _ in range(3):
            _, _, body = sent(server.address, f"GET {path} HTTP/1.1", "Host: heard.example")
            assert b"elsewhere.example" not in body
            assert b"other.example" not in body
            assert b"heard.example" in body or "order" in path


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_is_none_breaks_nothing_and_is_printed_nowhere_raw(server: Server, slug: str, host: str) -> None:
    for path in (f"/{slug}/", f"/{slug}/feed.atom", f"/{slug}", "/desk/sign-in", "/none/", "/desk/"):
        status, headers, body = sent(server.address, f"GET {path} HTTP/1.1", f"Host: {host}")
        assert status in (200, 303, 307, 308, 400, 404), path
        assert b"<b>" not in body.replace(b"<b>Announced</b>", b"").replace(b"<b>Live</b>", b"").partition(b"<main")[0]
        assert headers.get("location", "/").startswith("/")


def test_a_host_that_is_named_twice_is_refused(server: Server, slug: str) -> None:
    status, _, _ = sent(server.address, f"GET /{slug}/ HTTP/1.1", "Host: heard.example", "Host: elsewhere.example")
    assert status == 400


#: The policy on referrers of answers that have a stricter one of their own: their addresses are secrets.
ITS_OWN = {
    "/watch/read/secret/": "same-origin",
    "/reports/follow/token/": "same-origin",
    "/reports/leave/token/": "same-origin",
    "/<case>/follow/token/": "same-origin",
    "/<case>/leave/token/": "same-origin",
}


def test_every_answer_binds_the_browser(server: Server, slug: str, cookie: str) -> None:
    """Also what refuses, what sends on and what is not there; only the edge's own few words come without a policy."""
    paths = [name.split(" ")[1] for name in ROWS if name.startswith("GET")]
    addresses = [
        path.replace("{slug}", slug).replace("{case}", slug).replace("{", "").replace("}", "") for path in paths
    ]
    for address in [*addresses, "/none/", "/desk/none/", "/api/v1/none", f"/{slug}/posts/none/"]:
        for told in (("Host: h",), ("Host: h", f"Cookie: {cookie}")):
            _, headers, _ = sent(server.address, f"GET {address} HTTP/1.1", *told)
            known = address.replace(f"/{slug}/", "/<case>/", 1)
            bound = {**HEADERS, "Referrer-Policy": ITS_OWN.get(known, HEADERS["Referrer-Policy"])}
            assert {name: headers.get(name.lower()) for name in HEADERS} == bound, address
    for address in (f"/live/{slug}/after/0", "/live/none/after/0"):
        _, headers, _ = sent(server.address, f"GET {address} HTTP/1.1", "Host: h", "Accept: text/html")
        assert headers["x-content-type-options"] == "nosniff"
        assert not headers["content-type"].startswith("text/html") or headers.get("content-security-policy")
