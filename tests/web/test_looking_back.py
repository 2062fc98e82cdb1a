"""Looking back on a real server: who may, what is written down, what is seen, and that nobody waits for it."""

from __future__ import annotations

import html
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from playwright.sync_api import Browser

from heard.accounts import commands as account_commands
from heard.accounts import projection as accounts
from heard.coverage.entries import PastLookedAt
from heard.engine import now
from heard.export import archive
from heard.export.past_checking import check_past
from heard.opening import open_house
from heard.signing_in import token_for
from tests.server import Server

NAME = "Petronella Vane"
#: What a browser says where a script may not run.
KEPT_OUT = ("sandboxed", "reader.js", "ERR_FAILED")
ROLES = {"reporter": "Mira", "editor": "Edda", "lawyer": "Lena", "contributor": "Cleo"}


@pytest.fixture(scope="module")
def people(server: Server) -> Iterator[dict[str, httpx2.Client]]:
    house = open_house(server.data)
    clients = {}
    for role, name in ROLES.items():
        email = f"{role}@heard.example"
        house.node.do(account_commands.add_account(email, role, name), by="operator")  # type: ignore[arg-type]
        signed = {"Authorization": f"Bearer {token_for(house, email, 'write')}"}
        clients[role] = httpx2.Client(base_url=server.address, headers=signed, timeout=30)
    house.close()
    yield clients
    for client in clients.values():
        client.close()


def instant() -> str:
    time.sleep(0.01)
    at = now.text(datetime.now(UTC))
    time.sleep(0.01)
    return at


@pytest.fixture(scope="module")
def told(server: Server) -> dict[str, str]:
    """A post that is corrected and then withdrawn, an order in between, and readers who looked each time."""
    slug = server.open_case("looked-back", "A case to look back on")
    seen: dict[str, str] = {}

    def look(name: str) -> None:
        seen[name] = instant()
        seen[f"{name} page"] = server.page(f"/{slug}/")

    post = server.publish(slug, "The first wording.", title="A title")
    look("first")
    server.post(f"/posts/{post}/corrections", {"text": "The second wording.", "notice": "Put right.", "reason": "no"})
    look("second")
    order = {"basis": "the coroner", "names": [NAME]}
    server.post(f"/cases/{slug}/restrictions", order)
    look("ordered")
    server.post(f"/posts/{post}/retraction", {"reason": "an unsayable reason"})
    look("withdrawn")
    return {"post": post, **seen}


def at(told: dict[str, str], name: str) -> dict[str, str]:
    return {"at": told[name]}


@pytest.mark.parametrize("name", ["first", "second", "ordered", "withdrawn"])
def test_the_bytes_are_those_that_readers_had(
    told: dict[str, str], people: dict[str, httpx2.Client], name: str
) -> None:
    answer = people["lawyer"].get("/desk/looked-back/as-published/page/", params=at(told, name))
    assert answer.status_code == 200
    assert answer.text == told[f"{name} page"]
    assert "sandbox" in answer.headers.get_list("content-security-policy")[0]
    assert answer.headers["cache-control"] == "no-store"


def test_each_wording_is_told_with_its_from_and_until_and_who_released_it(
    told: dict[str, str], people: dict[str, httpx2.Client]
) -> None:
    page = people["editor"].get("/desk/looked-back/as-published/", params=at(told, "second")).text
    assert "The first wording." in page and "The second wording." in page
    assert "Released by Ada Desk" in page
    [stood] = re.findall(r"Stood then\.</b>.*?The (\w+) wording", page, re.S)
    assert stood == "second"
    assert "corrected" in page and "withdrawn" in page
    assert "an unsayable reason" not in page


def test_an_order_is_seen_by_who_was_told_of_it_alone(told: dict[str, str], people: dict[str, httpx2.Client]) -> None:
    then = at(told, "ordered")
    assert NAME in people["lawyer"].get("/desk/looked-back/as-published/", params=then).text
    untold = people["editor"].get("/desk/looked-back/as-published/", params=then).text
    assert NAME not in untold and "Anonymity" not in untold
    before = people["lawyer"].get("/desk/looked-back/as-published/", params=at(told, "second")).text
    assert NAME not in before, "it was not in force yet"


def test_only_the_cleared_look_back(server: Server, told: dict[str, str], people: dict[str, httpx2.Client]) -> None:
    for role in ("reporter", "contributor"):
        for path in ("", "page/"):
            answer = people[role].get(f"/desk/looked-back/as-published/{path}", params=at(told, "first"))
            assert answer.status_code == 403
    assert server.reader.get("/desk/looked-back/as-published/", params=at(told, "first")).status_code in (303, 401, 403)
    assert server.reader.get("/looked-back/as-published/", params=at(told, "first")).status_code == 404


def test_every_look_is_an_entry_and_a_refused_one_is_none(
    server: Server, told: dict[str, str], people: dict[str, httpx2.Client]
) -> None:
    before = looks(server)
    people["editor"].get("/desk/looked-back/as-published/")
    people["reporter"].get("/desk/looked-back/as-published/", params=at(told, "first"))
    future = now.text(datetime.now(UTC) + timedelta(hours=1))
    assert people["editor"].get("/desk/looked-back/as-published/", params={"at": future}).status_code == 422
    assert people["editor"].get("/desk/looked-back/as-published/", params={"at": "then"}).status_code == 422
    assert looks(server) == before
    people["editor"].get("/desk/looked-back/as-published/", params=at(told, "first"))
    [(by, body)] = looks(server)[len(before) :]
    assert (now.text(body.instant), body.what) == (told["first"], "page")
    house = open_house(server.data)
    assert accounts.by_id(house.tables, by).name == "Edda"
    house.close()


def looks(server: Server) -> list[tuple[str, PastLookedAt]]:
    house = open_house(server.data)
    found = [(one.by, one.body) for one in house.journal.all() if isinstance(one.body, PastLookedAt)]
    house.close()
    return found


def test_before_the_case_readers_had_no_page(told: dict[str, str], people: dict[str, httpx2.Client]) -> None:
    asked = {"at": "2001-01-01T10:00"}
    assert "Readers had no page" in people["editor"].get("/desk/looked-back/as-published/", params=asked).text
    assert people["editor"].get("/desk/looked-back/as-published/page/", params=asked).status_code == 404


def test_readers_do_not_wait_while_somebody_looks_back(server: Server, people: dict[str, httpx2.Client]) -> None:
    slug = server.open_case("long-one", "A long case")
    for number in range(300):
        server.publish(slug, f"Post number {number}.")
    asked = {"at": instant()}
    times: list[float] = []
    done = threading.Event()

    def read() -> None:
        with httpx2.Client(base_url=server.address, timeout=30) as reader:
            while not done.is_set():
                began = time.perf_counter()
                assert reader.get("/healthz").status_code == 200
                times.append(time.perf_counter() - began)
                time.sleep(0.005)

    reading = threading.Thread(target=read)
    reading.start()
    for _ in range(25):
        assert people["editor"].get(f"/desk/{slug}/as-published/page/", params=asked).status_code == 200
    done.set()
    reading.join()
    times.sort()
    assert len(times) > 20
    assert times[len(times) // 2] < 0.1, times[-5:]


def test_in_a_browser_the_page_of_then_is_dressed_and_runs_nothing(
    server: Server, told: dict[str, str], chromium: Browser
) -> None:
    context = chromium.new_context(base_url=server.address)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.link)
    page.click("main button")
    page.goto(f"/desk/looked-back/as-published/?at={told['first'].replace('+', '%2B')}")
    frame = page.frame_locator("iframe.then")
    assert frame.locator("article.post").first.inner_text().count("The first wording.") == 1
    dress = frame.locator("body").evaluate("body => getComputedStyle(body).fontFamily")
    assert dress == page.locator("body").evaluate("body => getComputedStyle(body).fontFamily")
    assert not [url for url in asked if "/live/" in url]
    assert "The second wording." not in frame.locator("main").inner_text()
    assert complaints and all(any(known in one for known in KEPT_OUT) for one in complaints), "its script is kept out"
    context.close()


def test_the_frame_holds_the_same_bytes(told: dict[str, str], people: dict[str, httpx2.Client]) -> None:
    page = people["editor"].get("/desk/looked-back/as-published/", params=at(told, "first")).text
    [framed] = re.findall(r'srcdoc="(.*?)"></iframe>', page, re.S)
    assert html.unescape(framed) == told["first page"]


def test_a_lawyer_takes_the_page_away_with_its_proof(told: dict[str, str], people: dict[str, httpx2.Client]) -> None:
    for name in ("first", "second", "withdrawn"):
        answer = people["lawyer"].get("/desk/looked-back/as-published/export/", params=at(told, name))
        assert answer.status_code == 200, answer.text
        checked = check_past(answer.content)
        assert checked.entries == 2 and checked.unproved == 0
        assert archive.unpack(answer.content)["page.html"].decode() == told[f"{name} page"]
        assert b"unsayable" not in answer.content
    assert people["editor"].get("/desk/looked-back/as-published/export/", params=at(told, "first")).status_code == 403
