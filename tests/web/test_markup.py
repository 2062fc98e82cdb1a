"""Every screen as the checkers of markup (vnu) and of accessibility (axe) see it, narrow and wide, light and dark."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from heard import templates
from heard.demo.reports import record_reports
from heard.opening import open_house
from heard.reports import commands as report_commands
from heard.reports import projection as reports
from tests.axe import OF_COLOURS, violations
from tests.server import Server
from tests.web.watch_screens import watch_screens

#: For 50 posts, with style and script, before any compression.
PAGE_BYTES_MAX = 100_000
SCRIPT_BYTES_MAX = 5_120


#: The reference of the report in which everything has happened.
REF = "2026-0041"


def register(server: Server) -> None:
    """The fictional reports of the demonstration, and a message about one."""
    house = open_house(server.data)
    record_reports(house.node, date(2026, 11, 24), "operator")
    report = reports.by_slug(house.tables, REF)
    house.node.do(
        report_commands.dispute(report, "Levels Ambulance Service NHS Trust", "We wrote on 2 October."), by="editor"
    )
    house.node.do(
        report_commands.confirm_echo(report, reports.by_slug(house.tables, "2025-0017"), "A. Reader"), by="editor"
    )
    harbour = (report, "MC1", "Port of Saltmere Authority")
    read = ("planned", "A. Reader", "New standing orders will be sent to each keeper.")
    house.node.do(report_commands.set_outcome(*harbour, *read), by="editor")  # type: ignore[arg-type]
    judged = ("acceptable", "A. Reader", date(2025, 1, 6), "Each keeper will have signed.")
    house.node.do(report_commands.give_judgement(*harbour, *judged), by="editor")  # type: ignore[arg-type]
    copies = "1. Harbour Hospitals NHS Foundation Trust\n2. Care Quality Commission"
    house.node.do(report_commands.tell_of(report, "pdf", date(2026, 11, 24), {"copies": copies}), by="editor")
    house.node.do(report_commands.link_case(report, "everything", "Ada Desk"), by="editor")
    house.node.do(report_commands.tell_problem(report, "My father’s name is misspelt."), by="reader")
    house.close()


def careful(server: Server) -> None:
    """A case that is reported with care, in private, under an order with particulars, with a change that waits."""
    server.open_case("careful", "A case that is reported with care")
    near = server.publish("careful", "The bell ringer from Averham spoke.", title="It begins")
    order = {"basis": "s.39", "names": ["Corin Rook"], "particulars": ["job: bell ringer", "place: Averham"]}
    server.post("/cases/careful/restrictions", {**order, "cipher": "Witness G"})
    server.publish("careful", "C. Rook spoke, and so it is held.")
    server.post("/cases/careful/care", {"care": ["suicide", "sexual offence"]})
    server.post("/cases/careful/second_eyes", {"needed": True})
    server.post(f"/posts/{near}/corrections", {"text": "A bell ringer spoke.", "reason": "r", "wrong": "left out"})
    listed = server.post("/cases/careful/hearings", {"title": "The inquest"}).json()
    server.post(f"/hearings/{listed['id']}/privacy", {"private": True, "words": "Rule 11."})
    server.publish("careful", "A note of what was said in private.")


@pytest.fixture(scope="module")
def screens(server: Server) -> Iterator[dict[str, str]]:
    """The addresses of the screens, by name, of a case in which everything has happened."""
    server.open_case("everything", "A case in which everything has happened")
    server.open_case("concluded", "A case that is concluded")
    server.open_case("coming", "A case to come")
    people = "/cases/everything/people"
    server.post(people, {"name": "Miriam Stanbeck", "role": "Area Coroner", "note": "for Saltmere"})
    server.post(people, {"name": "Witness K", "role": "witness"})
    posts = [
        server.publish("everything", "**Good** morning.\n\n- One\n- Two\n\n> Quoted", title="It begins"),
        server.publish("everything", "## A heading\n\nWith [a link](https://example.org/a?b=c&d=e)."),
        server.publish("everything", "I rule.", speaker="Miriam Stanbeck", setting="ruling or conclusion"),
        server.publish(
            "everything", "An <b>odd</b> & \"quoted\" 'post' </script> <!-- .", said_at="2031-03-03T10:00:00Z"
        ),
        server.publish("everything", "To be retracted."),
        server.publish("everything", "It names Petronella Vane."),
        server.publish("everything", "It is ruled.", title="Ruled", key_event=True, pinned=True),
    ]
    server.post(f"/posts/{posts[0]}/corrections", {"text": "Good day.", "reason": "r", "old_shown": True})
    server.post(f"/posts/{posts[1]}/clarifications", {"text": "Clearer.", "reason": "r", "notice": "It was unclear."})
    server.post(f"/posts/{posts[4]}/retraction", {"reason": "r"})
    server.post("/cases/everything/restrictions", {"basis": "an order", "names": ["Petronella Vane"]})
    server.publish("everything", "Petronella Vane again, and so it is held.")
    server.post("/cases/everything/summary", {"text": "- One\n- Two"})
    server.post("/cases/everything/state", {"state": "paused", "for": "PT1H", "words": "We have risen for an hour."})
    for title in ("The inquest", "A review"):
        listed = server.post("/cases/coming/hearings", {"title": title, "place": "Court 2", "jury": True}).json()
        server.post(f"/hearings/{listed['id']}/sittings", {"title": "Day 1"})
        server.post(f"/hearings/{listed['id']}/jury", {"jury": "out"})
        server.publish("coming", "Argument without the jury.", title="Argued")
    server.post(f"/hearings/{listed['id']}/seal", {"cause": "jury discharged"})
    server.publish("concluded", "The only post.")
    server.post("/cases/concluded/state", {"state": "closed"})
    server.reader.post("/everything/problem/", data={"words": "My brother is misnamed.", "post": posts[0], "once": "1"})
    careful(server)
    register(server)
    yield {
        "front page": "/",
        "care is taken": "/careful/",
        "desk with care": "/desk/careful/",
        "desk orders with particulars": "/desk/careful/orders/",
        "reports": "/reports/",
        "reports that were searched": "/reports/?q=lamps",
        "no such reports": "/reports/?q=xyzzy&year=2026&area=none",
        "report": f"/reports/{REF}/",
        "report as it was": f"/reports/{REF}/?on=2026-11-24",
        "report before its sources": f"/reports/{REF}/?on=2026-11-01",
        "similar reports": f"/reports/{REF}/similar/",
        "similar to a draft": "/reports/similar/",
        "wrong with a report": f"/reports/{REF}/problem/",
        "wrong with a report, sent": f"/reports/{REF}/problem/?sent=1",
        "following a report": f"/reports/follow/?what=report&key={REF}",
        "following, asked": "/reports/follow/?sent=1",
        "saying yes": "/reports/follow/none/",
        "leaving": "/reports/leave/none/",
        "following a case": "/everything/follow/",
        "following a case, asked": "/everything/follow/?sent=1",
        "saying yes to a case": "/everything/follow/none/",
        "reports of a case": "/everything/reports/",
        "body": "/reports/bodies/port-of-saltmere-authority/",
        "area": "/reports/areas/saltmere-and-the-levels/",
        "figures": "/reports/figures/",
        "desk of reports": f"/desk/reports/?do=let&report={REF}",
        "live page": "/everything/",
        "oldest first": "/everything/?order=oldest",
        "concluded page": "/concluded/",
        "page without posts": "/coming/",
        "permalink": f"/everything/posts/{posts[2]}/",
        "permalink of what was retracted": f"/everything/posts/{posts[4]}/",
        "people": "/everything/people/",
        "corrections": "/everything/corrections/",
        "all corrections": "/corrections/",
        "problem form": f"/everything/problem/?post={posts[0]}",
        "problem sent": "/everything/problem/?sent=1",
        "no such page": "/no-such-case/",
        "sign-in": "/desk/sign-in/",
        "sign-in, second factor": "/account/second/",
        "desk, own account": "/account/",
        "desk, people": "/account/people/",
        "desk": "/desk/",
        "desk of a case": "/desk/everything/",
        "desk while a jury is out": "/desk/coming/",
        "desk after a deed": "/desk/everything/?done=published",
        **watch_screens(server),
    }


@pytest.fixture(scope="module")
def signed_in(server: Server, screens: dict[str, str]) -> dict[str, Any]:
    """The cookie of an editor."""
    server.reader.post(server.link)
    [(name, value)] = [(name, value) for name, value in server.reader.cookies.items() if "heard" in name.lower()]
    assert "Sign out" in server.page("/desk/everything/")
    return {"name": name, "value": value, "url": server.address}


def test_html_checker_finds_no_errors(
    server: Server, screens: dict[str, str], signed_in: dict[str, Any], tmp_path: Path
) -> None:
    jar = os.environ.get("HEARD_VNU_JAR")
    if not jar or not shutil.which("java"):
        pytest.skip("the HTML checker wants java, and HEARD_VNU_JAR to name its jar")
    for name, address in screens.items():
        (tmp_path / f"{name}.html").write_text(server.page(address))
    (tmp_path / "control.html").write_text("<!doctype html><title>x</title><p id=a><p id=a>")
    told = subprocess.run(
        ["java", "-jar", jar, "--format", "json", "--exit-zero-always", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
    )
    messages = json.loads(told.stderr)["messages"]
    found = [
        f"{Path(one['url']).name}:{one.get('lastLine')} {one['message']}" for one in messages if one["type"] == "error"
    ]
    assert any(one.startswith("control.html") for one in found), "the checker finds what is wrong on purpose"
    assert [one for one in found if not one.startswith("control.html")] == []


@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_no_violation(
    chromium: Any, server: Server, screens: dict[str, str], signed_in: dict[str, Any], width: int
) -> None:
    """Of colours in both schemes, and of all else once: a scheme changes nothing but colours (heard.css)."""
    context = chromium.new_context(base_url=server.address, viewport={"width": width, "height": 900})
    context.add_cookies([signed_in])
    page, found = context.new_page(), []
    for name, address in screens.items():
        page.emulate_media(color_scheme="light")
        page.goto(address)
        assert name.startswith(("desk", "watch")) == page.is_visible("text=Sign out"), name
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{name}: wider than the window")
        found += [f"{name}: {one}" for one in violations(page)]
        page.emulate_media(color_scheme="dark")
        found += [f"{name}, dark: {one}" for one in violations(page, OF_COLOURS)]
    page.evaluate("document.body.innerHTML = '<img src=/x><p>pale</p>'")
    page.evaluate("Object.assign(document.querySelector('p').style, { color: '#888', background: '#999' })")
    control, dark = violations(page), violations(page, OF_COLOURS)
    context.close()
    assert {one.split()[0] for one in control} >= {"image-alt", "color-contrast"}, "what is wrong on purpose is found"
    assert {one.split()[0] for one in dark} == {"color-contrast"}
    assert found == []


def test_a_colour_scheme_changes_nothing_but_colours() -> None:
    """So that what is not of colours is looked at in one of them."""
    styles = "".join(content.decode() for path, (content, _, _) in templates.static_files().items() if ".css" in path)
    blocks = re.findall(r"@media \(prefers-color-scheme:\s*\w+\)\s*{(.*?)}\s*}", styles, re.DOTALL)
    assert blocks
    for block in blocks:
        selector, _, set_here = block.partition("{")
        assert selector.strip() == ":root"
        assert all(one.strip().startswith("--") for one in set_here.split(";") if one.strip()), block


def test_page_of_fifty_posts_is_light(server: Server) -> None:
    server.open_case("long-case", "A case with a page full of posts")
    for n in range(50):
        server.publish("long-case", f"Post {n}. " + "The witness goes on with the evidence of that night. " * 8)
    page = server.page("/long-case/")
    files = {path: templates.static_files()[path] for path in re.findall(r"/static/([^\"]+)", page)}
    assert page.count("<article") == 50
    script = next(content for path, (content, _, _) in files.items() if path.endswith("reader.js"))
    assert len(script) < SCRIPT_BYTES_MAX
    assert len(page.encode()) + sum(len(content) for content, _, _ in files.values()) <= PAGE_BYTES_MAX


def test_page_loads_nothing_from_other_sites(
    server: Server, screens: dict[str, str], signed_in: dict[str, Any]
) -> None:
    loads = re.compile(r"<(?:script|link|img|iframe|source|video|audio|object|embed)\b[^>]*?(?:src|href)=\"([^\"]*)\"")
    for name, address in screens.items():
        own = [one for one in loads.findall(server.page(address)) if not one.startswith(("/", server.address))]
        assert own == [], name


def test_lean_files_keep_their_strings_and_lines() -> None:
    script = "// why\nconst a = 'x = 1, y' // z\n  f(a , `b ${ c } d`)\nlet d = 1 - -1\n"
    assert templates.lean_script(script) == "const a='x = 1, y' // z\nf(a,`b ${ c } d`)\nlet d=1 - -1\n"
    style = "/* why */\na :is(b, c) > d { margin: 0 calc(1px + -1px); content: ' ( x ) ' }\n"
    assert templates.lean_style(style) == "a :is(b,c) > d{margin:0 calc(1px + -1px);content:' ( x ) '}\n"
