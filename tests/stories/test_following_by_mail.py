"""A family follows a report by e-mail, without an account: asked, confirmed, told of a reply, gone with one click."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.reports.mail_server import MailServer, sending_by
from tests.server import Server
from tests.stories.reader import Reader

REPORT, BODY = "2026-0041", "Levels Ambulance Service NHS Trust"


@pytest.fixture(scope="module")
def mail() -> Iterator[MailServer]:
    served = MailServer()
    yield served
    served.close()


@pytest.fixture(scope="module")
def server(mail: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with sending_by(mail, tmp_path_factory.mktemp("by-mail") / "data") as served:
        yield served


def link_in(letter: EmailMessage, what: str) -> str:
    found = re.search(rf"http://\S+/reports/{what}/\S+", str(letter.get_content()))
    assert found
    return found[0]


def letter_that_says(mail: MailServer, words: str) -> EmailMessage:
    """An import is several entries, and here, where nothing waits until it has settled, one or two letters."""
    for count in (2, 3):
        letter = mail.wait_for(count)[-1]
        if words in str(letter.get_content()).replace("\r\n", " "):
            return letter
    raise AssertionError("no letter says so")


def record(folder: Path, day: int) -> Path:
    """What somebody made of a reply that was published."""
    response = {"dated": f"2026-11-{day}", "answer": "action taken", "summary": "Night crews answer every alarm."}
    told = {
        "ref": REPORT,
        "date_of_report": "2026-09-24",
        "addressees": [
            {"id": "a", "name": "Port of Saltmere Authority"},
            {"id": "b", "name": BODY, "response": response},
            {"id": "c", "name": "Department for Ports and Waterways"},
        ],
    }
    file = folder / f"record-{day}.json"
    file.write_text(json.dumps(told))
    return file


def import_reply(server: Server, file: Path) -> None:
    typed = ["import", "reports", str(file), "--as-of", "2026-11-29", "--data", str(server.data)]
    subprocess.run([sys.executable, "-m", "heard.cli", *typed], check=True, capture_output=True)


@pytest.mark.browser
def test_a_family_is_told_of_a_reply_and_leaves_with_one_click(
    reader: Callable[..., Reader], server: Server, mail: MailServer, tmp_path: Path
) -> None:
    page = reader(f"/reports/{REPORT}/", viewport={"width": 390, "height": 844}).page
    page.get_by_role("link", name="by e-mail").click()
    expect(page.get_by_role("main")).to_contain_text("news of Report 2026-0041, Saltmere and the Levels")
    page.get_by_label("Your e-mail address").fill("sister@followers.example")
    page.get_by_role("button", name="Follow").click()
    expect(page.get_by_role("status")).to_contain_text("Look into your mail")
    [asking] = mail.wait_for(1)
    page.goto(link_in(asking, "follow"))
    page.get_by_role("button", name="Yes, tell me").click()
    expect(page.get_by_role("status")).to_contain_text("You follow this from now on")
    import_reply(server, record(tmp_path, 25))
    told = letter_that_says(mail, "a response was recorded")
    assert "Tollgarth" not in told.as_string() and told["Subject"].startswith("News of Report 2026-0041")
    assert f"{BODY}: response dated 25 November 2026, day 62" in str(told.get_content()).replace("\r\n", " ")
    before = len(mail.taken)
    page.goto(link_in(told, "leave"))
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_role("status")).to_contain_text("You have left")
    import_reply(server, record(tmp_path, 26))
    expect(reader(f"/reports/{REPORT}/").page.get_by_role("row", name=re.compile("^Levels Ambulance"))).to_contain_text(
        "26 November 2026"
    )
    assert len(mail.wait_for(before + 1, within_s=1)) == before
