"""People of the watch, each with a browser of their own, and what they do in it more than once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from heard.accounts import commands as account_commands
from heard.accounts import projection as accounts
from heard.opening import open_house
from heard.signing_in import link_for
from tests.server import Server
from tests.stories.reader import Reader

Opens = Callable[..., Reader]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


class People:
    """Accounts of the watch on a running server, each with a browser of their own."""

    def __init__(self, server: Server, reader: Opens) -> None:
        self.server, self.reader = server, reader

    def signs_in(self, email: str, role: Any, name: str, **settings: Any) -> Reader:
        house = open_house(self.server.data)
        house.node.catch_up()
        if not any(one.email == email for one in accounts.all_accounts(house.tables)):
            house.node.do(account_commands.add_account(email, role, name), by="operator")
        link = link_for(house, accounts.by_email(house.tables, email).id)
        house.close()
        one = self.reader(link.replace(house_address(link), self.server.address), **settings)
        one.page.click("main button")
        one.waits(lambda: "/watch/" in one.page.url, "to be signed in to the watch")
        return one


def house_address(link: str) -> str:
    return link.split("/desk/")[0]


def station(one: Reader, code: str) -> str:
    """Set up a station; its address."""
    one.goes_to("/watch/")
    one.page.fill("#code", code)
    one.page.fill("#place", "The north gate")
    one.page.click("text=Set it up")
    one.waits(lambda: "/watch/stations/" in one.page.url, "for the station")
    return one.page.url.split("?")[0]


def publishes(one: Reader, at: str, title: str, text: str, *, of: str = "", change: str = "") -> None:
    one.goes_to(at)
    if of:
        one.page.select_option("#order", label=f"The next version of: {of}")
    one.page.fill("#title", title)
    one.page.fill("#text", text)
    one.page.fill("#change", change)
    one.page.click("text=Publish: whoever is posted here must read it")
    one.waits_to_see("Done.")


def posts(one: Reader, at: str, name: str) -> None:
    one.goes_to(at)
    one.page.select_option("#holder", label=name)
    one.page.click("text=Post them here")
    one.waits_to_see("Done.")


def arms(
    one: Reader, at: str, sort: str, title: str, within: str, *, at_last: Callable[[], None] | None = None, **more: str
) -> None:
    """`at_last` is done when all is filled in and only the button is left to press."""
    one.goes_to(at)
    one.page.select_option("#sort", sort)
    one.page.fill("#arm-title", title)
    one.page.fill("#within", within)
    for field, words in more.items():
        one.page.fill(f"#{field}", words)
    one.page.select_option("#supervisor", label="Sam Supervisor")
    one.page.select_option("#to_1", label="Sam Supervisor")
    if at_last:
        at_last()
    one.page.click("text=Arm it: it rings from now on")
    one.waits_to_see("Done.")
