"""Following by e-mail, on a real server and a real mail server: asked twice, told once, left with one click."""

from __future__ import annotations

import re
import time
from datetime import date
from email.message import EmailMessage
from itertools import count
from pathlib import Path

import httpx2
import pytest

from heard.demo.reports import record_reports
from heard.engine.node import Command
from heard.opening import open_house
from heard.reports import commands, projection
from tests.reports.mail_server import MailServer
from tests.server import Server, running

ON = date(2026, 11, 24)
REPORT = "2026-0041"
THEIRS = "family.of.somebody@followers.example"
AMBULANCE = "Levels Ambulance Service NHS Trust"
CLIENTS = count(1)


def text_of(letter: EmailMessage) -> str:
    return str(letter.get_content())


def link_in(letter: EmailMessage, what: str) -> str:
    found = re.search(rf"http://[^\s]+/{what}/[^\s]+", text_of(letter))
    assert found, text_of(letter)
    return found[0]


def ask(
    served: Server, address: str = THEIRS, what: str = "report", key: str = REPORT, client: str = ""
) -> httpx2.Response:
    """From a client of its own, unless told otherwise: what one client may ask for is bounded."""
    from_where = {"X-Forwarded-For": client or f"192.0.2.{next(CLIENTS)}"}
    wanted = {"what": what, "key": key, "address": address}
    return served.reader.post("/reports/follow/", data=wanted, headers=from_where)


def follows(served: Server, mail: MailServer, address: str = THEIRS, what: str = "report", key: str = REPORT) -> None:
    """Asked, and answered from the letter."""
    before = len(mail.taken)
    assert ask(served, address, what, key).status_code == 303
    letter = mail.wait_for(before + 1)[-1]
    assert served.reader.post(link_in(letter, "follow")).status_code == 200


def happens(data: Path, command_on: str, *, slug: str = REPORT, day: int = 25) -> None:
    """A response is recorded, as an import does it: beside the server, in another process's journal handle."""
    house = open_house(data)
    house.node.catch_up()
    report = projection.by_slug(house.tables, slug)
    said: Command = commands.record_response(report, command_on, dated_on=date(2026, 11, day), answer="action taken")
    house.node.do(said, by="editor")
    house.close()


def test_a_family_says_yes_is_told_of_a_response_and_leaves_with_one_click(served: Server, mail: MailServer) -> None:
    assert ask(served).headers["location"] == "/reports/follow/?sent=1"
    [asking] = mail.wait_for(1)
    assert asking["To"] == THEIRS and "Tollgarth" not in asking.as_string()
    yes = link_in(asking, "follow")
    happens(served.data, AMBULANCE)
    assert served.reader.get(yes).status_code == 200  # a machine that looks at links says nothing by it
    time.sleep(1)
    assert len(mail.taken) == 1
    assert served.reader.post(yes).status_code == 200
    assert served.reader.post(yes).status_code == 404  # once
    happens(served.data, AMBULANCE, day=26)
    [_, told] = mail.wait_for(2)
    assert "a response was recorded" in text_of(told) and "day 63" in text_of(told)
    assert told["Subject"].startswith("News of Report 2026-0041, ")
    assert told["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    leave = told["List-Unsubscribe"].strip("<>")
    assert leave == link_in(told, "leave")
    assert served.reader.get(leave).status_code == 200
    assert served.reader.post(leave, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    happens(served.data, AMBULANCE, day=27)
    time.sleep(1)
    assert len(mail.taken) == 2
    assert served.reader.post(leave).status_code == 200  # leaving twice is leaving once


def test_a_body_an_area_and_a_search_are_followed_too(served: Server, mail: MailServer) -> None:
    page = served.page(f"/reports/{REPORT}/")
    area = re.search(r"/reports/areas/([^/]+)/", page)
    body = re.search(r"/reports/bodies/(levels-ambulance[^/]+)/", page)
    assert area and body
    follows(served, mail, "b@followers.example", "body", body[1])
    follows(served, mail, "a@followers.example", "area", area[1])
    follows(served, mail, "s@followers.example", "search", "q=ambulance")
    follows(served, mail, "n@followers.example", "search", "q=zeppelinium")
    happens(served.data, AMBULANCE)
    mail.wait_for(4 + 3)
    time.sleep(0.7)
    assert sorted(mail.to[4:]) == ["a@followers.example", "b@followers.example", "s@followers.example"]
    subjects = {to: letter["Subject"] for to, letter in zip(mail.to[4:], mail.taken[4:], strict=True)}
    assert subjects["b@followers.example"] == f"News of reports to {AMBULANCE}"
    assert subjects["s@followers.example"] == "News of reports that a search finds"


def test_the_answer_is_the_same_whether_an_address_follows_or_not(served: Server, mail: MailServer) -> None:
    follows(served, mail)
    known, unknown = ask(served), ask(served, "nobody.yet@followers.example")
    assert (known.status_code, known.headers["location"]) == (unknown.status_code, unknown.headers["location"])
    assert known.content == unknown.content
    first, second = mail.wait_for(3)[1:]
    assert first["Subject"] == second["Subject"]
    assert len(text_of(first)) == len(text_of(second))
    # Whoever follows already and says yes again is told once.
    for letter in (first, second):
        assert served.reader.post(link_in(letter, "follow")).status_code == 200
    happens(served.data, AMBULANCE)
    mail.wait_for(5)
    time.sleep(0.7)
    assert sorted(mail.to[3:]) == sorted([THEIRS, "nobody.yet@followers.example"])


def test_nobody_can_be_buried_in_letters(served: Server, mail: MailServer) -> None:
    answers = [ask(served, client="198.51.100.7") for _ in range(8)]
    assert {answer.status_code for answer in answers} == {303}
    mail.wait_for(5)
    time.sleep(1)
    assert len(mail.taken) == 5
    assert [ask(served, f"p{number}@followers.example", client="198.51.100.7").status_code for number in range(4)] == [
        303,
        303,
        422,
        422,
    ]


def test_what_is_no_address_is_refused_and_not_said_again(served: Server, mail: MailServer) -> None:
    for address in ("no address", "a@b", "a@b.example\r\nRCPT TO:<c@d.example>", "<a@b.example>", ""):
        answer = ask(served, address)
        assert answer.status_code == 422 and "Nothing was kept" in answer.text
        assert not address or address not in answer.text
    assert not {"c@d.example", "a@b.example", "a@b"} & {*mail.offered}


def test_a_search_too_long_to_be_followed_is_refused_with_what_to_do(served: Server, mail: MailServer) -> None:
    before = len(mail.taken)
    answer = ask(served, what="search", key=f"q={'%F0%9F%9A%AA' * 200}")
    assert answer.status_code == 422 and "search for fewer words" in answer.text
    assert ask(served, what="search", key=f"q={'%F0%9F%9A%AA' * 80}").status_code == 303
    assert ask(served, key="2026-9999").status_code == 404
    assert len(mail.wait_for(before + 1)) == before + 1


def test_a_site_without_mail_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEARD_MAIL", raising=False)
    house = open_house(tmp_path / "data")
    record_reports(house.node, ON, "operator")
    house.close()
    with running(tmp_path / "data") as served:
        assert served.reader.get(f"/reports/follow/?what=report&key={REPORT}").status_code == 200
        assert "sends no e-mail" in ask(served).text
        assert "<form method" not in served.page(f"/reports/follow/?what=report&key={REPORT}")
        slug = served.open_case("the-case", "A case")
        for path in (f"/{slug}/", f"/reports/{REPORT}/", "/reports/?q=harbour"):
            assert "e-mail" not in served.page(path), path


def test_a_site_with_mail_offers_it(served: Server) -> None:
    """The control."""
    slug = served.open_case("the-case", "A case")
    for path in (f"/{slug}/", f"/reports/{REPORT}/", "/reports/?q=harbour"):
        assert "e-mail" in served.page(path), path
