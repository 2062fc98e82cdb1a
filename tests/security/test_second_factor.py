"""Codes that are replayed, guessed or asked for at the wrong door; and what a second factor, once there, closes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx2
import pytest

from heard.accounts import codes, commands, factors, projection
from heard.accounts.model import FAILED_MAX, FAILED_WITHIN
from heard.engine import now
from heard.engine.errors import Refused
from heard.opening import House, open_house
from tests.security.mira import Mira, cookie_of
from tests.server import Server


@pytest.fixture
def mira(server: Server) -> Iterator[Mira]:
    made = Mira(server)
    yield made
    made.house.close()


def test_a_factor_closes_what_a_link_alone_had_opened(mira: Mira) -> None:
    elsewhere = mira.opens_a_link()
    assert mira.is_let_in(elsewhere) and mira.is_let_in(mira.cookie)
    session = mira.adds()
    assert mira.is_let_in(session)
    assert not mira.is_let_in(elsewhere) and not mira.is_let_in(mira.cookie), "the old secret of this browser too"


def test_a_code_works_once_and_the_half_that_asks_for_it_opens_nothing(mira: Mira) -> None:
    mira.adds()
    half = mira.opens_a_link()
    secret = half.partition("=")[2]
    assert half.startswith("heard-half=")
    for cookie in (half, f"heard={secret}"):
        assert not mira.is_let_in(cookie)
        assert mira.posts("/account/code/", cookie).headers["location"] == "/desk/sign-in/"
    code = mira.code()
    first = mira.posts("/account/second/", half, code=code)
    assert (first.status_code, mira.is_let_in(cookie_of(first))) == (303, True)
    assert cookie_of(first).partition("=")[2] != secret
    spent = mira.posts("/account/second/", half, code="123456")
    assert spent.status_code == 403 and "more than ten minutes" in spent.text, "the half is spent with it"
    other = mira.opens_a_link()
    assert mira.posts("/account/second/", other, code=code).status_code == 403, "the replay"
    assert mira.posts("/account/second/", other, code=mira.code()).status_code == 303, "the control"


def test_of_twenty_who_come_with_one_code_one_is_let_in(mira: Mira) -> None:
    mira.adds()
    halves, code = [mira.opens_a_link() for _ in range(20)], mira.code()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda half: mira.posts("/account/second/", half, code=code), halves))
    assert sorted(answer.status_code for answer in answers) == [303, *[403] * 19]
    assert len([answer for answer in answers if "set-cookie" in answer.headers]) == 1


def test_guessing_ends_after_ten_and_says_nothing_of_it(mira: Mira) -> None:
    mira.adds()
    half = mira.opens_a_link()
    answers = [mira.posts("/account/second/", half, code=mira.wrong()) for _ in range(FAILED_MAX)]
    right = mira.posts("/account/second/", half, code=mira.code())
    assert {answer.status_code for answer in [*answers, right]} == {403}
    assert len({answer.text for answer in [*answers, right]}) == 1, "the right one among too many: the same words"
    assert mira.posts("/account/second/", mira.opens_a_link(), code=mira.code()).status_code == 403, "nor another link"
    before = mira.house.store.position()
    for _ in range(5):
        mira.posts("/account/second/", half, code=mira.wrong())
    assert mira.house.store.position() == before, "nothing is written beyond the bound"


def test_no_secret_of_a_factor_is_in_a_file_a_log_or_an_entry(mira: Mira) -> None:
    mira.adds()
    mira.posts("/account/second/", mira.opens_a_link(), code=mira.code())
    written = codes.written(mira.secret)
    for file in mira.server.data.rglob("*"):
        raw = file.read_bytes() if file.is_file() else b""
        assert mira.secret not in raw and written.encode() not in raw and mira.secret.hex().encode() not in raw
    assert written not in "".join(mira.server.said)
    for entry in mira.house.journal.read(0, 10_000):
        assert written.replace(" ", "") not in repr(entry.body)
    page = httpx2.get(mira.server.address + "/account/", headers={"Cookie": mira.cookie})
    assert written not in page.text
    mira.house.node.catch_up()
    [factor] = projection.factors(mira.house.tables, mira.account)
    assert factors.secret_of(mira.house.journal, factor.id) == mira.secret, "the control: it is there, sealed"


def test_a_removed_factor_ends_the_sessions_that_began_with_it_and_leaves_nothing(mira: Mira) -> None:
    session = mira.adds()
    half = mira.opens_a_link()
    phone = cookie_of(mira.posts("/account/second/", half, code=mira.code()))
    mira.house.node.catch_up()
    [factor] = projection.factors(mira.house.tables, mira.account)
    gone = mira.posts(f"/account/factors/{factor.id}/remove/", session)
    assert not mira.is_let_in(phone) and not mira.is_let_in(session)
    assert mira.is_let_in(cookie_of(gone)), "whoever removed it stays"
    assert factors.secret_of(mira.house.journal, factor.id) is None


def test_who_is_demanded_a_factor_may_add_one_and_do_nothing_else(mira: Mira) -> None:
    node, operator = mira.house.node, "operator"
    node.do(commands.demand_factor(True), by=operator)
    try:
        asks = {"Cookie": mira.cookie, "Heard-Position": str(mira.house.store.position())}
        for path in ("/desk/", "/watch/", "/desk/reports/"):
            assert httpx2.get(mira.server.address + path, headers=asks).headers["location"] == "/account/"
        assert httpx2.get(mira.server.address + "/api/v1/cases", headers=asks).status_code == 401
        assert "demands a second factor" in httpx2.get(mira.server.address + "/account/", headers=asks).text
        session = mira.adds()
        assert mira.is_let_in(session)
        node.catch_up()
        [factor] = projection.factors(mira.house.tables, mira.account)
        kept = mira.posts(f"/account/factors/{factor.id}/remove/", session)
        assert kept.status_code == 422 and "your last" in kept.text
        assert mira.server.client.get("/api/v1/cases").status_code == 200, "a token has no second factor"
    finally:
        node.do(commands.demand_factor(False), by=operator)
    told = [(entry.body.demanded, entry.by) for entry in mira.house.journal.stream("accounts")]  # type: ignore[union-attr]
    assert told == [(True, operator), (False, operator)], "who and when is in the journal"


# In the journal, with the clock in hand ------------------------------------------------------------------------------


@pytest.fixture
def account(house: House) -> str:
    return house.node.do(commands.add_account("mira@heard.example", "reporter"), by="operator").stream


def let_in(house: House, account: str, factor: str, step: int) -> bool:
    try:
        house.node.do(commands.sign_in(account, factor, step), by=account)
    except Refused:
        return False
    return True


def test_a_step_is_used_once_and_none_before_it_afterwards(house: House, account: str) -> None:
    house.node.do(commands.add_factor(account, "app", "code", step=100), by=account)
    for step, goes in ((100, False), (99, False), (101, True), (101, False), (100, False), (103, True), (102, False)):
        assert let_in(house, account, "app", step) == goes, step


def test_the_bound_on_guesses_ends_with_its_quarter_of_an_hour_and_outlives_a_restart(
    house: House, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.node.do(commands.add_factor(account, "app", "code"), by=account)
    for _ in range(FAILED_MAX + 3):
        house.node.do(commands.fail_factor(account, "code"), by=account)
    assert not let_in(house, account, "app", 1)
    again = open_house(house.data, synchronous="OFF")
    assert not let_in(again, account, "app", 1)
    again.close()
    with now.held_at(now.utc() + FAILED_WITHIN + timedelta(seconds=1)):
        assert let_in(house, account, "app", 1)
    monkeypatch.setattr(commands, "too_many_failed", lambda *_: False)
    assert let_in(house, account, "app", 2), "the control: nobody counts"


def test_a_secret_that_was_shown_is_forgotten_after_ten_minutes_or_by_the_next(house: House, account: str) -> None:
    first = factors.begin_code(house.journal, account)
    second = factors.begin_code(house.journal, account)
    begun = factors.begun_code(house.journal, account)
    assert begun and begun[1] == second != first
    with now.held_at(now.utc() + factors.PENDING_LASTS):
        assert factors.begun_code(house.journal, account) is None
