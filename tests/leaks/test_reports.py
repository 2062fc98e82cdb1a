"""Every way out of the room of reports, before and after a name in an imported report is taken out of sight.

Before, each exit says the name: that is the control. After an order, a request, a redaction by the source and the care
for children, none does.
"""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date
from email.message import EmailMessage
from typing import NamedTuple

import httpx2
import pytest

from heard.cases import commands as case_commands
from heard.deliver.surfaces import WORDS_OF_REPORTS
from heard.engine.entry import Draft, new_id
from heard.engine.node import Command, Decision
from heard.export.making import export_case
from heard.export.snapshot import export_reports
from heard.opening import House, open_house
from heard.reports import commands, pictures, projection
from heard.reports.commands import Row
from heard.reports.model import THEMES
from heard.watch import origins
from heard.watch.entries import ObligationArmed
from tests.leaks.names_in_reports import (
    AGAIN,
    CHILD,
    FIRST,
    FOLLOWER,
    LATE,
    NAMES,
    ORDERED,
    READ_LATER,
    SECOND,
    facts,
    rows,
    surname,
)
from tests.reports.conftest import post_office as post_office
from tests.reports.mail_server import MailServer
from tests.server import Server, running


class World(NamedTuple):
    server: Server
    mail: MailServer
    house: House
    before: dict[str, bytes]
    after: dict[str, bytes]


@pytest.fixture(scope="module")
def world(post_office: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    data = tmp_path_factory.mktemp("leaks") / "data"
    house = open_house(data)
    house.node.do(commands.tell("record", FIRST, list(rows())), by="operator")
    post_office.begin_anew()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEARD_MAIL", post_office.address)
        with running(data) as server:
            _settled(server)
            _follow_everything(server, post_office)
            _inquest(house)
            _news(house, 1)
            before = _seen(server, house, post_office)
            post_office.taken.clear()
            _take_out_of_sight(house)
            _settled(server, NAMES.values())
            _news(house, 2)
            yield World(server, post_office, house, before, _seen(server, house, post_office))
    house.close()


def _do(house: House, command: Command) -> str:
    house.node.catch_up()
    return house.node.do(command, by="operator").stream


def _settled(server: Server, without: Iterable[str] = ()) -> None:
    """Everything that is written is on the pages, and these names are not any more."""
    for _ in range(800):
        listed, told = server.reader.get("/reports/"), server.client.get("/api/v1/reports")
        come = listed.status_code == told.status_code == 200 and "still to come" not in listed.text
        if come and not any(_says(listed.content, name) for name in without):
            break
        time.sleep(0.05)
    time.sleep(0.3)


def _follow_everything(server: Server, mail: MailServer) -> None:
    wish = {"what": "search", "key": "", "address": FOLLOWER}
    assert server.reader.post("/reports/follow/", data=wish).status_code == 303
    found = re.search(r"http://\S+/reports/follow/\S+", str(mail.wait_for(1)[0].get_content()))
    assert found and server.reader.post(found[0]).status_code == 200
    mail.taken.clear()


def _inquest(house: House) -> None:
    """A case after which all four were made; its title names nobody."""
    _do(house, case_commands.open_case("the-inquest", "An inquest"))
    for ref in NAMES:
        _do(house, commands.link_case(projection.by_slug(house.tables, ref), "the-inquest", "Ada"))


def _news(house: House, day: int) -> None:
    for ref, name in NAMES.items():
        report = projection.by_slug(house.tables, ref)
        body = f"{name} NHS Trust"
        words = f"{name} will not fall again."
        said = commands.record_response(report, body, dated_on=date(2021, 4, day), answer="action taken", words=words)
        _do(house, said)
        _do(house, commands.record_promise(report, body, words))
        _do(house, commands.dispute(report, body, words))
        _do(house, commands.set_outcome(report, "text-1", body, "implemented", f"Ada {name}", words))
        judged = (report, "text-1", body, "acceptable", f"Ada {name}", date(2021, 5, 1), words)
        _do(house, commands.give_judgement(*judged, superseded_by=f"The promise of {name}"))
        _watched(house, report, name)


def _watched(house: House, report: str, name: str) -> None:
    """Something is watched because of the report, and somebody wrote the name into what its page says of that."""
    step = {"after_s": 0, "to": "nobody"}
    written = {"op": "every", "do": "check", "period_s": 86_400, "where": {"post": "none"}, "escalate": [step]}
    armed, obligation = ObligationArmed("none", 1, "A check", written, "nobody", ("none",)), new_id()
    _do(house, lambda tables: Decision((Draft(obligation, armed),), ()))
    _do(house, origins.name_origin(obligation, report, "1", f"Somebody looks where {name} fell."))
    _do(house, origins.tell_in_public(obligation, 1, f"Ada {name}"))


def _take_out_of_sight(house: House) -> None:
    case = _do(house, case_commands.open_case("the-case", "The case"))
    _do(house, case_commands.impose_restriction(case, "s. 11", [ORDERED]))
    child, asked, taken_out = (projection.by_slug(house.tables, ref) for ref in list(NAMES)[1:])
    _do(house, commands.tell_of(child, "record", SECOND, {"categories": f"Child Death | Deaths of {CHILD}"}))
    _do(house, commands.hide_names(asked, (), "asked for"))
    _do(house, commands.tell_of(taken_out, "record", SECOND, {"deceased": "REDACTED"}))
    at = "https://example.org/reports/late/"
    marked = {"ref": LATE, "dated": "2021-03-03", "deceased": "REDACTED", "sent_to": "Harbour Board"}
    _do(house, commands.tell("record", SECOND, [Row(at, marked)]))
    older = facts(LATE, READ_LATER)
    told = {field: older[field] for field in ("deceased", "circumstances", "concerns", "investigation")}
    _do(house, commands.tell("record", FIRST, [Row(at, told)]))


PAGES = (
    *("/reports/", "/reports/?q=lamps", "/reports/?year=2021", "/reports/?year=2020"),
    *("/reports/?page=2", "/reports/figures/", "/the-inquest/reports/"),
)
#: Passages of the four beside those of later reports; what a lawyer pastes in is near to one.
ECHOES = tuple(f"/reports/{ref.replace('2021', '2022')}/similar/" for ref in NAMES)
DRAWN = ("bodies/rowan-quillfeather-nhs-trust", "areas/rowan-quillfeather-area")
OVER_TIME = tuple(f"/reports/{whose}/over-time.{form}" for whose in DRAWN for form in ("svg", "csv"))
FIGURES = tuple(f"/reports/figures/{name}.{form}" for name in ("bodies", *THEMES) for form in ("svg", "csv"))
LAST_DAYS = "/reports/calendar.ics?on=2021-04-01"
TABLES = (
    *("/reports.csv", "/reports.xlsx", "/reports/axes.csv", "/reports.json", "/reports.json?q=lamps"),
    *("/reports/feed.atom", LAST_DAYS),
)
OF_ONE = (
    "", "similar/", "problem/", "report.json", "axes.csv", "feed.atom", "calendar.ics", "timeline.svg", "timeline.csv",
    "?on=2021-06-15",
)  # fmt: skip
API = ("/api/v1/reports?limit=500", "/api/v1/reports?q=lamps")


def _seen(server: Server, house: House, mail: MailServer) -> dict[str, bytes]:
    """Every exit by its name, unpacked. What lists bodies and areas leads to their pages."""
    seen: dict[str, bytes] = {}

    def look(address: str, client: httpx2.Client) -> None:
        answer = client.get(address)
        assert answer.status_code in (200, 404), (address, answer.status_code, answer.text[:300], server.said[-20:])
        seen[address] = _unpacked(answer.content)

    for address in (
        *PAGES,
        *FIGURES,
        *OVER_TIME,
        *ECHOES,
        *TABLES,
        *(f"/reports/{ref}/{what}" for ref in (*NAMES, LATE) for what in OF_ONE),
    ):
        look(address, server.reader)
    for address in (*API, *(f"/api/v1/reports/{ref}" for ref in NAMES)):
        look(address, server.client)
    for ref in NAMES:
        page = seen[f"/reports/{ref}/"].decode()
        for sort, key in re.findall(r'href="/reports/(bodies|areas)/([^"/]+)/"', page):
            look(f"/reports/{sort}/{key}/", server.reader)
            look(f"/api/v1/{sort}/{key}", server.client)
            look(f"/reports/follow/?what={'body' if sort == 'bodies' else 'area'}&key={key}", server.reader)
    seen["/reports/similar/"] = server.reader.post("/reports/similar/", data={"text": AGAIN[ORDERED]}).content
    seen["mail"] = b"\n".join(f"{one['Subject']}\n{one.get_content()}".encode() for one in _letters(mail))
    seen["snapshot"] = export_reports(house.node, house.doors, "http://here").content
    seen["snapshot"] = _unpacked(seen["snapshot"])
    return seen


def _letters(mail: MailServer) -> list[EmailMessage]:
    """All that come of the news of four reports, however they were gathered."""
    mail.wait_for(1)
    time.sleep(1.5)
    return list(mail.taken)


def _unpacked(content: bytes) -> bytes:
    if content[:2] != b"PK":
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return b"\n".join(book.read(name) for name in book.namelist())


def _says(content: bytes, name: str) -> bool:
    return bool(re.search(surname(name).encode(), content, re.IGNORECASE))


@pytest.mark.parametrize("name", NAMES.values())
def test_a_name_that_is_taken_out_of_sight_is_in_no_exit(world: World, name: str) -> None:
    assert not [exit for exit, content in world.after.items() if _says(content, name)]


def test_every_exit_said_it_before(world: World) -> None:
    """Of all of them: an exit that never says a name would pass for no reason."""
    names = NAMES.items()
    of_late = f"/reports/{LATE}/"  # it is not there yet
    before = {exit: content for exit, content in world.before.items() if not exit.startswith(of_late)}
    silent = [exit for exit, content in before.items() if not any(_says(content, name) for _, name in names)]
    # What they say of a body that is nobody's name is references and days; over time, numbers alone.
    of_others = {"/api/v1/bodies/harbour-board", "/reports/follow/?what=body&key=harbour-board"}
    assert set(silent) == of_others | set(OVER_TIME)
    assert [
        exit for exit, name in zip(ECHOES, NAMES.values(), strict=True) if not _says(world.before[exit], name)
    ] == []
    of_one = [f"/reports/{ref}/{what}" for ref, name in names for what in OF_ONE]
    whose = {f"/reports/{ref}/{what}": name for ref, name in names for what in OF_ONE}
    assert [exit for exit in of_one if not _says(world.before[exit], whose[exit])] == []
    for exit in (
        "/reports/",
        "/reports.csv",
        "/reports.xlsx",
        "/reports/axes.csv",
        "/reports.json",
        "/reports/feed.atom",
        LAST_DAYS,
        "mail",
        "snapshot",
    ):
        assert all(_says(world.before[exit], name) for name in NAMES.values()), exit


def test_a_name_from_a_table_that_was_read_after_its_redaction_is_in_no_exit(world: World) -> None:
    assert b"fell there, and nobody came" in world.after[f"/reports/{LATE}/"]
    assert [exit for exit, content in world.after.items() if _says(content, READ_LATER)] == []


def test_who_follows_is_in_no_exit_export_log_or_journal(world: World) -> None:
    """The control: a letter came to them."""
    assert world.mail.taken and all(FOLLOWER in str(one["To"]) for one in world.mail.taken)
    planted = (FOLLOWER.encode(), b"followers.example")
    kept = {str(path): path.read_bytes() for path in world.server.data.rglob("*") if path.is_file()}
    assert any(name.endswith("journal.sqlite") for name in kept)
    case = export_case(world.house.node, world.house.doors, world.house.media, "the-inquest").content
    said = {
        **world.before,
        **world.after,
        **kept,
        "log": "".join(world.server.said).encode(),
        "export": _unpacked(case),
    }
    assert [exit for exit, content in said.items() if any(one in content for one in planted)] == []


#: Declared as a way out, and looked at in another way.
LOOKED_AT_ELSEWHERE = {
    "/robots.txt": "a sentence of ours: tests/reports/test_indexing.py",
    "/reports/problem/": "an empty form",
    "/reports/figures/{name}.png": "painted of its SVG, below",
    "/reports/bodies/{key}/over-time.png": "painted of its SVG",
    "/reports/areas/{key}/over-time.png": "painted of its SVG",
    "/reports/{slug}/timeline.png": "painted of its SVG, below",
}


def test_every_declared_way_out_of_the_room_is_looked_at(world: World) -> None:
    """So that a new one cannot be forgotten here."""
    looked_at = [re.split(r"\?", address)[0] for address in world.before]

    def is_looked_at(pattern: str) -> bool:
        form = re.compile(re.sub(r"\\{\w+\\}", "[^/.]+", re.escape(pattern)))
        return any(form.fullmatch(address) for address in looked_at)

    missing = {pattern for pattern in WORDS_OF_REPORTS if not is_looked_at(pattern)}
    assert missing == set(LOOKED_AT_ELSEWHERE)


@pytest.mark.parametrize("name", NAMES.values())
def test_whoever_looks_for_a_name_out_of_sight_finds_nobody(world: World, name: str) -> None:
    for address in ("/reports.json", "/reports.csv", "/reports/feed.atom", "/reports/axes.csv"):
        answer = world.server.reader.get(address, params={"q": surname(name)})
        assert answer.status_code == 200 and not _says(answer.content, name), address
    assert world.server.reader.get("/reports.json", params={"q": surname(name)}).json()["total"] == 0


def test_what_is_judged_and_watched_is_in_the_table_and_the_page_with_the_name_until_it_is_hidden(world: World) -> None:
    for ref, name in NAMES.items():
        for exit in ("axes.csv", "report.json", ""):
            before, after = world.before[f"/reports/{ref}/{exit}"], world.after[f"/reports/{ref}/{exit}"]
            every_before, every_after = world.before["/reports/axes.csv"], world.after["/reports/axes.csv"]
            assert f"Somebody looks where {name} fell.".encode() in every_before and b"Somebody looks" in every_after
            for words in (f"Somebody looks where {name} fell.", f"The promise of {name}"):
                assert words.encode() in before, (ref, exit, words)
            assert b"Somebody looks where" in after, (ref, exit)


def test_pictures_are_painted_of_what_was_let_out(world: World) -> None:
    for about in ("/reports/figures/bodies", "/reports/2021-0001/timeline"):
        svg, png = world.server.reader.get(f"{about}.svg"), world.server.reader.get(f"{about}.png")
        assert pictures.png(svg.text) == png.content
        assert pictures.png(world.before[f"{about}.svg"].decode()) != png.content


# How somebody died ---------------------------------------------------------------------------------------------------

METHOD_WORDS = ("ligature", "overdose", "nitrite")
TOLD = {
    2018: "Although staff had reported the lamps of the bay, none was mended for weeks. Hidden there were a ligature, "
    "an overdose and sodium nitrite. For an hour nobody looked in.",
    2019: "The lamps of the bay were out. She had hidden a ligature and an overdose of sodium nitrite. Nobody looked "
    "in for an hour, since staff reported the lamps and they were not mended.",
}


@pytest.fixture(scope="module")
def told(world: World) -> World:
    """Two reports of a suicide that raise the same, a year apart: the later is an echo of the earlier."""
    for year in (2018, 2019):
        said = facts(f"{year}-0500", f"Person Of{year}") | {
            "dated": f"{year}-03-03",
            "categories": "Suicide (from 2015)",
            "investigation": f"The conclusion was suicide by {METHOD_WORDS[0]}.",
            "circumstances": TOLD[year],
            "concerns": f"1. {TOLD[year]}",
        }
        _do(world.house, commands.tell("record", SECOND, [Row(f"https://example.org/s/{year}/", said)]))
    world.mail.taken.clear()
    for year in (2018, 2019):
        report = projection.by_slug(world.house.tables, f"{year}-0500")
        said_so = commands.record_response(report, "Harbour Board", dated_on=date(2021, 5, 1), words=TOLD[year])
        _do(world.house, said_so)
    _settled(world.server)
    return world


def _methods_in(text: str) -> list[str]:
    return [word for word in METHOD_WORDS if word in text.lower()]


def test_no_title_card_snippet_feed_passage_or_letter_tells_a_method(told: World) -> None:
    about, read = "/reports/2019-0500/", told.server.page
    page = read(about)
    assert set(_methods_in(page)) == set(METHOD_WORDS)  # the report itself says it to whoever opens it: the control
    assert "Samaritans" in page
    head = page.split("</head>")[0]
    unasked = {
        "head and card": head,
        "list": read("/reports/"),
        "snippet": read("/reports/?q=lamps+bay"),
        "feed": read("/reports/feed.atom"),
        "feed of one": read(f"{about}feed.atom"),
        "calendar": read(f"{about}calendar.ics"),
        "passages": read(f"{about}similar/"),
        "draft": told.server.reader.post("/reports/similar/", data={"text": "The lamps of the bay were out."}).text,
        "clocks": read(f"{about}timeline.svg"),
        "table": read("/reports.csv"),
        "letter": "\n".join(f"{one['Subject']}\n{one.get_content()}" for one in _letters(told.mail)),
    }
    assert "2019-0500" in unasked["letter"] and "2018-0500" in unasked["passages"]
    assert "lamps" in unasked["snippet"].split('role="status"')[1] and "lamps" in unasked["passages"]
    assert {name: found for name, text in unasked.items() if (found := _methods_in(text))} == {}
