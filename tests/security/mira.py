"""Somebody with an app that shows codes, on a running server; and with a password, where a test wants one."""

from __future__ import annotations

import base64
import re
import time
from datetime import timedelta

import httpx2

from heard.accounts import codes, commands
from heard.engine import now
from heard.engine.entry import new_id
from heard.opening import open_house
from heard.signing_in import link_for
from tests.server import Server

#: On a crowded machine a request may take as long.
NEARLY_OVER = timedelta(seconds=10)


class Mira:
    def __init__(self, server: Server) -> None:
        self.server, self.house = server, open_house(server.data)
        self.house.node.catch_up()
        self.email = f"{new_id()}@heard.example"
        added = commands.add_account(self.email, "reporter")
        self.account = self.house.node.do(added, by="operator").stream
        self.last = 0
        self.cookie = self.opens_a_link()
        shown = self.posts("/account/code/", self.cookie)
        written = re.search(r"<code>([A-Z2-7 ]+)</code>", shown.text)
        assert written
        plain = written[1].replace(" ", "")
        self.secret = base64.b32decode(plain + "=" * (-len(plain) % 8))

    def adds(self) -> str:
        """Prove the app; the session that goes on from there."""
        answer = self.posts("/account/code/confirm/", self.cookie, code=self.code())
        assert answer.headers["location"] == "/account/?done=added", answer.text
        return cookie_of(answer)

    def opens_a_link(self) -> str:
        address = link_for(self.house, self.account)
        return cookie_of(self.posts("/desk/sign-in/" + address.split("/desk/sign-in/")[1], ""))

    def code(self) -> str:
        """A code that was not used. Three can be had at once: the clock of a phone may be a step behind, or ahead.

        The oldest is left out when its time is nearly over, and for one that is not good yet its time is waited for.
        """
        oldest = codes.step_at(now.utc() + NEARLY_OVER) - 1
        self.last = max(self.last + 1, oldest)
        while self.last > codes.step_at(now.utc()) + 1:
            time.sleep(0.1)
        return codes.code(self.secret, self.last)

    def wrong(self) -> str:
        good = {codes.code(self.secret, codes.step_at(now.utc()) + drift) for drift in range(-3, 4)}
        return next(
            code for code in ("000000", "111111", "222222", *map(str, range(300000, 300009))) if code not in good
        )

    def posts(self, path: str, cookie: str, **fields: str) -> httpx2.Response:
        return httpx2.post(self.server.address + path, data=fields, headers={"Cookie": cookie})

    def is_let_in(self, cookie: str) -> bool:
        return httpx2.get(self.server.address + "/desk/", headers={"Cookie": cookie}).status_code == 200


def cookie_of(answer: httpx2.Response) -> str:
    return answer.headers.get("set-cookie", "").partition(";")[0]
