"""Somebody adds a second factor on their own page, is asked for it, signs in by a passkey, or by a password and a code,
and changes them: in a real browser.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page

from heard.accounts import codes
from heard.accounts import commands as account_commands
from heard.accounts import projection as accounts
from heard.engine import now
from heard.opening import open_house
from heard.signing_in import link_for
from tests.server import Server
from tests.stories.reader import Reader

Opens = Callable[..., Reader]
FIRST, SECOND = "tram velvet ordinary moss", "quarry lantern seven oats"
#: On a crowded machine so long may pass from reading a code to its being looked at.
LEFT = timedelta(seconds=8)
#: A device that has a finger on it: Chromium's own, which signs as a real one does.
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def link(server: Server) -> Callable[[str], str]:
    """Makes a sign-in link for somebody, and their account at the first asking."""

    def made(email: str) -> str:
        house = open_house(server.data)
        house.node.catch_up()
        if not any(one.email == email for one in accounts.all_accounts(house.tables)):
            house.node.do(account_commands.add_account(email, "reporter", "Mira"), by="operator")
        address = link_for(house, accounts.by_email(house.tables, email).id)
        house.close()
        # A browser makes passkeys at a name alone.
        return named(server) + "/desk/sign-in/" + address.split("/desk/sign-in/")[1]

    return made


def named(server: Server) -> str:
    return server.address.replace("127.0.0.1", "localhost")


def device(page: Page) -> str:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    return str(session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"])


def secret_on(page: Page) -> bytes:
    written = page.inner_text("main code").replace(" ", "")
    return base64.b32decode(written + "=" * (-len(written) % 8))


def next_code(secret: bytes, after: int) -> tuple[str, int]:
    """The code of a later step than one that was used; a phone may be a step ahead, so it can be had at once."""
    step = max(codes.step_at(now.utc()), after + 1)
    return codes.code(secret, step), step


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_code_is_added_and_asked_for_at_the_next_link(
    reader: Opens, link: Callable[[str], str], server: Server, script: bool
) -> None:
    email = f"codes-{script}@heard.example".lower()
    mira = reader(link(email), java_script_enabled=script)
    mira.page.click("main button")
    assert mira.page.url.endswith("/desk/")
    mira.goes_to(named(server) + "/account/")
    assert "and nothing else" in mira.page.inner_text("main")
    mira.page.click("text=Add an app that shows codes")
    secret = secret_on(mira.page)
    code, step = next_code(secret, 0)
    mira.page.fill("#typed", code)
    mira.page.fill("#label", "my phone")
    mira.page.click("text=Add it")
    assert "An app that shows codes: my phone" in mira.page.inner_text("main")

    other = reader(link(email), java_script_enabled=script)
    other.page.click("main button")
    assert other.page.url.endswith("/account/second/")
    other.goes_to(named(server) + "/desk/")
    assert other.page.url.endswith("/desk/sign-in/"), "a link alone opens nothing"
    other.goes_to(named(server) + "/account/second/")
    other.page.fill("#code", code)
    other.page.click("main button >> text=Sign in")
    assert "did not work" in other.page.inner_text("main"), "the code that was used to add it"
    other.page.fill("#code", next_code(secret, step)[0])
    other.page.click("main button >> text=Sign in")
    assert other.page.url.endswith("/desk/")


def test_a_passkey_is_added_and_signs_in_without_a_link(
    reader: Opens, link: Callable[[str], str], server: Server
) -> None:
    mira = reader(link("passkey@heard.example"))
    device(mira.page)
    mira.page.click("main button")
    mira.goes_to(named(server) + "/account/")
    mira.page.fill("#passkey-label", "my phone")
    mira.page.click("text=Add a passkey")
    mira.waits(lambda: "A passkey: my phone" in mira.page.inner_text("main"), "to have it")
    mira.page.click("text=Sign out")
    mira.page.wait_for_url(named(server) + "/")
    mira.goes_to(named(server) + "/desk/")
    assert mira.page.url.endswith("/desk/sign-in/")
    mira.page.click("text=Sign in with a passkey")
    mira.page.wait_for_url("**/desk/")
    assert "Mira" in mira.page.inner_text("header")


# By a password and a code ------------------------------------------------------------------------------------------


class App:
    """What shows codes. A code is good for a step before its time and one after it, so three can be had at once."""

    def __init__(self, secret: bytes) -> None:
        self.secret, self.used = secret, 0

    def shows(self) -> str:
        """A code that nobody has used, and that is good for some seconds more."""
        while codes.step_at(now.utc()) != codes.step_at(now.utc() + LEFT):
            time.sleep(0.1)
        step = max(codes.step_at(now.utc()) - 1, self.used + 1)
        self.used = step
        return codes.code(self.secret, step)

    def wrong(self) -> str:
        good = {codes.code(self.secret, codes.step_at(now.utc()) + near) for near in range(-3, 4)}
        return next(code for code in ("000000", "111111", *map(str, range(222222, 222240))) if code not in good)


def signs_in(who: Reader, server: Server, email: str, password: str, code: str) -> None:
    who.goes_to(named(server) + "/desk/sign-in/")
    who.page.fill("#email", email)
    who.page.fill("#password", password)
    who.page.fill("#code", code)
    who.page.click("main .panel button")


def is_in(who: Reader) -> bool:
    return who.page.url.endswith("/desk/")


def adds_an_app(who: Reader, label: str) -> App:
    who.page.click("text=Add an app that shows codes")
    app = App(secret_on(who.page))
    who.page.fill("#typed", app.shows())
    who.page.fill("#label", label)
    who.page.click("text=Add it")
    assert f"An app that shows codes: {label}" in who.page.inner_text("main")
    return app


def sets_password(who: Reader, password: str, again: str) -> str:
    who.page.fill("#password", password)
    who.page.fill("#password-again", again)
    who.page.click("section[aria-labelledby=set-password] form.panel button")
    return who.page.inner_text("main")


def test_password_and_code_sign_in_together_and_both_are_changed(
    reader: Opens, link: Callable[[str], str], server: Server
) -> None:
    email = "both@heard.example"
    mira = reader(link(email))
    mira.page.click("main button")
    mira.goes_to(named(server) + "/account/")
    assert "Add an app that shows codes first" in mira.page.inner_text("main")
    app = adds_an_app(mira, "my phone")
    assert "not the same" in sets_password(mira, FIRST, SECOND)
    assert "The password is set" in sets_password(mira, FIRST, FIRST)
    mira.page.click("text=Sign out")

    signs_in(mira, server, email, FIRST, app.wrong())
    assert not is_in(mira) and "That did not work" in mira.page.inner_text("[role=alert]")
    used = app.shows()
    signs_in(mira, server, email, FIRST, used)
    assert is_in(mira), "the right one after the wrong one"
    other = reader("/")
    signs_in(other, server, email, FIRST, used)
    assert not is_in(other), "a code works once"

    mira.goes_to(named(server) + "/account/")
    assert "The password is set" in sets_password(mira, SECOND, SECOND)
    code = app.shows()
    signs_in(other, server, email, FIRST, code)
    assert not is_in(other), "the password of before"
    signs_in(other, server, email, SECOND, code)
    assert is_in(other)

    mira.goes_to(named(server) + "/account/")
    new = adds_an_app(mira, "new phone")
    mira.page.click("[aria-label='Remove my phone']")
    assert "codes: my phone" not in mira.page.inner_text("main") and "new phone" in mira.page.inner_text("main")
    other.goes_to(named(server) + "/desk/")
    assert other.page.url.endswith("/desk/sign-in/"), "what the old phone had signed in is signed out"
    signs_in(other, server, email, SECOND, new.shows())
    assert is_in(other)
