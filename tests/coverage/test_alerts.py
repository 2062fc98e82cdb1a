"""Alerts to followers of a case, on a real server and a real mail server: put right, taken back and held back."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.cases.legal_hold import place_legal_hold
from heard.engine.node import Command
from heard.export.archive import unpack
from heard.export.hold_making import export_hold
from heard.export.making import export_case
from heard.opening import open_house
from tests.reports.mail_server import MailServer, sending_by
from tests.reports.test_following import link_in, text_of
from tests.server import Server

THEIRS = "family.of.somebody@followers.example"
CLIENTS, CASES = count(1), count(1)


@pytest.fixture(scope="module")
def server(post_office: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("alerting") / "data"
    with sending_by(post_office, data, "--trusted-proxy", "127.0.0.1") as served:
        yield served


@pytest.fixture
def slug(server: Server) -> str:
    return server.open_case(f"the-case-{next(CASES)}", "Inquest touching the death of Maud Ferrow")


def ask(server: Server, slug: str, address: str = THEIRS) -> Any:
    from_where = {"X-Forwarded-For": f"192.0.2.{next(CLIENTS)}"}
    return server.reader.post(f"/{slug}/follow/", data={"address": address}, headers=from_where)


def follows(server: Server, mail: MailServer, slug: str, address: str = THEIRS) -> None:
    before = len(mail.taken)
    assert ask(server, slug, address).status_code == 303
    letter = mail.wait_for(before + 1)[-1]
    assert server.reader.post(link_in(letter, "follow")).status_code == 200


def call(server: Server, post: str) -> Any:
    answer = server.post(f"/posts/{post}/alert", {})
    assert answer.status_code == 201, answer.text
    return answer.json()


def what_went_out(server: Server, post: str) -> list[tuple[str, int]]:
    told = server.client.get(f"/api/v1/posts/{post}/alert").json()
    return [(one["what"], one["to"]) for one in told["sent"]]


def comes(look: Callable[[], Any], wanted: Any, within_s: float = 20) -> None:
    give_up_at = time.monotonic() + within_s
    while (found := look()) != wanted:
        assert time.monotonic() < give_up_at, found
        time.sleep(0.05)


def beside(server: Server, slug: str, make: Callable[[str], Command]) -> None:
    """Done on the server's machine, in another process's handle of the journal."""
    house = open_house(server.data)
    house.node.catch_up()
    house.node.do(make(cases.by_slug(house.tables, slug).id), by="editor")
    house.close()


def test_a_reader_follows_is_sent_an_alert_its_correction_and_its_withdrawal_and_leaves(
    server: Server, mail: MailServer, slug: str
) -> None:
    assert f'href="/{slug}/follow/"' in server.page(f"/{slug}/")
    assert ask(server, slug).headers["location"] == f"/{slug}/follow/?sent=1"
    [asking] = mail.wait_for(1)
    assert "Ferrow" not in asking.as_string() and slug not in asking["Subject"]
    yes = link_in(asking, "follow")
    assert server.reader.get(yes).status_code == 200
    assert server.reader.post(yes).status_code == 200
    post = server.publish(slug, "The jury found 14 failings.", title="Conclusion", key_event=True)
    told = call(server, post)
    assert call(server, post)["called_at"] == told["called_at"]  # twice is once
    alert = mail.wait_for(2)[1]
    assert alert["To"] == THEIRS and "Ferrow" not in alert["Subject"]
    assert "Conclusion" in text_of(alert) and "The jury found 14 failings." in text_of(alert)
    assert f"/{slug}/posts/{post}/" in text_of(alert)
    comes(lambda: what_went_out(server, post), [("news", 1)])

    right = {"text": "The jury found 11 failings.", "wrong": "figure", "reason": "misheard, said Ida"}
    assert server.post(f"/posts/{post}/corrections", right).status_code == 201
    corrected = mail.wait_for(3)[2]
    assert corrected["Subject"].startswith("Corrected: ")
    assert "A figure was wrong." in text_of(corrected) and "found 11 failings" in text_of(corrected)
    assert not {"14", "misheard", "Ida"} & {*re.findall(r"\w+", text_of(corrected).partition("http")[0])}
    comes(lambda: what_went_out(server, post), [("news", 1), ("corrected", 1)])
    assert "A corrected alert went out" in server.page(f"/{slug}/corrections/")
    assert "A corrected alert went out" in server.page("/corrections/")

    assert server.post(f"/posts/{post}/retraction", {"code": "legal", "reason": "an order"}).status_code == 201
    withdrawn = mail.wait_for(4)[3]
    assert withdrawn["Subject"].startswith("Withdrawn: ") and "withdrawn for legal reasons" in text_of(withdrawn)
    assert not re.search("failings|Conclusion|an order|11|14", text_of(withdrawn).partition("http")[0])
    comes(lambda: what_went_out(server, post), [("news", 1), ("corrected", 1), ("withdrawn", 1)])

    leave = withdrawn["List-Unsubscribe"].strip("<>")
    assert leave == link_in(withdrawn, "leave")
    assert server.reader.post(leave, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    other = server.publish(slug, "The court rose.", key_event=True)
    call(server, other)
    comes(lambda: what_went_out(server, other), [("news", 0)])
    assert len(mail.taken) == 4
    with server.signed_in() as editor:
        assert "Alert sent to nobody at" in editor.get(f"/desk/{slug}/").text


def test_the_desk_offers_it_at_what_is_worth_one_and_says_what_became_of_it(
    server: Server, mail: MailServer, slug: str
) -> None:
    follows(server, mail, slug, "desk.of.somebody@followers.example")
    plain = server.publish(slug, "The court sits.")
    key = server.publish(slug, "A ruling on the logbook.", key_event=True)
    finding = {"speaker": "The coroner", "setting": "ruling or conclusion"}
    found = server.publish(slug, "The logbook may be read.", **finding)
    with server.signed_in() as editor:
        page = editor.get(f"/desk/{slug}/").text
        assert page.count("Send an alert") == 2 and f"alert{plain}" not in page
        assert f"alert{key}" in page and f"alert{found}" in page
        pressed = editor.post(f"/desk/{slug}/alert", data={"post": key, "once": "one"})
        assert pressed.status_code == 303
        assert "A ruling on the logbook." in text_of(mail.wait_for(2)[1])
        comes(lambda: "Alert sent to 1 at" in editor.get(f"/desk/{slug}/").text, True)
        shown = editor.get(f"/desk/{slug}/").text
        assert shown.count("Send an alert") == shown.count("Call the alert off") == 1

        assert editor.post(f"/desk/{slug}/alert", data={"post": key, "once": "two", "on": "no"}).status_code == 303
        off = editor.get(f"/desk/{slug}/").text
        assert "Called off at" in off and off.count("Send an alert") == 2 and "Call the alert off" not in off
        call(server, key)
        assert server.post(f"/posts/{key}/alert", {"on": False}).json()["off_at"]

        first = server.client.get(f"/api/v1/posts/{key}/alert").json()["sent"][0]["at"]
        right = {"text": "A ruling on the tide table.", "wrong": "fact", "reason": "misheard"}
        assert server.post(f"/posts/{key}/corrections", right).status_code == 201
        comes(lambda: what_went_out(server, key), [("news", 1), ("corrected", 1)])
        then = editor.get(f"/desk/{slug}/as-published/", params={"at": first}).text.partition('id="alerts"')[2]
        assert "Stood then." in then and "A ruling on the logbook." in then and "taken back by another" in then
        assert "tide table" not in then
        latest = server.client.get(f"/api/v1/posts/{key}/alert").json()["sent"][1]["at"]
        by_then = editor.get(f"/desk/{slug}/as-published/", params={"at": latest}).text.partition('id="alerts"')[2]
        assert by_then.index("A ruling on the logbook.") < by_then.index("A ruling on the tide table.")

        assert server.post(f"/posts/{key}/retraction", {"code": "error", "reason": "wrong"}).status_code == 201
        comes(lambda: what_went_out(server, key)[2:], [("withdrawn", 1)])
        receipt = server.client.get(f"/api/v1/posts/{key}/receipt").json()
        shown = editor.get(f"/desk/{slug}/receipts/{receipt['withdrawal']}/").text
        assert "An alert went to 1 address at" in shown and "To be seen to by" in shown


def test_nobody_can_find_out_who_follows(server: Server, mail: MailServer, slug: str) -> None:
    address = "canary.of.somebody@followers.example"
    follows(server, mail, slug, address)
    known, unknown = ask(server, slug, address), ask(server, slug, "nobody.yet@followers.example")
    assert (known.status_code, known.content, known.headers["location"]) == (
        unknown.status_code,
        unknown.content,
        unknown.headers["location"],
    )
    one, other = mail.wait_for(3)[1:]
    assert one["Subject"] == other["Subject"] and len(text_of(one)) == len(text_of(other))
    post = server.publish(slug, "A ruling.", key_event=True)
    call(server, post)
    comes(lambda: what_went_out(server, post), [("news", 1)])
    beside(server, slug, lambda case: place_legal_hold(case, "A claim."))
    house = open_house(server.data)
    house.node.catch_up()
    record = export_hold(house.node, house.doors, house.media, slug, "editor", "A claim.", {}, names=True).content
    files = [
        *unpack(record).values(),
        *unpack(export_case(house.node, house.doors, house.media, slug).content).values(),
    ]
    house.close()
    assert any(b"coverage.alert_sent" in file for file in files)  # the record says that it went out
    stored = [one.read_bytes() for one in server.data.rglob("*") if one.is_file()]
    with server.signed_in() as editor:
        addresses = (f"/desk/{slug}/", f"/{slug}/", f"/{slug}/follow/", f"/api/v1/posts/{post}/alert", "/metrics")
        asked = [editor.get(one).content for one in addresses]
    said = "\n".join(server.said).encode()
    assert b"letter_sent" in said
    for seen in (*files, *stored, *asked, said):
        assert b"followers.example" not in seen


def test_an_order_between_the_call_and_the_letter_lets_no_name_out(server: Server, mail: MailServer, slug: str) -> None:
    follows(server, mail, slug, "order.of.somebody@followers.example")
    post = server.publish(slug, "Rowan Tidewell gave evidence.", key_event=True)
    ordered: list[str] = []

    def on(step: str, _: str) -> str | None:
        if step == "RCPT" and not ordered:
            ordered.append(slug)
            beside(server, slug, lambda case: case_commands.impose_restriction(case, "s. 11", ["Rowan Tidewell"]))
        return None

    mail.on = on
    call(server, post)
    comes(lambda: bool(ordered), True)
    later = server.publish(slug, "The court rose.", key_event=True)
    call(server, later)
    comes(lambda: what_went_out(server, later), [("news", 1)])
    assert what_went_out(server, post) == []
    assert not any("Tidewell" in one.as_string() for one in mail.taken)


def test_while_a_case_is_on_hold_nobody_is_asked_and_no_line_is_opened_for_it(
    server: Server, mail: MailServer, slug: str
) -> None:
    theirs, other = "held.of.somebody@followers.example", server.open_case(f"the-case-{next(CASES)}", "Another")
    mail.on = lambda step, said: "450 later" if (step, said) == ("RCPT", theirs) else None
    assert ask(server, slug, theirs).status_code == 303
    comes(lambda: theirs in mail.offered, True)
    beside(server, slug, lambda case: case_commands.hold_case(case, "asked to"))
    mail.on = lambda step, said: None
    offered: list[int] = []
    for number in range(1, 4):
        assert ask(server, other, f"number.{number}@followers.example").status_code == 303
        mail.wait_for(number)
        offered.append(mail.offered.count(theirs))
    assert offered[0] == offered[-1] and theirs not in mail.to
    beside(server, slug, lambda case: case_commands.let_case_go(case, "looked at"))
    mail.wait_for(4)
    assert mail.to[-1] == theirs
