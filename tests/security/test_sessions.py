"""Links that work once, the sessions they begin, and how those end."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from heard.accounts import projection as accounts
from heard.accounts.commands import OPERATOR, end_sessions
from heard.opening import open_house
from tests.server import Server, running

Link = Callable[[], str]
WRONG = 300


def signed_in(server: Server, cookie: str, path: str = "/desk/") -> bool:
    answer = httpx2.get(server.address + path, headers={"Cookie": cookie})
    assert answer.status_code in (200, 303)
    return answer.status_code == 200


# Links ----------------------------------------------------------------------------------------------------------------


def test_link_works_once_and_looking_at_it_does_not_spend_it(server: Server, link: Link) -> None:
    path = link()
    for method in ("GET", "HEAD", "OPTIONS"):  # what previews links in mail or chat does no more
        assert "set-cookie" not in httpx2.request(method, server.address + path).headers
    assert httpx2.post(server.address + path).status_code == 303
    for _ in range(2):
        again = httpx2.post(server.address + path)
        assert (again.status_code, again.headers.get("set-cookie")) == (403, None)


def test_of_twenty_who_come_with_one_link_one_is_let_in(server: Server, link: Link) -> None:
    path = link()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: httpx2.post(server.address + path), range(20)))
    assert sorted(answer.status_code for answer in answers) == [303, *[403] * 19]
    assert len([answer for answer in answers if "set-cookie" in answer.headers]) == 1


def test_wrong_links_let_nobody_in_and_keep_nobody_out(server: Server, link: Link) -> None:
    """There is nothing to guess in 256 bits, so nothing is slowed down; and a room that shares an address is not locked
    out by one who tries.
    """
    path = link()
    secret = path.split("/")[-2]
    near = [secret[:-1], secret + "A", secret.swapcase(), secret[::-1], "%00" + secret, secret + "%20", "A" * 43]
    digest = hashlib.sha256(secret.encode()).hexdigest()  # what the vault has
    with httpx2.Client(base_url=server.address) as client:
        for wrong in [*near, digest, *(f"{n:043}" for n in range(WRONG))]:
            answer = client.post(f"/desk/sign-in/{wrong}/")
            assert answer.status_code == 403, wrong
            assert "set-cookie" not in answer.headers
        assert client.post(path).status_code == 303


def test_an_answer_says_the_same_of_a_link_that_was_used_and_of_one_that_never_was(server: Server, link: Link) -> None:
    path = link()
    httpx2.post(server.address + path)
    for method in ("GET", "POST"):
        used, never = (httpx2.request(method, server.address + one) for one in (path, "/desk/sign-in/none/"))
        assert (used.status_code, used.content) == (never.status_code, never.content)


# Sessions -------------------------------------------------------------------------------------------------------------


def test_session_that_was_put_into_a_browser_is_not_taken_up(server: Server, link: Link) -> None:
    """Fixation: a session that somebody else chose, or has, does not become that of whoever signs in."""
    theirs = httpx2.post(server.address + link()).headers["set-cookie"].partition(";")[0]
    for planted in ("heard=chosen-by-somebody-else", theirs):
        answer = httpx2.post(server.address + link(), headers={"Cookie": planted})
        fresh = answer.headers["set-cookie"].partition(";")[0]
        assert fresh != planted
        assert signed_in(server, fresh)
        assert not signed_in(server, planted), "whoever knows it is not let in by it any more"


def test_session_that_was_signed_out_of_is_let_in_nowhere(server: Server, cookie: str) -> None:
    slug = server.open_case("signed-out", "A case after signing out")
    assert signed_in(server, cookie)
    assert httpx2.post(server.address + "/desk/sign-out/", headers={"Cookie": cookie}).status_code == 303
    for path in ("/desk/", f"/desk/{slug}/", f"/desk/{slug}/orders/"):
        assert not signed_in(server, cookie, path)
    api = httpx2.get(f"{server.address}/api/v1/cases", headers={"Cookie": cookie})
    sent = httpx2.post(f"{server.address}/desk/{slug}/publish", data={"text": "x"}, headers={"Cookie": cookie})
    assert (api.status_code, sent.headers["location"]) == (401, "/desk/sign-in/")


def test_every_session_of_an_account_ends_within_a_second(server: Server, link: Link) -> None:
    """From the command line, beside the server: whoever has the phone is let in nowhere, and posts nothing more."""
    slug = server.open_case("lost-phone", "A case after a phone was lost")
    sessions = [httpx2.post(server.address + link()).headers["set-cookie"].partition(";")[0] for _ in range(3)]
    unused = link()
    house = open_house(server.data, synchronous="OFF")
    house.node.catch_up()
    account = accounts.by_email(house.tables, "admin@heard.example").id
    assert all(signed_in(server, one) for one in sessions)
    began = time.monotonic()
    house.node.do(end_sessions(account), by=OPERATOR)
    while any(signed_in(server, one) for one in sessions):
        assert time.monotonic() - began < 1
    house.close()
    print(f"ended everywhere after {time.monotonic() - began:.3f} s")
    for one in sessions:
        answer = httpx2.post(f"{server.address}/desk/{slug}/publish", data={"text": "x"}, headers={"Cookie": one})
        assert answer.headers["location"] == "/desk/sign-in/"
    assert "works once" in httpx2.get(server.address + unused).text
    assert httpx2.post(server.address + unused).status_code == 403
    assert signed_in(server, httpx2.post(server.address + link()).headers["set-cookie"].partition(";")[0])
    assert server.client.get("/api/v1/cases").status_code == 200, "a token is ended by itself"


def test_who_waits_for_news_when_the_session_ends_is_told_none_within_a_second(server: Server, link: Link) -> None:
    """The one address that keeps somebody signed in waiting asks all the while who it is. From the command line, too,
    beside the server.
    """

    def sign_out(asks: dict[str, str]) -> None:
        httpx2.post(server.address + "/desk/sign-out/", headers=asks)

    def end_all(asks: dict[str, str]) -> None:
        house = open_house(server.data, synchronous="OFF")
        house.node.catch_up()
        house.node.do(end_sessions(accounts.by_email(house.tables, "admin@heard.example").id), by=OPERATOR)
        house.close()

    for ends in (sign_out, end_all):
        asks = {"Cookie": httpx2.post(server.address + link()).headers["set-cookie"].partition(";")[0]}
        server.client.post("/watch/", data={"code": "Post 1"})
        stands = httpx2.get(server.address + "/watch/live", headers=asks).json()["changed"]
        with ThreadPoolExecutor(1) as pool:
            waits = pool.submit(httpx2.get, f"{server.address}/watch/live?after={stands}", headers=asks, timeout=30)
            time.sleep(1.2)
            assert not waits.done(), "the control: who is signed in waits on"
            ends(asks)
            began = time.monotonic()
            answer = waits.result()
            took = time.monotonic() - began
        print(f"{ends.__name__}: told after {took:.3f} s")
        assert (answer.status_code, answer.headers.get("location")) == (303, "/desk/sign-in/")
        assert "changed" not in answer.text
        assert took < 1


def test_each_session_has_a_secret_of_its_own(server: Server, link: Link) -> None:
    secrets = {httpx2.post(server.address + link()).cookies["heard"] for _ in range(5)}
    assert len(secrets) == 5
    assert all(re.fullmatch(r"[\w-]{43}", secret) for secret in secrets)


def test_no_secret_is_in_a_file_a_log_or_a_page(server: Server, link: Link) -> None:
    path = link()
    before = path.split("/")[-2]
    cookie = httpx2.post(server.address + path).cookies["heard"]
    page = httpx2.get(server.address + "/desk/", headers={"Cookie": f"heard={cookie}"}).text
    for secret in (before, cookie, server.token):
        assert secret not in page
        assert secret not in "".join(server.said)
        for file in server.data.rglob("*"):
            assert not file.is_file() or secret.encode() not in file.read_bytes(), file.name


def test_what_the_desk_answers_is_kept_by_no_cache(server: Server, cookie: str) -> None:
    """Nor by one that takes the end of an address for the kind of a file (web cache deception)."""
    slug = server.open_case("uncached", "A case that no cache keeps")
    ends = ("", "x.css", "x.js", "x.png", "%2Fx.css", "..%2Fx.css", ";x.css", "?x.css", "%3Fx.css", "%00.css")
    addresses = ["/desk/", f"/desk/{slug}/", f"/desk/{slug}/orders/", f"/api/v1/cases/{slug}", "/desk/sign-in/"]
    for address in (one + end for one in addresses for end in ends):
        answer = httpx2.get(server.address + address, headers={"Cookie": cookie})
        assert "Sign out" not in answer.text or answer.headers["cache-control"] == "no-store", address
        assert answer.headers.get("cache-control", "no-store") == "no-store", address


# Behind a proxy that speaks TLS ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("proxied") / "data", "--trusted-proxy", "127.0.0.1") as server:
        yield server


TLS = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}


def attributes(answer: httpx2.Response) -> tuple[str, set[str]]:
    first, *others = answer.headers["set-cookie"].split("; ")
    return first.partition("=")[0], {other.lower() for other in others}


def test_cookie_is_bound_to_this_host_and_to_tls(proxied: Server) -> None:
    answer = httpx2.post(proxied.link, headers=TLS)
    name, told = attributes(answer)
    assert name == "__Host-heard"
    assert {"secure", "httponly", "path=/", "samesite=lax"} <= told
    assert not any(one.startswith("domain") for one in told)
    secret = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
    desk = proxied.address + "/desk/"
    assert httpx2.get(desk, headers={**TLS, "Cookie": f"__Host-heard={secret}"}).status_code == 200
    # A page of plain HTTP, or of a neighbour under the same domain, could set the unbound name.
    assert httpx2.get(desk, headers={**TLS, "Cookie": f"heard={secret}"}).status_code == 303
    for origin, status in (("http", 403), ("https", 303)):
        sent = {**TLS, "Cookie": f"__Host-heard={secret}", "Host": "news.example", "Origin": f"{origin}://news.example"}
        assert httpx2.post(proxied.address + "/desk/sign-out/", headers=sent).status_code == status, origin


def test_cookie_over_loopback_is_kept_from_scripts_and_other_sites(server: Server, link: Link) -> None:
    name, told = attributes(httpx2.post(server.address + link()))
    assert name == "heard"
    assert {"httponly", "path=/", "samesite=lax"} <= told
    assert not any(one.startswith("domain") for one in told)


def test_nobody_says_for_themselves_that_they_speak_tls_or_sit_on_this_machine(
    server: Server, proxied: Server, link: Link
) -> None:
    name, _ = attributes(httpx2.post(server.address + link(), headers=TLS))
    assert name == "heard", "a proxy that was not named is not believed"
    for host, headers, status in (
        (server, {}, 200),
        (server, {"X-Forwarded-For": "127.0.0.1"}, 403),
        (server, {"Forwarded": "for=127.0.0.1"}, 403),
        (server, {"Via": "1.1 proxy"}, 403),
        (proxied, {}, 200),
        (proxied, {"X-Forwarded-For": "203.0.113.9"}, 403),
        (proxied, {"X-Forwarded-For": "127.0.0.1, 203.0.113.9"}, 403),
        (proxied, {"X-Forwarded-For": "127.0.0.1"}, 403),
    ):
        assert httpx2.get(host.address + "/metrics", headers=headers).status_code == status, headers
