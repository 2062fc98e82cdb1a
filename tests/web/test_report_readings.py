"""Readings of reports over the API: shown first, taken in by name, by the rules of the command."""

from __future__ import annotations

import time
from typing import Any

import httpx2
import pytest

from heard.opening import open_house
from heard.reports.model import HIDDEN
from tests.reports.register import COLUMNS, line
from tests.server import Server

ADDRESS = "/api/v1/reports/readings"


@pytest.fixture(scope="module", autouse=True)
def begun(server: Server) -> None:
    """On a crowded machine the first answer may take longer than anybody is kept waiting."""
    for _ in range(60):
        if server.client.get("/api/v1/cases").status_code == 200:
            return
        time.sleep(1)


def table(*lines: str) -> bytes:
    return "\n".join((COLUMNS, *lines)).encode()


def send(server: Server, content: bytes, **asked: str) -> httpx2.Response:
    return server.client.post(ADDRESS, params={"as_of": "2021-06-01", **asked}, content=content)


def taken(server: Server, content: bytes, **asked: str) -> tuple[int, dict[str, Any]]:
    """Asked for what it would change, and for that."""
    shown = send(server, content, **asked).json()
    answer = send(server, content, take=shown["difference"], **asked)
    return answer.status_code, answer.json()


def position(server: Server) -> int:
    house = open_house(server.data)
    found = house.store.position()
    house.close()
    return int(found)


def known(server: Server, ref: str) -> dict[str, Any]:
    found: dict[str, Any] = server.client.get(f"/api/v1/reports/{ref}").json()
    return found


def becomes(server: Server, ref: str, **fields: str) -> bool:
    """The register follows a few reports at a time."""
    for _ in range(200):
        if fields.items() <= known(server, ref).items():
            return True
        time.sleep(0.1)
    return False


def test_a_reading_is_shown_before_it_is_taken_in_and_the_same_again_is_nothing(server: Server) -> None:
    content, before = table(*map(line, range(1, 31))), position(server)
    shown = send(server, content).json()
    assert (shown["rows"], shown["new"], shown["doubted"]) == (30, 30, False)
    assert position(server) == before  # nothing was changed yet
    assert send(server, content, take="another").status_code == 409
    assert send(server, content, take=shown["difference"], as_of="2021-06-02").status_code == 409
    assert position(server) == before
    answer = send(server, content, take=shown["difference"])
    assert answer.status_code == 201 and answer.json()["taken"]
    assert all(becomes(server, f"2021-{number:04}", area="Avon") for number in range(1, 31))
    after = position(server)
    again = send(server, content, take=shown["difference"])
    assert again.status_code == 409  # it would change nothing any more, and that is another difference
    assert send(server, content).json()["as_known"] == 30 and position(server) == after


def test_what_is_blank_or_gone_is_doubted_and_a_redaction_withholds(server: Server) -> None:
    blanks = [f'"","","","","","","","","","","","https://example.org/reports/{number}/"' for number in range(3, 31)]
    broken = table(line(1, area="Essex"), line(2, deceased="REDACTED"), *blanks)
    status, told = taken(server, broken, as_of="2021-07-01")
    assert (status, told["taken"], told["blank"], told["redacted"]) == (202, False, 28, 1)
    assert known(server, "2021-0001")["area"] == "Avon" and known(server, "2021-0002")["deceased"] == "Person Number2"
    status, told = taken(server, broken, as_of="2021-07-01", accept="yes")
    assert (status, told["taken"]) == (201, True)
    assert becomes(server, "2021-0001", area="Essex") and becomes(server, "2021-0002", deceased=HIDDEN)
    assert known(server, "2021-0030")["area"] == "Avon"
    assert "Number2" not in str(known(server, "2021-0002"))


def test_what_cannot_be_taken_in_is_said_and_changes_nothing(server: Server) -> None:
    before = position(server)
    for content in (b"no table", b"", b'{"ref": "2021-0001"}', b"%PDF-1.7 broken", table(*map(line, range(1, 200)))):
        answer = send(server, content)
        assert answer.status_code == 422 and "Nothing was" in answer.json()["detail"], content[:20]
    assert send(server, table(line(1)), as_of="last week").status_code == 422
    assert server.reader.post(ADDRESS, content=table(line(1))).status_code == 401
    assert position(server) == before


def test_with_a_cookie_a_file_says_what_it_is_as_no_form_can(server: Server) -> None:
    content = table(line(1))
    with httpx2.Client(base_url=server.address, timeout=60) as browser:
        assert browser.post(server.link).status_code == 303
        for said in ("", "text/plain", "text/plain; charset=utf-8", "multipart/form-data; boundary=x"):
            answer = browser.post(ADDRESS, content=content, headers={"Content-Type": said} if said else {})
            assert answer.status_code == 400, said
        assert browser.post(ADDRESS, content=content, headers={"Content-Type": "text/csv"}).status_code == 200
