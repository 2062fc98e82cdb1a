"""The screens of the desk that a deed leads to, as axe and vnu see them, and every target of a finger or a mouse."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from heard import templates
from heard.engine import now
from tests.axe import violations
from tests.server import ADMINISTRATOR, Server
from tests.stories.people import signed_in_as
from tests.watch.hand import Hand

NARROW, WIDE = 390, 1280
#: All of them with `make sweep`: it is the same markup, and one run of all screens takes some ten seconds.
EVERY = [(NARROW, "dark"), (WIDE, "light"), (NARROW, "light"), (WIDE, "dark")]
#: WCAG 2.2, 2.5.8: at least 24 by 24 CSS pixels, but for a link within a sentence.
SMALL = """() => [...document.querySelectorAll('a, button, input, select, textarea, summary, label.tick')]
    .filter(one => one.checkVisibility({ visibilityProperty: true }) && !one.closest('.skip'))
    .filter(one => !(one.matches('a') && one.closest('p, dd, .notice, .item') && !one.closest('.verbs, .shows')))
    .filter(one => !(one.matches('input[type=checkbox]') && one.closest('label.tick')))
    .map(one => [one, one.getBoundingClientRect()])
    .filter(([, box]) => box.width < 24 || box.height < 24)
    .map(([one, box]) => `${one.outerHTML.slice(0, 80)} ${box.width} x ${box.height}`)"""
#: The script by which signing out destroys what the device keeps.
DESTROYS = re.compile(r'<script type="module" src="/static/[^"]*desk\.js')
OVERTAKEN = "The court sat.\n\nThere were four lamps."
OPEN_ALL = "for (const one of document.querySelectorAll('details:not(#beside)')) one.open = true"


@pytest.fixture(scope="module")
def desk(server: Server) -> httpx2.Client:
    """A case with something in every queue, and the cookie of an editor."""
    server.open_case("queues", "A case with something in every queue")
    server.post("/cases/queues/people", {"name": "Ivo Marsh", "role": "counsel to the inquest"})
    listed = server.post("/cases/queues/hearings", {"title": "The inquest", "jury": True}).json()
    server.post(f"/hearings/{listed['id']}/sittings", {"title": "Day 1"})
    server.open_case("plain", "A case without a jury")
    for n in range(4):
        server.publish("queues", f"Post number {n}.\n\nThere were two lamps.")
    gone = server.publish("queues", "To be withdrawn.")
    server.post(f"/posts/{gone}/retraction", {"reason": "r"})
    server.post("/cases/plain/restrictions", {"basis": "an order", "names": ["Petronella Vane"]})
    server.post("/cases/queues/restrictions", {"basis": "an order", "names": ["Petronella Vane"]})
    server.publish("queues", "It was Petronella Vane.")
    server.publish("queues", "Not yet.", not_before=now.text(now.utc() + timedelta(days=1)))
    server.post("/cases/queues/second_eyes", {"needed": True})
    server.publish("queues", "For a second pair of eyes.")
    server.post(f"/hearings/{listed['id']}/jury", {"jury": "out"})
    server.publish("queues", "Argument without the jury.")
    server.reader.post("/queues/problem/", data={"words": "My brother is misnamed.", "once": "1"})
    given = {"account": ADMINISTRATOR, "permission": "leave given", "words": "The coroner, at ten."}
    signed_in_as(server, "Counsel", "lawyer").post("/desk/queues/leave", data=given)
    mira = signed_in_as(server, "Mira", "editor")
    for number in range(5):
        mira.post("/desk/plain/summary", data={"text": f"It was Petronella Vane, {number}."})
    client = httpx2.Client(base_url=server.address, timeout=30)
    assert client.post(server.link).status_code == 303
    draft = {"text": "For later.", "title": "A draft", "alt": "A lamp"}
    thrown = server.client.post("/api/v1/cases/queues/drafts", json={"text": "Thrown away."}).json()["id"]
    assert server.post(f"/cases/queues/drafts/{thrown}/drop", {}).json()["status"] == "thrown"
    assert client.post("/desk/queues/keep", data=draft).headers["location"].endswith("done=kept")
    return client


def screens(server: Server) -> dict[str, str]:
    [receipt, *_] = server.client.get("/api/v1/cases/queues/receipts").json()["items"]
    [draft] = server.client.get("/api/v1/cases/queues/drafts").json()["items"]
    return {
        "desk": "/desk/queues/",
        "desk, a draft in the box": f"/desk/queues/?draft={draft['id']}",
        "desk, withdrawn": "/desk/queues/?show=withdrawn",
        "desk, key events": "/desk/queues/?show=key",
        "orders": "/desk/queues/orders/",
        "receipts": "/desk/queues/receipts/",
        "receipt": f"/desk/queues/receipts/{receipt['withdrawal']}/",
        "as published": "/desk/queues/as-published/",
        "as published, then": f"/desk/queues/as-published/?at={now.utc() - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}",
        "roles": "/desk/queues/roles/",
        "reports": "/desk/reports/",
        "front": "/desk/",
        "without a line": "/desk/-/offline/",
    }


def look(page: Any, name: str) -> list[str]:
    found = [f"{name}: too small: {one}" for one in page.evaluate(SMALL)]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append(f"{name}: wider than the window")
    return found + [f"{name}: {one}" for one in violations(page)]


@pytest.mark.parametrize(("width", "scheme"), EVERY if os.environ.get("HEARD_SWEEP") else EVERY[:1])
def test_every_screen_of_the_desk_is_accessible_and_its_targets_large_enough(
    chromium: Any, server: Server, desk: httpx2.Client, width: int, scheme: str
) -> None:
    found = []
    context = chromium.new_context(
        base_url=server.address, viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    context.add_cookies([{"name": name, "value": value, "url": server.address} for name, value in desk.cookies.items()])
    page = context.new_page()
    for name, address in screens(server).items():
        page.goto(address)
        page.evaluate(OPEN_ALL)
        found += look(page, name)
    page.goto("/desk/queues/")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("?")
    found += look(page, "help sheet")
    page.keyboard.press("Escape")
    page.locator("#beside summary").click()
    page.frame_locator("#beside iframe").locator("article").first.wait_for()
    found += look(page, "the page beside")
    page.locator("#beside summary").click()
    page.fill("#text", "/")
    page.locator("#offered li").first.wait_for()
    found += look(page, "commands")
    page.fill("#text", "Written without a line.")
    context.set_offline(True)
    page.press("#text", "Control+Enter")
    page.locator("#outbox article").wait_for()
    found += look(page, "outbox")
    context.set_offline(False)
    post = server.publish("plain", "The court sat.\n\nThere were two lamps.")
    page.goto("/desk/plain/")
    page.locator(f"#reword-{post} > summary").click()
    page.fill(f"#text-{post}", OVERTAKEN)
    corrected = {"text": "The court sat at ten.\n\nThere were no lamps.", "reason": "misheard"}
    assert server.post(f"/posts/{post}/corrections", corrected).status_code == 201
    page.locator(f"#reword-{post} button", has_text="Clarify").click()
    page.locator("#conflict").wait_for()
    found += look(page, "both versions")
    page.goto("/desk/plain/")
    page.fill("#digest-text", "Yours.")
    assert server.post("/cases/plain/summary", {"text": "Theirs."}).status_code == 201
    page.locator("#summary-form button").click()
    page.locator("#both-digest-text").wait_for()
    found += look(page, "both summaries")
    context.close()
    assert found == []


def leaves_behind(page: str) -> bool:
    """Whether one can sign out there, and what the device keeps stays, and goes on ringing."""
    return "data-account=" in page and f'src="{templates.static("desk.js")}"' not in page


def screens_of_the_watch(server: Server) -> dict[str, str]:
    hand = Hand(server)
    station = hand.station("Post 7", "Behind the old mill")
    hand.does(f"{station}/publish", title="The gate", text="Stay near it.", once="1")
    [order] = re.findall(r"/watch/orders/(\w+)/", hand.page(f"{station}/"))[:1]
    below = ("", "mine/", "keeping/", "calendar/", "plans/", "report/", "replay/", f"orders/{order}/")
    of_it = ("", "arming/", "arming/?sort=answer", "timeline/")
    hour = f"replay/?station={station.removeprefix('stations/')}&on=2031-03-03&from=10:00"
    return {path: f"/watch/{path}" for path in (*below, hour, *(f"{station}/{one}" for one in of_it))}


def test_on_every_screen_signing_out_destroys_what_the_device_keeps(server: Server, desk: httpx2.Client) -> None:
    """By the script, which has to know whose it is."""
    every = {**screens(server), "account": "/account/", "people": "/account/people/"}
    every |= {"same words": "/desk/reports/same-words/", **screens_of_the_watch(server)}
    for name, address in every.items():
        page = desk.get(address).text
        assert ("data-account=" in page) == (name != "without a line"), name
        assert not leaves_behind(page), name
    assert leaves_behind(page.replace(templates.static("desk.js"), "")), "the control: one without the script is seen"


def test_no_page_of_the_watch_takes_away_the_script_of_its_layout() -> None:
    """Those too that only a form leads to."""
    for path in sorted(Path(templates.__file__).parent.joinpath("watch").glob("*.html")):
        written = path.read_text("utf-8")
        if '{% extends "watch/layout.html" %}' in written:
            [script] = re.findall(r"{% block script %}(.*)", written) or ["super()"]
            assert "super()" in script, path.name


def test_what_somebody_else_saw_to_meanwhile_gives_back_what_was_typed(server: Server, desk: httpx2.Client) -> None:
    said = {"problem": "long-settled", "note": "I wrote to her brother.", "once": "s"}
    answer = desk.post("/desk/queues/settle", data=said)
    assert answer.status_code == 404 and "somebody may have settled it" in answer.text
    assert "I wrote to her brother." in answer.text and 'id="composer"' in answer.text


def test_html_checker_finds_no_errors_in_them(server: Server, desk: httpx2.Client, tmp_path: Path) -> None:
    jar = os.environ.get("HEARD_VNU_JAR")
    if not jar or not shutil.which("java"):
        pytest.skip("the HTML checker wants java, and HEARD_VNU_JAR to name its jar")
    for name, address in screens(server).items():
        (tmp_path / f"{name}.html").write_text(desk.get(address).text)
    post = server.client.get("/api/v1/cases/queues/posts").json()["items"][1]["id"]
    overtaken = desk.post("/desk/queues/correct", data={"post": post, "text": OVERTAKEN, "based_on": "1", "once": "o"})
    assert overtaken.status_code == 409
    (tmp_path / "both versions.html").write_text(overtaken.text)
    server.post("/cases/plain/summary", {"text": "Theirs."})
    overtaken = desk.post("/desk/plain/summary", data={"text": "Yours.", "based_on": "0", "once": "p"})
    assert overtaken.status_code == 409
    (tmp_path / "both summaries.html").write_text(overtaken.text)
    told = subprocess.run(
        ["java", "-jar", jar, "--format", "json", "--exit-zero-always", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
    )
    messages = json.loads(told.stderr)["messages"]
    found = [f"{Path(one['url']).name} {one['message']}" for one in messages if one["type"] == "error"]
    assert found == []
