"""Kills, refusals and broken lines between a letter and its receipt: nothing is told twice, and a loss is said.

In the same moments an order or a hidden name may come: a letter says nothing of what was withdrawn before.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from heard.backup import backup
from heard.cases import commands as case_commands
from heard.cases.follows import Follows
from heard.engine.entry import Draft
from heard.engine.node import Decision
from heard.opening import open_house
from heard.reports import commands, projection
from heard.reports.entries import Gone
from tests.reports.mail_server import MailServer
from tests.reports.test_following import AMBULANCE, ON, REPORT, THEIRS, ask, follows, happens, text_of
from tests.server import Server

OTHER, HOSPITALS = "2026-0023", "North Wolds Hospitals NHS Trust"
STEPS = ["MAIL", "RCPT", "DATA"] if os.environ.get("HEARD_SOAK") else ["DATA"]


def kill_the_app(served: Server) -> None:
    """The app process of this server, found as its child, and no other."""
    for found in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError, ValueError):
            parent = int((found / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == served.process.pid and b"heard.web.process" in (found / "cmdline").read_bytes():
                os.kill(int(found.name), signal.SIGKILL)


def once(step: str, then: Callable[[], str | None]) -> Callable[[str, str], str | None]:
    """What a mail server does the first time that it comes to a step."""
    done: list[str] = []

    def on(at: str, _: str) -> str | None:
        if at == step and not done:
            done.append(at)
            return then()
        return None

    return on


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_before_the_last_line_sends_the_letter_later_and_once(
    served: Server, mail: MailServer, step: str
) -> None:
    follows(served, mail)

    def kill() -> str:
        kill_the_app(served)
        return ""

    mail.on = once(step, kill)
    happens(served.data, AMBULANCE)
    assert "a response was recorded" in text_of(mail.wait_for(2)[1])
    time.sleep(1)
    assert len(mail.taken) == 2


def test_a_kill_after_the_last_line_tells_nothing_twice_and_the_next_letter_says_so(
    served: Server, mail: MailServer
) -> None:
    follows(served, mail)
    mail.on = once(".", lambda: kill_the_app(served))  # the letter is taken; nobody is there to hear so
    happens(served.data, AMBULANCE)
    mail.wait_for(2)
    time.sleep(4)
    assert len(mail.taken) == 2
    happens(served.data, AMBULANCE, day=26)
    last = text_of(mail.wait_for(3)[2])
    assert "may not have reached you" in last and last.count("a response was recorded") == 1
    time.sleep(1)
    assert len(mail.taken) == 3


def test_a_line_that_breaks_before_the_receipt_is_taken_for_sent(served: Server, mail: MailServer) -> None:
    follows(served, mail)
    mail.on = once(".", lambda: "")
    happens(served.data, AMBULANCE)
    time.sleep(2)
    assert len(mail.taken) == 1 and len(mail.offered) == 2
    happens(served.data, AMBULANCE, day=26)
    assert "may not have reached you" in text_of(mail.wait_for(2)[1])


def test_what_the_mail_server_does_not_take_just_now_is_given_again_and_an_address_that_is_gone_is_forgotten(
    served: Server, mail: MailServer
) -> None:
    follows(served, mail)
    mail.on = once(".", lambda: "451 full")
    happens(served.data, AMBULANCE)
    mail.wait_for(2)
    time.sleep(1)
    assert len(mail.taken) == 2 and len(mail.offered) == 3
    mail.on = lambda step, _: "550 nobody of this name" if step == "RCPT" else None
    happens(served.data, AMBULANCE, day=26)
    time.sleep(3)
    assert len(mail.offered) == 3 + 3
    house = open_house(served.data)
    assert house.vault.names("follow") == []
    house.close()


def test_one_whose_mail_is_put_off_keeps_nobody_else_waiting(served: Server, mail: MailServer) -> None:
    for address in ("a@followers.example", "b@followers.example", "c@followers.example"):
        follows(served, mail, address)
    mail.on = lambda step, said: "451 later" if step == "RCPT" and "b@" in said else None
    happens(served.data, AMBULANCE)
    mail.wait_for(5)
    time.sleep(0.5)
    assert sorted(mail.to[3:]) == ["a@followers.example", "c@followers.example"]
    mail.on = lambda step, said: None
    mail.wait_for(6)
    assert mail.to[5:] == ["b@followers.example"]


def test_an_order_a_hidden_name_and_a_page_that_is_gone_are_obeyed_until_the_letter_is_given(
    served: Server, mail: MailServer
) -> None:
    follows(served, mail, key=OTHER)

    def order() -> None:
        house = open_house(served.data)
        house.node.catch_up()
        case = house.node.do(case_commands.open_case("the-case", "The case"), by="operator").stream
        house.node.do(case_commands.impose_restriction(case, "s. 11", [HOSPITALS]), by="operator")
        house.close()

    happens(served.data, HOSPITALS, slug=OTHER)
    before = text_of(mail.wait_for(2)[1])
    assert HOSPITALS in before  # without the order it is said
    mail.on = once("RCPT", order)
    happens(served.data, HOSPITALS, slug=OTHER, day=26)
    after = text_of(mail.wait_for(3)[2])
    assert HOSPITALS not in after and "[name withheld]" in after

    def gone() -> None:
        house = open_house(served.data)
        house.node.catch_up()
        report = projection.by_slug(house.tables, OTHER)
        house.node.do(lambda _: Decision((Draft(report, Gone("record", ON)),), (report,)), by="operator")
        house.close()

    mail.on = once("RCPT", gone)
    house = open_house(served.data)
    house.node.catch_up()
    report = projection.by_slug(house.tables, OTHER)
    house.node.do(commands.dispute(report, HOSPITALS, "We answered."), by="editor")
    house.close()
    time.sleep(2)
    assert len(mail.taken) == 3


def test_an_address_is_in_no_journal_log_or_backup(served: Server, mail: MailServer, tmp_path: Path) -> None:
    follows(served, mail)
    ask(served, "second.planted@followers.example")
    happens(served.data, AMBULANCE)
    mail.wait_for(3)
    copy, _ = backup(served.data, tmp_path / "backups")
    pages = "".join(served.page(address) for address in ("/reports/", f"/reports/{REPORT}/", "/reports.json"))
    files = [one for folder in (served.data, copy) for one in folder.rglob("*") if one.is_file()]
    assert {one.name for one in files} >= {"journal.sqlite", "vault.sqlite"}
    said = [one.read_bytes() for one in files] + ["".join(served.said).encode(), pages.encode()]
    for planted in (THEIRS, THEIRS.partition("@")[0], "second.planted", "followers.example"):
        assert not any(planted.encode() in one for one in said), planted
    house = open_house(served.data)  # the control: it is kept, and whoever has the whole vault can read it
    kept = Follows(house.journal)
    assert [kept.read(one)[0] for id in kept.all() if (one := kept.get(id))] == [THEIRS]
    house.close()
