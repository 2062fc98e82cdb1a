"""Passwords that are guessed, replayed, asked about or used alone; and what a change of one ends. On a real server."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from starlette.requests import Request

from heard.accounts import (
    codes,
    commands,
    factors,
    own,
    passkey_pages,
    password_pages,
    passwords,
    projection,
    secrets,
    tries,
)
from heard.accounts.model import RECENT
from heard.accounts.recovery import recover
from heard.engine import now
from heard.engine.entry import new_id
from heard.engine.errors import NotAllowed
from heard.opening import House, open_house
from tests.security.mira import Mira, cookie_of
from tests.server import Server

PASSWORD, OTHER = "tram velvet ordinary moss", "lantern gravel nine herons"


@pytest.fixture
def mira(server: Server) -> Iterator[Mira]:
    made = Mira(server)
    yield made
    made.house.close()


def signs_in(mira: Mira, password: str, code: str, email: str = "", cookie: str = "") -> httpx2.Response:
    return mira.posts("/desk/sign-in/", cookie, email=email or mira.email, password=password, code=code)


def sets(mira: Mira, session: str, password: str) -> httpx2.Response:
    return mira.posts("/account/password/", session, password=password, again=password)


def cookies_of(answer: httpx2.Response) -> dict[str, str]:
    return {name: f"{name}={value}" for name, value in answer.cookies.items()}


def test_a_password_lets_nobody_in_without_a_code_and_a_code_nobody_without_a_password(mira: Mira) -> None:
    assert "Add an app that shows codes first" in sets(mira, mira.cookie, PASSWORD).text, "none without a code"
    session = mira.adds()
    code = mira.code()
    assert signs_in(mira, PASSWORD, code).status_code == 403, "none was set"
    there = sets(mira, session, PASSWORD)
    assert (there.status_code, there.headers["location"]) == (303, "/account/?done=password"), there.text
    for password, typed in ((PASSWORD, mira.wrong()), (PASSWORD + " ", code)):
        assert signs_in(mira, password, typed).status_code == 403
    assert signs_in(mira, PASSWORD, "").status_code == signs_in(mira, "", code).status_code == 422
    came = signs_in(mira, PASSWORD, code, email=mira.email.upper())
    assert came.status_code == 303 and mira.is_let_in(cookies_of(came)["heard"])
    assert signs_in(mira, PASSWORD, code).status_code == 403, "a code works once"


def test_a_change_ends_every_other_session_and_unused_link_and_the_old_password(mira: Mira) -> None:
    session = mira.adds()
    set_here = cookies_of(sets(mira, session, PASSWORD))
    elsewhere = cookies_of(signs_in(mira, PASSWORD, mira.code()))
    half = mira.opens_a_link()
    assert mira.is_let_in(elsewhere["heard"]) and not mira.is_let_in(session)
    changed = cookies_of(sets(mira, elsewhere["heard"], OTHER))
    assert mira.is_let_in(changed["heard"])
    for old in (set_here["heard"], elsewhere["heard"]):
        assert not mira.is_let_in(old)
    assert mira.posts("/account/second/", half, code=mira.code()).status_code == 403
    # What was sent to a browser to know it by opens nothing, here or there.
    assert not mira.is_let_in(changed["heard-known"].replace("heard-known", "heard"))
    mira.house.node.catch_up()
    kept = projection.password(mira.house.tables, mira.account)
    assert kept and mira.house.vault.names("password").count(kept[0]) == 1
    # The operator lets her in again: the password goes with all else.
    mira.house.node.do(recover(mira.account, commands.OPERATOR), by=commands.OPERATOR)
    assert projection.password(mira.house.tables, mira.account) is None
    assert not mira.is_let_in(changed["heard"])


def test_strangers_who_guess_lock_themselves_out_and_not_the_owner(mira: Mira) -> None:
    known = cookies_of(sets(mira, mira.adds(), PASSWORD))["heard-known"]
    assert all(tries.one_more(mira.house.vault, mira.account, is_known=False) for _ in range(tries.EACH_MAX - 1))
    wrong, code = signs_in(mira, OTHER, mira.wrong()), mira.code()
    right = signs_in(mira, PASSWORD, code)
    assert (right.status_code, right.content) == (403, wrong.content), "the right one is not looked at, and not told"
    assert "set-cookie" not in right.headers
    theirs = secrets.make(mira.house.vault, "known", new_id())
    other = signs_in(mira, PASSWORD, code, cookie=f"heard-known={theirs}")
    assert other.status_code == 403, "that somebody else is known there is nothing"
    came = signs_in(mira, PASSWORD, code, cookie=known)
    assert came.status_code == 303, "where she has signed in before she is let in"
    assert cookie_of(mira.posts("/account/second/", mira.opens_a_link(), code=mira.code())), "nor does it close a link"


def test_no_password_is_in_a_file_a_log_a_page_or_an_entry(mira: Mira) -> None:
    session = cookies_of(sets(mira, mira.adds(), PASSWORD))["heard"]
    refused = signs_in(mira, OTHER, "000000")
    page = httpx2.get(mira.server.address + "/account/", headers={"Cookie": session})
    for typed in (PASSWORD, OTHER):
        assert typed not in refused.text + page.text + "".join(mira.server.said)
        for file in mira.server.data.rglob("*"):
            assert not file.is_file() or typed.encode() not in file.read_bytes(), file.name
    assert mira.email not in refused.text, "nor the address, which may be another's"
    assert all(one.headers["cache-control"] == "no-store" for one in (refused, page))


# What it costs, and what is asked again; in this process -------------------------------------------------------------


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = open_house(tmp_path / "data", synchronous="OFF")
    yield made
    made.close()


def cheaply(password: str, how: passwords.Hashed) -> bytes:
    return hashlib.sha256(how.salt + password.encode()).digest()


class Pages:
    """The routes, asked in this process, so that what they do can be counted."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.house, self.did = house, Counter[str]()
        self.with_both = self.account()
        self.secret = b"a secret of twenty b"
        self.factor = new_id()
        self.house.node.do(commands.add_factor(self.with_both, self.factor, "code"), by=self.with_both)
        monkeypatch.setattr(factors, "secret_of", self._counted("secret", self._secret_of))
        # What it costs is counted, not spent.
        monkeypatch.setattr(passwords, "hashed", self._counted("scrypt", cheaply))
        password = asyncio.run(passwords.keep(house.journal, PASSWORD))
        self.house.node.do(commands.set_password(self.with_both, password), by=self.with_both)
        monkeypatch.setattr(codes, "code", self._counted("code", codes.code))
        house.vault.secret("sign-in from")  # made at the very first try of a server, whoever it is about
        for verb in ("get", "put", "swap", "drop", "take"):
            monkeypatch.setattr(house.vault, verb, self._counted(f"vault {verb}", getattr(house.vault, verb)))
        self.step = codes.step_at(now.utc())

    def _secret_of(self, journal: object, factor: str) -> bytes | None:
        return self.secret if factor == self.factor else None

    def account(self) -> str:
        return self.house.node.do(commands.add_account(f"{new_id()}@heard.example", "reporter"), by="operator").stream

    def email(self, account: str) -> str:
        return projection.by_id(self.house.tables, account).email

    def _counted(self, what: str, does: Any) -> Any:
        def counted(*given: Any, **named: Any) -> Any:
            self.did[what] += 1
            return does(*given, **named)

        return counted

    def asks(self, route: Any, cookie: str = "", **fields: str) -> tuple[int, bytes, dict[str, int]]:
        async def do(command: Any, *, by: str) -> Any:
            self.did["entry"] += 1
            return self.house.node.do(command, by=by)

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": urlencode(fields).encode(), "more_body": False}

        serving = SimpleNamespace(vault=self.house.vault, tables=self.house.tables, node=self.house.node, do=do)
        kind = (b"content-type", b"application/x-www-form-urlencoded")
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/",
            "query_string": b"",
            "scheme": "http",
            "headers": [kind, (b"cookie", cookie.encode())],
            "server": ("127.0.0.1", 80),
            "path_params": {"factor": self.factor},
            "client": ("192.0.2.7", 1),
            "app": SimpleNamespace(state=SimpleNamespace(serving=serving)),
        }
        self.did.clear()
        answer = asyncio.run(route(Request(scope, receive)))
        return answer.status_code, answer.body, dict(self.did)


def test_whatever_is_wrong_the_answer_is_the_same_and_so_is_the_work(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = Pages(house, monkeypatch)
    without, good = pages.account(), codes.code(pages.secret, pages.step)
    bad = codes.code(pages.secret, pages.step + 9)
    both = pages.email(pages.with_both)
    told = {
        "no such account": pages.asks(password_pages.sign_in, email="no@nowhere.example", password=PASSWORD, code=good),
        "neither": pages.asks(password_pages.sign_in, email=pages.email(without), password=PASSWORD, code=good),
        "password": pages.asks(password_pages.sign_in, email=both, password=OTHER, code=good),
        "code": pages.asks(password_pages.sign_in, email=both, password=PASSWORD, code=bad),
        "both": pages.asks(password_pages.sign_in, email=both, password=OTHER, code=bad),
        "very long": pages.asks(password_pages.sign_in, email=both, password="x" * 9999, code=good),
    }
    for _ in range(tries.EACH_MAX):
        pages.asks(password_pages.sign_in, email=both, password=OTHER, code=bad)
    told["too many"] = pages.asks(password_pages.sign_in, email=both, password=PASSWORD, code=good)
    assert {status for status, _, _ in told.values()} == {403}
    assert len({page for _, page, _ in told.values()}) == 1
    works = {what: did for what, (_, _, did) in told.items()}
    assert len({tuple(sorted(did.items())) for did in works.values()}) == 1, works
    assert works["no such account"]["scrypt"] == 1 and works["no such account"]["code"] == 30
    assert "entry" not in works["password"], "whoever guesses fills no journal"

    async def hasty(journal: object, id: str, typed: str) -> bool:
        return bool(id) and await fits(journal, id, typed)  # type: ignore[arg-type]

    fits = passwords.fits
    monkeypatch.setattr(passwords, "fits", hasty)
    _, _, did = pages.asks(password_pages.sign_in, email="no@nowhere.example", password=PASSWORD, code=good)
    assert did != works["no such account"], "the control: a server that saves itself the work is caught"


def test_what_is_signed_in_with_is_changed_by_who_signed_in_a_short_while_ago(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = Pages(house, monkeypatch)
    secret = secrets.make(house.vault, "session", pages.with_both, factor=pages.factor)
    cookie = f"heard={secret}"
    before = projection.password(house.tables, pages.with_both)
    with now.held_at(now.utc() + RECENT + timedelta(seconds=1)):
        for route in (password_pages.set_password, password_pages.remove_password, own.begin_code, own.remove):
            status, page, _ = pages.asks(route, cookie, password=OTHER, again=OTHER)
            assert status == 403 and b"Is it still you?" in page
        for route in (passkey_pages.asked_to_add, passkey_pages.add):
            with pytest.raises(NotAllowed, match="once more that it is you"):
                pages.asks(route, cookie)
        assert projection.password(house.tables, pages.with_both) == before
        wrong, _, _ = pages.asks(password_pages.again, cookie, code=codes.code(pages.secret, pages.step + 90))
        assert wrong == 422
        right = codes.code(pages.secret, codes.step_at(now.utc()))
        assert pages.asks(password_pages.again, cookie, code=right)[0] == 303
        fresh = secrets.make(house.vault, "session", pages.with_both, factor=pages.factor)
        assert pages.asks(password_pages.set_password, f"heard={fresh}", password=OTHER, again=OTHER)[0] == 303
    assert projection.password(house.tables, pages.with_both) != before


def test_sixty_tries_come_from_one_address_and_then_no_password_is_worked_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = Pages(house, monkeypatch)
    sent = {"password": PASSWORD, "code": "000000"}
    for number in range(tries.ADDRESS_MAX):
        assert pages.asks(password_pages.sign_in, email=f"{number}@nowhere.example", **sent)[0] == 403
    status, _, did = pages.asks(password_pages.sign_in, email="more@nowhere.example", **sent)
    assert status == 429 and "scrypt" not in did
    known = secrets.make(house.vault, "known", pages.with_both, lasts=timedelta(days=1))
    good = codes.code(pages.secret, codes.step_at(now.utc()))
    fields = {"email": pages.email(pages.with_both), "password": PASSWORD, "code": good}
    assert pages.asks(password_pages.sign_in, f"heard-known={known}", **fields)[0] == 303, "a court full of reporters"
