"""Acting in the watch of a running server by the forms of its pages, with an administrator's token."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import httpx2

from heard.accounts import projection as accounts
from heard.accounts import secrets
from heard.opening import open_house
from tests.server import Server


def in_session(server: Server, email: str = "admin@heard.example") -> httpx2.Client:
    """A browser in which somebody has signed in: two people have one each, a program has none."""
    house = open_house(server.data)
    house.node.catch_up()
    account = accounts.by_email(house.tables, email).id
    secret = secrets.make(house.vault, "session", account, lasts=timedelta(hours=1))
    house.close()
    return httpx2.Client(base_url=server.address, headers={"Cookie": f"heard={secret}"}, timeout=30)


class Hand:
    def __init__(self, server: Server) -> None:
        self.server, self.client = server, server.client
        end = time.monotonic() + 30  # on a crowded machine the app is there a while after its edge
        while self.client.get("/watch/").status_code == 503 and time.monotonic() < end:
            time.sleep(0.1)

    def does(self, path: str, **form: str) -> httpx2.Response:
        answer = self.client.post(f"/watch/{path}", data=form)
        assert answer.status_code in (200, 303), re.findall(r'role="alert">(.*?)<', answer.text)
        return answer

    def decides(self, path: str, **form: str) -> None:
        """The same in a session, for what no token may do."""
        with in_session(self.server) as client:
            answer = client.post(f"/watch/{path}", data=form)
        assert answer.status_code == 303, re.findall(r'role="alert">(.*?)<', answer.text)

    def page(self, path: str) -> str:
        answer = self.client.get(f"/watch/{path}")
        assert answer.status_code == 200, answer.text
        return answer.text

    def station(self, code: str, place: str = "") -> str:
        """Its part of the address: `stations/<id>`."""
        address = self.does("", code=code, place=place).headers["location"]
        return str(address.removeprefix("/watch/").removesuffix("/"))

    def me(self, station: str) -> str:
        return re.findall(r'<option value="(\w+)">Ada Desk</option>', self.page(f"{station}/"))[0]

    def source(self, station: str, name: str) -> str:
        """The path to ping."""
        page = self.does(f"{station}/source", name=name).text
        return re.findall(r'<code id="address">https?://[^/]+(/ping/[0-9a-f-]{36})</code>', page)[0]

    def arms(self, station: str, sort: str, within: str, title: str = "It is owed", **more: str) -> None:
        """With oneself as supervisor, told first, and in the group."""
        page, me = self.page(f"{station}/"), self.me(station)
        sources = re.findall(r'<select id="of-source" name="source"><option value="(\w+)">', page)
        asked = {"sort": sort, "within": within, "supervisor": me, "to_1": me, f"in-{me}": "on", **more}
        if sources:
            asked["source"] = sources[0]
        self.does(f"{station}/arm", title=title, **asked)
